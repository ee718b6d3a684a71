package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"canhgiac/gateway/smpp"
	"canhgiac/gateway/sms"
)

// smsc is a carrier that counts at its own end.
type smsc struct {
	t    testing.TB
	addr string
	ctx  context.Context // ends with the test

	mu       sync.Mutex
	peers    map[*smpp.Peer]bool
	got      []submitted
	byNumber map[string]int
	away     bool // no bind is let in
	// answer decides what to do with a submit_sm; nil accepts it with an id of its own. It may keep respond for later.
	answer func(s submitted, respond func(smpp.SubmitResult))
	// query answers query_sm.
	query func(q *smpp.QuerySM) (*smpp.QuerySMResp, smpp.Status)
	// receipts has every accepted message answered by DELIVRD at once.
	receipts bool
}

type submitted struct {
	n    int // from 1
	at   time.Time
	to   string
	text string
	pdu  *smpp.SubmitSM
}

// id is the message id that the SMSC gives by itself.
func (s submitted) id() string { return fmt.Sprintf("%08d", s.n) }

func startSMSC(t testing.TB) *smsc {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &smsc{t: t, ctx: ctx, addr: ln.Addr().String(), peers: map[*smpp.Peer]bool{}, byNumber: map[string]int{}}
	done := make(chan error, 1)
	server := smpp.NewServer(smpp.ServerConfig{SystemID: "test", Window: 100, CloseTimeout: time.Second}, s)
	go func() { done <- server.Serve(ctx, ln) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *smsc) Bind(p *smpp.Peer, _ *smpp.Bind) smpp.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		p.Drop()
		return smpp.StatusBindFailed
	}
	s.peers[p] = true
	return smpp.StatusOK
}

func (s *smsc) Closed(p *smpp.Peer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.peers, p)
}

func (s *smsc) Submit(_ *smpp.Peer, m *smpp.SubmitSM, respond func(smpp.SubmitResult)) {
	d := (*smpp.DeliverSM)(m)
	text, _, err := sms.Decode(m.DataCoding, d.UDHI(), d.Text())
	if err != nil {
		s.t.Error(err)
	}
	s.mu.Lock()
	one := submitted{n: len(s.got) + 1, at: time.Now(), to: m.Dest.Addr, text: text, pdu: m}
	s.got = append(s.got, one)
	s.byNumber[one.to]++
	answer, receipts := s.answer, s.receipts
	s.mu.Unlock()
	if answer != nil {
		answer(one, respond)
		return
	}
	respond(smpp.SubmitResult{MessageID: one.id()})
	if receipts {
		s.forward(receiptOf(one.id(), one.to, "DELIVRD"))
	}
}

func (s *smsc) Query(_ *smpp.Peer, q *smpp.QuerySM, respond func(*smpp.QuerySMResp, smpp.Status)) {
	s.mu.Lock()
	query := s.query
	s.mu.Unlock()
	if query == nil {
		respond(nil, smpp.StatusQueryFailed)
		return
	}
	respond(query(q))
}

func receiptOf(id, number, state string) *smpp.DeliverSM {
	r := smpp.Receipt{ID: id, State: state, Err: "000", At: morning}
	return &smpp.DeliverSM{Source: smpp.Address{TON: 1, NPI: 1, Addr: number}, Dest: smpp.Address{TON: 5, Addr: "CATHANHKHEX"},
		ESMClass: smpp.ESMClassReceipt, ShortMessage: []byte(r.Text())}
}

// fromPhone is what number texted to the short code.
func fromPhone(number, text string) *smpp.DeliverSM {
	parts, err := sms.Split(text, 77)
	if err != nil || len(parts) != 1 {
		panic("the text takes more than one part")
	}
	return &smpp.DeliverSM{Source: smpp.Address{TON: 1, NPI: 1, Addr: number}, Dest: smpp.Address{TON: 3, Addr: "8088"},
		DataCoding: byte(parts[0].Encoding), ShortMessage: parts[0].Payload}
}

// deliver sends d without waiting; acked, when not nil, gets the peer's status.
func (s *smsc) deliver(p *smpp.Peer, d *smpp.DeliverSM, acked chan<- smpp.Status) {
	go func() {
		_ = p.Deliver(s.ctx, d, func(st smpp.Status, err error) {
			if acked != nil && err == nil {
				acked <- st
			}
		})
	}()
}

// forward keeps d until a peer has taken it, as an SMSC does.
func (s *smsc) forward(d *smpp.DeliverSM) {
	go func() {
		for {
			p, taken := s.anyPeer(), make(chan bool, 1)
			if p == nil {
				return
			}
			err := p.Deliver(s.ctx, d, func(st smpp.Status, err error) { taken <- err == nil && st == smpp.StatusOK })
			if err == nil && <-taken {
				return
			}
		}
	}()
}

// anyPeer waits for one; nil after the test's end.
func (s *smsc) anyPeer() *smpp.Peer {
	for {
		s.mu.Lock()
		for p := range s.peers {
			s.mu.Unlock()
			return p
		}
		s.mu.Unlock()
		if !wait(s.ctx, time.Millisecond) {
			return nil
		}
	}
}

// give sends d to a bound peer and waits until it is acknowledged.
func (s *smsc) give(d *smpp.DeliverSM) smpp.Status {
	s.t.Helper()
	acked := make(chan smpp.Status, 1)
	s.deliver(s.anyPeer(), d, acked)
	select {
	case st := <-acked:
		return st
	case <-time.After(patience):
		s.t.Fatal("the deliver_sm was not acknowledged")
		return 0
	}
}

// cut ends every bind and lets none in until mend.
func (s *smsc) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = true
	for p := range s.peers {
		p.Drop()
	}
}

func (s *smsc) mend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = false
}

func (s *smsc) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.got)
}

// last is the newest submit_sm.
func (s *smsc) last() submitted {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got[len(s.got)-1]
}

// doubled counts the numbers that were sent to more than once.
func (s *smsc) doubled() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, times := range s.byNumber {
		if times > 1 {
			n++
		}
	}
	return n
}

const patience = 30 * time.Second

var discard = slog.New(slog.DiscardHandler)

// until waits for a condition that other goroutines bring about.
func until(t testing.TB, what string, met func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !met(); {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
		wait(context.Background(), 2*time.Millisecond)
	}
}

// sender starts a sender on w's queue; the returned function ends it and waits, as the test's end does.
func (w *ward) sender(s *smsc, change func(*Carrier), words Words, handle InboundHandler) (stop func()) {
	w.t.Helper()
	c := Carrier{Name: "viettel", Source: smpp.Address{TON: smpp.TONAlphanumeric, Addr: "CATHANHKHEX"},
		Link: smpp.ClientConfig{Addr: s.addr, SystemID: "ward", Password: "pw", Window: 50, BackoffMin: time.Millisecond, BackoffMax: 5 * time.Millisecond}}
	if change != nil {
		change(&c)
	}
	return w.start([]Carrier{c}, words, handle, nil)
}

// start runs a sender over carriers, whose errors fail the test; metrics may be nil. It ends as sender says.
func (w *ward) start(carriers []Carrier, words Words, handle InboundHandler, metrics prometheus.Registerer) (stop func()) {
	w.t.Helper()
	sender, err := NewSender(w.store, carriers, words, handle, SenderOptions{Log: slog.New(failing{w.t}), Registerer: metrics})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- sender.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	})
	w.t.Cleanup(stop)
	return stop
}

// failing is a log in which an error fails the test.
type failing struct{ t testing.TB }

func (f failing) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelError }
func (f failing) WithAttrs([]slog.Attr) slog.Handler               { return f }
func (f failing) WithGroup(string) slog.Handler                    { return f }
func (f failing) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		f.t.Errorf("%s: %s", r.Message, a)
		return true
	})
	return nil
}

// ended waits until the run has nothing queued, submitting or accepted. The clock goes on meanwhile, since receipts that
// overtook their message are tried again by it.
func (w *ward) ended(run int64) Progress {
	w.t.Helper()
	var p Progress
	until(w.t, "the run has ended", func() bool {
		w.clock.move(20 * time.Millisecond)
		p = w.progress(run)
		return p.Queued+p.Submitting+p.Accepted == 0
	})
	return p
}
