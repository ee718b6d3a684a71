package jobs

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Trouble is what somebody who looks after the machines has to see to. A file that cannot be read is its owner's matter and
// is not counted.
type Trouble struct {
	Failed     int       // given up after all their tries
	LastFailed int64     // the newest of them
	LastKind   Kind      // of that
	FailedAt   time.Time // when it ended
	Stuck      int       // nobody works at them, though they could be worked at
	StuckSince time.Time // the longest of them
}

// stuckAfter is when a job waits for longer than any node takes to come back to it.
const stuckAfter = 5 * time.Minute

// troubleSQL: a job in the queue is stuck only while none runs, since otherwise it may wait its turn behind a long one. One
// that runs is stuck when its lease ended long ago and no node took it over.
const troubleSQL = `
with failed as (
  select id, ended_at from jobs where state = 'failed' and problem = 'jobs.problem.tries' and ended_at > $1 and swept_at is null
), stuck as (
  select case state when 'queued' then ready_at else lease_until end as since from jobs
  where state = 'running' and lease_until < clock_timestamp() - $3 * interval '1 second'
    or state = 'queued' and ready_at < $2 and not exists (select from jobs where state = 'running' and lease_until >= clock_timestamp())
)
select (select count(*) from failed), coalesce((select max(id) from failed), 0),
  coalesce((select kind from jobs where id = (select max(id) from failed)), ''), (select max(ended_at) from failed), (select count(*) from stuck), (select min(since) from stuck)`

// Trouble counts the jobs that failed since then, and those that are stuck now.
func (s *Store) Trouble(ctx context.Context, since time.Time) (Trouble, error) {
	var t Trouble
	var failedAt, stuckSince sql.NullTime
	err := s.db.QueryRowContext(ctx, troubleSQL, since, s.now().UTC().Add(-stuckAfter), stuckAfter.Seconds()).Scan(&t.Failed, &t.LastFailed, &t.LastKind, &failedAt, &t.Stuck, &stuckSince)
	if err != nil {
		return t, fmt.Errorf("count jobs in trouble: %w", err)
	}
	t.FailedAt, t.StuckSince = failedAt.Time, stuckSince.Time
	return t, nil
}
