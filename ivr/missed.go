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

const addMissedSQL = `
insert into missed_calls (provider, sid, phone, to_number, at, fate) values ($1, $2, $3, $4, $5, '') on conflict (provider, sid) do nothing returning id`

const missedFateSQL = `update missed_calls set fate = $2 where id = $1`

// rejectToRingBack: the same call announced again gets the same answer, and is rung back once.
func (h *Hotline) rejectToRingBack(ctx context.Context, in Incoming) (Reply, error) {
	err := h.inTx(ctx, func(tx *sql.Tx) error {
		p, parseErr := residents.ParsePhone(in.From)
		var id int64
		err := tx.QueryRowContext(ctx, addMissedSQL, in.Provider, in.SID, string(p.Phone), in.To, h.now().UTC()).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		fate := "withheld"
		switch {
		case parseErr != nil:
		case !dialable(p.Phone):
			fate = "foreign"
		case h.outgoing.own(string(p.Phone)):
			fate = "own"
		default:
			if fate, err = h.outgoing.wantCallback(ctx, tx, p.Phone, fmt.Sprintf("missed:%d", id)); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, missedFateSQL, id, fate)
		return err
	})
	if err != nil {
		return Reply{}, fmt.Errorf("missed call %s of %s: %w", in.SID, in.Provider, err)
	}
	return Reply{Actions: []Action{{Reject: &Reject{Ring: h.outgoing.o.Missed.Ring}}}}, nil
}

// onceSQL: the row's lock lets two calls of one number at one moment count as one.
const onceSQL = `
insert into missed_callers (phone, at) values ($1, $2)
on conflict (phone) do update set at = excluded.at where missed_callers.at <= $3 returning at`

const waitingSQL = `select exists (select from outgoing_calls where phone = $1 and why = 'callback' and state in ('queued', 'dialing', 'answered'))`

// wantCallback queues one call for a number that rings, however often it does.
func (s *Outgoing) wantCallback(ctx context.Context, tx *sql.Tx, p residents.Phone, key string) (fate string, err error) {
	now := s.now().UTC()
	var at time.Time
	err = tx.QueryRowContext(ctx, onceSQL, string(p), now, now.Add(-callbackPause)).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return "soon", nil
	}
	if err != nil {
		return "", err
	}
	var waiting bool
	if err := tx.QueryRowContext(ctx, waitingSQL, string(p)).Scan(&waiting); err != nil || waiting {
		return "waiting", err
	}
	return "called", s.Want(ctx, tx, Wanted{Key: key, To: p, Why: Callback, After: now.Add(lineFree), Expires: now.Add(callbackExpiry)})
}
