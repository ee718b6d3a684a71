package sip

import (
	"context"
	"errors"
	"time"

	"canhgiac/ivr"
)

// What a caller may still say when nothing else works: nobody answers, and the database is away.
const (
	lastLine    = "khong_co_nguoi_truc" // asks for a message after the tone
	lastMax     = 3 * time.Minute
	lastSilence = 8 * time.Second
)

// record takes a message after the tone. One that the caller hung up on counts as well: then both an input and the reason why
// the call is over are given.
func (c *call) record(ctx context.Context, r ivr.Record) (ivr.Input, error) {
	silence := ivr.Input{Kind: ivr.InputSilence}
	if c.s.spool == nil {
		return silence, c.line.say(ctx, afterTheTone())
	}
	l, err := c.s.spool.begin(c.in, time.Now(), false)
	if err != nil {
		c.log.Error("message not recorded", "err", err)
		return silence, context.Cause(ctx)
	}
	rec, err := startRecording(c.s.spool.path(l.SID, ".wav"), c.s.laws, frames(r.Max), frames(r.Silence))
	if err != nil {
		c.log.Error("message not recorded", "err", err)
		return silence, errors.Join(c.s.spool.forget(l.SID), context.Cause(ctx))
	}
	_, over := c.line.do(ctx, &task{sounds: [][]byte{afterTheTone()}, recording: rec})
	if err := rec.close(); err != nil {
		c.log.Error("message not whole", "message", l.SID, "err", err)
	}
	if !rec.spoken {
		if err := c.s.spool.forget(l.SID); err != nil {
			c.log.Error("empty message not removed", "message", l.SID, "err", err)
		}
		c.s.spool.hold(l.SID, false)
		return silence, over
	}
	m, err := c.s.spool.load(l)
	if err != nil {
		c.log.Error("message not read", "message", l.SID, "err", err)
		return silence, over
	}
	c.spoken = &m
	return ivr.Input{Kind: ivr.InputRecorded, Recording: m.Recording()}, over
}

// keepSpoken brings a message to the database. taken: the menu knows of it. What fails here stays in the spool.
func (c *call) keepSpoken(ctx context.Context, taken bool) {
	m := c.spoken
	if m == nil {
		return
	}
	c.spoken = nil
	defer c.s.spool.hold(m.SID, false)
	if !taken {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	err := c.s.o.Spoken.KeepSpoken(ctx, c.trunk.Name, *m)
	if err == nil {
		err = c.s.spool.forget(m.SID)
	}
	if err != nil {
		c.log.Error("message stays in the spool", "message", m.SID, "err", err)
	}
}

// lastMessage asks for a message where the menu cannot be asked and no officer was reached. It goes to the report later.
func (c *call) lastMessage(ctx context.Context) error {
	if err := c.line.say(ctx, c.sound(lastLine)); err != nil {
		return err
	}
	_, err := c.record(ctx, ivr.Record{Max: lastMax, Silence: lastSilence})
	c.keepSpoken(ctx, false)
	return err
}
