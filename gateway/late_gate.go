package gateway

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"
)

// lateGate asks for opt-outs and hours again where a slow carrier keeps messages that were meant for the wire waiting for
// their turn: who stops in the meantime is not messaged, and the night begins on time.
type lateGate struct {
	link  *link
	asked time.Time
	out   map[string]bool
	err   error
}

// holds says that m may not go out now, and has told the ledger so. waiting are the numbers still to come, m's first.
func (g *lateGate) holds(ctx context.Context, m *outgoing, waiting func() []string) bool {
	now := g.link.store.now()
	if now.Sub(g.asked) > atOnce {
		g.asked = now
		g.err = g.link.pool.do(ctx, func(h *hot) (err error) {
			g.out, err = g.link.store.optedOut(ctx, h, waiting())
			return err
		})
		if g.err != nil && ctx.Err() == nil {
			g.link.log.Error("ask for opt-outs again", "error", g.err)
		}
	}
	switch {
	case g.err != nil:
		m.outcome = &verdict{state: Queued, reason: "opt-outs could not be asked", unsent: true}
	case g.out[m.phone]:
		m.outcome = &verdict{state: Suppressed, reason: "opted out"}
	case !m.hours.Allows(now):
		m.outcome = &verdict{state: Queued, reason: "outside the sending hours", unsent: true}
	default:
		return false
	}
	g.link.ledger.in.put(entry{message: m})
	return true
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

func phonesOf(rows []row) []string {
	list := make([]string, len(rows))
	for i, r := range rows {
		list[i] = r.phone
	}
	return list
}

func phonesOfSingles(singles []*single) []string {
	list := make([]string, len(singles))
	for i, m := range singles {
		list[i] = m.phone
	}
	return list
}
