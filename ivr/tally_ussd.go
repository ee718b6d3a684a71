package ivr

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lib/pq"
)

const uncountedSessionsSQL = `
update ussd_sessions set counted = true where id in (
  select id from ussd_sessions where not counted and (ended_at < $1 or last_at < $2) order by id limit $3 for update skip locked)
returning id, started_at, menu_version, node, end_status = 'done'`

// overSession is a USSD session that is over.
type overSession struct {
	id      int64
	started time.Time
	version int64
	node    string // where it ended
	done    bool   // a screen ended it
	steps   []pastEvent
}

// tallySessions counts a batch of USSD sessions and gives their number.
func (h *Hotline) tallySessions(ctx context.Context, tx *sql.Tx, t *tally) (int, error) {
	now := h.now()
	rows, err := tx.QueryContext(ctx, uncountedSessionsSQL, now.Add(-tallySettles).UTC(), now.Add(-2*ussdIdle).UTC(), tallyBatch)
	if err != nil {
		return 0, fmt.Errorf("USSD sessions to be counted: %w", err)
	}
	defer rows.Close()
	sessions, ids := map[int64]*overSession{}, []int64{}
	for rows.Next() {
		s := &overSession{}
		if err := rows.Scan(&s.id, &s.started, &s.version, &s.node, &s.done); err != nil {
			return 0, err
		}
		sessions[s.id], ids = s, append(ids, s.id)
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	_ = rows.Close() // the connection is the transaction's: the next read needs it
	if err := readScreens(ctx, tx, ids, sessions); err != nil {
		return 0, err
	}
	for _, id := range ids {
		s := sessions[id]
		m, err := h.menus.version(ctx, tx, s.version)
		if errors.Is(err, errUnusable) {
			continue
		}
		if err != nil {
			return 0, err
		}
		t.add(talked{midnight(s.started), s.version, ByUSSD, s.stays(&m.USSD), m.ussdSpine()})
	}
	return len(ids), nil
}

const stepsOfSessionsSQL = `select session_id, at, node, input from ussd_steps where session_id = any($1) order by session_id, step`

func readScreens(ctx context.Context, tx *sql.Tx, ids []int64, sessions map[int64]*overSession) error {
	rows, err := tx.QueryContext(ctx, stepsOfSessionsSQL, pq.Array(ids))
	if err != nil {
		return fmt.Errorf("steps of USSD sessions: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var e pastEvent
		if err := rows.Scan(&id, &e.at, &e.node, &e.raw); err != nil {
			return err
		}
		sessions[id].steps = append(sessions[id].steps, e)
	}
	return rows.Err()
}

// stays are the screens that were answered, and the last one. A screen is read whenever it is looked at: all count as heard.
func (s *overSession) stays(m *screens) (all []stay) {
	for i := 1; i < len(s.steps); i++ {
		e, next := s.steps[i], s.node
		if i+1 < len(s.steps) {
			next = s.steps[i+1].node
		}
		was := stay{node: e.node, outcome: outWrong, waited: e.at.Sub(s.steps[i-1].at), heard: true}
		n := m.Nodes[e.node]
		key := strings.TrimRight(strings.TrimSpace(e.raw), ".)# ")
		if n != nil && n.Keys[key].Goto != "" {
			was.outcome, was.key = outKey, key
		} else if n != nil && n.Number != nil && next != e.node {
			was.outcome = outKey
		}
		all = append(all, was)
	}
	last := stay{node: s.node, outcome: outDone, heard: true}
	if n := m.Nodes[s.node]; !s.done && n != nil && (len(n.Keys) > 1 || n.Number != nil) {
		last.outcome = outLeft
	}
	return append(all, last)
}
