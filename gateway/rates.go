package gateway

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

const (
	grantTime  = 250 * time.Millisecond // a grant is good for the parts of this long at the most
	slowEvery  = time.Second            // a carrier's rate is halved at most once in this long
	regainTime = 30 * time.Second       // in which it regains what it was
	slowEnds   = 10 * time.Minute       // a carrier without a limit that has not complained for this long has none again
)

// grant is leave to send n parts, one each every, from start on. Without a limit it is leave to send any number.
type grant struct {
	start  time.Time
	of, n  int // parts at first, and left
	every  time.Duration
	free   bool
	slowed int32 // complaints of the carrier before it was given
}

// until says when the grant is worth nothing any more, used up or not.
func (g grant) until() time.Time {
	if g.free {
		return g.start.Add(slowEvery)
	}
	return g.start.Add(time.Duration(g.of)*g.every + late)
}

// ahead says that the next grant should be asked for now.
func (g grant) ahead(now time.Time) bool {
	if g.free {
		return now.After(g.start.Add(slowEvery / 2))
	}
	return g.n <= g.of/2
}

// rateSQL is the carrier's rate in parts a second at this moment, null for no limit. $2 is the configured one or 0.
const rateSQL = `case
	when rate is null or $2::float8 = 0 and slowed_at < clock_timestamp() - $3 * interval '1 millisecond' then nullif($2::float8, 0)
	else least(nullif($2::float8, 0), rate + step * extract(epoch from clock_timestamp() - slowed_at)) end`

// grantSQL takes the next slot of the carrier's time. Who asks gets no more than it has use for, so that one node alone
// gets all of the rate and several share it as they need it; and a slot that was not used is gone, not saved up.
const grantSQL = `
with now as (
	select carrier, next_at, ` + rateSQL + ` as rate from carrier_rates where carrier = $1 for update
),
slot as (
	select carrier, rate, greatest(next_at, clock_timestamp()) as start, least($4::float8, greatest(1, floor(rate * $5 / 1000))) as n from now
),
taken as (
	update carrier_rates c set next_at = s.start + s.n / s.rate * interval '1 second'
	from slot s where c.carrier = s.carrier and s.rate is not null
)
select extract(epoch from start - clock_timestamp())::float8, n::int, coalesce(rate, 0)::float8 from slot`

const addRateSQL = `insert into carrier_rates (carrier, next_at) values ($1, clock_timestamp()) on conflict (carrier) do nothing`

// grant gives up to n parts of the carrier's time; rate is the configured one in parts a second, 0 for no limit.
func (s *Store) grant(ctx context.Context, h *hot, carrier string, rate float64, n int) (g grant, err error) {
	found := false
	for range 2 {
		asked := time.Now()
		err = h.each(ctx, grantSQL, func(scan func(...any) error) error {
			found = true
			var wait, each float64
			if err := scan(&wait, &g.n, &each); err != nil {
				return err
			}
			g.start = asked.Add(time.Duration(wait * float64(time.Second)))
			if each == 0 {
				g.n, g.free = 0, true
				return nil
			}
			g.of, g.every = g.n, time.Duration(float64(time.Second)/each)
			return nil
		}, carrier, rate, slowEnds.Milliseconds(), n, grantTime.Milliseconds())
		if err != nil || found {
			break
		}
		if err = h.exec(ctx, addRateSQL, carrier); err != nil {
			break
		}
	}
	if err != nil {
		return grant{}, fmt.Errorf("ask for %d parts of %s: %w", n, carrier, err)
	}
	return g, nil
}

const rateNowSQL = `select coalesce(` + rateSQL + `, 0), slowed_at from carrier_rates where carrier = $1`

// rate gives what the carrier is held to now; configured is 0 for no limit.
func (s *Store) rate(ctx context.Context, carrier string, configured float64) (RateStatus, error) {
	r := RateStatus{Configured: configured, Now: configured}
	var slowed sql.NullTime
	err := s.db.QueryRowContext(ctx, rateNowSQL, carrier, configured, slowEnds.Milliseconds()).Scan(&r.Now, &slowed)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return r, fmt.Errorf("read the rate of %s: %w", carrier, err)
	}
	if r.Now != configured {
		r.SlowedAt = known(slowed)
	}
	return r, nil
}

// slowSQL halves the rate: of a carrier without a limit, what it was seen to take ($4). It comes back by a step a second.
const slowSQL = `
update carrier_rates set
	rate = greatest(1, coalesce(` + rateSQL + `, $4::float8) / 2),
	step = greatest(coalesce(nullif($2::float8, 0), ` + rateSQL + `, $4::float8) / $5::float8,
	                case when slowed_at > clock_timestamp() - $3 * interval '1 millisecond' then step end),
	slowed_at = clock_timestamp()
where carrier = $1 and (slowed_at is null or slowed_at < clock_timestamp() - $6 * interval '1 millisecond')
returning rate`

// slow halves the carrier's rate for all nodes, unless one of them has just done it. It gives the new rate, 0 where it was
// left alone.
func (s *Store) slow(ctx context.Context, h *hot, carrier string, rate, seen float64) (now float64, err error) {
	err = h.each(ctx, slowSQL, func(scan func(...any) error) error { return scan(&now) },
		carrier, rate, slowEnds.Milliseconds(), seen, regainTime.Seconds(), slowEvery.Milliseconds())
	if err != nil {
		return 0, fmt.Errorf("slow %s down: %w", carrier, err)
	}
	return now, nil
}
