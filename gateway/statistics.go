package gateway

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"canhgiac/internal/days"
	"canhgiac/residents"
)

// CountedAt is when the statistics were last counted; zero before the first time.
func (s *Store) CountedAt(ctx context.Context) (time.Time, error) {
	var at time.Time
	err := s.db.QueryRowContext(ctx, `select counted_at from message_tally where counted_at > 'epoch'`).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	if err != nil {
		return at, fmt.Errorf("read when messages were counted: %w", err)
	}
	return at, nil
}

const outcomesByDaySQL = `
select day, state, sum(n) from message_days where day >= $1 and day < $2 and ($3::bigint[] is null or unit_id = any($3)) group by 1, 2`

// outcomesOfAllSQL reads the smaller table, which knows no units.
var outcomesOfAllSQL = `
select ` + days.SQL("hour") + `, state, sum(n) from message_hours where hour >= $1 and hour < $2 group by 1, 2`

// Outcomes counts the messages handed over on each day by what is known of them: delivered, accepted, unknown or failed.
func (s *Store) Outcomes(ctx context.Context, from, to time.Time, of residents.Scope) ([]days.Count, error) {
	if of == nil {
		return days.Read(ctx, s.db, "messages by day", outcomesOfAllSQL, from, to)
	}
	return days.Read(ctx, s.db, "messages by day and unit", outcomesByDaySQL, from, to, of)
}

// UnitReach is what came to one unit.
type UnitReach struct{ Delivered, Sent int }

const reachSQL = `
select unit_id, coalesce(sum(n) filter (where state = 'delivered'), 0), sum(n) from message_days
where day >= $1 and day < $2 and unit_id <> 0 group by unit_id`

// Reach counts by unit the messages of runs that were handed over, and those of them that are known to have arrived.
func (s *Store) Reach(ctx context.Context, from, to time.Time) (map[int64]UnitReach, error) {
	rows, err := s.db.QueryContext(ctx, reachSQL, from, to)
	if err != nil {
		return nil, fmt.Errorf("count messages by unit: %w", err)
	}
	defer rows.Close()
	reach := map[int64]UnitReach{}
	for rows.Next() {
		var unit int64
		var r UnitReach
		if err := rows.Scan(&unit, &r.Delivered, &r.Sent); err != nil {
			return nil, fmt.Errorf("count messages by unit: %w", err)
		}
		reach[unit] = r
	}
	return reach, rows.Err()
}

// byCarrierSQL counts by day, of which the page makes its weeks and months, or by hour.
var byCarrierSQL = `
select case when $3 then hour else ` + days.SQL("hour") + ` end, carrier, sum(n) from message_hours where hour >= $1 and hour < $2 group by 1, 2 order by 1, 2`

// ByCarrier counts the messages handed over in each hour or on each day by carrier.
func (s *Store) ByCarrier(ctx context.Context, from, to time.Time, step days.Step) ([]days.Count, error) {
	return days.Read(ctx, s.db, "messages by carrier", byCarrierSQL, from, to, step == days.Hour)
}

var partsByDaySQL = `
select ` + days.SQL("hour") + `, carrier, sum(parts) from message_hours where hour >= $1 and hour < $2 group by 1, 2 having sum(parts) > 0`

// Costs gives what the parts that carriers took on each day cost at today's prices, in VND by carrier, and how many parts
// went to carriers whose price is not known.
func (s *Store) Costs(ctx context.Context, from, to time.Time) (costs []days.Count, unpriced int, err error) {
	parts, err := days.Read(ctx, s.db, "parts by carrier", partsByDaySQL, from, to)
	if err != nil {
		return nil, 0, err
	}
	for _, p := range parts {
		price := s.texts[p.Of].Cost
		if price == 0 {
			unpriced += p.N
			continue
		}
		p.N *= price
		costs = append(costs, p)
	}
	return costs, unpriced, nil
}

// Failure is a reason for which messages did not arrive, as their carrier gave it.
type Failure struct {
	Carrier, Reason string
	N               int
}

const failuresSQL = `
select carrier, reason, sum(n) from message_failures where day >= $1 and day < $2 group by 1, 2 order by 3 desc, 1, 2 limit 30`

// Failures gives the reasons for which most messages failed.
func (s *Store) Failures(ctx context.Context, from, to time.Time) ([]Failure, error) {
	rows, err := s.db.QueryContext(ctx, failuresSQL, from, to)
	if err != nil {
		return nil, fmt.Errorf("count failures: %w", err)
	}
	defer rows.Close()
	var list []Failure
	for rows.Next() {
		var f Failure
		if err := rows.Scan(&f.Carrier, &f.Reason, &f.N); err != nil {
			return nil, fmt.Errorf("count failures: %w", err)
		}
		list = append(list, f)
	}
	return list, rows.Err()
}

var inboundByDaySQL = `
select ` + days.SQL("at") + `, 'sms', count(*) from inbound where at >= $1 and at < $2 group by 1`

// InboundByDay counts the SMS that came in.
func (s *Store) InboundByDay(ctx context.Context, from, to time.Time) ([]days.Count, error) {
	return days.Read(ctx, s.db, "inbound messages", inboundByDaySQL, from, to)
}
