package reports

import (
	"context"
	"fmt"
	"time"

	"canhgiac/internal/days"
	"canhgiac/residents"
)

// Statistics are the reports of a time, counted by what is known of them. Those that their reporter cancelled are left out;
// those that were not sent to the end are in, since the desk works on them too.
type Statistics struct {
	Days    []days.Count   // by urgency, "1" to "5"
	Hours   map[int]int    // by the hour of the day
	Kinds   map[int]int    // 0: not told
	Bands   map[int]int    // of reports of lost money; 0: not told
	Origins map[string]int // call, sms, ussd, api
	Units   map[int64]int  // 0: who reported is in no group that is known
	Total   int
}

// statisticsSQL reads the reports once. $3: the units that the one who asks may see.
var statisticsSQL = `
with r as materialized (
	select ` + days.SQL("created_at") + ` as day, extract(hour from created_at at time zone 'Asia/Ho_Chi_Minh')::int as hour,
	       urgency, kind, money, band, origin, coalesce(unit_id, 0) as unit
	from reports where created_at >= $1 and created_at < $2 and not cancelled and ($3::bigint[] is null or unit_id = any($3))
)
select 'day', day, urgency::text, count(*) from r group by day, urgency
union all select 'hour', null, hour::text, count(*) from r group by hour
union all select 'kind', null, kind::text, count(*) from r group by kind
union all select 'band', null, band::text, count(*) from r where money = 'lost' group by band
union all select 'origin', null, origin, count(*) from r group by origin
union all select 'unit', null, unit::text, count(*) from r group by unit`

// Statistics counts the reports that were opened from from until to, which it does not hold.
func (s *Store) Statistics(ctx context.Context, from, to time.Time, of residents.Scope) (Statistics, error) {
	st := Statistics{Hours: map[int]int{}, Kinds: map[int]int{}, Bands: map[int]int{}, Origins: map[string]int{}, Units: map[int64]int{}}
	rows, err := s.db.QueryContext(ctx, statisticsSQL, from, to, of)
	if err != nil {
		return st, fmt.Errorf("count reports: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var what, name string
		var day *time.Time
		var n int
		if err := rows.Scan(&what, &day, &name, &n); err != nil {
			return st, fmt.Errorf("count reports: %w", err)
		}
		var key int64
		_, _ = fmt.Sscan(name, &key) // all but origins are numbers
		switch what {
		case "day":
			st.Days = append(st.Days, days.Count{At: *day, Of: name, N: n})
			st.Total += n
		case "hour":
			st.Hours[int(key)] = n
		case "kind":
			st.Kinds[int(key)] = n
		case "band":
			st.Bands[int(key)] = n
		case "origin":
			st.Origins[name] = n
		case "unit":
			st.Units[key] = n
		}
	}
	if err := rows.Err(); err != nil {
		return st, fmt.Errorf("count reports: %w", err)
	}
	return st, nil
}

// Reception is how long the reports of one step of time waited for an officer.
type Reception struct {
	Begin        time.Time
	Received     int
	Waiting      int           // not received yet: they are in neither span
	Median, Slow time.Duration // half waited no longer, 19 of 20 waited no longer
}

const receptionsSQL = `
select date_trunc($3, created_at, 'Asia/Ho_Chi_Minh') as begins, count(received_at), count(*) - count(received_at),
       coalesce(percentile_cont(0.5) within group (order by extract(epoch from received_at - created_at)), 0),
       coalesce(percentile_cont(0.95) within group (order by extract(epoch from received_at - created_at)), 0)
from reports where created_at >= $1 and created_at < $2 and not cancelled and ($4::bigint[] is null or unit_id = any($4))
group by 1 order by 1`

// Receptions tells for each step of the time, where there was a report, how long its reports waited.
func (s *Store) Receptions(ctx context.Context, from, to time.Time, step days.Step, of residents.Scope) ([]Reception, error) {
	rows, err := s.db.QueryContext(ctx, receptionsSQL, from, to, string(step), of)
	if err != nil {
		return nil, fmt.Errorf("read how long reports waited: %w", err)
	}
	defer rows.Close()
	var list []Reception
	for rows.Next() {
		var r Reception
		var median, slow float64
		if err := rows.Scan(&r.Begin, &r.Received, &r.Waiting, &median, &slow); err != nil {
			return nil, fmt.Errorf("read how long reports waited: %w", err)
		}
		r.Median, r.Slow = time.Duration(median*float64(time.Second)), time.Duration(slow*float64(time.Second))
		list = append(list, r)
	}
	return list, rows.Err()
}

// NamedNumber is a number that several reports name.
type NamedNumber struct {
	Number string // as the latest of them has it
	N      int
	Last   time.Time
}

const mostNamedSQL = `
select (array_agg(scam_number order by created_at desc))[1], count(*), max(created_at)
from reports where scam_key <> '' and created_at >= $1 and created_at < $2 and not cancelled and ($3::bigint[] is null or unit_id = any($3))
group by scam_key having count(*) > 1 order by 2 desc, 3 desc limit 20`

// MostNamed gives the twenty numbers that most reports of the time name, of those that more than one does.
func (s *Store) MostNamed(ctx context.Context, from, to time.Time, of residents.Scope) ([]NamedNumber, error) {
	rows, err := s.db.QueryContext(ctx, mostNamedSQL, from, to, of)
	if err != nil {
		return nil, fmt.Errorf("read the numbers named most: %w", err)
	}
	defer rows.Close()
	var list []NamedNumber
	for rows.Next() {
		var n NamedNumber
		if err := rows.Scan(&n.Number, &n.N, &n.Last); err != nil {
			return nil, fmt.Errorf("read the numbers named most: %w", err)
		}
		list = append(list, n)
	}
	return list, rows.Err()
}
