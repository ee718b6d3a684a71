package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"

	"canhgiac/gateway/smpp"
	"canhgiac/gateway/sms"
)

const (
	maxIntent  = 50                     // messages meant for the wire by one commit
	atOnce     = 500 * time.Millisecond // an opt-out or a pause bites within the sending of this long
	turn       = 2 * time.Second        // a chunk is given back after this long, since something urgent may be waiting
	sharedTurn = 250 * time.Millisecond // likewise where an equal may be faster
	throttling = time.Second            // a link that was told to slow down stands still for this long
	idlePoll   = 200 * time.Millisecond // how often an idle worker looks for work
	keepLate   = 10000                  // submit_sm without a response whose late one is still known
)

// MaxInDoubt is how many messages a node that dies may leave in doubt of a carrier of this rate, in parts a second, 0 for
// no limit: no intent is committed that would bring those without a stored outcome beyond it.
func MaxInDoubt(rate float64) int { return 4 * intentOf(rate) }

// intentOf is how many messages one commit means for the wire.
func intentOf(rate float64) int {
	if rate <= 0 {
		return maxIntent
	}
	return min(maxIntent, max(1, int(rate*atOnce.Seconds())/2))
}

// link is one carrier: its bind, its rate, the workers that feed it and the ledger that stores what comes of it.
type link struct {
	carrier   Carrier
	store     *Store
	node      *node
	pool      *hotPool
	transport Transport
	ledger    *ledger
	inbound   *receiver
	limiter   *rate.Limiter
	doubt     *semaphore.Weighted // in messages, from the intent to the stored outcome
	intent    int                 // messages of one intent
	meter     *linkMeter
	log       *slog.Logger
	serving   atomic.Pointer[queues]

	mu    sync.Mutex
	up    chan struct{} // closed while bound
	since time.Time     // it has been so
	slow  time.Time     // throttled until then
	late  map[*smpp.SubmitSM]lateRef
}

// lateRef leads from a submit_sm to its message, when the response comes after all.
type lateRef struct {
	message *outgoing
	part    int
}

func newLink(c Carrier, s *Store, n *node, pool *hotPool, m *meter, log *slog.Logger) *link {
	l := &link{carrier: c, store: s, node: n, pool: pool, meter: m.of(c.Name), log: log.With("carrier", c.Name),
		doubt: semaphore.NewWeighted(int64(MaxInDoubt(c.Rate))), intent: intentOf(c.Rate), up: make(chan struct{}), late: map[*smpp.SubmitSM]lateRef{}}
	l.limiter = rate.NewLimiter(rate.Inf, 1)
	if c.Rate > 0 {
		l.limiter = rate.NewLimiter(rate.Limit(c.Rate), max(1, int(c.Rate/50)))
	}
	l.ledger = &ledger{store: s, carrier: c.Name, forms: newForms(c.ReceiptID), node: n.id, in: newInbox[entry](), settled: l.settled, meter: l.meter, log: l.log}
	cfg := c.Link
	cfg.CloseTimeout = closeTime
	if cfg.Log == nil {
		cfg.Log = l.log
	}
	l.transport = c.transport(l, cfg)
	q := s.routes.served(c.Name, nil)
	l.serving.Store(&q)
	l.since = s.now()
	return l
}

// turn is how long the link may keep a chunk.
func (l *link) turn() time.Duration {
	if len(l.queues().names) > 1 {
		return sharedTurn
	}
	return turn
}

// queues are what the link may lease from.
func (l *link) queues() queues { return *l.serving.Load() }

// Deliver hands a deliver_sm to who stores it; the carrier hears of it once it is stored.
func (l *link) Deliver(d *smpp.DeliverSM, ack func(smpp.Status)) {
	if r, ok := smpp.ParseReceipt(d); ok {
		l.ledger.in.put(entry{receipt: &receipt{Receipt: r, phone: receiptPhone(d, l.carrier.Source), ack: ack}})
		return
	}
	l.inbound.in.put(delivery{pdu: d, ack: ack, carrier: l.carrier.Name})
}

// Late takes the id of a response that came after its time: the message is not in doubt any more.
func (l *link) Late(p *smpp.SubmitSM, r smpp.SubmitResult) {
	l.mu.Lock()
	ref, ok := l.late[p]
	delete(l.late, p)
	l.mu.Unlock()
	if !ok || r.Err != nil {
		return
	}
	if ref.message.amend(ref.part, r) {
		l.ledger.in.put(entry{message: ref.message, late: &lateResult{ref.part, r}})
	}
}

// State notes that the bind is up or down, for the workers.
func (l *link) State(up bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.up:
		if !up {
			l.up, l.since = make(chan struct{}), l.store.now()
		}
	default:
		if up {
			close(l.up)
			l.since = l.store.now()
		}
	}
}

// bound waits until the bind is up and the carrier wants traffic; false when ctx ended first.
func (l *link) bound(ctx context.Context) bool {
	l.mu.Lock()
	up, slow := l.up, l.slow
	l.mu.Unlock()
	select {
	case <-up:
	case <-ctx.Done():
		return false
	}
	if pause := time.Until(slow); pause > 0 {
		return wait(ctx, pause)
	}
	return ctx.Err() == nil
}

// work feeds the link from chunks until ctx ends. wire outlives ctx for a moment, for what has been meant for it.
func (l *link) work(ctx, wire context.Context) {
	for l.bound(ctx) {
		var c *lease
		err := l.pool.do(wire, func(h *hot) (err error) {
			c, err = l.store.lease(wire, h, l.carrier.Name, l.queues(), l.node.id)
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
			if ready, err = l.send(ctx, wire, c); err != nil {
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

// send submits c intent by intent, until it is through, must stand still, ctx ends, its turn is over, or the link is down:
// then another node, whose link is up, may have it. ready is when it may go on.
func (l *link) send(ctx, wire context.Context, c *lease) (ready time.Time, err error) {
	alone, err := sms.Split(c.order.text, 0)
	if err != nil {
		return l.store.now().Add(time.Hour), fmt.Errorf("cut the text of run %d: %w", c.order.run, err)
	}
	for end := time.Now().Add(l.turn()); len(c.rows) > 0 && time.Now().Before(end) && l.transport.Bound() && l.bound(ctx); {
		now := l.store.now()
		if !c.order.sendBy.After(now) {
			return time.Time{}, nil // the release ends it
		}
		if !c.order.hours.Allows(now) {
			return c.order.hours.Next(now), nil
		}
		n := int64(min(l.intent, len(c.rows)))
		if l.doubt.Acquire(ctx, n) != nil {
			return time.Time{}, nil
		}
		var pass []row
		var held int
		err := l.pool.do(wire, func(h *hot) (err error) {
			pass, held, err = l.store.intent(wire, h, c, int(n))
			if errors.Is(err, errNothing) {
				return nil
			}
			return err
		})
		l.doubt.Release(n - int64(len(pass)))
		if err != nil || len(pass)+held == 0 {
			return time.Time{}, err
		}
		l.meter.moved(Suppressed, held)
		c.meant(len(pass))
		gate := lateGate{link: l, asked: now}
		for i, r := range pass {
			m := &outgoing{id: r.id, phone: r.phone, queue: c.queue, openTo: equal, from: c, urgent: c.order.urgent, resend: c.order.resend, sendBy: c.order.sendBy, hours: c.order.hours}
			if gate.holds(wire, m, func() []string { return phonesOf(pass[i:]) }) {
				continue
			}
			l.submit(wire, m, c.order.text, alone)
		}
	}
	return time.Time{}, nil
}

// serve feeds the link from the outbox until ctx ends: answers first, retries last.
func (l *link) serve(ctx, wire context.Context) {
	var lost []time.Time // takes without an answer, to be undone before the next one
	for l.bound(ctx) {
		n := int64(l.intent)
		if l.doubt.Acquire(ctx, n) != nil {
			return
		}
		var list []*single
		now := l.store.now().UTC()
		err := l.pool.do(wire, func(h *hot) (err error) {
			for len(lost) > 0 {
				if err := l.store.untake(wire, h, l.carrier.Name, l.node.id, lost[0]); err != nil {
					return err
				}
				lost = lost[1:]
			}
			if list, err = l.store.take(wire, h, l.carrier.Name, l.queues(), l.node.id, now, int(n)); err != nil {
				lost = append(lost, now)
			}
			return err
		})
		if err != nil {
			l.log.Error("take from the outbox", "error", err)
		}
		l.doubt.Release(n - int64(len(list)))
		gate := lateGate{link: l, asked: now}
		for i, m := range list {
			if m.reason != "" {
				m.outcome = &verdict{state: m.ended, reason: m.reason}
				l.ledger.in.put(entry{message: &m.outgoing})
				continue
			}
			answers := m.purpose == Reply || m.purpose == Receipt
			if !answers && gate.holds(wire, &m.outgoing, func() []string { return phonesOfSingles(list[i:]) }) {
				continue
			}
			l.submit(wire, &m.outgoing, m.text, nil)
		}
		if len(list) == 0 && !wait(ctx, idlePoll) {
			return
		}
	}
}

// submit puts m on the wire, part by part, within rate and window. Whatever comes of it goes to the ledger, once.
func (l *link) submit(ctx context.Context, m *outgoing, text string, alone []sms.Part) {
	var err error
	if m.parts, err = m.split(text, alone); err != nil {
		m.outcome = &verdict{state: Failed, reason: "text cannot be sent"}
		l.ledger.in.put(entry{message: m})
		return
	}
	m.results = make([]smpp.SubmitResult, len(m.parts))
	m.left = len(m.parts)
	for i := range m.parts {
		if m.kept[i] {
			l.answer(m, i, nil, smpp.SubmitResult{})
			continue
		}
		err := l.limiter.Wait(ctx)
		if i == 0 {
			m.submitted = l.store.now().UTC()
		}
		if err == nil {
			p, at := m.pdu(i, l.carrier.Source), time.Now()
			err = l.transport.Submit(ctx, p, func(r smpp.SubmitResult) {
				l.meter.answered(r, time.Since(at))
				l.answer(m, i, p, r)
			})
		}
		if err == nil {
			l.meter.submits.Inc()
		}
		switch {
		case errors.Is(err, smpp.ErrFrame):
			l.answer(m, i, nil, smpp.SubmitResult{Status: smpp.StatusInvMsgLen})
		case err != nil:
			l.answer(m, i, nil, smpp.SubmitResult{Err: errUnsent})
		}
	}
}

// answer notes the result of part i; the last part's sends the message to the ledger.
func (l *link) answer(m *outgoing, i int, p *smpp.SubmitSM, r smpp.SubmitResult) {
	if p != nil {
		l.note(m, i, p, r)
	}
	if m.answer(i, r) {
		l.ledger.in.put(entry{message: m})
	}
}

func (l *link) note(m *outgoing, i int, p *smpp.SubmitSM, r smpp.SubmitResult) {
	if !errors.Is(r.Err, smpp.ErrNoResponse) && !r.Status.Throttled() {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.Err == nil {
		l.slow = time.Now().Add(throttling)
	} else if len(l.late) < keepLate {
		l.late[p] = lateRef{m, i}
	}
}

// settled lets go of a message whose outcome is committed.
func (l *link) settled(m *outgoing, v verdict) {
	if !m.late {
		l.doubt.Release(1)
	}
	l.meter.moved(v.state, 1)
}
