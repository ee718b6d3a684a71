package gateway

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Waiting is what a queue holds.
type Waiting struct {
	Runs         int        `json:"runs"`                    // messages of runs that may go out now and have not
	RunsSince    *time.Time `json:"runs_since,omitempty"`    // since when the first of them may
	Singles      int        `json:"singles"`                 // likewise replies, alerts, retries and messages of other systems
	SinglesSince *time.Time `json:"singles_since,omitempty"` // likewise
	Later        int        `json:"later"`                   // those that may not yet: their hour or next try is to come, or their run is paused
}

const waitsSQL = `
with c as (
	select carrier, size - watermark as n, ready_at, not paused and ready_at <= $1 as due from chunks where state = 'open' and size > watermark
),
runs as (
	select carrier, sum(n) filter (where due) as n, min(ready_at) filter (where due) as since, sum(n) filter (where not due) as later from c group by carrier
),
singles as (
	select carrier, count(*) filter (where ready_at <= $1) as n, min(ready_at) filter (where ready_at <= $1) as since,
	       count(*) filter (where ready_at > $1) as later
	from outbox where lease_node is null group by carrier
)
select coalesce(r.carrier, s.carrier), coalesce(r.n, 0), r.since, coalesce(s.n, 0), s.since, coalesce(r.later, 0) + coalesce(s.later, 0)
from runs r full join singles s on s.carrier = r.carrier`

// waiting gives what waits in each queue, by the carrier that it is named for.
func (s *Store) waiting(ctx context.Context) (map[string]Waiting, error) {
	rows, err := s.db.QueryContext(ctx, waitsSQL, s.now().UTC())
	if err != nil {
		return nil, fmt.Errorf("read what waits: %w", err)
	}
	defer rows.Close()
	all := map[string]Waiting{}
	for rows.Next() {
		var carrier string
		var w Waiting
		var runs, singles sql.NullTime
		if err := rows.Scan(&carrier, &w.Runs, &runs, &w.Singles, &singles, &w.Later); err != nil {
			return nil, fmt.Errorf("read what waits: %w", err)
		}
		w.RunsSince, w.SinglesSince = known(runs), known(singles)
		all[carrier] = w
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read what waits: %w", err)
	}
	return all, nil
}

// known is t, nil where the database has none.
func known(t sql.NullTime) *time.Time {
	if !t.Valid {
		return nil
	}
	return &t.Time
}
