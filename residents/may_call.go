package residents

import (
	"context"
	"database/sql"
	"fmt"
)

// mayCallSQL: one who agreed and wants calls is enough, for it is the number that rings.
const mayCallSQL = `
select case
  when exists (select from opt_outs where phone = $1) then 'opted out'
  when not $2 and exists (select from do_not_call where phone = $1) then 'do not call'
  when not exists (select from residents where phone = $1 and consent_at is not null and wants_call) then 'no consent'
  else '' end`

// MayCall says why no reminder may go to a number by call at this moment; "" where it may. The Do-Not-Call list does not hold
// what is urgent.
func (s *Store) MayCall(ctx context.Context, tx *sql.Tx, p Phone, urgent bool) (why string, err error) {
	if err := tx.QueryRowContext(ctx, mayCallSQL, string(p), urgent).Scan(&why); err != nil {
		return "", fmt.Errorf("ask whether a number may be called: %w", err)
	}
	return why, nil
}
