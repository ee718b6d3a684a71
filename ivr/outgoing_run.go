package ivr

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	lookEvery   = 500 * time.Millisecond // for calls that fall due
	sweepEvery  = 5 * time.Second        // for calls of which no word came
	placeWithin = 15 * time.Second       // a provider takes a call or it does not; well under ringMargin
	placeGrace  = time.Second            // for calls being placed as the node stops; what is cut off is in doubt
)

// Run dials what falls due until ctx ends. Any number of nodes may.
func (s *Outgoing) Run(ctx context.Context) error {
	placing, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(placeGrace, cut) })
	defer stop()
	var calls sync.WaitGroup
	defer calls.Wait()
	look, swept := time.NewTicker(lookEvery), time.Time{}
	defer look.Stop()
	for {
		if now := time.Now(); now.Sub(swept) >= sweepEvery {
			swept = now
			if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
				s.o.Log.Error("calls without a word of their end", "error", err)
			}
		}
		s.look(ctx, func(l Line, p Placing) { calls.Go(func() { s.place(placing, l, p) }) })
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		}
	}
}

// look hands every line what it may dial now, the first line first.
func (s *Outgoing) look(ctx context.Context, place func(Line, Placing)) {
	for _, l := range s.o.Lines {
		for ctx.Err() == nil {
			p, err := s.claim(ctx, l)
			if err != nil {
				if !errors.Is(err, errNoCall) && ctx.Err() == nil {
					s.o.Log.Error("take a call", "provider", l.Provider, "error", err)
				}
				break
			}
			place(l, p)
		}
	}
}

const workedSQL = `update outgoing_lines set refusals = 0 where provider = $1 and refusals > 0`

const restSQL = `
update outgoing_lines set refusals = refusals + 1, rest_until = $2::timestamptz + least(30 * 2 ^ least(refusals, 5), 600) * interval '1 second'
where provider = $1`

// place hands a claimed call to its provider, and settles what surely did not ring.
func (s *Outgoing) place(ctx context.Context, l Line, p Placing) {
	within, cancel := context.WithTimeout(ctx, placeWithin)
	sid, err := l.Dialer.Place(within, p)
	cancel()
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), placeGrace)
	defer cancel()
	switch {
	case err == nil:
		err = s.noted(after, l, p, sid)
	case errors.Is(err, ErrNumber), errors.Is(err, ErrRefused):
		s.o.Log.Warn("call not placed", "provider", l.Provider, "ref", p.Ref, "error", err)
		err = s.unplaced(after, l, p, errors.Is(err, ErrNumber))
	default:
		s.o.Log.Error("call in doubt", "provider", l.Provider, "ref", p.Ref, "error", err)
		return
	}
	if err != nil { // the call is in doubt until its ringing is over
		s.o.Log.Error("note a call", "provider", l.Provider, "ref", p.Ref, "error", err)
	}
}

func (s *Outgoing) noted(ctx context.Context, l Line, p Placing, sid string) error {
	id, nth, err := parseRef(p.Ref)
	if err != nil {
		return err
	}
	if _, err := s.db.ExecContext(ctx, noteSIDSQL, id, nth, sid); err != nil {
		return err
	}
	_, err = s.db.ExecContext(ctx, workedSQL, l.Provider)
	return err
}

const unplacedSQL = `update outgoing_calls set state = 'queued', tries = tries - 1, next_at = $2 where id = $1`

// soonAgain: by then another line may take it, or this one has rested.
const soonAgain = 10 * time.Second

// unplaced: nothing rang, so that it counts as no try, and the line rests, a while longer each time. A number that the
// provider cannot call is given up.
func (s *Outgoing) unplaced(ctx context.Context, l Line, p Placing, forGood bool) error {
	id, nth, err := parseRef(p.Ref)
	if err != nil {
		return err
	}
	at := s.now().UTC()
	now := settled{outcome: Failed}
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		if !forGood { // the line before the call, as a claim locks them
			if _, err := tx.ExecContext(ctx, restSQL, l.Provider, at); err != nil {
				return err
			}
		}
		c, err := lockOutgoing(ctx, tx, id)
		if err != nil {
			return err
		}
		var dialed time.Time
		var heard bool
		err = tx.QueryRowContext(ctx, settleSQL, id, nth, Failed, at).Scan(&now.provider, &dialed, &heard)
		if err != nil || c.state != "dialing" || nth != c.attempts {
			return err
		}
		if err := s.uncount(ctx, tx, c); err != nil {
			return err
		}
		if forGood {
			return s.end(ctx, tx, c, "gave_up", "number", NotCallable, at)
		}
		_, err = tx.ExecContext(ctx, unplacedSQL, id, at.Add(soonAgain))
		return err
	})
	if errors.Is(err, sql.ErrNoRows) { // a webhook told first
		return nil
	}
	if err != nil {
		return fmt.Errorf("call not placed: %w", err)
	}
	s.count(now)
	return nil
}

const doubtfulSQL = `select call_id, nth, answered_at is not null from outgoing_attempts where ended_at is null and doubt_at <= $1 order by doubt_at limit 200`

// stillDoubtfulSQL is asked again under the lock: a word may have come meanwhile.
const stillDoubtfulSQL = `select doubt_at <= $3 from outgoing_attempts where call_id = $1 and nth = $2 and ended_at is null`

// Sweep settles the attempts of which no word came in time: the node that dialled died, or a status got lost.
func (s *Outgoing) Sweep(ctx context.Context) error {
	rows, err := s.db.QueryContext(ctx, doubtfulSQL, s.now().UTC())
	if err != nil {
		return fmt.Errorf("look for calls in doubt: %w", err)
	}
	defer rows.Close()
	type attempt struct {
		id    int64
		nth   int
		taken bool
	}
	var all []attempt
	for rows.Next() {
		var a attempt
		if err := rows.Scan(&a.id, &a.nth, &a.taken); err != nil {
			return fmt.Errorf("look for calls in doubt: %w", err)
		}
		all = append(all, a)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("look for calls in doubt: %w", err)
	}
	for _, a := range all {
		o := lost
		if a.taken {
			o = Answered
		}
		if err := s.sweep(ctx, a.id, a.nth, o); err != nil {
			return fmt.Errorf("settle call %s in doubt: %w", ref(a.id, a.nth), err)
		}
	}
	return nil
}

func (s *Outgoing) sweep(ctx context.Context, id int64, nth int, o Outcome) error {
	var now settled
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		c, err := lockOutgoing(ctx, tx, id)
		if err != nil {
			return err
		}
		var doubtful bool
		err = tx.QueryRowContext(ctx, stillDoubtfulSQL, id, nth, s.now().UTC()).Scan(&doubtful)
		if errors.Is(err, sql.ErrNoRows) || err == nil && !doubtful {
			return nil
		}
		if err != nil {
			return err
		}
		now, err = s.settle(ctx, tx, c, nth, o, s.now())
		return err
	})
	if err == nil {
		s.count(now)
	}
	return err
}
