package gateway

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

const (
	tallyEvery = time.Minute
	tallyRest  = 20 // times what a count took: it must not be what the database does most
	// tallySettles is how long after its receipt's deadline a message's day is counted for good.
	tallySettles = 24 * time.Hour
)

// keepTally counts messages by hour and day for the statistics pages until ctx ends. Every node tries; one does it.
func (s *Store) keepTally(ctx context.Context, patience time.Duration, log *slog.Logger) {
	for rest := time.Duration(0); wait(ctx, rest); {
		began := time.Now()
		err := s.Tally(ctx, patience)
		if err != nil && ctx.Err() == nil {
			log.Error("count messages by day", "error", err)
		}
		rest = max(tallyEvery, tallyRest*time.Since(began))
	}
}

// tallyLockSQL: the first count begins with the first message, at its midnight in the ward.
const tallyLockSQL = `select closed_to, counted_at from message_tally for update skip locked`

const tallyBeginSQL = `
insert into message_tally (closed_to, counted_at)
select date_trunc('day', coalesce(least((select min(accepted_at) from sent),
       (select min(submitted_at) from sent where accepted_at is null and submitted_at is not null)), $1::timestamptz), 'Asia/Ho_Chi_Minh'), 'epoch'
where not exists (select from message_tally) on conflict do nothing`

// tallyDropSQL and tallyCountSQL count what is open anew: a receipt moves a message from one count to another, and to tell
// which would cost each receipt an update of a row that all the others want. A message stands in the hour of its acceptance,
// or of its only try. What never left, as for an opt-out, is no message to anybody.
const tallyDropSQL = `
with h as (delete from message_hours where hour >= $1), d as (delete from message_days where day >= $1)
delete from message_failures where day >= $1`

const tallyCountSQL = `
with m as (
	select message_id, carrier, state, parts, error, accepted_at as at from sent where accepted_at >= $1
	union all
	select message_id, carrier, state, 0, error, submitted_at from sent where accepted_at is null and submitted_at is not null and submitted_at >= $1
),
counted as materialized (
	select date_trunc('hour', m.at) as hour, m.carrier, coalesce(x.unit_id, 0) as unit,
	       case when m.state in ('delivered', 'accepted', 'unknown') then m.state else 'failed' end as state,
	       case when m.state in ('delivered', 'accepted', 'unknown') then '' else coalesce(nullif(left(m.error, 80), ''), m.state) end as reason,
	       count(*) as n, sum(m.parts) as parts
	from m left join messages x on x.id = m.message_id
	group by 1, 2, 3, 4, 5
),
hours as (
	insert into message_hours (hour, carrier, state, n, parts) select hour, carrier, state, sum(n), sum(parts) from counted group by 1, 2, 3
),
byday as (
	insert into message_days (day, unit_id, state, n)
	select date_trunc('day', hour, 'Asia/Ho_Chi_Minh'), unit, state, sum(n) from counted group by 1, 2, 3
)
insert into message_failures (day, carrier, reason, n)
select date_trunc('day', hour, 'Asia/Ho_Chi_Minh'), carrier, reason, sum(n) from counted where state = 'failed' group by 1, 2, 3`

const tallyCloseSQL = `
update message_tally set counted_at = $1::timestamptz,
       closed_to = greatest(closed_to, date_trunc('day', $1::timestamptz - $2 * interval '1 second', 'Asia/Ho_Chi_Minh'))`

// Tally counts the messages of all days that are not closed. A day closes when no receipt of it is waited for any more,
// which is patience after its acceptance. While another node counts it does nothing.
func (s *Store) Tally(ctx context.Context, patience time.Duration) error {
	now := s.now().UTC()
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("count messages by day: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, tallyBeginSQL, now); err != nil {
		return fmt.Errorf("begin to count messages by day: %w", err)
	}
	var closed, counted time.Time
	if err := tx.QueryRowContext(ctx, tallyLockSQL).Scan(&closed, &counted); errors.Is(err, sql.ErrNoRows) {
		return nil
	} else if err != nil {
		return fmt.Errorf("count messages by day: %w", err)
	}
	if now.Sub(counted) < tallyEvery/2 && !now.Before(counted) {
		return nil // another node did just now
	}
	if _, err := tx.ExecContext(ctx, tallyDropSQL, closed); err != nil {
		return fmt.Errorf("count messages since %s: %w", closed, err)
	}
	if _, err := tx.ExecContext(ctx, tallyCountSQL, closed); err != nil {
		return fmt.Errorf("count messages since %s: %w", closed, err)
	}
	if _, err := tx.ExecContext(ctx, tallyCloseSQL, now, (patience + tallySettles).Seconds()); err != nil {
		return fmt.Errorf("count messages since %s: %w", closed, err)
	}
	return tx.Commit()
}
