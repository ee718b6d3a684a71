package console

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

const visitSQL = `
insert into console_visits (user_id, list, at) values ($1, $2, $3)
on conflict (user_id, list) do update set at = greatest(console_visits.at, excluded.at)`

// visit notes that a user has opened a list: what is older is not new to them any more.
func (u *Users) visit(ctx context.Context, user int64, list string) error {
	if _, err := u.db.ExecContext(ctx, visitSQL, user, list, u.now().UTC()); err != nil {
		return fmt.Errorf("note that user %d opened %s: %w", user, list, err)
	}
	return nil
}

const visitedSQL = `select at from console_visits where user_id = $1 and list = $2`

// visited tells when a user last opened a list; zero for never.
func (u *Users) visited(ctx context.Context, user int64, list string) (time.Time, error) {
	var at time.Time
	err := u.db.QueryRowContext(ctx, visitedSQL, user, list).Scan(&at)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, fmt.Errorf("when user %d opened %s: %w", user, list, err)
	}
	return at, nil
}
