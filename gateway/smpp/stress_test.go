package smpp

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestEveryMessageIsToldOnce: many callers, responses lost, doubled and out of order, links cut at random, in both
// directions at once. Whatever happens, each message that was taken is told exactly once, and a message whose caller was
// told "not sent" never reached the SMSC.
func TestEveryMessageIsToldOnce(t *testing.T) {
	for _, cfg := range []AccountConfig{{Binds: 1}, {Binds: 3}, {Binds: 2, Separate: true}} {
		t.Run(fmt.Sprintf("binds %d, separate %v", cfg.Binds, cfg.Separate), func(t *testing.T) { everyMessageIsToldOnce(t, cfg) })
	}
}

func everyMessageIsToldOnce(t *testing.T, cfg AccountConfig) {
	ln := listen(t)
	s := newSMSC()
	s.bound, s.closed = make(chan *Peer, 10_000), make(chan *Peer, 10_000) // nobody looks
	var mu sync.Mutex
	arrived := map[string]bool{}
	s.submit = func(p *Peer, m *SubmitSM, respond func(SubmitResult)) {
		mu.Lock()
		arrived[m.Dest.Addr] = true
		mu.Unlock()
		switch n := mathrand.IntN(400); {
		case n == 0:
			p.Drop()
		case n < 10: // lost
		case n < 20:
			respond(SubmitResult{MessageID: m.Dest.Addr})
			respond(SubmitResult{MessageID: m.Dest.Addr})
		default:
			respond(SubmitResult{MessageID: m.Dest.Addr})
		}
		if err := p.Deliver(t.Context(), &DeliverSM{Source: m.Dest}, func(Status, error) {}); err != nil && !errors.Is(err, ErrNotBound) && t.Context().Err() == nil {
			t.Error(err)
		}
	}
	during(t, func(ctx context.Context) error {
		return NewServer(ServerConfig{Window: 10_000, CloseTimeout: time.Second}, s).Serve(ctx, ln)
	})
	e := &hardy{up: make(chan struct{})}
	cfg.ClientConfig = ClientConfig{Addr: ln.Addr().String(), Window: 20, ResponseTimeout: 200 * time.Millisecond, BackoffMin: time.Millisecond,
		BackoffMax: 5 * time.Millisecond, CloseTimeout: time.Second}
	c := NewAccount(cfg, e)
	during(t, c.Run)

	const callers, each = 8, 500
	var told, taken, notSent atomic.Int64
	var all, pending sync.WaitGroup
	for caller := range callers {
		all.Go(func() {
			for i := range each {
				number := string(rune('a'+caller)) + big.NewInt(int64(i)).String()
				pending.Add(1)
				for {
					err := c.Submit(t.Context(), &SubmitSM{Dest: Address{Addr: number}}, func(r SubmitResult) {
						told.Add(1)
						if r.Err == nil && r.MessageID != number {
							t.Errorf("%s was given the id of %s", number, r.MessageID)
						}
						if errors.Is(r.Err, ErrNotSent) {
							notSent.Add(1)
							mu.Lock()
							if arrived[number] {
								t.Errorf("%s arrived, though it was not sent", number)
							}
							mu.Unlock()
						}
						pending.Done() // a second time panics
					})
					if err == nil {
						break
					}
					if !errors.Is(err, ErrNotBound) {
						t.Error(err)
					}
					e.await()
				}
				taken.Add(1)
			}
		})
	}
	all.Wait()
	pending.Wait()
	if told.Load() != callers*each || taken.Load() != told.Load() {
		t.Errorf("%d taken, %d told", taken.Load(), told.Load())
	}
	t.Logf("%d links lost, %d messages not sent", len(s.closed), notSent.Load())
}

// hardy hears everything and waits for links.
type hardy struct {
	mu sync.Mutex
	up chan struct{} // closed while the link is up
}

func (h *hardy) Deliver(_ *DeliverSM, ack func(Status)) { ack(StatusOK) }
func (h *hardy) Late(*SubmitSM, SubmitResult)           {}
func (h *hardy) State(up bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if up {
		close(h.up)
	} else {
		h.up = make(chan struct{})
	}
}

func (h *hardy) await() {
	h.mu.Lock()
	up := h.up
	h.mu.Unlock()
	<-up
}
