package simulator

import (
	"context"
	"crypto/subtle"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"canhgiac/gateway/smpp"
)

// smsc is the carrier's message centre. It answers submit_sm, brings whole texts to the handsets, and sends receipts and
// the handsets' own texts to whichever link of the gateway is bound.
type smsc struct {
	o     Options
	phone *handsets
	start sync.WaitGroup
	ctx   context.Context // of the outboxes; set by serve

	mu       sync.Mutex
	lastID   uint64
	lastRef  uint16
	parts    joiner
	ledger   *ledger
	limits   map[string]*rate.Limiter // by system_id
	outboxes map[string]*outbox       // by system_id
	links    map[*smpp.Peer]*outbox
	recent   *outbox // that was bound last: handsets' texts go there
	held     []*parcel
}

func newSMSC(o Options, phone *handsets) *smsc {
	return &smsc{
		o: o, phone: phone,
		// ids do not begin again with the simulator: the gateway keeps them for days
		lastID: uint64(o.Now().Unix()) << 20, lastRef: uint16(rand.Uint32()),
		parts: joiner{texts: make(map[whose]*waiting)}, ledger: newLedger(),
		limits: make(map[string]*rate.Limiter), outboxes: make(map[string]*outbox), links: make(map[*smpp.Peer]*outbox),
	}
}

func (c *smsc) serve(ctx context.Context, l net.Listener) error {
	c.mu.Lock()
	c.ctx = ctx
	c.mu.Unlock()
	defer c.start.Wait()
	return smpp.NewServer(smpp.ServerConfig{SystemID: "canhgiac-sim", Window: 100, CloseTimeout: lastWords, Log: c.o.Log}, c).Serve(ctx, l)
}

// Bind lets in whoever knows the name and the password.
func (c *smsc) Bind(p *smpp.Peer, b *smpp.Bind) smpp.Status {
	if c.o.SystemID != "" && b.SystemID != c.o.SystemID {
		return smpp.StatusInvSystemID
	}
	if c.o.SystemID != "" && subtle.ConstantTimeCompare([]byte(b.Password), []byte(c.o.Password)) != 1 {
		return smpp.StatusInvPassword
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	box, ok := c.outboxes[b.SystemID]
	if !ok {
		box = newOutbox(c.o.Now)
		c.outboxes[b.SystemID] = box
		c.start.Go(func() { box.run(c.ctx) })
		if c.o.Behaviour.Rate > 0 {
			burst := max(1, int(c.o.Behaviour.Rate/10))
			c.limits[b.SystemID] = rate.NewLimiter(rate.Limit(c.o.Behaviour.Rate), burst)
		}
	}
	c.links[p] = box
	if b.Mode == smpp.BindTransmitterID {
		return smpp.StatusOK
	}
	box.join(p)
	c.recent = box
	for _, waited := range c.held {
		if !box.put(waited) {
			c.ledger.counts.Dropped++
		}
	}
	c.held = nil
	return smpp.StatusOK
}

// Closed forgets a link; what it had not acknowledged goes out again on the next.
func (c *smsc) Closed(p *smpp.Peer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if box := c.links[p]; box != nil {
		box.leave(p)
		delete(c.links, p)
	}
}

// fate is what the network does with one message.
type fate struct {
	undelivered, receiptLost, receiptTwice, receiptFirst bool
}

func (b Behaviour) fate() fate {
	chance := func(share float64) bool { return share > 0 && rand.Float64() < share }
	return fate{chance(b.Undelivered), chance(b.ReceiptLost), chance(b.ReceiptTwice), chance(b.ReceiptFirst)}
}

// Submit takes one submit_sm. A message is taken the moment it is counted, whether or not its response still arrives:
// that is how a real carrier sends what its customer believes lost.
func (c *smsc) Submit(p *smpp.Peer, m *smpp.SubmitSM, respond func(smpp.SubmitResult)) {
	f := c.o.Behaviour.fate()
	id, status := c.accept(p, m, f)
	if status != smpp.StatusOK {
		c.later(c.o.Behaviour.Latency, func() { respond(smpp.SubmitResult{Status: status}) })
		return
	}
	reply := func() { respond(smpp.SubmitResult{MessageID: strconv.FormatUint(id, 10)}) }
	receipt := c.receipt(id, m, f)
	switch {
	case receipt == nil:
		c.later(c.o.Behaviour.Latency, reply)
	case f.receiptFirst:
		var once sync.Once
		counted := receipt.sent
		receipt.sent = func() { counted(); once.Do(reply) }
		receipt.refused = func() { c.dropped(); once.Do(reply) }
		c.send(p, receipt, f)
	default:
		c.later(c.o.Behaviour.Latency, func() {
			reply()
			c.send(p, receipt, f)
		})
	}
}

// later runs do after d, at once when d is 0, and not at all once the simulator stops.
func (c *smsc) later(d time.Duration, do func()) {
	if d <= 0 {
		do()
		return
	}
	time.AfterFunc(d, func() {
		if c.ctx.Err() == nil {
			do()
		}
	})
}

// accept counts m and puts its text, once whole, on the handset's screen.
func (c *smsc) accept(p *smpp.Peer, m *smpp.SubmitSM, f fate) (id uint64, status smpp.Status) {
	to, err := parseNumber(m.Dest.Addr)
	c.mu.Lock()
	defer c.mu.Unlock()
	if l := c.limits[p.Bind().SystemID]; l != nil && !l.AllowN(c.o.Now(), 1) {
		c.ledger.counts.Throttled++
		return 0, smpp.StatusThrottled
	}
	if err != nil {
		c.ledger.counts.Refused++
		return 0, smpp.StatusInvDest
	}
	text, err := c.parts.add(m, f.undelivered)
	if err != nil {
		c.ledger.counts.Refused++
		return 0, smpp.StatusSubmitFailed
	}
	c.lastID++
	c.ledger.counts.Parts++
	if text.whole {
		c.ledger.message(to, text.text)
		if !text.lost {
			c.phone.text(to, Event{From: shown(m.Source), Text: text.text})
		}
	}
	return c.lastID, smpp.StatusOK
}

// shown is an address as a handset's screen shows it: a sender's name, or a number as people write it.
func shown(a smpp.Address) string {
	if n, err := parseNumber(a.Addr); err == nil && a.TON != smpp.TONAlphanumeric {
		return n.national()
	}
	return a.Addr
}

// Cut drops every link without a word, as a carrier's restart does; gateways come back by themselves.
func (s *Simulator) Cut() {
	s.smsc.mu.Lock()
	defer s.smsc.mu.Unlock()
	for p := range s.smsc.links {
		p.Drop()
	}
}

// Accepted are the counts so far.
func (s *Simulator) Accepted() Counts { return s.smsc.accepted() }

func (c *smsc) accepted() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.ledger.counts
	n.Incomplete, n.Repeated, n.Bound = int64(len(c.parts.texts)), c.parts.repeated, int64(len(c.links))
	n.Waiting = int64(len(c.held))
	for _, box := range c.outboxes {
		n.Waiting += int64(box.waiting())
	}
	return n
}

func (s *Simulator) getStats(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, s.Accepted())
}
