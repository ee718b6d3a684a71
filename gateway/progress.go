package gateway

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/lib/pq"
)

// progressSQL counts from the chunks, which are few, and from the outcomes; it need not read the messages. Below the
// watermark a message has an outcome, waits in the outbox, or is submitting.
const progressSQL = `
select coalesce(c.size, 0), coalesce(c.queued, 0) + coalesce(o.queued, 0),
       coalesce(c.entered, 0) - coalesce(s.n, 0) - coalesce(o.queued, 0),
       coalesce(s.accepted, 0), coalesce(s.delivered, 0), coalesce(s.unknown, 0), coalesce(s.failed, 0),
       coalesce(s.expired, 0) + coalesce(c.expired, 0), coalesce(s.suppressed, 0),
       coalesce(s.cancelled, 0) + coalesce(c.cancelled, 0)
from (select sum(size) as size, sum(watermark) as entered,
             sum(size - watermark) filter (where state in ('open', 'done')) as queued,
             sum(size - watermark) filter (where state = 'expired') as expired,
             sum(size - watermark) filter (where state = 'cancelled') as cancelled
      from chunks where run_id = any($1)) c,
     (select count(*) filter (where lease_node is null) as queued
      from unnest($1::bigint[]) run join outbox on message_id >= run << 32 and message_id < (run + 1) << 32) o,
     (select count(*) as n, count(*) filter (where state = 'accepted') as accepted,
             count(*) filter (where state = 'delivered') as delivered, count(*) filter (where state = 'unknown') as unknown,
             count(*) filter (where state = 'failed') as failed, count(*) filter (where state = 'expired') as expired,
             count(*) filter (where state = 'suppressed') as suppressed, count(*) filter (where state = 'cancelled') as cancelled
      from unnest($1::bigint[]) run join sent on message_id >= run << 32 and message_id < (run + 1) << 32) s`

// Progress counts the messages of the runs by state, all at one moment.
func (s *Store) Progress(ctx context.Context, runs []int64) (Progress, error) {
	var p Progress
	err := s.db.QueryRowContext(ctx, progressSQL, pq.Array(runs)).Scan(&p.Total, &p.Queued, &p.Submitting, &p.Accepted,
		&p.Delivered, &p.Unknown, &p.Failed, &p.Expired, &p.Suppressed, &p.Cancelled)
	if err != nil {
		return Progress{}, fmt.Errorf("count runs %v: %w", runs, err)
	}
	return p, nil
}

// stateSQL is a message's state by where it stands: its outcome, its row in the outbox, or its place in its chunk.
const stateSQL = `coalesce(s.state, case
	when o.message_id is not null and o.lease_node is null then 'queued'
	when o.message_id is not null or m.pos < c.watermark then 'submitting'
	when c.state in ('cancelled', 'expired') then c.state
	else 'queued' end)`

const progressByUnitSQL = `
select m.unit_id, ` + stateSQL + ` as state, count(*)
from chunks c
join messages m on m.chunk_id = c.id
left join sent s on s.message_id = m.id
left join outbox o on o.message_id = m.id
where c.run_id = any($1)
group by 1, 2 order by 1`

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// ProgressByUnit counts them by unit and state, ordered by unit, on db or in a transaction. It reads every message: for a
// counter, not for a page.
func (s *Store) ProgressByUnit(ctx context.Context, tx querier, runs []int64) ([]UnitProgress, error) {
	rows, err := tx.QueryContext(ctx, progressByUnitSQL, pq.Array(runs))
	if err != nil {
		return nil, fmt.Errorf("count runs %v by unit: %w", runs, err)
	}
	defer rows.Close()
	var list []UnitProgress
	for rows.Next() {
		var unit int64
		var state State
		var n int
		if err := rows.Scan(&unit, &state, &n); err != nil {
			return nil, fmt.Errorf("count runs %v by unit: %w", runs, err)
		}
		if len(list) == 0 || list[len(list)-1].UnitID != unit {
			list = append(list, UnitProgress{UnitID: unit})
		}
		list[len(list)-1].add(state, n)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("count runs %v by unit: %w", runs, err)
	}
	return list, nil
}

// Plus adds q's counts.
func (p *Progress) Plus(q Progress) {
	p.Total += q.Total
	p.Queued += q.Queued
	p.Submitting += q.Submitting
	p.Accepted += q.Accepted
	p.Delivered += q.Delivered
	p.Unknown += q.Unknown
	p.Failed += q.Failed
	p.Expired += q.Expired
	p.Suppressed += q.Suppressed
	p.Cancelled += q.Cancelled
}

func (p *Progress) add(s State, n int) {
	p.Total += n
	switch s {
	case Queued:
		p.Queued += n
	case Submitting:
		p.Submitting += n
	case Accepted:
		p.Accepted += n
	case Delivered:
		p.Delivered += n
	case Unknown:
		p.Unknown += n
	case Failed:
		p.Failed += n
	case Expired:
		p.Expired += n
	case Suppressed:
		p.Suppressed += n
	case Cancelled:
		p.Cancelled += n
	}
}

// doneSQL: a lease may outlive its chunk's end, while answers are on their way.
const doneSQL = `
select exists (select from run_orders where run_id = $1),
       exists (select from chunks where run_id = $1 and (state = 'open' or lease_node is not null))
    or exists (select from outbox where message_id >= $1::bigint << 32 and message_id < ($1::bigint + 1) << 32)`

// Done tells whether no message of the run is queued or submitting any more. A paused run is not done.
func (s *Store) Done(ctx context.Context, run int64) (bool, error) {
	var known, open bool
	if err := s.db.QueryRowContext(ctx, doneSQL, run).Scan(&known, &open); err != nil {
		return false, fmt.Errorf("look whether run %d is done: %w", run, err)
	}
	if !known {
		return false, fmt.Errorf("look whether run %d is done: %w", run, ErrNotFound)
	}
	return !open, nil
}
