package ivr

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"canhgiac/residents"
)

// CallbackLimits bound calls back, whoever rings: a caller's number can be forged, and then it is we who ring thousands of
// people at night, or one of them all day. They count what is dialled and what waits to be, over all nodes.
//
// The second half of each is kept for numbers that the ward knows, its residents': who invents numbers does not hit many of
// them, and rings the first half full only. Beyond the limits nobody is turned away: the call is answered as any other that
// comes in, and costs its caller what a call does.
type CallbackLimits struct {
	PerHour   int // 0: 60
	PerDay    int // in 24 hours; 0: 400
	PerNumber int // to one number in 24 hours; 0: 6
}

func (l CallbackLimits) orDefault() CallbackLimits {
	or := func(n, otherwise int) int {
		if n == 0 {
			return otherwise
		}
		return n
	}
	return CallbackLimits{PerHour: or(l.PerHour, 60), PerDay: or(l.PerDay, 400), PerNumber: or(l.PerNumber, 6)}
}

// open is what l leaves to everybody: a number that nobody knows, and a second try.
func (l CallbackLimits) open() CallbackLimits {
	return CallbackLimits{PerHour: (l.PerHour + 1) / 2, PerDay: (l.PerDay + 1) / 2, PerNumber: l.PerNumber}
}

// limitReached is the log's line, once in limitLogged.
const (
	limitReached = "calls back have reached their limit: who rings is answered instead"
	limitLogged  = 10 * time.Minute
)

// callbackLockSQL: while one missed call is decided on no other is, at any node, so that what it counts is all there is.
const callbackLockSQL = `select pg_advisory_xact_lock(4215, 0)`

// callbacksSQL counts calls back: dialled in the last hour, in the last day, to one number in the last day, and waiting.
const callbacksSQL = `
select (select count(*) from outgoing_attempts where why = 'callback' and dialed_at > $1),
  (select count(*) from outgoing_attempts where why = 'callback' and dialed_at > $2),
  (select count(*) from outgoing_attempts where why = 'callback' and phone = $3 and dialed_at > $2),
  (select count(*) from outgoing_calls where state = 'queued' and priority in (0, 1))`

type callbacks struct{ hour, day, number, waiting int }

func countCallbacks(ctx context.Context, q interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}, p residents.Phone, now time.Time) (c callbacks, err error) {
	err = q.QueryRowContext(ctx, callbacksSQL, now.Add(-time.Hour), now.Add(-24*time.Hour), string(p)).Scan(&c.hour, &c.day, &c.number, &c.waiting)
	return c, err
}

// room says whether one more call back may be promised to p: fateCalled where it may.
func (s *Outgoing) room(ctx context.Context, tx *sql.Tx, p residents.Phone, known bool, now time.Time) (fate string, err error) {
	c, err := countCallbacks(ctx, tx, p, now)
	if err != nil {
		return "", err
	}
	l := s.o.Missed.Limits
	if !known {
		l = l.open()
	}
	switch {
	case c.number >= l.PerNumber:
		return fateOften, nil
	case c.hour+c.waiting >= l.PerHour || c.day+c.waiting >= l.PerDay:
		return fateLimit, nil
	}
	return fateCalled, nil
}

const firstBeyondSQL = `select not exists (select from missed_calls where fate = 'limit' and at > $1)`

// firstBeyond says whether the limit holds a call for the first time in limitLogged.
func (s *Outgoing) firstBeyond(ctx context.Context, tx *sql.Tx) (first bool, err error) {
	err = tx.QueryRowContext(ctx, firstBeyondSQL, s.now().UTC().Add(-limitLogged)).Scan(&first)
	return first, err
}

// nthLastCallbackSQL gives when the call back was dialled that has to leave a window before one more fits into it.
const nthLastCallbackSQL = `
select dialed_at from outgoing_attempts where why = 'callback' and dialed_at > $1 and ($3 = '' or phone = $3) order by dialed_at desc offset $2 limit 1`

// callbacksFull gives when a call back may be dialled as far as the limits go; zero: now. What was promised is held by them
// too: a provider may have stood still meanwhile, or the ward have set them lower. A second try is made in the open half only,
// so that tries in vain take no room from who rings now. Two lines that dial at one moment may go one beyond.
func (s *Outgoing) callbacksFull(ctx context.Context, tx *sql.Tx, c outgoing, now time.Time) (until time.Time, err error) {
	l := s.o.Missed.Limits
	if c.tries > 0 {
		l = l.open()
	}
	for _, one := range []struct {
		window time.Duration
		n      int
		to     residents.Phone
	}{{time.Hour, l.PerHour, ""}, {24 * time.Hour, l.PerDay, ""}, {24 * time.Hour, l.PerNumber, c.To}} {
		var last time.Time
		err := tx.QueryRowContext(ctx, nthLastCallbackSQL, now.Add(-one.window), one.n-1, string(one.to)).Scan(&last)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return until, err
		}
		if last = last.Add(one.window); last.After(until) {
			until = last
		}
	}
	return until, nil
}
