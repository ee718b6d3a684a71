// Package africastalking answers USSD over HTTP in the shape of Africa's Talking, which other providers have taken over:
//
//	POST /ussd/{provider}?key=SECRET   form: sessionId, serviceCode, phoneNumber, networkCode, text
//
// text is all that was typed since the code, joined by "*", and empty at first. The answer is text/plain, "CON " and a
// screen that asks, or "END " and the last one. Anything else, or an HTTP error, ends the session at the provider's side
// with words of its own.
package africastalking

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"canhgiac/ivr"
)

// Provider is one that may call us. It signs nothing: its secret stands in the address that it was given, so that address
// must be https and is never logged.
type Provider struct{ Name, Secret string }

const (
	bodyLimit = 16 << 10        // bytes; a request has some hundred
	textLimit = 2000            // characters typed in one session
	nameLimit = 128             // of sessionId, which says whose step it is
	patience  = 8 * time.Second // for the database; networks let go of a session whose answer takes longer than some 10 s
)

type handler struct {
	hotline   *ivr.Hotline
	providers map[string]Provider
	log       *slog.Logger
}

// Handler serves /ussd/.
func Handler(h *ivr.Hotline, providers []Provider, log *slog.Logger) http.Handler {
	s := &handler{hotline: h, providers: map[string]Provider{}, log: log}
	for _, p := range providers {
		s.providers[p.Name] = p
	}
	return s
}

// refusal is an answer to a request that is no step of a session.
type refusal struct {
	status int
	reason string
}

func (r refusal) Error() string { return r.reason }

func (s *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/ussd/")
	d, text, err := s.read(name, w, r)
	var no refusal
	if errors.As(err, &no) {
		s.log.WarnContext(r.Context(), "USSD request refused", "status", no.status, "reason", no.reason)
		if no.status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", http.MethodPost)
		}
		http.Error(w, no.reason, no.status)
		return
	}
	// The provider may let go of the connection; what was typed counts all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
	defer cancel()
	screen, err := s.hotline.TypedSoFar(ctx, d, text)
	if errors.Is(err, ivr.ErrOtherNumber) {
		s.log.WarnContext(ctx, "USSD request refused", "provider", name, "reason", "the session is another number's")
		http.Error(w, "the session is another number's", http.StatusConflict)
		return
	}
	if err != nil { // the screen says so to the person
		s.log.ErrorContext(ctx, "USSD step failed", "provider", name, "err", err)
	}
	kind := "CON "
	if screen.End {
		kind = "END "
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if _, err := fmt.Fprint(w, kind+screen.Text); err != nil {
		s.log.WarnContext(ctx, "USSD screen not taken", "provider", name, "err", err)
	}
}

// read checks a request, the key before anything that it says.
func (s *handler) read(name string, w http.ResponseWriter, r *http.Request) (ivr.Dialogue, string, error) {
	none := ivr.Dialogue{}
	p, ok := s.providers[name]
	if !ok {
		return none, "", refusal{http.StatusNotFound, "unknown provider"}
	}
	if r.Method != http.MethodPost {
		return none, "", refusal{http.StatusMethodNotAllowed, "USSD steps are posted"}
	}
	if !sameSecret(p.Secret, r.URL.Query().Get("key")) {
		return none, "", refusal{http.StatusForbidden, "key: missing, or not this provider's"}
	}
	r.Body = http.MaxBytesReader(w, r.Body, bodyLimit)
	if err := r.ParseForm(); err != nil {
		if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
			return none, "", refusal{http.StatusRequestEntityTooLarge, fmt.Sprintf("the body has more than %d bytes", bodyLimit)}
		}
		return none, "", refusal{http.StatusBadRequest, "the body is not a form"}
	}
	f := r.PostForm
	for _, field := range []string{"sessionId", "phoneNumber"} {
		if f.Get(field) == "" {
			return none, "", refusal{http.StatusBadRequest, "missing " + field}
		}
		if len(f.Get(field)) > nameLimit {
			return none, "", refusal{http.StatusBadRequest, fmt.Sprintf("%s has more than %d characters", field, nameLimit)}
		}
	}
	if len(f.Get("text")) > textLimit {
		return none, "", refusal{http.StatusBadRequest, fmt.Sprintf("text has more than %d characters", textLimit)}
	}
	// A missing text is an empty one: some ways of writing a form leave empty fields out, and nobody should be let go for it.
	return ivr.Dialogue{Provider: name, Session: f.Get("sessionId"), From: f.Get("phoneNumber"), Code: f.Get("serviceCode")}, f.Get("text"), nil
}

// sameSecret takes the same time whatever is given.
func sameSecret(want, got string) bool {
	a, b := sha256.Sum256([]byte(want)), sha256.Sum256([]byte(got))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}
