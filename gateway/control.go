package gateway

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/lib/pq"
)

// The order is locked first, then its chunks: every way of changing a run takes them in that order.
const pauseOrdersSQL = `update run_orders set paused = $2 where run_id = any($1) and cancelled_at is null`

const pauseChunksSQL = `update chunks set paused = $2 where run_id = any($1) and state = 'open'`

// PauseRuns holds what of the runs has not been meant for the wire. A sender in the middle of a chunk meets it at its next
// intent, half a second later at most.
func (s *Store) PauseRuns(ctx context.Context, tx *sql.Tx, runs []int64) error {
	return s.setPaused(ctx, tx, runs, true)
}

// ResumeRuns lets them go on from where they stood.
func (s *Store) ResumeRuns(ctx context.Context, tx *sql.Tx, runs []int64) error {
	return s.setPaused(ctx, tx, runs, false)
}

func (s *Store) setPaused(ctx context.Context, tx *sql.Tx, runs []int64, paused bool) error {
	for _, q := range []string{pauseOrdersSQL, pauseChunksSQL} {
		if _, err := tx.ExecContext(ctx, q, pq.Array(runs), paused); err != nil {
			return fmt.Errorf("set paused to %t for runs %v: %w", paused, runs, err)
		}
	}
	return nil
}

const cancelOrdersSQL = `update run_orders set cancelled_at = $2 where run_id = any($1) and cancelled_at is null`

// cancelChunksSQL leaves a lease where one is held: its holder settles what is on the wire and gives it back.
const cancelChunksSQL = `update chunks set state = 'cancelled', ended_at = $2 where run_id = any($1) and state = 'open'`

// cancelRetriesSQL ends the messages that wait for another try; those on the wire settle by themselves.
const cancelRetriesSQL = `
with gone as (
	delete from outbox o using unnest($1::bigint[]) as run
	where o.message_id >= run << 32 and o.message_id < (run + 1) << 32 and o.lease_node is null
	returning o.message_id, o.carrier
)
insert into sent (message_id, state, carrier, parts, done_at, error)
select message_id, 'cancelled', carrier, 0, $2, 'run cancelled' from gone
on conflict (message_id) do nothing`

// CancelRuns ends what of the runs has not been meant for the wire, for good.
func (s *Store) CancelRuns(ctx context.Context, tx *sql.Tx, runs []int64) error {
	for _, q := range []string{cancelOrdersSQL, cancelChunksSQL, cancelRetriesSQL} {
		if _, err := tx.ExecContext(ctx, q, pq.Array(runs), s.now().UTC()); err != nil {
			return fmt.Errorf("cancel runs %v: %w", runs, err)
		}
	}
	return nil
}
