package main

import (
	"context"
	"database/sql"
	"time"

	"canhgiac/campaigns"
	"canhgiac/console"
	"canhgiac/gateway"
	"canhgiac/internal/practice"
	"canhgiac/ivr"
	"canhgiac/reports"
	"canhgiac/residents"
	"canhgiac/schedules"
)

// practiceEvery is how often the practice ward moves on; its schedules are wound forward, one due time each turn.
const practiceEvery = 3 * time.Second

// practiceWard is a second set of rooms, over the practice tables. It has no sender: nothing there ever meets a carrier.
type practiceWard struct {
	db        *sql.DB
	node      *node
	store     *practice.Store
	queue     *gateway.Store
	schedules *schedules.Store
	campaigns *campaigns.Store
	calls     *ivr.Outgoing // it has no line either
}

// newPracticeWard opens the practice tables of url. real is what the pages of the real ward are made of; what it does not
// replace is shared.
func (n *node) newPracticeWard(real console.Options, sending gateway.StoreOptions, o campaigns.Options) (*console.Practice, error) {
	db, err := practice.Open(real.DatabaseURL)
	if err != nil {
		return nil, err
	}
	p := &practiceWard{db: db, node: n, store: practice.NewStore(n.db, n.now)}
	rs := residents.NewStore(db, n.now)
	p.queue = gateway.NewStore(db, n.now, sending)
	p.schedules = schedules.NewStore(db, n.now)
	p.calls = ivr.NewOutgoing(db, n.now, rs, ivr.OutgoingOptions{Orders: orders{&p.campaigns}})
	if o.Caller != nil {
		o.Caller = caller{p.calls, n.words}
	}
	p.campaigns = campaigns.NewStore(db, n.now, p.queue, rs, p.schedules, o)
	n.practice = p
	rooms := real
	rooms.DB, rooms.Residents, rooms.Reports, rooms.Campaigns, rooms.Gateway = db, rs, reports.NewStore(db, n.now), p.campaigns, p.queue
	rooms.Reports.Deadlines = n.reports.Deadlines
	return &console.Practice{Store: p.store, Rooms: rooms}, nil
}

// run moves the practice ward on while there is one. A node without one waits for its end.
func (p *practiceWard) run(ctx context.Context) error {
	if p == nil {
		<-ctx.Done()
		return nil
	}
	defer p.db.Close()
	tick := time.NewTicker(practiceEvery)
	defer tick.Stop()
	for {
		if begun, err := p.store.Begun(ctx); err == nil && begun {
			err = p.turn(ctx)
			if still, _ := p.store.Begun(ctx); err != nil && still && ctx.Err() == nil { // else it was removed meanwhile
				p.node.log.Warn("practice", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// turn fires what falls due next as if it were due now, and holds every message that waits.
func (p *practiceWard) turn(ctx context.Context) error {
	next, err := p.schedules.NextDue(ctx)
	if err != nil {
		return err
	}
	if !next.IsZero() {
		r := schedules.NewRunner(p.db, func() time.Time { return next }, func(ctx context.Context, tx *sql.Tx, d schedules.Due) error {
			id, ok := campaigns.ParseSubject(d.Subject)
			if !ok {
				return nil
			}
			return p.campaigns.Fire(ctx, tx, id, d.At, d.Nth)
		})
		r.Log = p.node.log.With("part", "practice")
		if _, err := r.Tick(ctx); err != nil {
			return err
		}
	}
	if err := p.calls.HoldPractice(ctx); err != nil {
		return err
	}
	for {
		switch held, err := p.queue.HoldPractice(ctx); {
		case err != nil:
			return err
		case held > 0:
			continue
		}
		_, err := p.campaigns.Finish(ctx)
		return err
	}
}
