package gateway

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"
)

// lateGate asks again where a slow carrier keeps messages that were meant for the wire waiting for their turn: who stops
// in the meantime is not messaged, a run that is paused stands still, and the night begins on time.
type lateGate struct {
	link  *link
	asked time.Time
	out   map[string]bool // numbers that opted out
	still map[int64]bool  // runs that were paused or cancelled
	err   error
}

// holds says that m may not go out now, and has seen to what becomes of it.
func (g *lateGate) holds(ctx context.Context, m *outgoing) bool {
	now := g.link.store.now()
	if now.Sub(g.asked) > atOnce && now.Sub(m.asked) > atOnce {
		g.ask(ctx, now, append(g.link.lanes.all(), m))
	}
	older := m.asked.Before(g.asked) // a younger one's own intent knows better
	switch {
	case m.from != nil && m.from.gone():
		g.link.giveBack(m, "") // one before it was given back, and what follows it goes the same way
	case !m.sendBy.After(now):
		m.outcome = &verdict{state: Expired, reason: "send_by passed"}
		g.link.ledger.in.put(entry{message: m})
	case m.urgency == answers:
		return false
	case older && g.err != nil:
		g.link.giveBack(m, "opt-outs could not be asked")
	case older && g.out[m.phone]:
		m.outcome = &verdict{state: Suppressed, reason: "opted out"}
		g.link.ledger.in.put(entry{message: m})
	case older && g.still[m.run()]:
		g.link.giveBack(m, "run paused or cancelled")
	case !m.hours.Allows(now):
		if m.from != nil {
			m.from.waitUntil(m.hours.Next(now))
		}
		g.link.giveBack(m, "outside the sending hours")
	default:
		return false
	}
	return true
}

func (g *lateGate) ask(ctx context.Context, now time.Time, list []*outgoing) {
	g.asked = now
	g.err = g.link.pool.do(ctx, func(h *hot) (err error) {
		if g.out, err = g.link.store.optedOut(ctx, h, phonesOf(list)); err != nil {
			return err
		}
		g.still, err = g.link.store.standing(ctx, h, runsOf(list))
		return err
	})
	if g.err != nil && ctx.Err() == nil {
		g.link.log.Error("ask for opt-outs and pauses again", "error", g.err)
	}
}

const optedOutSQL = `select phone from opt_outs where phone = any($1)`

func (s *Store) optedOut(ctx context.Context, h *hot, phones []string) (map[string]bool, error) {
	out := map[string]bool{}
	err := h.each(ctx, optedOutSQL, func(scan func(...any) error) error {
		var phone string
		err := scan(&phone)
		out[phone] = true
		return err
	}, pq.Array(phones))
	if err != nil {
		return nil, fmt.Errorf("ask %d numbers for opt-outs: %w", len(phones), err)
	}
	return out, nil
}

const standingSQL = `select run_id from run_orders where run_id = any($1) and (paused or cancelled_at is not null)`

// standing are those of the runs whose messages must stand still.
func (s *Store) standing(ctx context.Context, h *hot, runs []int64) (map[int64]bool, error) {
	still := map[int64]bool{}
	err := h.each(ctx, standingSQL, func(scan func(...any) error) error {
		var run int64
		err := scan(&run)
		still[run] = true
		return err
	}, pq.Array(runs))
	if err != nil {
		return nil, fmt.Errorf("ask whether %d runs are paused: %w", len(runs), err)
	}
	return still, nil
}

func phonesOf(list []*outgoing) []string {
	phones := make([]string, len(list))
	for i, m := range list {
		phones[i] = m.phone
	}
	return phones
}

func runsOf(list []*outgoing) []int64 {
	seen := map[int64]bool{}
	var runs []int64
	for _, m := range list {
		if run := m.run(); run != 0 && !seen[run] {
			seen[run] = true
			runs = append(runs, run)
		}
	}
	return runs
}
