package ivr

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// OutgoingStatus is how the calls stand that are to be made.
type OutgoingStatus struct {
	Waiting       int       // due, and not dialled yet
	Oldest        time.Time // when the first of them fell due; zero: there is none
	CallbackSince time.Time // the same of who rang us; zero: nobody waits
	Later         int       // tries and hours to come, counted up to CountedTo
	Lines         []LineStatus
	Callbacks     CallbackStatus // the zero value: nobody is rung back here
}

// CallbackStatus is how calls back stand by their limits.
type CallbackStatus struct {
	Hour, Day   int // dialled in the last hour and in the last 24
	Limits      CallbackLimits
	Beyond      int       // calls that the limits held in the last 24 hours: they were answered
	BeyondSince time.Time // the first of them
}

// CountedTo is how far calls to come are counted.
const CountedTo = 10_000

// LineStatus is how one line stands.
type LineStatus struct {
	Provider   string
	Under, Of  int       // calls under way, of so many at once
	PerSecond  float64   // that may be begun
	Refusals   int       // in a row
	RestsUntil time.Time // zero: it does not rest
	Outcomes   map[Outcome]int
	Dialled    int // in the last 24 hours; Outcomes of them
}

// Share is an outcome's number among a line's calls.
func (l LineStatus) Share(o string) int { return l.Outcomes[Outcome(o)] }

const outgoingStatusSQL = `
select (select count(*) from outgoing_calls where state = 'queued' and priority in (0, 1, 2) and next_at <= $1),
  (select min(next_at) from outgoing_calls where state = 'queued' and next_at <= $1),
  (select min(next_at) from outgoing_calls where state = 'queued' and priority in (0, 1) and next_at <= $1),
  (select count(*) from (select from outgoing_calls where state = 'queued' and next_at > $1 limit $2) l)`

const lineStatusSQL = `
select (select count(*) from outgoing_attempts where provider = $1 and ended_at is null),
  (select refusals from outgoing_lines where provider = $1), (select rest_until from outgoing_lines where provider = $1 and rest_until > $2)`

const lineOutcomesSQL = `select coalesce(outcome, ''), count(*) from outgoing_attempts where provider = $1 and dialed_at > $2 group by 1`

// Status tells how the queue and the lines of this node's configuration stand.
func (s *Outgoing) Status(ctx context.Context) (st OutgoingStatus, err error) {
	now := s.now().UTC()
	var oldest, callback sql.NullTime
	if err := s.db.QueryRowContext(ctx, outgoingStatusSQL, now, CountedTo).Scan(&st.Waiting, &oldest, &callback, &st.Later); err != nil {
		return st, fmt.Errorf("how outgoing calls stand: %w", err)
	}
	st.Oldest, st.CallbackSince = oldest.Time, callback.Time
	if len(s.o.Missed.Numbers) > 0 {
		if st.Callbacks, err = s.callbackStatus(ctx, now); err != nil {
			return st, err
		}
	}
	for _, l := range s.o.Lines {
		one := LineStatus{Provider: l.Provider, Of: l.Concurrent, PerSecond: l.PerSecond, Outcomes: map[Outcome]int{}}
		var refusals sql.NullInt64
		var rests sql.NullTime
		if err := s.db.QueryRowContext(ctx, lineStatusSQL, l.Provider, now).Scan(&one.Under, &refusals, &rests); err != nil {
			return st, fmt.Errorf("how line %s stands: %w", l.Provider, err)
		}
		one.Refusals, one.RestsUntil = int(refusals.Int64), rests.Time
		rows, err := s.db.QueryContext(ctx, lineOutcomesSQL, l.Provider, now.Add(-24*time.Hour))
		if err != nil {
			return st, fmt.Errorf("how line %s stands: %w", l.Provider, err)
		}
		for rows.Next() {
			var o Outcome
			var n int
			if err = rows.Scan(&o, &n); err != nil {
				break
			}
			one.Outcomes[o] += n
			one.Dialled += n
		}
		if err == nil {
			err = rows.Err()
		}
		_ = rows.Close()
		if err != nil {
			return st, fmt.Errorf("how line %s stands: %w", l.Provider, err)
		}
		st.Lines = append(st.Lines, one)
	}
	return st, nil
}

const beyondSQL = `select count(*), min(at) from missed_calls where fate = 'limit' and at > $1`

func (s *Outgoing) callbackStatus(ctx context.Context, now time.Time) (st CallbackStatus, err error) {
	c, err := countCallbacks(ctx, s.db, "", now)
	if err != nil {
		return st, fmt.Errorf("how calls back stand: %w", err)
	}
	var since sql.NullTime
	st = CallbackStatus{Hour: c.hour, Day: c.day, Limits: s.o.Missed.Limits}
	if err := s.db.QueryRowContext(ctx, beyondSQL, now.Add(-24*time.Hour)).Scan(&st.Beyond, &since); err != nil {
		return st, fmt.Errorf("how calls back stand: %w", err)
	}
	st.BeyondSince = since.Time
	return st, nil
}
