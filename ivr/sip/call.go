package sip

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"canhgiac/ivr"
	"canhgiac/ivr/prompts"
	"canhgiac/ivr/prompts/audio"
)

const (
	patience = 5 * time.Second // for the database, as the webhook dialects have it
	tries    = 3               // of one step, before the caller is told that we are out of order
	tryAgain = 2 * time.Second // between them: a database's failover takes some seconds
	farewell = 4 * time.Second // of the apology that a node still says when it stops
)

// How a call ended, in calls.end_status.
const (
	statusCompleted = "completed"
	statusFailed    = "failed"
	statusStopped   = "stopped"
	statusVanished  = "vanished"
)

// errDone ends a call as the menu wishes.
var errDone = errors.New("the menu hangs up")

// call is one caller on the line.
type call struct {
	s     *Server
	trunk *trunk
	sid   string
	log   *slog.Logger
	ctx   context.Context // ends when the caller hangs up
	leg   *leg
	line  *line
	step  int
	voice prompts.Voice // that the call is spoken in

	in      ivr.Incoming
	spoken  *ivr.LeftMessage // a message that the menu has not taken yet
	taped   *label           // of the recording of this call; nil: there is none
	reading bool             // the leg is read already
}

func (s *Server) newCall(t *trunk, g *leg, ctx context.Context, in ivr.Incoming, log *slog.Logger) *call {
	return &call{s: s, trunk: t, sid: in.SID, in: in, ctx: ctx, leg: g, line: newLine(g), log: log}
}

// run speaks with the caller until one of them hangs up. first opens the call in the menu.
func (c *call) run(first func(context.Context) (ivr.Reply, error)) {
	ctx, cancel := context.WithCancelCause(c.ctx)
	defer cancel(nil)
	unstop := context.AfterFunc(c.s.stop, func() { cancel(errStopping) })
	defer unstop()
	if !c.reading {
		go c.leg.read()
	}
	c.leg.vigil.watch(func(why error) { cancel(why) })
	c.s.beat.add(c.line, c.leg.vigil)
	defer c.s.beat.remove(c.line, c.leg.vigil)

	err := c.talk(ctx, first)
	if !errors.Is(err, errDone) {
		c.keepLeft()
	}
	status := statusCompleted
	switch {
	case errors.Is(err, errStopping):
		status = statusStopped
		c.apologise()
	case errors.Is(err, errVanished), errors.Is(err, errExpired):
		status = statusVanished
		c.log.Info("the caller is gone", "reason", err.Error())
	case errors.Is(err, errDone), c.ctx.Err() != nil:
	default:
		status = statusFailed
		c.log.Error("call failed", "err", err)
	}
	if err := c.ended(status); err != nil {
		c.log.Error("end of the call not kept", "err", err)
	}
	c.log.Info("call ended", "status", status)
	if n := c.leg.path.strangers.Load(); n > 0 {
		c.log.Warn("sound from addresses that neither the SDP nor the trunk names was not heard", "packets", n)
	}
}

// talk goes from step to step; it returns why it ended.
func (c *call) talk(ctx context.Context, next func(context.Context) (ivr.Reply, error)) error {
	for {
		reply, err := c.take(ctx, next)
		c.keepSpoken(ctx, err == nil)
		if err == nil {
			c.step, c.voice = reply.Step, reply.Voice
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			c.log.Error("step not taken", "step", c.step, "err", err)
			return c.fail(ctx)
		}
		in, err := c.perform(ctx, reply.Actions)
		if err != nil && in.Kind != ivr.InputRecorded && !in.Answered { // what was said before the caller hung up still counts, to us or to an officer
			return err
		}
		in.Step = reply.Step
		next = func(ctx context.Context) (ivr.Reply, error) { return c.s.o.Hotline.Step(ctx, c.trunk.Name, c.sid, in) }
	}
}

// take has one step taken, again where that fails: what the caller did counts even when the line is gone meanwhile.
func (c *call) take(ctx context.Context, next func(context.Context) (ivr.Reply, error)) (reply ivr.Reply, err error) {
	for try := 1; ; try++ {
		own, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		reply, err = next(own)
		cancel()
		if err == nil || try == tries || errors.Is(err, ivr.ErrStep) || errors.Is(err, ivr.ErrUnknownCall) {
			return reply, err
		}
		c.log.Warn("step failed, tried again", "step", c.step, "try", try, "err", err)
		if c.wait(ctx, tryAgain) != nil {
			return reply, err
		}
	}
}

// wait lets time pass on the call's clock.
func (c *call) wait(ctx context.Context, d time.Duration) error {
	hush := make([]byte, frames(d)*frameSamples)
	for i := range hush {
		hush[i] = aLaw.hush()
	}
	return c.line.say(ctx, hush)
}

// perform does what the menu says, and gives what came of it.
func (c *call) perform(ctx context.Context, actions []ivr.Action) (ivr.Input, error) {
	var sounds [][]byte
	flush := func() error {
		said := sounds
		sounds = nil
		if len(said) == 0 {
			return nil
		}
		return c.line.say(ctx, said...)
	}
	for _, a := range actions {
		switch {
		case a.Play != "":
			sounds = append(sounds, c.sound(a.Play))
		case a.Gather != nil:
			for _, name := range a.Gather.Play {
				sounds = append(sounds, c.sound(name))
			}
			return c.gather(ctx, *a.Gather, sounds)
		default:
			if err := flush(); err != nil {
				return ivr.Input{}, err
			}
			switch {
			case a.Tape:
				c.beginTape()
				continue
			case a.Dial != nil:
				return c.dial(ctx, *a.Dial)
			case a.Record != nil:
				return c.record(ctx, *a.Record)
			}
			return ivr.Input{}, errDone
		}
	}
	if err := flush(); err != nil {
		return ivr.Input{}, err
	}
	return ivr.Input{Kind: ivr.InputSilence}, nil
}

// sound is a line's samples. One that is missing is left out: the keys still work.
func (c *call) sound(name string) []byte {
	kept, _, err := c.s.o.Sounds.Find(c.voice, name)
	var samples []byte
	if err == nil {
		samples, err = audio.ALaw(kept.WAV)
	}
	if err != nil {
		c.log.Error("sound not played", "line", name, "err", err)
	}
	return samples
}

func (c *call) gather(ctx context.Context, g ivr.Gather, sounds [][]byte) (ivr.Input, error) {
	if !g.One {
		defer c.keepTyped(ctx)()
	}
	o, err := c.line.ask(ctx, g, sounds)
	switch {
	case err != nil:
		return ivr.Input{}, err
	case o.silence:
		return ivr.Input{Kind: ivr.InputSilence}, nil
	}
	return o.input(), nil
}

// fail is for a step that could not be taken: the caller is told, and the officers are rung in turn.
func (c *call) fail(ctx context.Context) error {
	for _, a := range c.s.o.Hotline.Failure() {
		switch {
		case a.Play != "":
			if err := c.line.say(ctx, c.sound(a.Play)); err != nil {
				return err
			}
		case a.Dial != nil:
			in, err := c.dial(ctx, *a.Dial)
			if err != nil || in.Answered {
				return errors.Join(err, errDone)
			}
		}
	}
	if err := c.lastMessage(ctx); err != nil {
		return err
	}
	return fmt.Errorf("%w: nobody could be reached", errDone)
}

// apologise tells a caller that the node stops, as long as that takes.
func (c *call) apologise() {
	ctx, cancel := context.WithTimeout(c.ctx, farewell)
	defer cancel()
	for _, a := range c.s.o.Hotline.Failure() {
		if a.Play != "" && c.line.say(ctx, c.sound(a.Play)) != nil {
			return
		}
	}
}

// ended tells the menu.
func (c *call) ended(status string) error {
	return c.insist(func(ctx context.Context) error { return c.s.o.Hotline.Ended(ctx, c.trunk.Name, c.sid, status) })
}

// insist tells the menu something when the call is over, again while the database is away.
func (c *call) insist(tell func(context.Context) error) (err error) {
	for range tries {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), patience)
		err = tell(ctx)
		cancel()
		if err == nil || errors.Is(err, ivr.ErrUnknownCall) {
			return nil
		}
	}
	return err
}
