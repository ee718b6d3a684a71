package campaigns

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

const lateCountsSQL = `select count(*), min(due_at) from campaign_counts where due_at < $1`

// LateCounts tells how many campaigns should have been counted before then and were not, and since when.
func (s *Store) LateCounts(ctx context.Context, before time.Time) (n int64, since time.Time, err error) {
	var at sql.NullTime
	if err := s.db.QueryRowContext(ctx, lateCountsSQL, before).Scan(&n, &at); err != nil {
		return 0, since, fmt.Errorf("look for campaigns that are not counted: %w", err)
	}
	return n, at.Time, nil
}
