package ivr

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/lib/pq"

	"canhgiac/ivr/prompts"
)

const uncountedCallsSQL = `
update calls set counted = true where id in (
  select id from calls where not counted and (ended_at < $1 or ended_at is null and started_at < $2) order by id limit $3 for update skip locked)
returning id, started_at, menu_version, outgoing, node, attempt`

// overCall is a call that is over.
type overCall struct {
	id       int64
	started  time.Time
	version  int64
	outgoing Why
	node     string // where it ended
	attempt  int
	steps    []pastStep
}

// pastStep is a step with the answer that it got.
type pastStep struct {
	pastEvent
	reply Reply
}

// tallyCalls counts a batch of calls and gives their number.
func (h *Hotline) tallyCalls(ctx context.Context, tx *sql.Tx, t *tally) (int, error) {
	now := h.now()
	rows, err := tx.QueryContext(ctx, uncountedCallsSQL, now.Add(-tallySettles).UTC(), now.Add(-tallyGivesUp).UTC(), tallyBatch)
	if err != nil {
		return 0, fmt.Errorf("calls to be counted: %w", err)
	}
	defer rows.Close()
	calls, ids := map[int64]*overCall{}, []int64{}
	for rows.Next() {
		c := &overCall{}
		if err := rows.Scan(&c.id, &c.started, &c.version, &c.outgoing, &c.node, &c.attempt); err != nil {
			return 0, err
		}
		calls[c.id], ids = c, append(ids, c.id)
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	_ = rows.Close() // the connection is the transaction's: the next read needs it
	if err := readSteps(ctx, tx, ids, calls); err != nil {
		return 0, err
	}
	for _, id := range ids {
		c := calls[id]
		m, err := h.menus.version(ctx, tx, c.version)
		if errors.Is(err, errUnusable) {
			continue // what cannot be understood is not counted
		}
		if err != nil {
			return 0, err
		}
		from := ByHotline
		if c.outgoing != "" {
			from = ByOurs
		}
		t.add(talked{midnight(c.started), c.version, from, c.stays(&m.Call, h.o.Length), m.callSpine()})
	}
	return len(ids), nil
}

const stepsOfCallsSQL = `
select call_id, at, node, input, raw, coalesce(reply, '{}') from call_events where call_id = any($1) order by call_id, step nulls last, id`

func readSteps(ctx context.Context, tx *sql.Tx, ids []int64, calls map[int64]*overCall) error {
	rows, err := tx.QueryContext(ctx, stepsOfCallsSQL, pq.Array(ids))
	if err != nil {
		return fmt.Errorf("steps of calls: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var s pastStep
		var reply []byte
		if err := rows.Scan(&id, &s.at, &s.node, &s.input, &s.raw, &reply); err != nil {
			return err
		}
		if err := json.Unmarshal(reply, &s.reply); err != nil {
			return fmt.Errorf("a reply of call %d: %w", id, err)
		}
		calls[id].steps = append(calls[id].steps, s)
	}
	return rows.Err()
}

// stays are what the call was asked, in order.
func (c *overCall) stays(m *callMenu, length func(prompts.Voice, string) time.Duration) (all []stay) {
	if len(c.steps) == 0 {
		return nil
	}
	fails, rested := 0, c.attempt > 0 // who cancelled a report may hang up
	asked := c.steps[0]
	for _, e := range c.steps[1:] {
		if e.input == inputPressed {
			continue // at the question that the call ends with
		}
		n := m.Nodes[e.node]
		s := stay{node: e.node, words: asked.reply.length(length), waited: e.at.Sub(asked.at)}
		s.heard = s.waited >= s.words-earliness
		if e.input == inputEnded {
			s.outcome = m.leaving(e.node, rested)
			return append(all, s)
		}
		s.outcome, s.key = m.outcomeOf(n, e.pastEvent)
		fails, s.failed = failures(fails, n, s.outcome)
		rested = rested || e.node != m.Start && n.rests()
		all = append(all, s)
		asked = e
	}
	// Nobody told of the end: whether the words were heard is not known.
	return append(all, stay{node: c.node, outcome: m.leaving(c.node, rested), words: asked.reply.length(length)})
}

// leaving judges the end of a call at a node. Who left while a telephone rang had not been answered.
func (m *callMenu) leaving(name string, rested bool) outcome {
	n := m.Nodes[name]
	if !rested && (n.asksSomething() || name == m.Start || n != nil && n.Dial != nil) {
		return outLeft
	}
	return outDone
}

// failures goes on counting as turn.fail does, and says whether the caller was given to an officer.
func failures(before int, n *node, o outcome) (int, bool) {
	switch {
	case o == outOn, o == outRang, o == outSpoke:
		return before, false
	case o == outSilent && n.Record != nil, o == outWrong && n.Number != nil, o != outSilent && o != outWrong:
		return 0, false
	}
	return (before + 1) % failuresAllowed, before+1 == failuresAllowed
}

func midnight(t time.Time) time.Time {
	y, m, d := t.In(zone()).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, zone())
}
