package gateway

import (
	"context"
	"fmt"
	"time"

	"canhgiac/internal/days"
)

// WaitsSample is of how many messages at most Waits tells: of the latest.
const WaitsSample = 10_000

// queueWaitsSQL takes single messages, which are to leave at once; a run's wait for their hour. Their ids rise with the time of
// queueing, so that the sample is the end of an index, however many there are.
const queueWaitsSQL = `
with latest as materialized (select message_id, queued_at from singles order by message_id desc limit $4)
select date_trunc($3, queued_at, 'Asia/Ho_Chi_Minh'), count(*),
       percentile_cont(0.5) within group (order by extract(epoch from submitted_at - queued_at)),
       percentile_cont(0.95) within group (order by extract(epoch from submitted_at - queued_at))
from latest join sent using (message_id)
where queued_at >= $1 and queued_at < $2 and submitted_at is not null
group by 1 order by 1`

// Wait is how long the messages queued in one step of time waited until they were put to their carrier.
type Wait struct {
	Begin        time.Time
	N            int
	Median, Slow time.Duration // half waited no longer, 19 of 20 waited no longer
}

// Waits tells for each step of the time in which single messages were queued how long these waited.
func (s *Store) Waits(ctx context.Context, from, to time.Time, step days.Step) ([]Wait, error) {
	rows, err := s.db.QueryContext(ctx, queueWaitsSQL, from, to, string(step), WaitsSample)
	if err != nil {
		return nil, fmt.Errorf("read how long messages waited: %w", err)
	}
	defer rows.Close()
	var list []Wait
	for rows.Next() {
		var w Wait
		var median, slow float64
		if err := rows.Scan(&w.Begin, &w.N, &median, &slow); err != nil {
			return nil, fmt.Errorf("read how long messages waited: %w", err)
		}
		w.Median, w.Slow = time.Duration(median*float64(time.Second)), time.Duration(slow*float64(time.Second))
		list = append(list, w)
	}
	return list, rows.Err()
}
