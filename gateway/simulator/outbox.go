package simulator

import (
	"container/heap"
	"context"
	"slices"
	"sync"
	"time"

	"canhgiac/gateway/smpp"
)

const (
	outboxLimit = 1_000_000       // deliver_sm kept for one system_id
	tryAgain    = 2 * time.Second // after a temporary refusal
)

// parcel is one deliver_sm on its way to a gateway.
type parcel struct {
	at      time.Time // not before
	serial  uint64    // the order in which they came
	deliver *smpp.DeliverSM
	sent    func() // the gateway acknowledged it, or refused it for good
	refused func()
}

// outbox holds what goes to the binds of one system_id, until one of them acknowledges it. Nothing is lost when a link
// is: it goes out again on the next, so a gateway may see it twice.
type outbox struct {
	now  func() time.Time
	wake chan struct{}

	mu      sync.Mutex
	queue   parcels
	serial  uint64
	peers   []*smpp.Peer // that may receive
	turn    int
	pending int // in a peer's window
}

func newOutbox(now func() time.Time) *outbox {
	return &outbox{now: now, wake: make(chan struct{}, 1)}
}

// put adds p; false says that the outbox is full.
func (b *outbox) put(p *parcel) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.queue) >= outboxLimit {
		return false
	}
	b.serial++
	p.serial = b.serial
	heap.Push(&b.queue, p)
	b.nudge()
	return true
}

// again puts back what a peer did not acknowledge.
func (b *outbox) again(p *parcel, at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p.at = at
	heap.Push(&b.queue, p)
	b.nudge()
}

func (b *outbox) nudge() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

func (b *outbox) join(p *smpp.Peer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.peers = append(b.peers, p)
	b.nudge()
}

func (b *outbox) leave(p *smpp.Peer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.peers = slices.DeleteFunc(b.peers, func(q *smpp.Peer) bool { return q == p })
}

func (b *outbox) bound() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.peers) > 0
}

func (b *outbox) waiting() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.queue) + b.pending
}

// next gives the parcel that is due and the peer whose turn it is; or, without one, how long until there may be one
// (0: until the outbox is nudged).
func (b *outbox) next() (*parcel, *smpp.Peer, time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.peers) == 0 || len(b.queue) == 0 {
		return nil, nil, 0
	}
	if early := b.queue[0].at.Sub(b.now()); early > 0 {
		return nil, nil, early
	}
	b.turn++
	b.pending++
	return heap.Pop(&b.queue).(*parcel), b.peers[b.turn%len(b.peers)], 0
}

// run sends what is due, in order, until ctx ends.
func (b *outbox) run(ctx context.Context) {
	idle := time.NewTimer(time.Hour)
	defer idle.Stop()
	for ctx.Err() == nil {
		p, peer, wait := b.next()
		if p == nil {
			if wait == 0 {
				wait = time.Hour
			}
			idle.Reset(wait)
			select {
			case <-ctx.Done():
			case <-b.wake:
			case <-idle.C:
			}
			continue
		}
		if err := peer.Deliver(ctx, p.deliver, func(st smpp.Status, err error) { b.answered(p, st, err) }); err != nil {
			b.leave(peer) // its link is going; Closed says so later
			b.answered(p, 0, err)
		}
	}
}

func (b *outbox) answered(p *parcel, st smpp.Status, err error) {
	b.mu.Lock()
	b.pending--
	b.mu.Unlock()
	switch {
	case err != nil:
		b.again(p, p.at)
	case st == smpp.StatusOK:
		p.sent()
	case st.Temporary():
		b.again(p, b.now().Add(tryAgain))
	default:
		p.refused()
	}
}

// parcels is a heap by time, then by order of arrival.
type parcels []*parcel

func (q parcels) Len() int { return len(q) }
func (q parcels) Less(i, j int) bool {
	if !q[i].at.Equal(q[j].at) {
		return q[i].at.Before(q[j].at)
	}
	return q[i].serial < q[j].serial
}
func (q parcels) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *parcels) Push(x any)   { *q = append(*q, x.(*parcel)) }
func (q *parcels) Pop() any {
	old := *q
	p := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	return p
}
