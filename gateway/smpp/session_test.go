package smpp

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// esme collects what a Client hears.
type esme struct {
	up       chan bool
	late     chan SubmitResult
	delivers chan *DeliverSM
	status   Status                         // acked at once with this
	deliver  func(*DeliverSM, func(Status)) // instead of the above when set
}

func newESME() *esme {
	return &esme{up: make(chan bool, 100), late: make(chan SubmitResult, 100), delivers: make(chan *DeliverSM, 1000)}
}

func (e *esme) Deliver(d *DeliverSM, ack func(Status)) {
	if e.deliver != nil {
		e.deliver(d, ack)
		return
	}
	e.delivers <- d
	ack(e.status)
}
func (e *esme) Late(_ *SubmitSM, r SubmitResult) { e.late <- r }
func (e *esme) State(up bool)                    { e.up <- up }

// smsc is a Server's handler that answers with numbered ids unless told otherwise.
type smsc struct {
	mu     sync.Mutex
	n      int
	bind   func(*Bind) Status
	submit func(*Peer, *SubmitSM, func(SubmitResult))
	bound  chan *Peer
	closed chan *Peer
}

func newSMSC() *smsc { return &smsc{bound: make(chan *Peer, 100), closed: make(chan *Peer, 100)} }

func (s *smsc) Bind(p *Peer, b *Bind) Status {
	if s.bind != nil {
		if st := s.bind(b); st != StatusOK {
			return st
		}
	}
	s.bound <- p
	return StatusOK
}

func (s *smsc) Submit(p *Peer, m *SubmitSM, respond func(SubmitResult)) {
	if s.submit != nil {
		s.submit(p, m, respond)
		return
	}
	s.mu.Lock()
	s.n++
	n := s.n
	s.mu.Unlock()
	respond(SubmitResult{MessageID: fmt.Sprint("m", n)})
}

func (s *smsc) Closed(p *Peer) { s.closed <- p }

// listen takes a port. It is what a test does first, so the count of the goroutines that are left is what it does last; in a
// bubble of testing/synctest the bubble counts them.
func listen(t *testing.T) net.Listener {
	t.Helper()
	t.Cleanup(func() { goleak.VerifyNone(t) })
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

// during runs f until the test ends, and then waits for it.
func during(t *testing.T, f func(context.Context) error) context.CancelFunc {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("ended with %v", err)
		}
	})
	return cancel
}

func TestClientAndServer(t *testing.T) {
	ln := listen(t)
	s := newSMSC()
	during(t, func(ctx context.Context) error { return NewServer(ServerConfig{SystemID: "SIM"}, s).Serve(ctx, ln) })
	e := newESME()
	c := NewClient(ClientConfig{Addr: ln.Addr().String(), SystemID: "ward", Password: "secret", Window: 7}, e)
	stop := during(t, c.Run)
	if !<-e.up || !c.Bound() {
		t.Fatal("not up")
	}
	peer := <-s.bound
	if b := peer.Bind(); b.SystemID != "ward" || b.Password != "secret" || b.Mode != BindTransceiverID || b.InterfaceVersion != 0x34 {
		t.Errorf("bound with %+v", b)
	}

	const n = 1000
	results := make(chan SubmitResult, n)
	for range n {
		if err := c.Submit(t.Context(), &SubmitSM{Dest: Address{1, 1, "84901234567"}, ShortMessage: []byte("KHONG SO HAI")},
			func(r SubmitResult) { results <- r }); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]bool{}
	for range n {
		r := <-results
		if r.Err != nil || r.Status != StatusOK || seen[r.MessageID] {
			t.Fatalf("result %+v, its id seen before: %v", r, seen[r.MessageID])
		}
		seen[r.MessageID] = true
	}

	acked := make(chan Status, n)
	e.status = StatusPermanentApp
	for range n {
		if err := peer.Deliver(t.Context(), &DeliverSM{ShortMessage: []byte("TC")}, func(s Status, err error) {
			if err != nil {
				t.Error(err)
			}
			acked <- s
		}); err != nil {
			t.Fatal(err)
		}
	}
	for range n {
		if got := <-acked; got != StatusPermanentApp {
			t.Fatalf("acked with %s", got)
		}
	}

	stop()
	if <-e.up {
		t.Error("up after the end")
	}
	select {
	case <-s.closed:
	case <-time.After(5 * time.Second):
		t.Error("the server did not see the unbind")
	}
	if err := c.Submit(t.Context(), &SubmitSM{}, nil); err != ErrNotBound {
		t.Errorf("submit after the end: %v", err)
	}
}
