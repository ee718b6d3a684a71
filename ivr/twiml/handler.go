// Package twiml speaks with voice providers of the TwiML dialect: Twilio, SignalWire, Telnyx, jambonz and others.
//
//	POST /voice/{provider}/call       a call comes in
//	POST /voice/{provider}/step?n=    keys, or silence
//	POST /voice/{provider}/dialed?n=  an officer's telephone was rung
//	POST /voice/{provider}/recorded?n= a message was spoken
//	POST /voice/{provider}/status     the call is over
//	GET  /voice/sounds/NAME.wav|.txt  what the voice says
package twiml

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"canhgiac/ivr"
	"canhgiac/ivr/prompts"
)

// Provider is one that may call us. Its name stands in the addresses given to it.
type Provider struct {
	Name    string
	Account string // AccountSid that its webhooks must carry; "" takes any
	Secret  string // the token that signs them
}

const (
	bodyLimit = 64 << 10        // bytes; a webhook has some hundred
	patience  = 5 * time.Second // for the database; providers hang up on us after 15 s
	tries     = 3               // of one step, before the caller is told that we are out of order
	tryAgain  = 2 * time.Second // between them: a database's failover takes some seconds
)

type handler struct {
	hotline   *ivr.Hotline
	sound     *prompts.Sound
	providers map[string]Provider
	public    string
	log       *slog.Logger
}

// Handler serves the webhooks of providers, and the sounds. publicURL is where the providers reach us: signatures are
// checked against it, never against what a request says of its host.
func Handler(h *ivr.Hotline, sound *prompts.Sound, providers []Provider, publicURL string, log *slog.Logger) http.Handler {
	s := &handler{hotline: h, sound: sound, providers: map[string]Provider{}, public: strings.TrimRight(publicURL, "/"), log: log}
	for _, p := range providers {
		s.providers[p.Name] = p
	}
	r := mux.NewRouter()
	r.HandleFunc("/voice/sounds/{name:[a-z0-9_-]+}.{ext:wav|txt}", s.serveSound).Methods(http.MethodGet, http.MethodHead)
	hook := func(path string, do hook) { r.Handle("/voice/{provider}/"+path, s.webhook(do)) }
	hook("call", s.call)
	hook("step", s.step)
	hook("dialed", s.step)
	hook("recorded", s.step)
	hook("status", s.status)
	r.NotFoundHandler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no such address", http.StatusNotFound)
	})
	r.MethodNotAllowedHandler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "sounds are fetched with GET", http.StatusMethodNotAllowed)
	})
	return r
}

// refusal is an answer to a webhook that is not one of ours.
type refusal struct {
	status int
	reason string
}

func (r refusal) Error() string { return r.reason }

func refuse(status int, format string, a ...any) error {
	return refusal{status, fmt.Sprintf(format, a...)}
}

// request is a webhook that has passed the checks.
type request struct {
	addresses
	name string // call, step, dialed, recorded, status
	sid  string
	http *http.Request
}

// value is a field of the form, or of the address where an earlier try of ours carried it.
func (r request) value(field string) string {
	if v := r.http.PostForm.Get(field); v != "" {
		return storable(v)
	}
	return storable(r.http.URL.Query().Get(field))
}

// storable takes out what the database refuses: a caller must not be turned away for a number that somebody garbled.
func storable(v string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(v, "\ufffd"), "\x00", "\ufffd")
}

// hook answers with a document, or nil for none.
type hook func(ctx context.Context, r request) ([]byte, error)

func (s *handler) webhook(do hook) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		req, err := s.accept(w, r)
		var doc []byte
		if err == nil {
			// The provider may let go of the connection; the key that it brought counts all the same.
			ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), patience)
			defer cancel()
			doc, err = do(ctx, req)
		}
		var no refusal
		switch {
		case errors.Is(err, ivr.ErrUnknownCall):
			no = refusal{http.StatusNotFound, "unknown call"}
		case errors.Is(err, ivr.ErrStep):
			no = refusal{http.StatusConflict, "this call has not come to this step"}
		case err != nil && !errors.As(err, &no):
			s.log.ErrorContext(r.Context(), "webhook failed", "provider", req.provider, "hook", req.name, "call", req.sid, "err", err)
			doc = s.trouble(req)
			if doc == nil {
				no = refusal{http.StatusServiceUnavailable, "try again later"}
			}
		}
		if no.status != 0 {
			s.log.WarnContext(r.Context(), "webhook refused", "provider", mux.Vars(r)["provider"], "call", req.sid, "status", no.status, "reason", no.reason)
			if no.status == http.StatusMethodNotAllowed {
				w.Header().Set("Allow", http.MethodPost)
			}
			http.Error(w, no.reason, no.status)
			return
		}
		if doc == nil {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		if _, err := w.Write(doc); err != nil {
			s.log.WarnContext(r.Context(), "webhook's answer not taken", "call", req.sid, "err", err)
		}
	})
}

// accept checks a webhook, the signature before anything that it says.
func (s *handler) accept(w http.ResponseWriter, r *http.Request) (request, error) {
	p, ok := s.providers[mux.Vars(r)["provider"]]
	if !ok {
		return request{}, refuse(http.StatusNotFound, "unknown provider")
	}
	req := request{addresses: addresses{s.public, p.Name}, name: r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:], http: r}
	if r.Method != http.MethodPost {
		return req, refuse(http.StatusMethodNotAllowed, "webhooks are posted")
	}
	r.Body = http.MaxBytesReader(w, r.Body, bodyLimit)
	if err := r.ParseForm(); err != nil {
		if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
			return req, refuse(http.StatusRequestEntityTooLarge, "the body has more than %d bytes", bodyLimit)
		}
		return req, refuse(http.StatusBadRequest, "the body is not a form")
	}
	signature := r.Header.Get("X-Twilio-Signature")
	if signature == "" {
		return req, refuse(http.StatusUnauthorized, "missing X-Twilio-Signature")
	}
	if !signed(p.Secret, s.public+r.URL.RequestURI(), r.PostForm, signature) {
		return req, refuse(http.StatusForbidden, "X-Twilio-Signature does not match")
	}
	if p.Account != "" && r.PostForm.Get("AccountSid") != p.Account {
		return req, refuse(http.StatusForbidden, "AccountSid is another account's")
	}
	if req.sid = r.PostForm.Get("CallSid"); req.sid == "" || len(req.sid) > 64 || req.sid != storable(req.sid) {
		return req, refuse(http.StatusBadRequest, "missing CallSid")
	}
	return req, nil
}

func (s *handler) call(ctx context.Context, r request) ([]byte, error) {
	if !r.http.PostForm.Has("From") { // a withheld number is a word or nothing, yet the field is there
		return nil, refuse(http.StatusBadRequest, "missing From")
	}
	reply, err := s.hotline.Start(ctx, ivr.Incoming{Provider: r.provider, SID: r.sid, From: user(r.value("From")), To: user(r.value("To"))})
	if err != nil {
		return nil, err
	}
	return r.render(reply), nil
}

func (s *handler) step(ctx context.Context, r request) ([]byte, error) {
	in, err := r.input()
	if err != nil {
		return nil, err
	}
	reply, err := s.hotline.Step(ctx, r.provider, r.sid, in)
	if err != nil {
		return nil, err
	}
	return r.render(reply), nil
}

// user is the number in a SIP address, which some providers give instead of a plain one.
func user(address string) string {
	if sip, ok := strings.CutPrefix(address, "sip:"); ok {
		number, _, _ := strings.Cut(sip, "@")
		return number
	}
	return address
}

// input reads what happened on the line.
func (r request) input() (ivr.Input, error) {
	n, err := strconv.Atoi(r.http.URL.Query().Get("n"))
	if err != nil || n < 1 {
		return ivr.Input{}, refuse(http.StatusBadRequest, "n: expected the number of a step")
	}
	in := ivr.Input{Step: n}
	switch r.name {
	case "dialed":
		in.Kind, in.Status = ivr.InputDialed, r.value("DialCallStatus")
		if !slices.Contains([]string{"completed", "answered", "busy", "no-answer", "failed", "canceled"}, in.Status) {
			return in, refuse(http.StatusBadRequest, "DialCallStatus: expected completed, answered, busy, no-answer, failed or canceled")
		}
		in.Answered = in.Status == "completed" || in.Status == "answered"
	case "recorded":
		in.Kind, in.Recording = ivr.InputRecorded, ivr.Recording{SID: r.value("RecordingSid"), URL: r.value("RecordingUrl")}
		if in.Recording.SID == "" || in.Recording.URL == "" {
			return in, refuse(http.StatusBadRequest, "missing RecordingSid or RecordingUrl")
		}
		in.Recording.Seconds, _ = strconv.Atoi(r.value("RecordingDuration")) // some say "" where it is not counted yet
	default:
		in.Kind, in.Keys = ivr.InputKeys, r.value("Digits")
		// The key that ended a number is not among its digits; some providers name it beside them.
		if r.value("FinishedOnKey") == "#" && !strings.Contains(in.Keys, "#") {
			in.Keys += "#"
		}
		if in.Keys == "" {
			in.Kind = ivr.InputSilence
		}
		if len(in.Keys) > 64 || strings.Trim(in.Keys, "0123456789*#ABCD") != "" {
			return in, refuse(http.StatusBadRequest, "Digits: expected up to 64 keys of a telephone")
		}
	}
	return in, nil
}

// status: only the end of a call is news.
func (s *handler) status(ctx context.Context, r request) ([]byte, error) {
	switch status := r.value("CallStatus"); status {
	case "completed", "busy", "failed", "no-answer", "canceled":
		return nil, s.hotline.Ended(ctx, r.provider, r.sid, status)
	case "queued", "initiated", "ringing", "in-progress", "answered":
		return nil, nil
	}
	return nil, refuse(http.StatusBadRequest, "CallStatus: expected a call's state")
}

// carried are the fields that a second try needs again; From and To come with every webhook.
var carried = []string{"Digits", "FinishedOnKey", "DialCallStatus", "RecordingSid", "RecordingUrl", "RecordingDuration"}

// trouble is the document for a step that we could not take: come back, and after some tries the way to an officer.
// nil for a webhook that no caller waits on; the provider sends it again.
func (s *handler) trouble(r request) []byte {
	if r.name == "status" {
		return nil
	}
	q := r.http.URL.Query()
	tried, _ := strconv.Atoi(q.Get("try"))
	if tried+1 >= tries {
		return r.failure(s.hotline.Failure())
	}
	again := url.Values{"try": {strconv.Itoa(tried + 1)}}
	if n := q.Get("n"); n != "" {
		again.Set("n", n)
	}
	for _, field := range carried {
		if v := r.value(field); v != "" {
			again.Set(field, v)
		}
	}
	return comeBack(r.public+r.http.URL.Path+"?"+again.Encode(), tryAgain)
}

func (s *handler) serveSound(w http.ResponseWriter, r *http.Request) {
	name, ext := mux.Vars(r)["name"], mux.Vars(r)["ext"]
	text, err := s.sound.Text(name)
	if err != nil {
		http.Error(w, "no such sound", http.StatusNotFound)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=3600")
	if ext == "txt" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte(text + "\n")) // whoever went away needs no text
		return
	}
	wav, err := s.sound.Open(name)
	if err != nil {
		http.Error(w, "no such sound", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "audio/wav")
	http.ServeContent(w, r, name+".wav", time.Time{}, wav)
}
