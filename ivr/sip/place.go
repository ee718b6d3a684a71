package sip

import (
	"context"
	"errors"
	"fmt"
	"time"

	"canhgiac/ivr"
)

// takenWithin is how long a trunk may take to say that a call rings; after that nobody can tell whether it does.
const takenWithin = 8 * time.Second

// Outgoing is what becomes of the calls that we place (ivr.Hotline).
type Outgoing interface {
	Answered(ctx context.Context, in ivr.Incoming) (ivr.Reply, error)
	Placed(ctx context.Context, provider, ref, sid string, o ivr.Outcome) error
}

// Dialer places calls over one trunk of a server that listens already.
type Dialer struct {
	s *Server
	t *trunk
}

// Dialer gives the one of a trunk, or nil where it has no server to place calls with.
func (s *Server) Dialer(name string) *Dialer {
	for _, t := range s.trunks {
		if t.Name == name && t.Server != "" {
			return &Dialer{s, t}
		}
	}
	return nil
}

var _ ivr.Dialer = (*Dialer)(nil)

// Place has a number rung. It returns when the trunk says that it rings, or why it does not; the call lives on.
func (d *Dialer) Place(ctx context.Context, p ivr.Placing) (string, error) {
	s, t := d.s, d.t
	if !s.enter() {
		return "", fmt.Errorf("this node stops: %w", ivr.ErrRefused)
	}
	defer s.running.Done()
	if !t.take() {
		return "", fmt.Errorf("trunk %s is full: %w", t.Name, ivr.ErrRefused)
	}
	from := t.shows()
	if p.From != "" {
		from = t.dialled(p.From)
	}
	ringing, stop := context.WithTimeout(s.stop, s.onTheCallsClock(p.Ring))
	r, err := s.ring(ringing, t, t.dialled(string(p.To)), from)
	if err != nil {
		stop()
		t.release()
		return "", errors.Join(err, ivr.ErrRefused)
	}
	sid := newSID()
	known := make(chan bool, 1) // whether the caller of Place heard that nothing rang
	s.running.Add(1)
	go func() {
		defer s.running.Done()
		defer t.release()
		defer stop()
		s.placed(r, p, sid, known)
	}()
	wait := time.NewTimer(takenWithin)
	defer wait.Stop()
	select {
	case <-r.first:
	case <-wait.C:
		known <- false
		return sid, fmt.Errorf("trunk %s does not say whether it rings", t.Name)
	case <-ctx.Done():
		known <- false
		return sid, ctx.Err()
	}
	select {
	case <-r.done:
		if err := refusal(r); err != nil {
			known <- true
			return "", fmt.Errorf("trunk %s answers %d: %w", t.Name, r.code, err)
		}
	default:
	}
	known <- false
	return sid, nil
}

// refusal is for a call that surely rang nobody.
func refusal(r *rung) error {
	switch r.code {
	case 404, 410, 484, 604:
		return ivr.ErrNumber
	case 401, 407, 429, 500, 501, 502, 503, 504, 505, 513:
		return ivr.ErrRefused
	}
	if r.out == ivr.Failed && r.code == 0 && r.d.InviteResponse == nil {
		return ivr.ErrRefused // it could not even be sent
	}
	return nil
}

// placed sees a call through: the menu speaks with who takes it, and is told where nobody does.
func (s *Server) placed(r *rung, p ivr.Placing, sid string, told <-chan bool) {
	log := s.log.With("trunk", r.trunk.Name, "call", sid, "ref", p.Ref)
	<-r.done
	if <-told {
		return
	}
	if r.out != ivr.Answered {
		log.Info("call not taken", "outcome", string(r.out), "status", r.code)
		s.tell(func(ctx context.Context) error { return s.o.Outgoing.Placed(ctx, r.trunk.Name, p.Ref, sid, r.out) })
		return
	}
	in := ivr.Incoming{Provider: r.trunk.Name, SID: sid, From: p.From, To: string(p.To), Ref: p.Ref, Holder: s.o.Node}
	c := s.newCall(r.trunk, r.leg, r.d.Context(), in, log)
	c.reading = true
	if v, ok := s.talks.Load(callID(r.d.InviteRequest)); ok {
		v.(*talk).open(r.leg, c.line, r.d.InviteRequest.Contact(), r.d.ReadRequest)
	}
	log.Info("call taken", "law", r.leg.speaks())
	c.run(func(ctx context.Context) (ivr.Reply, error) { return s.o.Outgoing.Answered(ctx, in) })
	r.hangUp()
	c.endTape() // the person does not wait for it
}

// tell has the menu keep what happened, again where that fails.
func (s *Server) tell(what func(context.Context) error) {
	var err error
	for range tries {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		err = what(ctx)
		cancel()
		if err == nil || errors.Is(err, ivr.ErrUnknownCall) {
			return
		}
	}
	s.log.Error("outcome of a call not kept", "err", err)
}
