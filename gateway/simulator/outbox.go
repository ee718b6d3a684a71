package simulator

import (
	"context"
	"sync"
	"time"

	"canhgiac/gateway/smpp"
)

const (
	outboxLimit = 1_000_000       // deliver_sm kept for one system_id
	tryAgain    = 2 * time.Second // after a temporary refusal
)

// parcel is one deliver_sm on its way to a gateway: a receipt, or words from a handset. It is written only when its turn
// comes: a million receipts may wait.
type parcel struct {
	serial  uint64            // the order in which they came
	receipt receipt           // where words is nil
	words   *smpp.DeliverSM   // a handset's
	heard   func(smpp.Status) // once, when it is acknowledged or refused for good; may be nil
	done    func(smpp.Status, error)
}

func (p *parcel) Before(o *parcel) bool { return p.serial < o.serial }

// outbox holds what goes to the binds of one system_id, until one of them acknowledges it. Nothing is lost when a link
// is: it goes out again on the next, so a gateway may see it twice.
type outbox struct {
	later *agenda

	mu      sync.Mutex
	more    sync.Cond // there is something to send, or a reason to stop waiting for it
	queue   byTime[*parcel]
	serial  uint64
	bearers map[*smpp.Peer]bool // that may receive
	ended   bool
	pending int // in a peer's window, or waiting to be tried again
	free    []*parcel
	counts  Counts // Receipts, FromPhones, Dropped
}

func newOutbox(later *agenda) *outbox {
	b := &outbox{later: later, bearers: make(map[*smpp.Peer]bool)}
	b.more.L = &b.mu
	return b
}

// put adds a receipt, or words; false says that the outbox is full.
func (b *outbox) put(r receipt, words *smpp.DeliverSM, heard func(smpp.Status)) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.queue.len() >= outboxLimit {
		b.counts.Dropped++
		return false
	}
	var p *parcel
	if last := len(b.free) - 1; last >= 0 {
		p, b.free = b.free[last], b.free[:last]
	} else {
		p = &parcel{}
		p.done = func(st smpp.Status, err error) { b.answered(p, st, err) }
	}
	b.serial++
	p.serial, p.receipt, p.words, p.heard = b.serial, r, words, heard
	b.queue.push(p)
	b.more.Signal()
	return true
}

func (b *outbox) bound() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.bearers) > 0
}

// addTo adds what went and what waits to n.
func (b *outbox) addTo(n *Counts) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n.Waiting += int64(b.queue.len() + b.pending)
	n.Receipts += b.counts.Receipts
	n.FromPhones += b.counts.FromPhones
	n.Dropped += b.counts.Dropped
}

// join makes peer one of those who may receive; leave ends that.
func (b *outbox) join(peer *smpp.Peer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bearers[peer] = true
}

func (b *outbox) leave(peer *smpp.Peer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.bearers, peer)
	b.more.Broadcast()
}

// stop ends every carry.
func (b *outbox) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
	b.more.Broadcast()
}

// carry sends what waits to peer, in order, until peer leaves. Each peer has its own, so that one that reads nothing keeps
// the others waiting for no more than its window.
func (b *outbox) carry(ctx context.Context, peer *smpp.Peer) {
	var page page
	for {
		b.mu.Lock()
		for b.bearers[peer] && !b.ended && b.queue.len() == 0 {
			b.more.Wait()
		}
		if !b.bearers[peer] || b.ended {
			b.more.Signal() // what was meant for this one is for another
			b.mu.Unlock()
			return
		}
		p := b.queue.pop()
		b.pending++
		b.mu.Unlock()
		d := p.words
		if d == nil {
			d = page.write(p.receipt)
		}
		if err := peer.Deliver(ctx, d, p.done); err != nil {
			b.leave(peer) // its link is going; Closed says so later
			b.answered(p, 0, err)
		}
	}
}

func (b *outbox) answered(p *parcel, st smpp.Status, err error) {
	switch {
	case err != nil:
		b.again(p)
	case st.Temporary():
		b.later.after(tryAgain, func() { b.again(p) })
	default:
		b.settle(p, st)
	}
}

// again puts back what a peer did not take.
func (b *outbox) again(p *parcel) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pending--
	b.queue.push(p)
	b.more.Signal()
}

func (b *outbox) settle(p *parcel, st smpp.Status) {
	b.mu.Lock()
	b.pending--
	switch {
	case st != smpp.StatusOK:
		b.counts.Dropped++
	case p.words == nil:
		b.counts.Receipts++
	default:
		b.counts.FromPhones++
	}
	heard := p.heard
	p.receipt, p.words, p.heard = receipt{}, nil, nil
	if len(b.free) < 10_000 {
		b.free = append(b.free, p)
	}
	b.mu.Unlock()
	if heard != nil {
		heard(st)
	}
}
