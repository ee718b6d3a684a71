package reports

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Named is how often reports name one number, and when.
type Named struct {
	Reports     int
	First, Last time.Time // zero when none does
}

const namedSQL = `select count(*), min(created_at), max(created_at) from reports where scam_key = $1 and scam_key <> '' and not cancelled`

// Named counts the reports that name number, however either was written. What a reporter cancelled does not count. It
// leaves the audit row to its caller.
func (s *Store) Named(ctx context.Context, number string) (Named, error) {
	var n Named
	var first, last sql.NullTime
	if err := s.db.QueryRowContext(ctx, namedSQL, scamKey(number)).Scan(&n.Reports, &first, &last); err != nil {
		return Named{}, fmt.Errorf("who named a number: %w", err)
	}
	n.First, n.Last = first.Time.UTC(), last.Time.UTC()
	return n, nil
}
