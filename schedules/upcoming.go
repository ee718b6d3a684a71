package schedules

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

const upcomingSQL = `
select id, subject, cron, series, starts_at, ends_at, state, fired, next_at, last_error
from schedules where state = 'active' and next_at < $1 order by next_at, id limit $2`

// Upcoming gives up to n schedules that fall due before t, the first due first; what is overdue stands at the head.
func (s *Store) Upcoming(ctx context.Context, before time.Time, n int) ([]Schedule, error) {
	rows, err := s.db.QueryContext(ctx, upcomingSQL, before.UTC(), n)
	if err != nil {
		return nil, fmt.Errorf("what falls due before %s: %w", before.UTC().Format(time.RFC3339), err)
	}
	defer rows.Close()
	var all []Schedule
	for rows.Next() {
		var sch Schedule
		var until sql.NullTime
		if err := rows.Scan(&sch.ID, &sch.Subject, &sch.Cron, &sch.Series, &sch.From, &until, &sch.State, &sch.Fired, &sch.NextAt, &sch.LastError); err != nil {
			return nil, fmt.Errorf("what falls due: %w", err)
		}
		sch.Until = until.Time
		all = append(all, sch)
	}
	return all, rows.Err()
}
