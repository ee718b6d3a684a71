package sip

import (
	"context"

	"github.com/pion/rtp"

	"canhgiac/ivr"
)

// dial rings an officer while the caller hears the telephone ring, and lets them speak with each other. Nobody takes it: the
// menu goes on with the caller.
func (c *call) dial(ctx context.Context, d ivr.Dial) (ivr.Input, error) {
	in := ivr.Input{Kind: ivr.InputDialed, Status: string(ivr.Failed)}
	t := c.s.officersTrunk(c.trunk)
	if t == nil || !t.take() {
		c.log.Warn("officer not rung: no trunk has room")
		return in, ctx.Err()
	}
	defer t.release()
	ringing, stop := context.WithTimeout(ctx, c.s.onTheCallsClock(d.Ring))
	defer stop()
	r, err := c.s.ring(ringing, t, t.dialled(d.Number), t.shows())
	if err != nil {
		c.log.Warn("officer not rung", "trunk", t.Name, "err", err)
		return in, ctx.Err()
	}
	heard, quiet := context.WithCancel(ctx)
	toned := make(chan struct{})
	go func() { c.line.tone(heard, ringBack()); close(toned) }()
	select {
	case <-r.done:
	case <-ringing.Done(): // what the network still says of it changes nothing for the caller
	}
	quiet()
	<-toned
	select {
	case <-r.done:
	default:
		go r.discard()
		in.Status = string(ivr.NoAnswer)
		return in, context.Cause(ctx)
	}
	if r.out != ivr.Answered {
		c.log.Info("officer not reached", "trunk", t.Name, "outcome", string(r.out), "status", r.code)
		in.Status = string(r.out)
		return in, context.Cause(ctx)
	}
	in.Answered, in.Status = true, statusCompleted
	defer r.hangUp()
	return in, c.bridge(ctx, r)
}

// discard hangs up a call that was given up, should somebody take it after all.
func (r *rung) discard() {
	<-r.done
	if r.out == ivr.Answered {
		r.hangUp()
	}
}

// bridge passes the sound of each to the other until one of them hangs up.
func (c *call) bridge(ctx context.Context, r *rung) error {
	c.log.Info("caller speaks with an officer", "trunk", r.trunk.Name)
	c.line.silent(true)
	r.leg.hear(c.passTo(c.leg))
	c.leg.hear(c.passTo(r.leg))
	gone, lost := context.WithCancelCause(r.d.Context())
	defer lost(nil)
	r.leg.vigil.watch(lost)
	c.s.beat.add(r.leg.vigil)
	defer c.s.beat.remove(r.leg.vigil)
	var err error
	select {
	case <-gone.Done():
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	r.leg.alone()
	c.leg.alone()
	c.leg.hear(c.line.hearing())
	c.line.silent(false)
	return err
}

func (c *call) passTo(to *leg) *hearing {
	pass := func(p *rtp.Packet, l law, event bool) {
		if err := to.pass(p, l, event); err != nil {
			c.log.Debug("packet not passed on", "err", err)
		}
	}
	return &hearing{
		audio:  func(p *rtp.Packet, l law) { pass(p, l, false) },
		events: func(p *rtp.Packet) { pass(p, aLaw, true) },
	}
}

// officersTrunk is the trunk that the caller came by, or else the first over which we can call.
func (s *Server) officersTrunk(own *trunk) *trunk {
	if own.Server != "" {
		return own
	}
	for _, t := range s.trunks {
		if t.Server != "" {
			return t
		}
	}
	return nil
}

// shows is the number that calls over this trunk show.
func (t *trunk) shows() string {
	switch {
	case t.CallerID != "":
		return t.dialled(t.CallerID)
	case t.User != "":
		return t.User
	}
	return "canhgiac"
}
