// Package campaigns keeps what is said to whom: content, audience, approval by a second person, runs and coverage.
//
//	         submit            approve            start             finish
//	draft ----------> submitted -------> approved -------> running --------> done
//	 ^ | edit            |                  |          pause |  ^
//	 +-+                 |                  |                v  | resume
//	 ^     sendback      |                  |               paused
//	 +-------------------+                  |                |
//	 |                   |                  |                |
//	 +--------- cancel --+------------------+----------------+-------------> cancelled
//
// Whoever wrote a campaign, or changed its draft, never approves it. An urgent one needs two approvers.
package campaigns

import (
	"errors"
	"fmt"
)

// State of a campaign.
type State string

const (
	Draft     State = "draft"
	Submitted State = "submitted"
	Approved  State = "approved"
	Running   State = "running"
	Paused    State = "paused"
	Done      State = "done"
	Cancelled State = "cancelled"
)

// Act is what somebody, or the machine, does to a campaign.
type Act string

const (
	ActCreate       Act = "create" // from nothing to draft; also a copy
	ActEdit         Act = "edit"
	ActSubmit       Act = "submit"
	ActSendBack     Act = "sendback"
	ActApprove      Act = "approve"
	ActApproveFirst Act = "approve_first" // the first of an urgent campaign's two approvals
	ActStart        Act = "start"
	ActPause        Act = "pause"
	ActResume       Act = "resume"
	ActCancel       Act = "cancel"
	ActFire         Act = "fire"   // the machine: a due time
	ActFinish       Act = "finish" // the machine: the series has ended and nothing is on its way
)

// Move is one allowed move.
type Move struct {
	Act  Act
	From State
	To   State
}

// Moves is the table of allowed moves; what is not in it is refused.
func Moves() []Move {
	return []Move{
		{ActEdit, Draft, Draft},
		{ActSubmit, Draft, Submitted},
		{ActSendBack, Submitted, Draft},
		{ActApproveFirst, Submitted, Submitted},
		{ActApprove, Submitted, Approved},
		{ActStart, Approved, Running},
		{ActFire, Running, Running},
		{ActPause, Running, Paused},
		{ActResume, Paused, Running},
		{ActFinish, Running, Done},
		{ActCancel, Draft, Cancelled},
		{ActCancel, Submitted, Cancelled},
		{ActCancel, Approved, Cancelled},
		{ActCancel, Running, Cancelled},
		{ActCancel, Paused, Cancelled},
	}
}

// Errors that callers choose by.
var (
	ErrNotFound     = errors.New("no such campaign")
	ErrMove         = errors.New("the campaign's state does not allow this")
	ErrSelfApproval = errors.New("whoever wrote a campaign, or approved it before, may not approve it")
	ErrChanged      = errors.New("somebody else changed the draft meanwhile")
)

// next looks act up in the table.
func next(from State, act Act) (State, error) {
	for _, m := range Moves() {
		if m.Act == act && m.From == from {
			return m.To, nil
		}
	}
	return "", fmt.Errorf("%s in state %s: %w", act, from, ErrMove)
}

// Allows tells whether a campaign in state s can take act at all, for a page that hides or explains a button.
func (s State) Allows(act Act) bool {
	_, err := next(s, act)
	return err == nil
}

// Ended tells whether nothing can happen to a campaign any more.
func (s State) Ended() bool { return s == Done || s == Cancelled }
