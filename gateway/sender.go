package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// How long each step of the end may take: together less than five seconds.
const (
	intentEnds = time.Second            // to end the commits under way
	answerTime = 2 * time.Second        // for the responses
	closeTime  = 500 * time.Millisecond // to unbind
	storeTime  = time.Second            // to store what came last
)

// workersPerLink overlap the commit of one intent with the sending of another.
const workersPerLink = 2

// SenderOptions are what a sender may be told beyond its carriers.
type SenderOptions struct {
	Log        *slog.Logger          // nil: slog's default
	Registerer prometheus.Registerer // nil: no metrics
	USSD       USSDHandler           // nil: nobody answers USSD
}

// Connections is how many connections to the database a sender of so many carriers holds for as long as it runs: its lock,
// the keeper's and the pool's, and each carrier's ledger and share of the pool.
func Connections(carriers int) int { return 3 + 3*carriers }

// Sender keeps the binds to the carriers up and moves the queue over them, in both directions. Any number of senders may
// work on one database.
type Sender struct {
	store    *Store
	carriers []Carrier
	words    Dictionary
	handle   InboundHandler
	meter    *meter
	o        SenderOptions
}

// NewSender makes a sender over store's queue; Run starts it. handle may be nil where nothing answers inbound words. Without
// carriers it only waits: a node may serve pages alone.
func NewSender(store *Store, carriers []Carrier, words Dictionary, handle InboundHandler, o SenderOptions) (*Sender, error) {
	seen := map[string]bool{}
	for _, c := range carriers {
		if _, known := ussdProfiles[c.USSD]; !known && c.USSD != "" {
			return nil, fmt.Errorf("make a sender: carrier %s has no USSD profile %q", c.Name, c.USSD)
		}
		if c.Name == "" || seen[c.Name] {
			return nil, fmt.Errorf("make a sender: carrier name %q is empty or used twice", c.Name)
		}
		seen[c.Name] = true
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Sender{store: store, carriers: carriers, words: words, handle: handle, meter: newMeter(), o: o}, nil
}

// Run sends until ctx ends. Then it finishes what it claimed, waits for the responses, and gives its leases back, within
// five seconds. It may be called once. It holds Connections.
func (s *Sender) Run(ctx context.Context) error {
	whole := context.WithoutCancel(ctx) // what must be stored is stored, although ctx has ended
	n, err := joinNodes(ctx, s.store.db)
	if err != nil {
		return fmt.Errorf("start the sender: %w", err)
	}
	defer n.leave()
	pool := newHotPool(s.store.db, 1+2*len(s.carriers))
	links := make([]*link, len(s.carriers))
	for i, c := range s.carriers {
		links[i] = newLink(c, s.store, n, pool, s.meter, s.o.Log)
	}
	if s.o.Registerer != nil {
		if err := s.meter.register(s.o.Registerer, links, newQueueMeter(s.store, s.carriers)); err != nil {
			return err
		}
	}
	var keeper sync.WaitGroup
	keeping, stopKeeping := context.WithCancel(whole)
	keeper.Go(func() { newBoard(s.store, n, links, s.o.Log).run(keeping) })
	keeper.Go(func() { n.keep(keeping, s.store, s.meter, s.o.Log) })
	keeper.Go(func() { s.store.keepTally(ctx, longestPatience(links), s.o.Log) })
	var all sync.WaitGroup
	for _, l := range links {
		all.Go(func() { s.runLink(ctx, whole, l) })
	}
	<-ctx.Done()
	all.Wait()
	stopKeeping()
	keeper.Wait()
	pool.close()
	return nil
}

// longestPatience is after what time no carrier's receipt is waited for any more.
func longestPatience(links []*link) time.Duration {
	longest := receiptDeadline
	for _, l := range links {
		longest = max(longest, l.ledger.patience())
	}
	return longest
}

// runLink runs one carrier, and ends it in order: the workers, the feeder, the responses, the bind, the ledger.
func (s *Sender) runLink(ctx, whole context.Context, l *link) {
	l.ussd = newUSSDDesk(l, s.o.USSD)
	l.inbound = newReceiver(s.store, s.words, s.handle, l.meter, l.log)
	var stores, binds, workers, feeder sync.WaitGroup
	storing, stopStoring := context.WithCancel(whole)
	defer stopStoring()
	stores.Go(func() { l.ledger.run(storing) })
	stores.Go(func() { l.inbound.run(storing) })
	stores.Go(func() { l.ussd.run(storing) })
	binding, unbind := context.WithCancel(whole)
	defer unbind()
	binds.Go(func() {
		if err := l.transport.Run(binding); err != nil {
			l.log.Error("keep the bind up", "error", err)
		}
	})
	work, cut := context.WithCancel(whole)
	defer cut()
	stopCut := context.AfterFunc(ctx, func() { time.AfterFunc(intentEnds, cut) })
	defer stopCut()
	for range workersPerLink {
		workers.Go(func() { l.work(ctx, work, ordinary) })
	}
	workers.Go(func() { l.work(ctx, work, express) })
	for c := range lastClass {
		workers.Go(func() { l.serve(ctx, work, c) })
	}
	workers.Go(func() { l.pace.run(ctx) })
	workers.Go(func() { l.chase(ctx) })
	feeder.Go(func() { l.feed(ctx) })
	workers.Wait()
	l.lanes.close()
	feeder.Wait()
	answered, stopWaiting := context.WithTimeout(whole, answerTime)
	for c, times := range intents {
		_ = l.doubt[c].Acquire(answered, int64(times*intentOf(l.carrier.Rate))) // everything has its outcome, or time is up
	}
	stopWaiting()
	unbind()
	binds.Wait()
	l.ledger.in.close()
	l.inbound.in.close()
	l.ussd.close()
	time.AfterFunc(storeTime, stopStoring)
	stores.Wait()
}
