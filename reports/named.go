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
	if err := s.db.QueryRowContext(ctx, namedSQL, NumberKey(number)).Scan(&n.Reports, &first, &last); err != nil {
		return Named{}, fmt.Errorf("who named a number: %w", err)
	}
	n.First, n.Last = first.Time.UTC(), last.Time.UTC()
	return n, nil
}

const peopleSQL = `
select count(distinct reporter) from reports where scam_key = $1 and scam_key <> '' and not cancelled`

// People counts who reported number: a person who reports it twice is one, and so are all whose own number was withheld.
func (s *Store) People(ctx context.Context, tx *sql.Tx, number string) (int, error) {
	var n int
	if err := tx.QueryRowContext(ctx, peopleSQL, NumberKey(number)).Scan(&n); err != nil {
		return 0, fmt.Errorf("who reported a number: %w", err)
	}
	return n, nil
}
