package gateway

import (
	"context"
	"database/sql"
	"fmt"

	"canhgiac/residents"
)

// contactSQL asks the caps as the claim does (countedSQL), messages and contacts together.
var contactSQL = fmt.Sprintf(`
select case when $3 > 0 and %s >= $3 then 'daily cap' when $4 > 0 and %s >= $4 then 'weekly cap' else '' end
from (select $1::text as phone, 0::bigint as id) m`,
	fmt.Sprintf(countedSQL, `$2::timestamptz - interval '24 hours'`), fmt.Sprintf(countedSQL, `$2::timestamptz - interval '7 days'`))

const addContactSQL = `insert into contacts (key, phone, at) values ($1, $2, $3) on conflict (key) do update set at = excluded.at`

// CountContact counts a reminder that goes to a number by another way than SMS. Where the caps hold it, it says which, in the
// words of a suppressed message, and counts nothing.
func (s *Store) CountContact(ctx context.Context, tx *sql.Tx, key string, to residents.Phone, caps Caps) (held string, err error) {
	now := s.now().UTC()
	if caps.PerDay > 0 || caps.PerWeek > 0 {
		if _, err := tx.ExecContext(ctx, capLockSQL); err != nil {
			return "", fmt.Errorf("wait to count a contact: %w", err)
		}
		if err := tx.QueryRowContext(ctx, contactSQL, string(to), now, caps.PerDay, caps.PerWeek).Scan(&held); err != nil || held != "" {
			return held, err
		}
	}
	if _, err := tx.ExecContext(ctx, addContactSQL, key, string(to), now); err != nil {
		return "", fmt.Errorf("count a contact: %w", err)
	}
	return "", nil
}

const dropContactSQL = `delete from contacts where key = $1`

// UncountContact takes back what reached nobody.
func (s *Store) UncountContact(ctx context.Context, tx *sql.Tx, key string) error {
	if _, err := tx.ExecContext(ctx, dropContactSQL, key); err != nil {
		return fmt.Errorf("uncount a contact: %w", err)
	}
	return nil
}
