package gateway

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/lib/pq"

	"canhgiac/residents"
)

// audienceAge is how old a count may be although nothing that its mark names has changed: numbers are ported.
const audienceAge = time.Hour

// markSQL stands elsewhere whenever people were imported, agreed or withdrew, and when the routes are others.
const markSQL = `
select concat_ws(' ', (select max(id) from consents), (select max(id) from imports), md5($1))`

const audienceCountSQL = `select mark, counted_at from audience_counts`

// audienceCount says whether the last count holds still, and whether there was one at all.
func (s *Store) audienceCount(ctx context.Context) (mark string, holds, known bool, err error) {
	if err := s.db.QueryRowContext(ctx, markSQL, s.routes.table+s.routes.rest).Scan(&mark); err != nil {
		return "", false, false, fmt.Errorf("look whether the audience changed: %w", err)
	}
	var last string
	var at time.Time
	err = s.db.QueryRowContext(ctx, audienceCountSQL).Scan(&last, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return mark, false, false, nil
	}
	if err != nil {
		return "", false, false, fmt.Errorf("look when the audience was counted: %w", err)
	}
	return mark, last == mark && s.now().Sub(at) < audienceAge, true, nil
}

// CountAudience counts the audience again if anything changed, and says how long that took. It reads every resident.
func (s *Store) CountAudience(ctx context.Context) (time.Duration, error) {
	mark, holds, _, err := s.audienceCount(ctx)
	if err != nil || holds {
		return 0, err
	}
	return s.countAudience(ctx, mark)
}

const lockAudienceSQL = `lock table audience_counts in share row exclusive mode`

const clearAudienceSQL = `delete from audience_tallies`

// tallyAudienceSQL counts each number once, with all units that its people live in, and by the carrier that expandSQL would
// choose.
const tallyAudienceSQL = `
insert into audience_tallies (units, carrier, numbers)
select units, coalesce(p.carrier, ` + prefixSQL + `, $2) as carrier, count(*)
from (select phone, array_agg(distinct unit_id order by unit_id) as units from (` + residents.EligibleSQL + `) r group by phone) a
left join ported_numbers p on p.phone = a.phone and p.carrier = any($1)
group by 1, 2`

const keepAudienceSQL = `
insert into audience_counts (mark, counted_at) values ($1, $2)
on conflict (one) do update set mark = excluded.mark, counted_at = excluded.counted_at`

func (s *Store) countAudience(ctx context.Context, mark string) (time.Duration, error) {
	fail := func(err error) (time.Duration, error) { return 0, fmt.Errorf("count the audience: %w", err) }
	start, at := time.Now(), s.now().UTC()
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fail(err)
	}
	defer func() { _ = tx.Rollback() }()
	for _, q := range []string{lockAudienceSQL, clearAudienceSQL} {
		if _, err := tx.ExecContext(ctx, q); err != nil {
			return fail(err)
		}
	}
	if _, err := tx.ExecContext(ctx, tallyAudienceSQL, pq.Array(s.routes.names), s.routes.rest, s.routes.table); err != nil {
		return fail(err)
	}
	if _, err := tx.ExecContext(ctx, keepAudienceSQL, mark, at); err != nil {
		return fail(err)
	}
	if err := tx.Commit(); err != nil {
		return fail(err)
	}
	return time.Since(start), nil
}

// sharesSQL adds up what any of the units below the audience's has.
const sharesSQL = `
with recursive below (id) as (
	select unnest($1::bigint[]) union select c.id from units c join below b on c.parent_id = b.id
)
select carrier, sum(numbers) from audience_tallies where units && array(select id from below) group by carrier`

// shares gives how many numbers of the audience leave by each carrier, as of the last count, which is made anew first in a
// small ward, and in any that was never counted.
func (s *Store) shares(ctx context.Context, a residents.Audience) (map[string]int, error) {
	mark, holds, known, err := s.audienceCount(ctx)
	if err != nil {
		return nil, err
	}
	small := !known
	if !holds && known {
		if err := s.db.QueryRowContext(ctx, residents.SmallWardSQL).Scan(&small); err != nil {
			return nil, err
		}
	}
	if !holds && small {
		if _, err := s.countAudience(ctx, mark); err != nil {
			return nil, err
		}
	}
	rows, err := s.db.QueryContext(ctx, sharesSQL, pq.Array(a.Units))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[string]int{}
	for rows.Next() {
		var carrier string
		var n int
		if err := rows.Scan(&carrier, &n); err != nil {
			return nil, err
		}
		all[carrier] = n
	}
	return all, rows.Err()
}
