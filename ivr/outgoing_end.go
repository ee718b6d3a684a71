package ivr

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// retries are the times between the starts of two tries (VOICE, rule 8): the first after the first try, and so on; when they
// are used up, the call is given up. They count from the dialling, not from its end, and what falls outside the hours waits
// for the next.
//
// Who talks is at home and at the telephone, so a busy line is tried again sooner. Who ends the call while it rings has
// answered: not now, and so not by this campaign. A machine will be there again; one more try on another day is all it gets.
var retries = map[Outcome][]time.Duration{
	NoAnswer: {15 * time.Minute, 45 * time.Minute, 24 * time.Hour},
	Busy:     {5 * time.Minute, 15 * time.Minute, 45 * time.Minute},
	Failed:   {15 * time.Minute, 45 * time.Minute, 24 * time.Hour},
	lost:     {15 * time.Minute, 45 * time.Minute, 24 * time.Hour}, // it may have rung
	Machine:  {24 * time.Hour},
	Rejected: {},
}

// nextTry is how long after the start of the try that ended with o the next one begins; false: there is none. A callback is
// tried twice: who rang and does not take it rings again.
func nextTry(why Why, o Outcome, tries int) (time.Duration, bool) {
	if why == Callback {
		return callbackPause, o != Rejected && tries < 2
	}
	after := retries[o]
	if tries > len(after) {
		return 0, false
	}
	return after[tries-1], true
}

const settleSQL = `
update outgoing_attempts set outcome = $3, ended_at = $4 where call_id = $1 and nth = $2 and ended_at is null
returning provider, dialed_at, heard_at is not null`

const againSQL = `update outgoing_calls set state = 'queued', next_at = $2 where id = $1`

// settle says what became of the nth attempt of a locked call, once: a word that comes again, or late, changes nothing.
func (s *Outgoing) settle(ctx context.Context, tx *sql.Tx, c outgoing, nth int, o Outcome, at time.Time) (settled, error) {
	now := settled{outcome: o}
	var dialed time.Time
	var heard bool
	err := tx.QueryRowContext(ctx, settleSQL, c.id, nth, o, at.UTC()).Scan(&now.provider, &dialed, &heard)
	if errors.Is(err, sql.ErrNoRows) {
		return settled{}, nil
	}
	if err != nil || nth != c.attempts || c.state != "dialing" && c.state != "answered" {
		return now, err
	}
	switch {
	case heard:
		return now, s.end(ctx, tx, c, "done", "", Heard, at)
	case o == Answered:
		return now, s.end(ctx, tx, c, "done", "", Unheard, at)
	}
	if err := s.uncount(ctx, tx, c); err != nil {
		return now, err
	}
	after, more := nextTry(c.Why, o, c.tries)
	if !more {
		r := Unreached
		switch o {
		case Rejected:
			r = Declined
		case Machine:
			r = Unheard
		}
		return now, s.end(ctx, tx, c, "gave_up", string(o), r, at)
	}
	_, err = tx.ExecContext(ctx, againSQL, c.id, dialed.Add(after).UTC())
	return now, err
}

// uncount takes back what the gate counted for a call that reached nobody.
func (s *Outgoing) uncount(ctx context.Context, tx *sql.Tx, c outgoing) error {
	if c.Why != Reminder || s.o.Orders == nil {
		return nil
	}
	return s.o.Orders.Uncount(ctx, tx, c.Wanted)
}

// settled is an attempt that was settled now, by which provider; the zero value where it had been before.
type settled struct {
	provider string
	outcome  Outcome
}

// count counts what a committed transaction settled.
func (s *Outgoing) count(now settled) {
	if now.provider != "" {
		s.calls.WithLabelValues(now.provider, string(now.outcome)).Inc()
	}
}

const endOutgoingSQL = `update outgoing_calls set state = $2, reason = $3, ended_at = $4 where id = $1`

// end ends a locked call and tells whoever wanted it.
func (s *Outgoing) end(ctx context.Context, tx *sql.Tx, c outgoing, state, reason string, r Result, at time.Time) error {
	if _, err := tx.ExecContext(ctx, endOutgoingSQL, c.id, state, reason, at.UTC()); err != nil {
		return err
	}
	if c.Why != Reminder || s.o.Orders == nil {
		return nil
	}
	return s.o.Orders.Ended(ctx, tx, c.Wanted, r, at)
}

const noteSIDSQL = `update outgoing_attempts set sid = $3 where call_id = $1 and nth = $2 and sid = ''`

const takenAlreadySQL = `select answered_at is not null, heard_at is not null from outgoing_attempts where call_id = $1 and nth = $2`

// Placed tells what became of a call that we placed and nobody took. The same word again changes nothing, nor does one that
// comes after the person took the call; a machine that is found out after it took the call is news. Error: ErrUnknownCall.
func (h *Hotline) Placed(ctx context.Context, provider, ref, sid string, o Outcome) error {
	if !o.known() {
		return fmt.Errorf("call %s of %s: outcome %q", ref, provider, o)
	}
	if err := h.outgoing.placed(ctx, provider, ref, sid, o); err != nil {
		return fmt.Errorf("outcome %s of call %s of %s: %w", o, ref, provider, err)
	}
	return nil
}

func (s *Outgoing) placed(ctx context.Context, provider, ref, sid string, o Outcome) error {
	id, nth, err := parseRef(ref)
	if err != nil {
		return err
	}
	var now settled
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		c, err := lockOutgoing(ctx, tx, id)
		if err != nil {
			return err
		}
		var taken, heard bool
		err = tx.QueryRowContext(ctx, takenAlreadySQL, id, nth).Scan(&taken, &heard)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrUnknownCall
		}
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, noteSIDSQL, id, nth, sid); err != nil {
			return err
		}
		if o == Answered || heard || taken && o != Machine {
			return nil // the menu tells how that goes on
		}
		now, err = s.settle(ctx, tx, c, nth, o, s.now())
		return err
	})
	if err == nil {
		s.count(now)
	}
	return err
}
