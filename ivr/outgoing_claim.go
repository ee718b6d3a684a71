package ivr

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/lib/pq"

	"canhgiac/residents"
)

// callbackPause: a number is rung back at most once in it, whatever rings in its name.
const callbackPause = 10 * time.Minute

// ringMargin is how long after its ringing the last word of a call may take to come.
const ringMargin = time.Minute

// gatedAtOnce bounds how many calls one claim may look at before it finds one that may go.
const gatedAtOnce = 50

// errNoCall means that a line has nothing to dial, or no room.
var errNoCall = errors.New("no call to place")

const addLineSQL = `insert into outgoing_lines (provider, next_at, rest_until) values ($1, $2, $2) on conflict (provider) do nothing`

// lockLineSQL: while a node takes a call for a line no other does, so that what it counts is all there is.
const lockLineSQL = `
select greatest(next_at, rest_until), (select count(*) from outgoing_attempts a where a.provider = $1 and a.ended_at is null)
from outgoing_lines where provider = $1 for update`

const paceSQL = `update outgoing_lines set next_at = $2 where provider = $1`

// pickSQL gives the first call that is due. SKIP LOCKED: one that is just being moved waits for the next turn. A number that
// is on a call of ours is left alone.
const pickSQL = `
select ` + outgoingColumns + ` from unnest(array[0, 1, 2]::smallint[]) as due(priority) cross join lateral (
  select * from outgoing_calls w
  where w.state = 'queued' and w.priority = due.priority and w.next_at <= $1
    and not exists (select from outgoing_calls o where o.phone = w.phone and o.state in ('dialing', 'answered'))
  order by w.next_at, w.id limit 1
  for update skip locked
) q
order by q.priority limit 1`

const dialSQL = `update outgoing_calls set state = 'dialing', attempts = $2, tries = tries + 1 where id = $1`

const addAttemptSQL = `
insert into outgoing_attempts (call_id, nth, phone, why, provider, dialed_at, doubt_at) values ($1, $2, $3, $4, $5, $6, $7)`

// claim takes a call for a line: once it is committed, this node and no other may dial it. Errors: errNoCall.
func (s *Outgoing) claim(ctx context.Context, l Line) (p Placing, err error) {
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		p, err = s.claimIn(ctx, tx, l)
		if errors.Is(err, errNoCall) {
			return nil // what the gate held stays held
		}
		return err
	})
	var violation *pq.Error
	if errors.As(err, &violation) && violation.Constraint == "outgoing_calls_line" {
		err = nil // another line took a call to the same number at this moment
	}
	if err == nil && p.Ref == "" {
		err = errNoCall
	}
	if err != nil {
		return Placing{}, fmt.Errorf("take a call for %s: %w", l.Provider, err)
	}
	return p, nil
}

func (s *Outgoing) claimIn(ctx context.Context, tx *sql.Tx, l Line) (Placing, error) {
	now := s.now().UTC()
	if _, err := tx.ExecContext(ctx, addLineSQL, l.Provider, now); err != nil {
		return Placing{}, err
	}
	var free time.Time
	var under int
	if err := tx.QueryRowContext(ctx, lockLineSQL, l.Provider).Scan(&free, &under); err != nil {
		return Placing{}, err
	}
	if free.After(now) || under >= l.Concurrent {
		return Placing{}, errNoCall
	}
	c, err := s.pass(ctx, tx, now)
	if err != nil {
		return Placing{}, err
	}
	nth := c.attempts + 1
	if _, err := tx.ExecContext(ctx, dialSQL, c.id, nth); err != nil {
		return Placing{}, err
	}
	if _, err := tx.ExecContext(ctx, addAttemptSQL, c.id, nth, string(c.To), c.Why, l.Provider, now, now.Add(s.o.Ring+ringMargin)); err != nil {
		return Placing{}, err
	}
	if _, err := tx.ExecContext(ctx, paceSQL, l.Provider, now.Add(time.Duration(float64(time.Second)/l.PerSecond))); err != nil {
		return Placing{}, err
	}
	return Placing{Ref: ref(c.id, nth), To: c.To, From: l.CallerID, Ring: s.o.Ring}, nil
}

// pass gives the first call that is due and may go. What may not is moved on its way.
func (s *Outgoing) pass(ctx context.Context, tx *sql.Tx, now time.Time) (outgoing, error) {
	for range gatedAtOnce {
		c, err := scanOutgoing(tx.QueryRowContext(ctx, pickSQL, now))
		if errors.Is(err, sql.ErrNoRows) {
			return c, errNoCall
		}
		if err != nil {
			return c, err
		}
		if held, err := s.gate(ctx, tx, c, now); err != nil || !held {
			return c, err
		}
	}
	return outgoing{}, errNoCall
}

// HoldPractice sends what is due through the gate, which lets nothing through in the practice tables.
func (s *Outgoing) HoldPractice(ctx context.Context) error {
	for {
		var held bool
		err := s.inTx(ctx, func(tx *sql.Tx) error {
			c, err := scanOutgoing(tx.QueryRowContext(ctx, pickSQL, s.now().UTC()))
			if errors.Is(err, sql.ErrNoRows) {
				return nil
			}
			if err != nil {
				return err
			}
			held, err = s.gate(ctx, tx, c, s.now().UTC())
			return err
		})
		if err != nil {
			return fmt.Errorf("hold a practice call: %w", err)
		}
		if !held {
			return nil
		}
	}
}

const holdSQL = `update outgoing_calls set next_at = $2 where id = $1`

// gate is the last one before the network. It says whether it held the call, and has seen to what becomes of it.
func (s *Outgoing) gate(ctx context.Context, tx *sql.Tx, c outgoing, now time.Time) (held bool, err error) {
	if !c.Expires.After(now) {
		return true, s.end(ctx, tx, c, "gave_up", "expired", Unreached, now)
	}
	if why, err := s.uncallable(ctx, tx, c.To); err != nil || why != "" {
		if err == nil {
			err = s.end(ctx, tx, c, "suppressed", why, NotCallable, now)
		}
		return true, err
	}
	if c.Why == Callback {
		return s.gateCallback(ctx, tx, c, now)
	}
	return s.gateReminder(ctx, tx, c, now)
}

const practiceSQL = `select current_schema() = 'practice'`

// uncallable: practice rings nobody; nor is a number called that costs more than a call to a neighbour, or that is our own.
func (s *Outgoing) uncallable(ctx context.Context, tx *sql.Tx, p residents.Phone) (why string, err error) {
	var practice bool
	if err := tx.QueryRowContext(ctx, practiceSQL).Scan(&practice); err != nil {
		return "", err
	}
	switch {
	case practice:
		return "practice", nil
	case !dialable(p):
		return "not a number of this country's subscribers", nil
	case s.own(string(p)):
		return "our own number", nil
	}
	return "", nil
}

// dialable: subscribers' numbers only, mobile or landline. What is premium, short or foreign is none of them.
func dialable(p residents.Phone) bool {
	parsed, err := residents.ParsePhone(string(p))
	return err == nil && parsed.Phone == p && parsed.Kind != residents.Foreign
}

const lastCallbackSQL = `select max(dialed_at) from outgoing_attempts where phone = $1 and why = 'callback' and dialed_at > $2`

// gateCallback: who rings us wants to be rung back, at any hour and whatever they said to reminders; but once, and within the limits.
func (s *Outgoing) gateCallback(ctx context.Context, tx *sql.Tx, c outgoing, now time.Time) (held bool, err error) {
	var last sql.NullTime
	if err := tx.QueryRowContext(ctx, lastCallbackSQL, string(c.To), now.Add(-callbackPause)).Scan(&last); err != nil {
		return false, err
	}
	if last.Valid {
		return true, s.hold(ctx, tx, c, last.Time.Add(callbackPause))
	}
	until, err := s.callbacksFull(ctx, tx, c, now)
	if err != nil || until.IsZero() {
		return false, err
	}
	return true, s.hold(ctx, tx, c, until)
}

// gateReminder asks whoever wants the call, then the residents' own word, then the caps.
func (s *Outgoing) gateReminder(ctx context.Context, tx *sql.Tx, c outgoing, now time.Time) (held bool, err error) {
	if s.o.Orders == nil {
		return true, s.end(ctx, tx, c, "cancelled", "nobody wants it", Withdrawn, now)
	}
	v, err := s.o.Orders.Ask(ctx, tx, c.Wanted, now)
	if err != nil {
		return false, err
	}
	if v.Gone {
		return true, s.end(ctx, tx, c, "cancelled", "not wanted any more", Withdrawn, now)
	}
	why, err := s.residents.MayCall(ctx, tx, c.To, v.Urgent)
	if err != nil {
		return false, err
	}
	if why != "" {
		return true, s.end(ctx, tx, c, "suppressed", why, NotAllowed, now)
	}
	if v.Until.After(now) {
		return true, s.hold(ctx, tx, c, v.Until)
	}
	if v.Urgent {
		return false, nil
	}
	if until, err := s.dayFull(ctx, tx, c, now); err != nil || until.After(now) {
		if err == nil {
			err = s.hold(ctx, tx, c, until)
		}
		return true, err
	}
	if why, err = s.o.Orders.Count(ctx, tx, c.Wanted, now); err != nil {
		return false, err
	}
	if why != "" {
		return true, s.end(ctx, tx, c, "suppressed", why, NotAllowed, now)
	}
	return false, nil
}

const takenSQL = `
select answered_at from outgoing_attempts
where phone = $1 and why = 'reminder' and answered_at > $2 order by answered_at desc offset $3 limit 1`

// dayFull gives when the next reminder may go to a number that took as many in 24 hours as it may; zero: now.
func (s *Outgoing) dayFull(ctx context.Context, tx *sql.Tx, c outgoing, now time.Time) (until time.Time, err error) {
	if s.o.PerDay == 0 {
		return until, nil
	}
	var taken time.Time
	err = tx.QueryRowContext(ctx, takenSQL, string(c.To), now.Add(-24*time.Hour), s.o.PerDay-1).Scan(&taken)
	if errors.Is(err, sql.ErrNoRows) {
		return until, nil
	}
	return taken.Add(24 * time.Hour), err
}

func (s *Outgoing) hold(ctx context.Context, tx *sql.Tx, c outgoing, until time.Time) error {
	if !until.Before(c.Expires) {
		return s.end(ctx, tx, c, "gave_up", "no time left", Unreached, s.now().UTC())
	}
	_, err := tx.ExecContext(ctx, holdSQL, c.id, until.UTC())
	return err
}

func (s *Outgoing) inTx(ctx context.Context, do func(*sql.Tx) error) error {
	return inTx(ctx, s.db, do)
}
