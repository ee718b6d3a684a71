package gateway

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"canhgiac/gateway/smpp"
	"canhgiac/gateway/sms"
)

const (
	ledgerBatch  = 2000                 // entries in one transaction: a message's outcome and its receipt are two
	ledgerLinger = 4 * time.Millisecond // for more to come, so that few commits serve many messages
	ledgerRetry  = 500 * time.Millisecond
)

// entry is something to store: a message's outcome, a response that came after it, a receipt, or the end of a lease of
// which nothing is on its way.
type entry struct {
	lease   *lease
	message *outgoing
	late    *lateResult
	receipt *receipt
	waited  bool // for a receipt
}

type lateResult struct {
	part int
	smpp.SubmitResult
}

// ledger stores, for one carrier, what became of messages. One goroutine writes results before receipts in one
// transaction, so that a receipt hard on its response's heels finds its message.
type ledger struct {
	store    *Store
	carrier  string
	forms    *forms
	split    sms.Scheme    // how the carrier is given long texts
	deadline time.Duration // for a receipt; 0: receiptDeadline
	in       *inbox[entry]
	meter    *linkMeter
	log      *slog.Logger
	node     int64

	soon    int     // receipts of the last commit that came hardly after their messages' outcomes
	quick   bool    // the carrier's receipts come on the heels of its responses
	waiting []entry // outcomes whose receipts may be in the next batch

	elsewhere elsewhere
	again     bool     // receipts were put aside: try them after the next outcomes
	ended     []*lease // to give back with the next commit

	settled  func(m *outgoing, v verdict) // called once each outcome is committed
	released func(c *lease)               // called once a lease is given back
}

// run stores entries until the inbox is closed and empty. It goes on through a lost database: nothing is acknowledged and
// no lease given back until it is stored.
func (l *ledger) run(ctx context.Context) {
	var h *hot
	defer func() {
		if h != nil {
			h.drop()
		}
	}()
	sweep := time.NewTicker(time.Second)
	defer sweep.Stop()
	for {
		var due bool
		var enough <-chan time.Time
		if len(l.waiting) > 0 {
			enough = time.After(ledgerLinger)
		}
		select {
		case <-l.in.ready:
		case <-enough:
		case <-sweep.C:
			due = true
		}
		batch, ended := l.in.take(ledgerBatch)
		if n := len(batch); n > 0 && n < ledgerBatch/2 {
			batch = append(batch, l.linger(ledgerBatch-n)...)
		}
		batch = append(l.waiting, batch...)
		l.waiting = nil
		if l.quick && !ended {
			batch, l.waiting = l.awaitReceipts(batch)
		}
		for {
			err := l.store.withHot(ctx, &h, func() error { return l.commit(ctx, h, batch, due) })
			if err == nil && len(l.ended) > 0 && len(l.waiting) == 0 && l.in.empty() { // else with the next batch
				batch, due = nil, false
				continue
			}
			if err == nil {
				break
			}
			l.log.Error("store outcomes", "carrier", l.carrier, "entries", len(batch), "error", err)
			if len(batch) == 0 || !wait(ctx, ledgerRetry) {
				break
			}
		}
		if err := l.learn(ctx, &h, due); err != nil {
			l.log.Error("learn from receipts", "error", err)
		}
		if ended {
			return
		}
	}
}

// linger waits a moment for up to n more entries, as long as more come: an SMSC whose window is full of receipts sends none
// before these are acknowledged.
func (l *ledger) linger(n int) (more []entry) {
	for end := time.Now().Add(ledgerLinger); len(more) < n && time.Now().Before(end); {
		time.Sleep(ledgerLinger / 4)
		some, _ := l.in.take(n - len(more))
		if len(some) == 0 {
			break
		}
		more = append(more, some...)
	}
	return more
}

// withHot runs work with *h opened where it is not, and drops it after an error.
func (s *Store) withHot(ctx context.Context, h **hot, work func() error) (err error) {
	if *h == nil {
		if *h, err = openHot(ctx, s.db); err != nil {
			return err
		}
	}
	if err = work(); err != nil {
		(*h).drop()
		*h = nil
	}
	return err
}

// commit stores one batch and only then acknowledges its receipts and lets its messages go.
func (l *ledger) commit(ctx context.Context, h *hot, batch []entry, sweep bool) error {
	var results []*outgoing
	var told []*receipt
	ended := l.ended
	for _, e := range batch {
		switch {
		case e.lease != nil:
			ended = append(ended[:len(ended):len(ended)], e.lease)
		case e.receipt != nil:
			told = append(told, e.receipt)
		case e.late == nil:
			results = append(results, e.message)
		case slices.Contains(results, e.message):
			// Both its time-out and what came after it wait to be stored: there never was a doubt.
			e.message.results[e.late.part] = e.late.SubmitResult
		default:
			if m := e.message.amended(e.late.part, e.late.SubmitResult); m != nil {
				results = append(results, m)
			}
		}
	}
	now := l.store.now().UTC()
	o := newOutcomes(l.carrier, l.elsewhere, now, results)
	o.node = l.node
	delivered, receipts := o.deliverAtOnce(l.forms, told)
	var t *tally
	err := h.transact(ctx, func() (err error) {
		if err := o.store(ctx, h); err != nil {
			return err
		}
		t = newTally()
		l.forms.seen = l.forms.seen[:0]
		if delivered > 0 {
			t.states[Delivered] = delivered
			l.forms.seen = append(l.forms.seen, l.forms.vouched)
		}
		if err := l.parents(ctx, h, o.many, "", now, t); err != nil { // their receipts may have come first
			return err
		}
		if len(receipts) > 0 {
			if err := l.match(ctx, h, receipts, now, t); err != nil {
				return err
			}
		}
		if sweep || l.again && len(results) > 0 {
			if err := l.sweep(ctx, h, now, t); err != nil {
				return err
			}
		}
		asked, err := l.askOthers(ctx, h, t.failed, now)
		if err != nil {
			return err
		}
		t.states[Queued] += asked
		return l.store.release(ctx, h, ended)
	})
	if err != nil {
		return err
	}
	if len(o.fresh) > 0 {
		l.quick = 2*(delivered+l.soon) > len(o.fresh)
	}
	l.soon = t.soon
	for _, c := range ended {
		l.released(c)
	}
	l.ended = nil
	for _, r := range told {
		r.ack(smpp.StatusOK)
	}
	for range delivered {
		l.meter.receipted(0)
	}
	for i, m := range results {
		l.settled(m, o.verdicts[i])
		if m.from != nil && m.from.settle() {
			l.ended = append(l.ended, m.from)
		}
	}
	l.counted(t)
	return nil
}
