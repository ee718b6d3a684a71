package gateway

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"canhgiac/gateway/smpp"
)

// receiptDeadline is how long a receipt is waited for where the carrier's configuration says nothing: SMSCs keep trying a
// phone that is switched off for one to three days.
const receiptDeadline = 72 * time.Hour

const (
	chaseEvery  = time.Second
	pruneEvery  = time.Hour
	sweepBatch  = 500
	sweepRounds = 20 // of one look: 10,000 messages a second at most
	sweepSlice  = time.Minute
)

// chaser looks after one carrier's messages that wait for a receipt: it asks for what is late, where the carrier answers
// query_sm, and gives up what is overdue. One node at a time does so, in slices of the time of acceptance, which an index
// finds: none on the state, since the receipts' updates must stay HOT. Nothing is ever read a second time.
type chaser struct {
	store    *Store
	ledger   *ledger
	carrier  string
	source   smpp.Address
	deadline time.Duration
	asker    asker // nil: the carrier is not asked
	pruned   time.Time
}

// asker asks a carrier what became of a message.
type asker interface {
	Query(ctx context.Context, q *smpp.QuerySM) (*smpp.QuerySMResp, error)
}

func (l *link) newChaser() *chaser {
	c := &chaser{store: l.store, ledger: l.ledger, carrier: l.carrier.Name, source: l.carrier.Source, deadline: l.ledger.patience()}
	if a, ok := l.transport.(asker); ok && l.carrier.QuerySM {
		c.asker = a
	}
	return c
}

// chase runs the chaser until ctx ends.
func (l *link) chase(ctx context.Context) {
	c := l.newChaser()
	for wait(ctx, chaseEvery) {
		err := l.pool.do(ctx, func(h *hot) error { return c.look(ctx, h) })
		if err == nil && c.asker != nil && l.transport.Bound() {
			err = c.ask(ctx, func(work func(*hot) error) error { return l.pool.do(ctx, work) })
		}
		if err != nil && ctx.Err() == nil {
			l.log.Error("look for messages without a receipt", "error", err)
		}
	}
}

// look gives up what is overdue, and notes what is to be asked about.
func (c *chaser) look(ctx context.Context, h *hot) error {
	now := c.store.now().UTC()
	if now.Sub(c.pruned) >= pruneEvery {
		if err := c.store.pruneUnmatched(ctx, h); err != nil {
			return err
		}
		c.pruned = now
	}
	if c.asker != nil {
		if err := c.lateOnes(ctx, h, now); err != nil {
			return err
		}
	}
	slice := now.Sub(time.Time{}) // everything: seldom more than a second's
	for range sweepRounds {
		var n int
		left, err := c.sweep(ctx, h, "deadline", now.Add(-c.deadline), slice, func(from, to time.Time) (through bool, err error) {
			n, err = c.giveUp(ctx, h, from, to, now)
			return n < sweepBatch, err
		})
		if err != nil {
			return err
		}
		if n > 0 {
			c.ledger.meter.moved(Unknown, n)
			c.ledger.log.Warn("messages without a receipt are in doubt now", "messages", n, "after", c.deadline)
		}
		if !left {
			return nil
		}
		slice = sweepSlice
	}
	return nil
}

const sweptSQL = `select swept_to from receipt_sweeps where carrier = $1 and what = $2 for update skip locked`

// beginSweepSQL starts before the first message.
const beginSweepSQL = `
insert into receipt_sweeps (carrier, what, swept_to)
select $1, $2, coalesce((select min(accepted_at) - interval '1 microsecond' from sent where accepted_at > 'epoch'), $3)
where not exists (select from receipt_sweeps where carrier = $1 and what = $2)
on conflict do nothing`

const sweptToSQL = `update receipt_sweeps set swept_to = $3 where carrier = $1 and what = $2`

// sweep hands the next slice of acceptance times to work, up to until, unless another node is at it; left says that there
// is more. Where work is through with it, the slice is never looked at again.
func (c *chaser) sweep(ctx context.Context, h *hot, what string, until time.Time, slice time.Duration,
	work func(from, to time.Time) (through bool, err error)) (left bool, err error) {
	err = h.transact(ctx, func() error {
		var from sql.NullTime
		err := h.each(ctx, sweptSQL, func(scan func(...any) error) error { return scan(&from) }, c.carrier, what)
		if err != nil {
			return err
		}
		if !from.Valid {
			return h.exec(ctx, beginSweepSQL, c.carrier, what, until)
		}
		to := until
		if to.Sub(from.Time) > slice {
			to = from.Time.Add(slice)
		}
		if !to.After(from.Time) {
			return nil
		}
		through, err := work(from.Time, to)
		left = !through || to.Before(until)
		if err != nil || !through {
			return err
		}
		return h.exec(ctx, sweptToSQL, c.carrier, what, to)
	})
	if err != nil {
		return false, fmt.Errorf("look through the messages of %s for receipts: %w", c.carrier, err)
	}
	return left, nil
}

const giveUpSQL = `
with late as (
	select message_id from sent where accepted_at > $2 and accepted_at <= $3 and state = 'accepted' and carrier = $1 limit $6
),
moved as (
	update sent s set state = 'unknown', done_at = $4, error = $5 from late where s.message_id = late.message_id and s.state = 'accepted'
	returning s.message_id
)
insert into message_moves (message_id, at, from_state, to_state, reason)
select message_id, $4, 'accepted', 'unknown', $5 from moved returning message_id`

// giveUp moves up to a batch of what was accepted after from and until to, and has no receipt, to unknown.
func (c *chaser) giveUp(ctx context.Context, h *hot, from, to, now time.Time) (n int, err error) {
	err = h.each(ctx, giveUpSQL, func(scan func(...any) error) error {
		var id int64
		n++
		return scan(&id)
	}, c.carrier, from, to, now, "no receipt within "+shortly(c.deadline), sweepBatch)
	if err != nil {
		return 0, fmt.Errorf("give up waiting for receipts of %s: %w", c.carrier, err)
	}
	return n, nil
}

// shortly writes whole hours without their minutes.
func shortly(d time.Duration) string {
	if d%time.Hour == 0 {
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return d.String()
}
