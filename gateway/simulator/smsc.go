package simulator

import (
	"context"
	"crypto/subtle"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"

	"canhgiac/gateway/smpp"
)

// smsc is the carrier's message centre. It answers submit_sm, brings whole texts to the handsets, and sends receipts and
// the handsets' own texts to whichever link of the gateway is bound.
type smsc struct {
	o     Options
	phone *handsets
	later *agenda
	air   *air
	start sync.WaitGroup
	ctx   context.Context // of what carries to the gateways; set by serve

	mu       sync.Mutex
	plan     *plan
	moved    chan struct{} // the plan has
	network  *Network      // as the plan has it now; never changed, only replaced
	began    time.Time     // the first bind
	submits  int64         // submit_sm since then
	seed     uint64
	firstID  uint64 // ids are this one and those after it
	lastRef  uint16
	parts    joiner
	ledger   *ledger
	journal  journal
	came     map[draw]uint16     // how often the same was submitted before; only while something is drawn
	accounts map[string]*account // by system_id
	links    map[*smpp.Peer]*account
	recent   *account // that was bound last: handsets' texts go there
	held     []*smpp.DeliverSM
	dialogs  map[number]*dialog // USSD
	dropped  int64
}

// account is one system_id.
type account struct {
	*outbox
	links     int     // bound, or lost and lingering
	tokens    float64 // parts that Throttle would still take at
	at        time.Time
	throttled int
}

func newSMSC(o Options, phone *handsets) *smsc {
	c := &smsc{
		o: o, phone: phone, later: newAgenda(o.Now), air: &air{}, plan: newPlan(o.Script), moved: make(chan struct{}, 1), network: &Network{}, seed: o.Script.Seed,
		// ids do not begin again with the simulator: the gateway keeps them for days
		firstID: uint64(o.Now().Unix())<<20 + 1, lastRef: uint16(rand.Uint32()),
		parts: newJoiner(), ledger: newLedger(), came: make(map[draw]uint16),
		accounts: make(map[string]*account), links: make(map[*smpp.Peer]*account), dialogs: make(map[number]*dialog),
	}
	for c.seed == 0 {
		c.seed = rand.Uint64() >> 1 // what a script can say
	}
	*c.network = o.Script.Network
	c.journal.first = c.firstID
	return c
}

func (c *smsc) serve(ctx context.Context, l net.Listener) error {
	c.mu.Lock()
	c.ctx = ctx
	c.mu.Unlock()
	c.air.Listener = l
	defer c.start.Wait()
	defer c.stop()
	c.start.Go(func() { c.later.run(ctx) })
	over := context.AfterFunc(ctx, c.air.flow) // a held connection must hear its end
	defer over()
	return smpp.NewServer(smpp.ServerConfig{
		SystemID: "canhgiac-sim", Window: 5000, CloseTimeout: lastWords, WriteTimeout: patience, Log: c.o.Log,
	}, c).Serve(ctx, c.air)
}

// patience is how long a gateway may read nothing before its link is given up: longer than any stall of ours.
const patience = 10 * time.Minute

func (c *smsc) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range c.accounts {
		a.stop()
	}
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
	a, ok := c.accounts[b.SystemID]
	if !ok {
		a = &account{outbox: newOutbox(c.later)}
		c.accounts[b.SystemID] = a
	}
	binds := c.network.Binds
	switch {
	case binds.Refuse != 0:
		return smpp.Status(binds.Refuse)
	case binds.Most > 0 && a.links >= binds.Most:
		return smpp.StatusAlreadyBound
	}
	a.links++
	c.links[p] = a
	if c.began.IsZero() {
		c.began = c.o.Now()
		c.start.Go(c.direct)
	}
	if b.Mode == smpp.BindTransmitterID {
		return smpp.StatusOK
	}
	a.join(p)
	c.start.Go(func() { a.carry(c.ctx, p) })
	c.recent = a
	for _, waited := range c.held {
		a.put(receipt{}, waited, nil)
	}
	c.held = nil
	return smpp.StatusOK
}

// Closed forgets a link; what it had not acknowledged goes out again on the next.
func (c *smsc) Closed(p *smpp.Peer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if a := c.links[p]; a != nil {
		a.leave(p)
		delete(c.links, p)
		linger := c.network.Binds.Linger
		if linger <= 0 {
			a.links--
			return
		}
		c.later.after(linger, func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			a.links--
		})
	}
}

// Cut drops every link without a word, as a carrier's restart does; gateways come back by themselves.
func (s *Simulator) Cut() { s.smsc.cut() }

func (c *smsc) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for p := range c.links {
		p.Drop()
		c.ledger.counts.Cut++
	}
}

// unbind ends every link in order.
func (c *smsc) unbind() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for p := range c.links {
		p.Unbind()
	}
}

// Accepted are the counts so far.
func (s *Simulator) Accepted() Counts { return s.smsc.accepted() }

func (c *smsc) accepted() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.ledger.counts
	n.Incomplete, n.Repeated, n.Bound = int64(len(c.parts.texts)), c.parts.repeated, int64(len(c.links))
	n.Waiting, n.Dropped = int64(len(c.held)), c.dropped
	for _, a := range c.accounts {
		a.addTo(&n)
	}
	return n
}

func (s *Simulator) getStats(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, s.Accepted())
}
