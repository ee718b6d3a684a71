package campaigns

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/lib/pq"

	"canhgiac/residents"
)

// UnitReach is how far the reminders of all campaigns have come in one unit. A number counts in the unit of the resident who
// stands for it, and once, however many campaigns came to it.
type UnitReach struct {
	Residents int
	Agreed    int // residents who agreed to reminders and did not stop them
	Reachable int // numbers that an SMS or a call may go to now
	Reached   int // of them, those to which a message was delivered or a call heard
}

// wardMarkSQL stands elsewhere whenever people were imported, agreed or withdrew, and when a campaign's count found a change.
const wardMarkSQL = `
select concat_ws(' ', (select max(id) from consents), (select max(id) from imports), (select count(*) || ' ' || coalesce(sum(revision), 0) from campaign_counts))`

const wardCountedSQL = `select mark, counted_at from ward_reach_counts`

// wardReachAge is how old a count may be although nothing that its mark names has changed: people move.
const wardReachAge = time.Hour

// CountWard counts the whole ward's reach again if anything changed, and says how long that took. It reads every message.
func (s *Store) CountWard(ctx context.Context) (took time.Duration, err error) {
	var mark, last string
	var at time.Time
	if err := s.db.QueryRowContext(ctx, wardMarkSQL).Scan(&mark); err != nil {
		return 0, fmt.Errorf("look whether the ward's reach changed: %w", err)
	}
	err = s.db.QueryRowContext(ctx, wardCountedSQL).Scan(&last, &at)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("look when the ward's reach was counted: %w", err)
	}
	if err == nil && last == mark && s.now().Sub(at) < wardReachAge {
		return 0, nil
	}
	return s.countWard(ctx, mark)
}

const lockWardReachSQL = `lock table ward_reach_counts in share row exclusive mode`

const clearWardReachSQL = `delete from ward_reach`

const rootsSQL = `select id from units where parent_id is null`

// tallyWardSQL: the audience is everybody below $1 whom a message or a call may reach.
var tallyWardSQL = `
with reached as materialized (` + fmt.Sprintf(arrivedSQL, "true", "true") + `),
numbers as (
  select a.unit_id, count(*) as reachable, count(d.phone) as reached
  from (` + residents.AnyAudienceSQL + `) a left join reached d on d.phone = a.phone group by a.unit_id
),
people as (
  select r.unit_id, count(*) as residents, count(*) filter (where r.consent_at is not null and o.phone is null) as agreed
  from residents r left join opt_outs o on o.phone = r.phone group by r.unit_id
)
insert into ward_reach (unit_id, residents, agreed, reachable, reached)
select unit_id, residents, agreed, coalesce(reachable, 0), coalesce(reached, 0) from people left join numbers using (unit_id)`

const keepWardReachSQL = `
insert into ward_reach_counts (mark, counted_at) values ($1, $2)
on conflict (one) do update set mark = excluded.mark, counted_at = excluded.counted_at`

func (s *Store) countWard(ctx context.Context, mark string) (time.Duration, error) {
	start, at := time.Now(), s.now().UTC()
	err := s.in(ctx, func(tx *sql.Tx) error {
		for _, q := range []string{calmSQL, lockWardReachSQL, clearWardReachSQL} {
			if _, err := tx.ExecContext(ctx, q); err != nil {
				return err
			}
		}
		roots, err := ids(ctx, tx, rootsSQL)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, tallyWardSQL, pq.Array(roots)); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, keepWardReachSQL, mark, at)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("count the ward's reach: %w", err)
	}
	return time.Since(start), nil
}

const wardReachSQL = `select unit_id, residents, agreed, reachable, reached from ward_reach`

// WardReach gives the reach of every unit as of the last count, which is made anew first in a small ward. at is zero where
// none was made yet.
func (s *Store) WardReach(ctx context.Context) (reach map[int64]UnitReach, at time.Time, err error) {
	fail := func(err error) (map[int64]UnitReach, time.Time, error) {
		return nil, time.Time{}, fmt.Errorf("read the ward's reach: %w", err)
	}
	var small bool
	if err := s.db.QueryRowContext(ctx, residents.SmallWardSQL).Scan(&small); err != nil {
		return fail(err)
	}
	if small {
		if _, err := s.countWard(ctx, ""); err != nil {
			return fail(err)
		}
	}
	var mark string
	err = s.db.QueryRowContext(ctx, wardCountedSQL).Scan(&mark, &at)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fail(err)
	}
	rows, err := s.db.QueryContext(ctx, wardReachSQL)
	if err != nil {
		return fail(err)
	}
	defer rows.Close()
	reach = map[int64]UnitReach{}
	for rows.Next() {
		var unit int64
		var u UnitReach
		if err := rows.Scan(&unit, &u.Residents, &u.Agreed, &u.Reachable, &u.Reached); err != nil {
			return fail(err)
		}
		reach[unit] = u
	}
	return reach, at, rows.Err()
}
