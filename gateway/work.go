package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// work means messages of chunks for the wire until ctx ends, or of urgent runs alone: those must not wait for a worker that
// is in the middle of a chunk of reminders. db outlives ctx for a moment, for the commits under way.
func (l *link) work(ctx, db context.Context, urgent bool) {
	lane := ordinary
	if urgent {
		lane = express
	}
	for l.bound(ctx) && l.lanes.room(ctx, lane, l.intent()) { // no chunk waits here that an equal could send
		var c *lease
		err := l.pool.do(db, func(h *hot) (err error) {
			c, err = l.store.lease(db, h, l.carrier.Name, l.queues(), l.node.id, urgent)
			if errors.Is(err, errNothing) {
				return nil
			}
			return err
		})
		if err != nil {
			l.log.Error("lease a chunk", "error", err)
		}
		var ready time.Time
		if err == nil && c != nil {
			if ready, err = l.mean(ctx, db, c); err != nil {
				l.log.Error("send a chunk", "chunk", c.id, "error", err)
			}
		}
		// The ledger gives it back, since it goes on trying where the database is away: nobody else may take the chunk of a
		// node that lives.
		if c != nil && c.finish(ready) {
			l.ledger.in.put(entry{lease: c})
		}
		if (err != nil || c == nil) && !wait(ctx, idlePoll) {
			return
		}
	}
}

// mean means c for the wire intent by intent, until it is through, must stand still, ctx ends, its turn is over, or the
// link is down: then another node, whose link is up, may have it. ready is when it may go on.
func (l *link) mean(ctx, db context.Context, c *lease) (ready time.Time, err error) {
	if why, refused := l.carrier.refusal(l.carrier.Name, c.order.text); refused {
		l.log.Warn("a run's text is not for this carrier, it waits for another", "run", c.order.run, "unicode", why.Unicode)
		return l.store.now().Add(unfit), nil
	}
	cut, err := l.carrier.Split.Split(c.order.text, 0)
	if err != nil {
		return l.store.now().Add(time.Hour), fmt.Errorf("cut the text of run %d: %w", c.order.run, err)
	}
	urgency := c.order.urgency()
	doubt := l.doubt[urgency.class()]
	for end := time.Now().Add(l.turn()); len(c.rows) > 0 && !c.stopped() && time.Now().Before(end); {
		if !l.transport.Bound() || !l.bound(ctx) || !l.lanes.room(ctx, urgency.class(), l.intent()) {
			return time.Time{}, nil
		}
		now := l.store.now()
		if !c.order.sendBy.After(now) {
			return time.Time{}, nil // the release ends it
		}
		if !c.order.hours.Allows(now) {
			return c.order.hours.Next(now), nil
		}
		n := int64(min(l.intent(), len(c.rows)))
		if doubt.Acquire(ctx, n) != nil {
			return time.Time{}, nil
		}
		var pass []row
		var held int
		err := l.pool.do(db, func(h *hot) (err error) {
			pass, held, err = l.store.intent(db, h, c, int(n))
			if errors.Is(err, errNothing) {
				return nil
			}
			return err
		})
		doubt.Release(n - int64(len(pass)))
		if err != nil || len(pass)+held == 0 {
			return time.Time{}, err
		}
		l.meter.moved(Suppressed, held)
		c.meant(len(pass))
		list := make([]*outgoing, len(pass))
		for i, r := range pass {
			list[i] = &outgoing{id: r.id, phone: r.phone, queue: c.queue, openTo: equal, text: c.order.text, cut: cut, urgency: urgency, from: c, pos: r.pos,
				resend: c.order.resend, sendBy: c.order.sendBy, hours: c.order.hours, asked: now}
		}
		l.lanes.put(urgency, list)
	}
	return time.Time{}, nil
}

// serve means messages of the outbox for the wire until ctx ends.
func (l *link) serve(ctx, db context.Context, c class) {
	var lost []time.Time // takes without an answer, to be undone before the next one
	for l.bound(ctx) && l.lanes.room(ctx, c, l.intent()) {
		n := int64(l.intent())
		if l.doubt[c].Acquire(ctx, n) != nil {
			return
		}
		var list []*single
		now := l.store.now().UTC()
		err := l.pool.do(db, func(h *hot) (err error) {
			for len(lost) > 0 {
				if err := l.store.untake(db, h, l.carrier.Name, l.node.id, c, lost[0]); err != nil {
					return err
				}
				lost = lost[1:]
			}
			if list, err = l.store.take(db, h, l.carrier.Name, l.queues(), l.node.id, c, now, int(n)); err != nil {
				lost = append(lost, now)
			}
			return err
		})
		if err != nil {
			l.log.Error("take from the outbox", "error", err)
		}
		l.doubt[c].Release(n - int64(len(list)))
		for _, m := range list {
			if m.reason != "" {
				m.outcome = &verdict{state: m.ended, reason: m.reason}
				l.ledger.in.put(entry{message: &m.outgoing})
				continue
			}
			l.lanes.put(m.urgency, []*outgoing{&m.outgoing})
		}
		if len(list) == 0 && !wait(ctx, idlePoll) {
			return
		}
	}
}
