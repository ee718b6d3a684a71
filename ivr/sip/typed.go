package sip

import (
	"context"

	"canhgiac/ivr"
)

// input is what the menu is told of keys.
func (o outcome) input() ivr.Input {
	in := ivr.Input{Kind: ivr.InputKeys, Keys: o.keys}
	if o.ahead {
		in.Kind = ivr.InputAhead
	}
	return in
}

// keepTyped has every digit of a number kept as it is pressed, until the function that it gives is called: should this node
// die, or the line break, the report has them. Digits that come while the database is busy are kept together.
func (c *call) keepTyped(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-ctx.Done():
				return
			case <-c.line.typing:
			}
			keys := c.line.typed()
			if keys == "" {
				continue
			}
			in := ivr.Input{Step: c.step, Kind: ivr.InputKeys, Keys: keys}
			if err := c.s.o.Hotline.Pressed(ctx, c.trunk.Name, c.sid, in); err != nil && ctx.Err() == nil {
				c.log.Warn("keys of a number not kept yet", "step", c.step, "err", err)
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// keepLeft gives the menu what was pressed before the call ended and had not come to it.
func (c *call) keepLeft() {
	o := c.line.left()
	if o.keys == "" || c.step == 0 {
		return
	}
	in := o.input()
	in.Step, in.Gone = c.step, true
	err := c.insist(func(ctx context.Context) error {
		_, err := c.s.o.Hotline.Step(ctx, c.trunk.Name, c.sid, in)
		return err
	})
	if err != nil {
		c.log.Error("last keys not kept", "step", c.step, "err", err)
	}
}
