package campaigns

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/lib/pq"

	"canhgiac/gateway"
	"canhgiac/residents"
)

// A count reads every message of what may still move. It is made beside the requests, and then rests for countRest times as
// long as it took, so that counting never takes more than a twentieth of one connection. Only in a small ward it is counted by
// who asks, and is never old.
const (
	countRest  = 20
	leastPause = time.Second
	mostPause  = time.Hour
	countFor   = 30 * 24 * time.Hour // after a campaign ended, nothing of it changes any more
)

// dueSQL makes a campaign's count due.
const dueSQL = `
insert into campaign_counts (campaign_id, due_at) values ($1, $2) on conflict (campaign_id) do update set due_at = excluded.due_at, pause_us = 0`

const nextDueSQL = `select campaign_id from campaign_counts where due_at <= $1 order by due_at limit 1`

// CountDue counts the campaign that has waited longest for it and says how long that took; 0 when none is due.
func (s *Store) CountDue(ctx context.Context) (took time.Duration, err error) {
	ids, err := s.ids(ctx, nextDueSQL, s.now().UTC())
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	return s.count(ctx, ids[0])
}

// calmSQL keeps a count to one processor, and its sort in memory.
const calmSQL = `set local max_parallel_workers_per_gather = 0; set local jit = off; set local work_mem = '64MB'`

// movingSQL are the runs whose messages may still change: of the others the last count holds.
const movingSQL = `
select id from campaign_runs r where campaign_id = $1 and (done_at is null
  or not exists (select from run_tallies t where t.run_id = r.id)
  or exists (select from run_tallies t where t.run_id = r.id and queued + submitting + accepted + unknown > 0))`

const keepTalliesSQL = `
insert into run_tallies as t (run_id, unit_id, queued, submitting, accepted, delivered, unknown, failed, expired, suppressed, cancelled)
select $1, * from unnest($2::bigint[], $3::int[], $4::int[], $5::int[], $6::int[], $7::int[], $8::int[], $9::int[], $10::int[], $11::int[])
on conflict (run_id, unit_id) do update
set queued = excluded.queued, submitting = excluded.submitting, accepted = excluded.accepted, delivered = excluded.delivered, unknown = excluded.unknown,
    failed = excluded.failed, expired = excluded.expired, suppressed = excluded.suppressed, cancelled = excluded.cancelled
where (t.queued, t.submitting, t.accepted, t.delivered, t.unknown, t.failed, t.expired, t.suppressed, t.cancelled) is distinct from
      (excluded.queued, excluded.submitting, excluded.accepted, excluded.delivered, excluded.unknown, excluded.failed, excluded.expired, excluded.suppressed, excluded.cancelled)`

// arrivedSQL is the one meaning of "reached": numbers to which a message was delivered, or a call of which what it was for
// began to be heard (CallHeard). It reads gateway's tables. A household's number is in the audience by one of its people, and
// consent may pass from one to the other: what came to any of them came to the number.
const arrivedSQL = `
select m.phone from chunks c join messages m on m.chunk_id = c.id join sent s on s.message_id = m.id
where %s and s.state = 'delivered'
union select k.phone from campaign_calls k where %s and k.result = '` + CallHeard + `'`

// reachSQL counts a number once however often the campaign came to it, and only while it still belongs to the audience, so
// that it can be set against reachable. The audience is that of the campaign's channel.
var reachSQL = `
with reached as materialized (` + fmt.Sprintf(arrivedSQL, "c.run_id = any($2)", "k.run_id = any($2)") + `)
select a.unit_id, count(*), count(d.phone) from (<audience>) a left join reached d on d.phone = a.phone group by a.unit_id`

var reachSQLs = map[string]string{
	ChannelSMS:         reachIn(residents.AudienceSQL),
	ChannelCall:        reachIn(residents.CallAudienceSQL),
	ChannelSMSThenCall: reachIn(residents.AnyAudienceSQL),
}

func reachIn(audience string) string { return strings.Replace(reachSQL, "<audience>", audience, 1) }

const forgetReachSQL = `delete from reach_tallies where campaign_id = $1 and unit_id <> all($2)`

const keepReachSQL = `
insert into reach_tallies as t (campaign_id, unit_id, reachable, delivered) select $1, * from unnest($2::bigint[], $3::int[], $4::int[])
on conflict (campaign_id, unit_id) do update set reachable = excluded.reachable, delivered = excluded.delivered
where (t.reachable, t.delivered) is distinct from (excluded.reachable, excluded.delivered)`

// countedSQL gives the next count a time: soon after one that found changes, later and later after one that did not.
const countedSQL = `
update campaign_counts set revision = revision + $3::int, counted_at = $2,
  pause_us = p.pause, due_at = case when not $6 then $2::timestamptz + p.pause * interval '1 microsecond' end
from (select least(greatest($4::bigint, case when $3::int = 0 then 2 * pause_us else 0 end), greatest($5::bigint, $4::bigint)) as pause
      from campaign_counts where campaign_id = $1) p
where campaign_id = $1 and (counted_at is null or counted_at <= $2)`

// count counts one campaign again. An older count that ends after a newer one changes nothing but for a moment: the next one
// is due by then.
func (s *Store) count(ctx context.Context, id int64) (time.Duration, error) {
	start, at := time.Now(), s.now().UTC()
	c, err := s.Get(ctx, id, nil)
	if err != nil {
		return 0, err
	}
	err = s.in(ctx, func(tx *sql.Tx) error {
		changed, err := s.tally(ctx, tx, c)
		if err != nil {
			return err
		}
		took, over := time.Since(start), c.State.Ended() && c.UpdatedAt.Before(at.Add(-countFor))
		_, err = tx.ExecContext(ctx, countedSQL, id, at, changed, max(countRest*took, leastPause).Microseconds(), mostPause.Microseconds(), over)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("count campaign %d: %w", id, err)
	}
	return time.Since(start), nil
}

// tally says by 1 that it found something else than the count before, by 0 that it did not.
func (s *Store) tally(ctx context.Context, tx *sql.Tx, c Campaign) (changed int, err error) {
	if _, err := tx.ExecContext(ctx, calmSQL); err != nil {
		return 0, err
	}
	moving, err := ids(ctx, tx, movingSQL, c.ID)
	if err != nil {
		return 0, err
	}
	counted := map[int64][]gateway.UnitProgress{}
	for _, run := range moving {
		if counted[run], err = s.gw.ProgressByUnit(ctx, tx, []int64{run}); err != nil {
			return 0, err
		}
	}
	runs, err := ids(ctx, tx, runIDsSQL, c.ID)
	if err != nil {
		return 0, err
	}
	units, reachable, delivered, err := countReach(ctx, tx, reachSQLs[c.Channel], c.Units, runs)
	if err != nil {
		return 0, err
	}
	write := func(query string, args ...any) error {
		r, err := tx.ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		n, err := r.RowsAffected()
		if n > 0 {
			changed = 1
		}
		return err
	}
	for run, list := range counted {
		if err := write(keepTalliesSQL, tallyColumns(run, list)...); err != nil {
			return 0, err
		}
	}
	if err := write(forgetReachSQL, c.ID, pq.Array(units)); err != nil {
		return 0, err
	}
	return changed, write(keepReachSQL, c.ID, pq.Array(units), pq.Array(reachable), pq.Array(delivered))
}

func tallyColumns(run int64, list []gateway.UnitProgress) []any {
	columns := make([][]int64, 10)
	for _, u := range list {
		for i, n := range []int64{u.UnitID, int64(u.Queued), int64(u.Submitting), int64(u.Accepted), int64(u.Delivered), int64(u.Unknown),
			int64(u.Failed), int64(u.Expired), int64(u.Suppressed), int64(u.Cancelled)} {
			columns[i] = append(columns[i], n)
		}
	}
	args := []any{run}
	for _, c := range columns {
		args = append(args, pq.Array(c))
	}
	return args
}

func countReach(ctx context.Context, tx *sql.Tx, query string, audience, runs []int64) (units, reachable, delivered []int64, err error) {
	rows, err := tx.QueryContext(ctx, query, pq.Array(audience), pq.Array(runs))
	if err != nil {
		return nil, nil, nil, err
	}
	defer rows.Close()
	units = []int64{}
	for rows.Next() {
		var unit, can, did int64
		if err := rows.Scan(&unit, &can, &did); err != nil {
			return nil, nil, nil, err
		}
		units, reachable, delivered = append(units, unit), append(reachable, can), append(delivered, did)
	}
	return units, reachable, delivered, rows.Err()
}
