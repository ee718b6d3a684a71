package gateway

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"canhgiac/gateway/smpp"
)

const (
	maxIntent  = 500                    // messages meant for the wire by one commit; 2000 was measured to gain little
	minIntent  = 10                     // of a link whose flow is not known yet
	intentTime = 250 * time.Millisecond // one intent is what goes out in this long
	atOnce     = 500 * time.Millisecond // an opt-out or a pause bites within the sending of this long
	turn       = 2 * time.Second        // a chunk is given back after this long, since other runs are waiting
	sharedTurn = 250 * time.Millisecond // likewise where an equal may be faster
	unfit      = time.Minute            // until a run is offered again to a carrier that does not take its text
	idlePoll   = 200 * time.Millisecond // how often an idle worker looks for work
	keepLate   = 10000                  // submit_sm without a response whose late one is still known
)

// intents of each class are what may be without a stored outcome: of reminders, so many that their commits overlap with
// the sending of others.
var intents = [lastClass]int{express: 2, ordinary: 4}

// MaxInDoubt is how many messages a node that dies may leave in doubt of a carrier of this rate, in parts a second, 0 for
// no limit: no intent is committed that would bring those without a stored outcome beyond it.
func MaxInDoubt(rate float64) int {
	n := 0
	for _, times := range intents {
		n += times * intentOf(rate)
	}
	return n
}

// intentOf is how many messages one commit means for the wire at the most.
func intentOf(rate float64) int {
	if rate <= 0 {
		return maxIntent
	}
	return min(maxIntent, max(1, int(rate*intentTime.Seconds())))
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
	ussd      *ussdDesk // nil: none
	pace      *pace
	lanes     *lanes
	gate      lateGate
	doubt     [lastClass]*semaphore.Weighted // in messages, from the intent to the stored outcome
	searches  [lastClass]searches
	flow      flow
	validity  validity
	parts     int // of the last message, for the feeder alone
	meter     *linkMeter
	log       *slog.Logger
	serving   atomic.Pointer[queues]

	mu    sync.Mutex
	up    chan struct{} // closed while bound
	since time.Time     // it has been so
	late  map[*smpp.SubmitSM]lateRef
}

// lateRef leads from a submit_sm to its message, when the response comes after all.
type lateRef struct {
	message *outgoing
	part    int
}

func newLink(c Carrier, s *Store, n *node, pool *hotPool, m *meter, log *slog.Logger) *link {
	l := &link{carrier: c, store: s, node: n, pool: pool, meter: m.of(c.Name), log: log.With("carrier", c.Name),
		lanes: newLanes(), up: make(chan struct{}), late: map[*smpp.SubmitSM]lateRef{}}
	l.gate.link = l
	for c, times := range intents {
		l.doubt[c] = semaphore.NewWeighted(int64(times * intentOf(l.carrier.Rate)))
	}
	l.pace = newPace(s, pool, c, &l.flow, l.log)
	l.ledger = &ledger{store: s, carrier: c.Name, forms: newForms(c.ReceiptID), split: c.Split, deadline: c.ReceiptDeadline, node: n.id, in: newInbox[entry](),
		elsewhere: newElsewhere(c, s.routes), settled: l.settled, released: l.released, meter: l.meter, log: l.log}
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
	if l.shares() {
		return sharedTurn
	}
	return turn
}

// shares says that other carriers may send what this one may.
func (l *link) shares() bool { return len(l.queues().names) > 1 }

// queues are what the link may lease from.
func (l *link) queues() queues { return *l.serving.Load() }

// Deliver hands a deliver_sm to who stores it; the carrier hears of it once it is stored.
func (l *link) Deliver(d *smpp.DeliverSM, ack func(smpp.Status)) {
	if r, ok := smpp.ParseReceipt(d); ok {
		l.ledger.in.put(entry{receipt: &receipt{Receipt: r, phone: receiptPhone(d, l.carrier.Source), ack: ack}})
		return
	}
	if l.ussd.takes(d, ack) {
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

// bound waits until the bind is up; false when ctx ended first.
func (l *link) bound(ctx context.Context) bool {
	l.mu.Lock()
	up := l.up
	l.mu.Unlock()
	select {
	case <-up:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
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
	switch {
	case r.Err != nil:
	case r.Status.Throttled():
		l.pace.complain()
	case r.Status == smpp.StatusInvValidity:
		if !l.validity.refused.Swap(true) {
			l.log.Warn("the carrier takes no validity_period: messages go without one from now on")
		}
	}
	if !errors.Is(r.Err, smpp.ErrNoResponse) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.late) < keepLate {
		l.late[p] = lateRef{m, i}
	}
}

// intent is how many messages the next one means for the wire: as many as went out in intentTime.
func (l *link) intent() int { return min(intentOf(l.carrier.Rate), max(minIntent, l.flow.last())) }

// settled lets go of a message whose outcome is committed.
func (l *link) settled(m *outgoing, v verdict) {
	if !m.late {
		l.doubt[m.urgency.class()].Release(1)
	}
	l.meter.moved(v.state, 1)
}

// released lets go of what was given back with c.
func (l *link) released(c *lease) {
	of := c.order.urgency().class()
	l.doubt[of].Release(int64(c.backs))
	if c.left() > 0 && l.shares() {
		l.searches[of].leave(c.id, time.Now().Add(equalsFirst))
	}
}
