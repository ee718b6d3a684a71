package jobs

import (
	"context"
	"database/sql"
	"fmt"
)

const notifySQL = `select pg_notify($1, 'job-' || $2), case when $3 then pg_notify($1, 'job-state-' || $2) end`

// execer is a *sql.Tx where the notice belongs to a change, or a *sql.DB.
type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// notify tells open pages that a job moved: how far it is, and where state is set what can be done with it.
func (s *Store) notify(ctx context.Context, x execer, id int64, state bool) error {
	_, err := x.ExecContext(ctx, notifySQL, s.channel, fmt.Sprint(id), state)
	return err
}

// cancelSQL ends a job that waits; one that runs is told so by its node's next beat.
const cancelSQL = `
update jobs set cancelled_by = $2, state = case state when 'queued' then 'cancelled' else state end,
  ended_at = case state when 'queued' then $3::timestamptz end
where id = $1 and state in ('queued', 'running') and cancelled_by = ''
returning state`

const dropInputSQL = `delete from job_inputs where job_id = $1`

const dropOutputSQL = `delete from job_outputs where job_id = $1`

// Cancel ends a job in the caller's transaction: at once where it waits, within a second where it runs. One that has ended
// stays as it is.
func (s *Store) Cancel(ctx context.Context, tx *sql.Tx, id int64, by string) error {
	var state State
	err := tx.QueryRowContext(ctx, cancelSQL, id, by, s.now().UTC()).Scan(&state)
	if err == sql.ErrNoRows {
		return nil
	}
	if err == nil && state == Cancelled {
		_, err = tx.ExecContext(ctx, dropInputSQL, id)
	}
	if err == nil {
		err = s.notify(ctx, tx, id, true)
	}
	if err != nil {
		return fmt.Errorf("cancel job %d: %w", id, err)
	}
	return nil
}
