package simulator

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/mux"
)

// The provider's REST API, as far as it places calls: POST /2010-04-01/Accounts/{account}/Calls.json of TwiML's.

// Resident is how somebody whose telephone rings takes it, unless a handset is told to first.
type Resident struct {
	Outcome string        // "answer" or "no-answer"
	After   time.Duration // rings this long before the answer
}

// unanswered is a call that nobody took, in the provider's word.
type unanswered struct{ status string }

func (u unanswered) Error() string { return u.status }

// rung is what a call has that the provider was asked to place.
type rung struct {
	status   string // address that its end is told to
	detects  bool   // tell people from machines
	patience time.Duration
	resident Resident
	pickUp   chan struct{}
}

func (s *Simulator) postCalls(w http.ResponseWriter, r *http.Request) {
	account := mux.Vars(r)["account"]
	user, password, _ := r.BasicAuth()
	if s.line == nil || user != account || account != s.line.account || password != s.line.secret {
		answer(w, http.StatusUnauthorized, map[string]any{"code": 20003, "message": "Authenticate", "status": 401})
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, bodyLimit)
	if err := r.ParseForm(); err != nil {
		answer(w, http.StatusBadRequest, map[string]any{"code": 20001, "message": "Unknown parameters", "status": 400})
		return
	}
	sid, err := s.place(r.PostForm)
	if err != nil {
		answer(w, http.StatusBadRequest, map[string]any{"code": 21211, "message": "The 'To' number is not a valid phone number.", "status": 400})
		return
	}
	answer(w, http.StatusCreated, map[string]any{"sid": sid, "status": "queued", "direction": "outbound-api"})
}

// place rings a handset as a form of the REST API asks.
func (s *Simulator) place(f url.Values) (sid string, err error) {
	n, err := parseNumber(f.Get("To"))
	if err != nil {
		return "", err
	}
	seconds, err := strconv.Atoi(f.Get("Timeout"))
	if err != nil {
		seconds = 60 // as the provider does
	}
	c := s.newCall(s.line, n)
	c.from, c.to, c.first = f.Get("From"), n.international(), f.Get("Url")
	c.rung = &rung{status: f.Get("StatusCallback"), detects: strings.HasPrefix(f.Get("MachineDetection"), "Enable"),
		patience: time.Duration(seconds) * time.Second, resident: s.o.Resident, pickUp: make(chan struct{}, 1)}
	if err := s.phone.take(n, c); err != nil {
		c.tell = func(Event) {} // the handset is in another call, and shows that
		c.rung.resident.Outcome = "busy"
		s.carry(c, func() {})
		return c.id, nil
	}
	s.carry(c, func() { s.phone.release(n) })
	return c.id, nil
}

// PickUp takes the call of a handset that rings.
func (s *Simulator) PickUp(number string) error {
	c, err := s.callOf(number)
	if err != nil {
		return err
	}
	if c.rung == nil {
		return errNotRung
	}
	select {
	case c.rung.pickUp <- struct{}{}:
	default:
	}
	return nil
}

var errNotRung = errors.New("the handset does not ring")

// ring waits until somebody takes the call. The red button is busy to the provider.
func (c *call) ring() error {
	after := c.rung.resident.After
	switch {
	case c.rung.resident.Outcome == "busy":
		return unanswered{"busy"}
	case c.rung.resident.Outcome != "answer" || after > c.rung.patience:
		after = c.rung.patience
	}
	end := time.NewTimer(after)
	defer end.Stop()
	select {
	case <-c.gone:
		return unanswered{"busy"}
	case <-c.rung.pickUp:
		return nil
	case <-end.C:
		if c.rung.resident.Outcome != "answer" || after == c.rung.patience {
			return unanswered{"no-answer"}
		}
		return nil
	}
}

// carry runs a call and tells of its end; released is called between.
func (s *Simulator) carry(c *call, released func()) {
	s.mu.Lock()
	ctx := s.base
	s.mu.Unlock()
	s.calls.Go(func() {
		c.run(ctx)
		released()
		late, cancel := context.WithCancel(context.WithoutCancel(ctx))
		defer cancel()
		stop := context.AfterFunc(ctx, func() { time.AfterFunc(lastWords, cancel) })
		defer stop()
		c.report(late)
	})
}
