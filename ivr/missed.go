package ivr

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"canhgiac/residents"
)

// Missed is the service for who rings and hangs up: the call is rejected, so that it costs nothing, and we ring back.
type Missed struct {
	Numbers []string      // that are for it
	Ring    time.Duration // how long such a call rings before it is rejected
	Limits  CallbackLimits
}

const (
	lineFree       = 5 * time.Second // until the caller's own line is free again
	callbackExpiry = time.Hour       // by then nobody waits for us any more
)

// sameNumber is a number in one form, whatever way it is written.
func sameNumber(s string) string {
	if p, err := residents.ParsePhone(s); err == nil {
		return string(p.Phone)
	}
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, strings.ToLower(s))
}

func holdsNumber(list []string, number string) bool {
	number = sameNumber(number)
	return number != "" && slices.ContainsFunc(list, func(n string) bool { return sameNumber(n) == number })
}

func (s *Outgoing) missable(to string) bool { return holdsNumber(s.o.Missed.Numbers, to) }

// own: a call to it would ring ourselves, or an officer without end.
func (s *Outgoing) own(number string) bool {
	return holdsNumber(s.o.Own, number) || holdsNumber(s.o.Missed.Numbers, number) ||
		slices.ContainsFunc(s.o.Lines, func(l Line) bool { return holdsNumber([]string{l.CallerID}, number) })
}

// What becomes of a call to be rung back, as its row tells. Beyond the limits the call itself is answered.
const (
	fateCalled   = "called"   // a call back is queued
	fateWaiting  = "waiting"  // one was already
	fateSoon     = "soon"     // within callbackPause of the last
	fateLimit    = "limit"    // the ward rings back no more for now
	fateOften    = "often"    // nor this number today
	fateWithheld = "withheld" // the others are never called
	fateForeign  = "foreign"
	fateOwn      = "own"
)

const addMissedSQL = `
insert into missed_calls (provider, sid, phone, to_number, at, fate) values ($1, $2, $3, $4, $5, '') on conflict (provider, sid) do nothing returning id`

const missedFateSQL = `update missed_calls set fate = $2 where id = $1`

const itsFateSQL = `select fate from missed_calls where provider = $1 and sid = $2`

// missed keeps a call to be rung back and decides on it, once: the same call announced again has the same fate.
func (h *Hotline) missed(ctx context.Context, in Incoming) (fate string, err error) {
	var again, first bool // announced again; the first that the limit holds, for a while
	err = h.inTx(ctx, func(tx *sql.Tx) error {
		p, parseErr := residents.ParsePhone(in.From)
		var id int64
		err := tx.QueryRowContext(ctx, addMissedSQL, in.Provider, in.SID, string(p.Phone), in.To, h.now().UTC()).Scan(&id)
		if again = errors.Is(err, sql.ErrNoRows); again {
			return tx.QueryRowContext(ctx, itsFateSQL, in.Provider, in.SID).Scan(&fate)
		}
		if err != nil {
			return err
		}
		switch {
		case parseErr != nil:
			fate = fateWithheld
		case !dialable(p.Phone):
			fate = fateForeign
		case h.outgoing.own(string(p.Phone)):
			fate = fateOwn
		default:
			if fate, err = h.outgoing.wantCallback(ctx, tx, p.Phone, fmt.Sprintf("missed:%d", id)); err != nil {
				return err
			}
		}
		if fate == fateLimit {
			if first, err = h.outgoing.firstBeyond(ctx, tx); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, missedFateSQL, id, fate)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("missed call %s of %s: %w", in.SID, in.Provider, err)
	}
	if !again {
		h.outgoing.missedCalls.WithLabelValues(fate).Inc()
	}
	if first {
		l := h.outgoing.o.Missed.Limits
		h.o.Log.Warn(limitReached, "provider", in.Provider, "sid", in.SID, "per_hour", l.PerHour, "per_day", l.PerDay)
	}
	return fate, nil
}

const ringingSQL = `
select exists (select from outgoing_calls where phone = $1 and why = 'callback' and state in ('queued', 'dialing', 'answered')),
  exists (select from missed_callers where phone = $1 and at > $2)`

const askAgainSQL = `insert into missed_callers (phone, at) values ($1, $2) on conflict (phone) do update set at = excluded.at`

// wantCallback queues one call for a number that rings, however often it does, and as long as the limits leave room. Who is
// turned away by them has not asked yet: the next ring may do.
func (s *Outgoing) wantCallback(ctx context.Context, tx *sql.Tx, p residents.Phone, key string) (fate string, err error) {
	if _, err := tx.ExecContext(ctx, callbackLockSQL); err != nil {
		return "", err
	}
	now := s.now().UTC()
	var waiting, soon bool
	if err := tx.QueryRowContext(ctx, ringingSQL, string(p), now.Add(-callbackPause)).Scan(&waiting, &soon); err != nil {
		return "", err
	}
	switch {
	case soon:
		return fateSoon, nil
	case waiting:
		return fateWaiting, nil
	}
	known, err := residents.Knows(ctx, tx, p)
	if err != nil {
		return "", err
	}
	if fate, err = s.room(ctx, tx, p, known, now); err != nil || fate != fateCalled {
		return fate, err
	}
	if _, err := tx.ExecContext(ctx, askAgainSQL, string(p), now); err != nil {
		return "", err
	}
	return fateCalled, s.Want(ctx, tx, Wanted{Key: key, To: p, Why: Callback, Known: known, After: now.Add(lineFree), Expires: now.Add(callbackExpiry)})
}
