package webhook

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"canhgiac/ivr"
	"canhgiac/ivr/prompts"
)

const (
	BodyLimit = 64 << 10 // bytes; a webhook has some hundred
	NameLimit = 64       // bytes of a provider's name for a call
)

const (
	patience = 5 * time.Second // for the database; providers hang up on us after 15 s
	tries    = 3               // of one step, before the caller is told that we are out of order
	tryAgain = 2 * time.Second // between them: a database's failover takes some seconds
)

// Options are what the webhooks lean on.
type Options struct {
	Hotline   *ivr.Hotline
	Sound     *prompts.Sound
	Providers []Provider
	PublicURL string // where the providers reach us: signatures are checked against it, never against what a request says of its host
	Now       func() time.Time
	Log       *slog.Logger
}

type handler struct {
	Options
	providers map[string]Provider
}

// Handler serves the webhooks of providers, and the sounds.
func Handler(o Options) http.Handler {
	o.PublicURL = strings.TrimRight(o.PublicURL, "/")
	s := &handler{Options: o, providers: map[string]Provider{}}
	for _, p := range o.Providers {
		s.providers[p.Name] = p
	}
	r := mux.NewRouter()
	s.serveSounds(r)
	for _, hook := range hooks {
		r.Handle("/voice/{provider}/"+string(hook), s.webhook(hook))
	}
	r.NotFoundHandler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no such address", http.StatusNotFound)
	})
	r.MethodNotAllowedHandler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "sounds are fetched with GET", http.StatusMethodNotAllowed)
	})
	return r
}

// visit is a webhook that has passed the checks.
type visit struct {
	Request
	told    Told
	from    Provider
	answers Addresses
}

// webhook answers one of them: with a document, with nothing where no caller waits, or with a refusal.
func (s *handler) webhook(hook Hook) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The provider may let go of the connection; the key that it brought counts all the same.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
		defer cancel()
		v, err := s.accept(w, r, hook)
		var doc []byte
		if err == nil {
			doc, err = s.do(ctx, v)
			if v.told.Aside && troubled(err) {
				doc, err = s.insist(r.Context(), v)
			}
		}
		var no refusal
		_ = errors.As(err, &no)
		switch {
		case errors.Is(err, ivr.ErrUnknownCall):
			no = refusal{http.StatusNotFound, "unknown call"}
		case errors.Is(err, ivr.ErrStep):
			no = refusal{http.StatusConflict, "this call has not come to this step"}
		case troubled(err):
			s.Log.ErrorContext(ctx, "webhook failed", "provider", v.from.Name, "hook", hook, "call", v.told.SID, "err", err)
			if doc = s.trouble(v); doc == nil {
				no = refusal{http.StatusServiceUnavailable, "try again later"}
			}
		}
		if no.status != 0 {
			s.Log.WarnContext(ctx, "webhook refused", "provider", mux.Vars(r)["provider"], "call", v.told.SID, "status", no.status, "reason", no.reason)
			http.Error(w, no.reason, no.status)
			return
		}
		if doc == nil {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.Header().Set("Content-Type", v.from.Dialect.Manner().ContentType)
		w.Header().Set("Cache-Control", "no-store")
		if _, err := w.Write(doc); err != nil {
			s.Log.WarnContext(ctx, "webhook's answer not taken", "call", v.told.SID, "err", err)
		}
	})
}

// troubled says whether err is our own fault, and not what the webhook is or says.
func troubled(err error) bool {
	var no refusal
	return err != nil && !errors.As(err, &no) && !errors.Is(err, ivr.ErrUnknownCall) && !errors.Is(err, ivr.ErrStep)
}

// insist takes once more, and again, what no caller waits for: a message just spoken is told of here and nowhere else.
func (s *handler) insist(ctx context.Context, v visit) (doc []byte, err error) {
	for range tries - 1 {
		pause := time.NewTimer(tryAgain)
		<-pause.C
		again, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		doc, err = s.do(again, v)
		cancel()
		if !troubled(err) {
			break
		}
	}
	return doc, err
}

// accept checks a webhook, the signature before anything that it says.
func (s *handler) accept(w http.ResponseWriter, r *http.Request, hook Hook) (visit, error) {
	p, ok := s.providers[mux.Vars(r)["provider"]]
	if !ok {
		return visit{}, Refuse(http.StatusNotFound, "unknown provider")
	}
	q := r.URL.Query()
	v := visit{from: p, Request: Request{Hook: hook, Method: r.Method, Address: s.PublicURL + r.URL.RequestURI(), URI: r.URL.RequestURI(), Query: q, Header: r.Header, At: s.Now()}}
	manner := p.Dialect.Manner()
	if err := method(w, v.Request, manner); err != nil {
		return v, err
	}
	var err error
	if v.Body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, BodyLimit)); err != nil {
		if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
			return v, Refuse(http.StatusRequestEntityTooLarge, "the body has more than %d bytes", BodyLimit)
		}
		return v, Refuse(http.StatusBadRequest, "the body did not come whole")
	}
	if err := p.Dialect.Verify(v.Request); err != nil {
		return v, err
	}
	if manner.mustSeal(v.Request) && !sealed(manner.Seal, r.URL.EscapedPath(), q) {
		return v, Refuse(http.StatusForbidden, "this address is not one that we gave")
	}
	if v.told, err = p.Dialect.Parse(v.Request); err != nil {
		return v, err
	}
	if manner.mustSeal(v.Request) {
		if sid := q.Get("call"); sid != "" && sid != v.told.SID {
			v.told.Alias, v.told.SID = v.told.SID, sid
		}
	}
	if v.Again() {
		v.told.Input = carried(q)
		v.told.From, v.told.To = either(v.told.From, q.Get("from")), either(v.told.To, q.Get("to"))
	}
	v.told.SID = Storable(v.told.SID)
	if v.told.SID == "" || len(v.told.SID) > NameLimit {
		return v, Refuse(http.StatusBadRequest, "missing the call's name, or one of more than %d characters", NameLimit)
	}
	v.answers = At(s.PublicURL, p.Name, s.Sound)
	v.answers.sid, v.answers.seal = v.told.SID, manner.Seal
	return v, nil
}

// method: what a provider fetches it posts only when it comes back.
func method(w http.ResponseWriter, r Request, m Manner) error {
	want := http.MethodPost
	if slices.Contains(m.Get, r.Hook) && !r.Again() {
		want = http.MethodGet
	}
	if r.Method == want {
		return nil
	}
	w.Header().Set("Allow", want)
	if want == http.MethodGet {
		return Refuse(http.StatusMethodNotAllowed, "this webhook is fetched")
	}
	return Refuse(http.StatusMethodNotAllowed, "webhooks are posted")
}

// mustSeal: whatever is posted to an address that only we can have given. Where calls come in, and where they are told to
// be over, is typed into a form of the provider's.
func (m Manner) mustSeal(r Request) bool {
	if m.Seal == nil || r.Method == http.MethodGet {
		return false
	}
	return r.Again() || r.Hook != Call && r.Hook != Status
}

// Again says whether the provider comes back with a webhook that we could not answer; what it told then is in the address.
func (r Request) Again() bool { return r.Query.Get("try") != "" }

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// Storable takes out what the database refuses: a caller must not be turned away for a number that somebody garbled.
func Storable(v string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(v, "\ufffd"), "\x00", "\ufffd")
}

// User is the number in a SIP address, which some providers give instead of a plain one.
func User(address string) string {
	if sip, ok := strings.CutPrefix(address, "sip:"); ok {
		number, _, _ := strings.Cut(sip, "@")
		return number
	}
	return address
}

// International gives a number that a provider writes as digits alone its plus; whatever else is left as it is.
func International(n string) string {
	if len(n) >= 10 && n[0] != '0' && strings.Trim(n, "0123456789") == "" {
		return "+" + n
	}
	return n
}

// Keys checks what a telephone can send.
func Keys(field, keys string) error {
	if len(keys) > 64 || strings.Trim(keys, "0123456789*#ABCD") != "" {
		return Refuse(http.StatusBadRequest, "%s: expected up to 64 keys of a telephone", field)
	}
	return nil
}
