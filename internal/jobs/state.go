// Package jobs keeps work that outlasts a page: an import, an export. It can be left and come back to, watched, cancelled,
// and goes on at another node when its own dies.
//
//	         claim              done
//	queued ---------> running --------> done
//	  ^  |             | | |    fail
//	  |  |    retry,   | | +----------> failed
//	  |  |   hand back | |
//	  +--|-------------+ |
//	     |  cancel       | cancel
//	     +---------------+------------> cancelled
//
// A running job is held by a lease, which its node renews twice a second while it tells how far the work is. Work may run
// more than once, so it must be repeatable: an export starts anew, an import is one transaction, which ends the job too
// (Task.End) and so counts once.
package jobs

import "slices"

// State of a job.
type State string

const (
	Queued    State = "queued"
	Running   State = "running"
	Done      State = "done"
	Failed    State = "failed"
	Cancelled State = "cancelled"
)

// Act is what a person or a node does to a job.
type Act string

const (
	ActClaim    Act = "claim"    // a node begins
	ActTakeOver Act = "takeover" // a node begins what another one did not come back to
	ActDone     Act = "done"
	ActFail     Act = "fail"
	ActRetry    Act = "retry"    // a try failed for a reason that may pass
	ActHandBack Act = "handback" // the node stops
	ActCancel   Act = "cancel"
)

// Move is one allowed move.
type Move struct {
	Act  Act
	From State
	To   State
}

// Moves is the table of allowed moves.
func Moves() []Move {
	return []Move{
		{ActClaim, Queued, Running},
		{ActTakeOver, Running, Running},
		{ActDone, Running, Done},
		{ActFail, Running, Failed},
		{ActRetry, Running, Queued},
		{ActHandBack, Running, Queued},
		{ActCancel, Queued, Cancelled},
		{ActCancel, Running, Cancelled},
	}
}

// Ended tells whether nothing can happen to a job any more.
func (s State) Ended() bool {
	return !slices.ContainsFunc(Moves(), func(m Move) bool { return m.From == s })
}
