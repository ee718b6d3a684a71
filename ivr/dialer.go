package ivr

import (
	"context"
	"errors"
	"time"

	"canhgiac/residents"
)

// Dialer places calls with one provider or trunk.
//
// Place returns once the provider has taken the call, not when anybody answers. What becomes of it comes back with the ref:
// Hotline.Answered when the person takes it, Hotline.Placed when nobody does. An error that is none of ErrNumber and
// ErrRefused leaves the call in doubt: it may be ringing, so nobody dials it again before its ringing is surely over.
type Dialer interface {
	Place(ctx context.Context, p Placing) (sid string, err error)
}

// Placing is one attempt at one call.
type Placing struct {
	Ref  string // ours, of this attempt; comes back with every webhook of the call
	To   residents.Phone
	From string        // caller id by config
	Ring time.Duration // how long it may ring before the provider gives up
}

// What Place says where surely nothing rang.
var (
	ErrNumber  = errors.New("the provider cannot call this number") // nor will it later
	ErrRefused = errors.New("the provider does not take calls now") // another one, or a later time, may do
)

// Outcome of an outgoing call, in no provider's words.
type Outcome string

const (
	Answered Outcome = "answered"
	Busy     Outcome = "busy"
	NoAnswer Outcome = "no_answer"
	Rejected Outcome = "rejected" // by the person: the key that ends a call while it rings
	Failed   Outcome = "failed"   // by the network or the provider
	Machine  Outcome = "machine"  // a mailbox, or a line on which nobody pressed a key

	// lost: nobody told what became of it (our node died as it dialled, or no status came). It may have rung.
	lost Outcome = "lost"
)

func (o Outcome) known() bool {
	switch o {
	case Answered, Busy, NoAnswer, Rejected, Failed, Machine:
		return true
	}
	return false
}
