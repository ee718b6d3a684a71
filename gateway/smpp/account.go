package smpp

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"
)

// AccountConfig is an account with an SMSC and how many binds it holds there.
type AccountConfig struct {
	ClientConfig      // Mode is the account's own business; Window is each bind's
	Binds        int  // transceivers, or pairs where Separate [1]
	Separate     bool // a transmitter and a receiver in place of each transceiver
}

// Account keeps all the binds of one account with one SMSC up, each on its own: what one loses, the others carry on. A
// request goes by the bind with most room in its window, and waits while none has any.
//
// A receiver that is down is logged and shown by Binds, but it does not stop the transmitters. That costs what is known,
// not what is done: receipts and the residents' own messages, an opt-out among them, wait at the SMSC and come late. To
// hold the traffic would cost the residents the warning itself.
type Account struct {
	requests
	h        ClientHandler
	log      *slog.Logger
	all      []*Client
	senders  []*Client // those among all that submit
	separate bool

	mu               sync.Mutex
	sending, hearing int // binds that are up
}

// BindStatus is how one bind of an account stands.
type BindStatus struct {
	Mode     CommandID // BindTransceiverID, BindTransmitterID or BindReceiverID
	Bound    bool
	InFlight int       // requests without a response
	Window   int       // how many these may be; 0 for a receiver
	Since    time.Time // when it came up or went down; zero before Run
}

// NewAccount makes an account; Run starts it. h hears all its binds: Deliver is called in order for each bind, but by one
// goroutine a bind; State is the account's, up while at least one bind can submit.
func NewAccount(cfg AccountConfig, h ClientHandler) *Account {
	cfg.ClientConfig = cfg.withDefaults()
	cfg.Binds = cmp.Or(cfg.Binds, 1)
	a := &Account{h: h, log: cfg.Log, separate: cfg.Separate}
	a.requests = requests{room: newRoom(), pick: a.roomiest}
	for i := range cfg.Binds {
		if cfg.Separate {
			a.add(cfg, i, BindTransmitterID)
			a.add(cfg, i, BindReceiverID)
		} else {
			a.add(cfg, i, BindTransceiverID)
		}
	}
	return a
}

func (a *Account) add(cfg AccountConfig, i int, mode CommandID) {
	one := cfg.ClientConfig
	one.Mode = mode
	if cfg.Binds > 1 || cfg.Separate {
		one.Log = one.Log.With("mode", mode.String(), "bind", i+1)
	}
	c := newClient(one, bindHandler{a.h, a, mode}, a.room)
	a.all = append(a.all, c)
	if mode != BindReceiverID {
		a.senders = append(a.senders, c)
	}
}

// Run keeps the binds up as Client.Run does, until ctx ends and all of them have ended in order.
func (a *Account) Run(ctx context.Context) error {
	var all sync.WaitGroup
	for _, c := range a.all {
		all.Go(func() { c.Run(ctx) })
	}
	all.Wait()
	return nil
}

// roomiest gives the link with most room in its window, the first among equals; nil where none is bound.
func (a *Account) roomiest() *link {
	var best *link
	most := 0
	for _, c := range a.senders {
		if l := c.bound(); l != nil {
			if free := l.free(); best == nil || free > most {
				best, most = l, free
			}
		}
	}
	return best
}

// InFlight counts the requests without a response, on all binds.
func (a *Account) InFlight() int {
	n := 0
	for _, c := range a.senders {
		n += c.InFlight()
	}
	return n
}

// Binds tells how each bind stands, in a fixed order.
func (a *Account) Binds() []BindStatus {
	list := make([]BindStatus, len(a.all))
	for i, c := range a.all {
		list[i] = c.Status()
	}
	return list
}

// bindHandler is what one bind of an account tells it.
type bindHandler struct {
	ClientHandler
	account *Account
	mode    CommandID
}

func (h bindHandler) State(up bool) { h.account.state(h.mode, up) }

// state counts the binds, and tells the handler when the account as a whole comes up or goes down. The lock is held while
// it is told, so that it hears the changes in their order.
func (a *Account) state(mode CommandID, up bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	step := -1
	if up {
		step = 1
	}
	if mode != BindTransmitterID {
		a.hearing += step
		switch {
		case !a.separate:
		case !up && a.hearing == 0:
			a.log.Warn("no receiver is bound: receipts and messages from phones wait at the SMSC; sending goes on")
		case up && a.hearing == 1:
			a.log.Info("a receiver is bound")
		}
	}
	if mode != BindReceiverID {
		a.sending += step
		if up && a.sending == 1 || !up && a.sending == 0 {
			a.h.State(up)
		}
	}
}
