package gateway

import (
	"context"
	"errors"
	"time"
)

// work means messages of chunks for the wire until ctx ends: those of urgent runs, or of the others. The former must not
// wait for a worker that is in the middle of a chunk of reminders. db outlives ctx for a moment, for the commits under way.
func (l *link) work(ctx, db context.Context, of class) {
	for l.bound(ctx) && l.lanes.room(ctx, of, l.intent()) { // no chunk waits here that an equal could send
		c, err := l.mean(ctx, db, of, nil)
		for end := time.Now().Add(l.turn()); c != nil && err == nil && l.goesOn(ctx, c, end); {
			_, err = l.mean(ctx, db, of, c)
		}
		if err != nil {
			l.log.Error("mean messages for the wire", "error", err)
		}
		if c != nil && c.left() > 0 && l.shares() { // it is given back once what is on its way is settled
			l.searches[of].leave(c.id, time.Now().Add(leaseTime))
		}
		// The ledger gives it back, since it goes on trying where the database is away: nobody else may take the chunk of a
		// node that lives.
		if c != nil && c.finish() {
			l.ledger.in.put(entry{lease: c})
		}
		if (err != nil || c == nil) && !wait(ctx, idlePoll) {
			return
		}
	}
}

// goesOn waits until more of c may be meant; false when it is through, must stand still, ctx ended, its turn is over, or the
// link is down: then another node, whose link is up, may have it.
func (l *link) goesOn(ctx context.Context, c *lease, end time.Time) bool {
	return !c.stopped() && c.left() > 0 && time.Now().Before(end) && l.transport.Bound() && l.bound(ctx) &&
		l.lanes.room(ctx, c.order.urgency().class(), l.intent()) && !c.stopped()
}

// mean commits that the next messages of c are meant for the wire and hands them to the feeder. Without c it leases one in
// the same transaction; nil when there is none.
func (l *link) mean(ctx, db context.Context, of class, c *lease) (*lease, error) {
	n := int64(l.intent())
	if l.doubt[of].Acquire(ctx, n) != nil {
		return c, nil
	}
	begins := c == nil
	var pass []row
	var held int
	var now time.Time
	err := l.pool.do(db, func(h *hot) error {
		next := func() (err error) {
			if begins {
				c, err = l.lease(db, h, of)
			}
			if now = l.store.now(); err == nil && l.fits(c, now) {
				pass, held, err = l.store.intent(db, h, c, int(n))
			}
			if errors.Is(err, errNothing) {
				if c != nil {
					c.stop()
				}
				return nil
			}
			return err
		}
		if begins || c.order.capped() {
			return h.transact(db, next)
		}
		return next()
	})
	if err != nil && c != nil && (!begins || errors.Is(err, errUncertain)) {
		c.lose(int(n))
		return c, err
	}
	l.doubt[of].Release(n - int64(len(pass)))
	if err != nil { // rolled back
		return nil, err
	}
	if len(pass)+held == 0 {
		return c, nil
	}
	l.meter.moved(Suppressed, held)
	c.meant(len(pass), held)
	list, all := make([]*outgoing, len(pass)), make([]outgoing, len(pass))
	for i, r := range pass {
		all[i] = outgoing{id: r.id, phone: r.phone, queue: c.queue, openTo: equal, text: c.order.text, cut: c.cut, urgency: c.order.urgency(),
			from: c, pos: r.pos, resend: c.order.resend, sendBy: c.order.sendBy, hours: c.order.hours, asked: now}
		list[i] = &all[i]
	}
	l.lanes.put(c.order.urgency(), list)
	return c, nil
}

// lease searches from where the last search found something, and everywhere where that gives nothing.
func (l *link) lease(db context.Context, h *hot, of class) (c *lease, err error) {
	at := &l.searches[of]
	for {
		in := at.next(time.Now(), of)
		c, err = l.store.lease(db, h, l.carrier.Name, l.queues(), l.node.id, in)
		if err == nil {
			at.found(c)
			return c, nil
		}
		if !errors.Is(err, errNothing) || in.all() {
			return c, err
		}
		at.found(nil)
	}
}

// fits says whether messages of c may go out by this carrier now; if not, c has been told for how long it must stand still.
func (l *link) fits(c *lease, now time.Time) bool {
	if c.cut == nil {
		if why, refused := l.carrier.refusal(l.carrier.Name, c.order.text); refused {
			l.log.Warn("a run's text is not for this carrier, it waits for another", "run", c.order.run, "unicode", why.Unicode)
			c.waitUntil(now.Add(unfit))
			return false
		}
		cut, err := l.carrier.Split.Split(c.order.text, 0)
		if err != nil {
			l.log.Error("cut the text of a run", "run", c.order.run, "error", err)
			c.waitUntil(now.Add(time.Hour))
			return false
		}
		c.cut = cut
	}
	switch {
	case !c.order.sendBy.After(now):
		c.stop() // the release ends it
	case !c.order.hours.Allows(now):
		c.waitUntil(c.order.hours.Next(now))
	default:
		return true
	}
	return false
}

// serve means messages of the outbox for the wire until ctx ends.
func (l *link) serve(ctx, db context.Context, c class) {
	var lost *lostTake
	defer func() {
		if lost != nil {
			if err := l.untake(db, c, lost); err != nil { // a node that goes on will find it in doubt
				l.log.Error("undo a take from the outbox", "error", err)
			}
		}
	}()
	for l.bound(ctx) && l.lanes.room(ctx, c, l.intent()) {
		if lost != nil {
			if err := l.untake(db, c, lost); err != nil {
				l.log.Error("undo a take from the outbox", "error", err)
				if !wait(ctx, idlePoll) {
					return
				}
				continue
			}
			lost = nil
		}
		n := int64(l.intent())
		if l.doubt[c].Acquire(ctx, n) != nil {
			return
		}
		var list []*single
		now := l.store.now().UTC()
		err := l.pool.do(db, func(h *hot) (err error) {
			list, err = l.store.take(db, h, l.carrier.Name, l.queues(), l.node.id, c, now, int(n))
			return err
		})
		if err != nil {
			l.log.Error("take from the outbox", "error", err)
			lost = &lostTake{at: now, n: n}
			if !wait(ctx, idlePoll) {
				return
			}
			continue
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

// lostTake is a take without an answer: until it is undone, what it may have leased is in doubt.
type lostTake struct {
	at time.Time
	n  int64
}

func (l *link) untake(db context.Context, c class, lost *lostTake) error {
	err := l.pool.do(db, func(h *hot) error { return l.store.untake(db, h, l.carrier.Name, l.node.id, c, lost.at) })
	if err == nil {
		l.doubt[c].Release(lost.n)
	}
	return err
}
