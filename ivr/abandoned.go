package ivr

import (
	"context"
	"errors"
	"fmt"
)

// abandonedStatus is in calls.end_status of a call whose node died with it.
const abandonedStatus = "abandoned"

const holdersSQL = `select distinct held_by from calls where held_by <> '' and ended_at is null`

// Holders are the nodes that have calls.
func (h *Hotline) Holders(ctx context.Context) ([]string, error) {
	rows, err := h.db.QueryContext(ctx, holdersSQL)
	if err != nil {
		return nil, fmt.Errorf("list the nodes that have calls: %w", err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var node string
		if err := rows.Scan(&node); err != nil {
			return nil, fmt.Errorf("list the nodes that have calls: %w", err)
		}
		all = append(all, node)
	}
	return all, rows.Err()
}

// abandonedSQL: the rest of many is for the next time.
const abandonedSQL = `
select provider, sid from calls
where held_by <> '' and ended_at is null and held_by = any($1)
order by id limit 500`

// EndAbandoned ends the calls of nodes that are dead, as their hanging up would have: nobody else tells of those. A report
// stays as far as it was told, and who rings again is offered to go on with it. Any number of nodes may do this at once. It
// gives how many it ended.
func (h *Hotline) EndAbandoned(ctx context.Context, dead []string) (int, error) {
	rows, err := h.db.QueryContext(ctx, abandonedSQL, dead)
	if err != nil {
		return 0, fmt.Errorf("look for calls of dead nodes: %w", err)
	}
	defer rows.Close()
	type named struct{ provider, sid string }
	var all []named
	for rows.Next() {
		var c named
		if err := rows.Scan(&c.provider, &c.sid); err != nil {
			return 0, fmt.Errorf("look for calls of dead nodes: %w", err)
		}
		all = append(all, c)
	}
	if err := rows.Err(); err != nil {
		return 0, fmt.Errorf("look for calls of dead nodes: %w", err)
	}
	var failed error
	n := 0
	for _, c := range all { // one that fails keeps no other open
		if err := h.Ended(ctx, c.provider, c.sid, abandonedStatus); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		n++
	}
	return n, failed
}
