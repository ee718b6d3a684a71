package gateway

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"canhgiac/schedules"
)

// single is a row of the outbox in this node's hands, with what the gate must know.
type single struct {
	outgoing
	purpose Purpose
	reason  string // why it may not go out; empty where it may
	ended   State  // the state that the reason leads to
}

// takeSQL leases rows: the lease is the intent, so that a row whose holder died is in doubt. The answers to a resident's
// own act pass the gate, so that even an opt-out can be confirmed; see Purpose for the rest. The caps count those before it
// in the same take, which no snapshot shows.
var takeSQL = fmt.Sprintf(`
with pick as (
	select o.message_id from unnest($1::text[], $8::bigint[]) as q(queue, standing) cross join lateral (
		select o.message_id, o.priority, o.ready_at
		from outbox o left join run_orders r on r.run_id = o.message_id >> 32
		where o.carrier = q.queue and o.open_to >= q.standing and o.priority between $10 and $11 and o.lease_node is null
		and o.ready_at <= $2 and (r.paused is null or not r.paused)
		order by o.priority, o.ready_at limit $3
		for update of o skip locked
	) o
	order by o.priority, o.ready_at limit $3
),
took as (
	update outbox o set lease_node = $4, lease_carrier = $9, leased_at = $2, lease_until = clock_timestamp() + $5 * interval '1 millisecond'
	from pick where o.message_id = pick.message_id
	returning o.message_id, o.priority, o.carrier, o.open_to, o.attempts, o.error, o.refused_by, o.send_by
),
ahead as (
	select t.message_id, row_number() over (partition by m.phone, g.purpose, t.send_by <= $2 order by t.message_id) - 1 as before
	from took t join messages m on m.id = t.message_id left join singles g on g.message_id = t.message_id
)
select t.message_id, t.priority, t.carrier, t.open_to, t.attempts, t.error <> '', t.refused_by, t.send_by, m.phone, b.text, coalesce(g.purpose, ''),
       case when g.sender_carrier in ('', $9) then g.sender else '' end,
       coalesce(r.resend, false), coalesce(r.hours, ''),
       case when current_schema() = 'practice' then 'practice'
            when r.cancelled_at is not null then 'run cancelled'
            when t.send_by <= $2 then 'send_by passed'
            when g.purpose in ('reply', 'receipt') then ''
            when exists (select from opt_outs q where q.phone = m.phone) then 'opted out'
            when g.purpose is distinct from 'alert' and r.urgent is not true
             and exists (select from do_not_call d where d.phone = m.phone) then 'do not call'
            when g.purpose = 'api' and $6 > 0 and %s + before >= $6 then 'daily cap'
            when g.purpose = 'api' and $7 > 0 and %s + before >= $7 then 'weekly cap'
            else '' end
from took t
join messages m on m.id = t.message_id
join ahead a on a.message_id = t.message_id
join bodies b on b.id = m.body_id
left join singles g on g.message_id = t.message_id
left join run_orders r on r.run_id = t.message_id >> 32`,
	fmt.Sprintf(countedSQL, `$2::timestamptz - interval '24 hours'`), fmt.Sprintf(countedSQL, `$2::timestamptz - interval '7 days'`))

// reasonEnds are the reasons that do not suppress a message but end it otherwise.
var reasonEnds = map[string]State{"run cancelled": Cancelled, "send_by passed": Expired}

// keptPartsSQL: what an earlier try brought through is not sent again, unless another carrier goes on: it may cut the text
// elsewhere.
const keptPartsSQL = `select message_id, part from sent_parts where message_id = any($1) and carrier = $2`

// laterSQL gives rows back whose hour has not come.
const laterSQL = `update outbox set lease_node = null, lease_carrier = null, lease_until = null, leased_at = null, ready_at = $2
where message_id = any($1)`

// untakeSQL gives back what one take leased. leased_at tells it from this node's others, which are on their way.
const untakeSQL = `update outbox set lease_node = null, lease_carrier = null, lease_until = null, leased_at = null
where lease_node = $1 and lease_carrier = $2 and leased_at = $3 and priority between $4 and $5`

// untake undoes a take at the moment at whose answer got lost: the rows may be leased, and none of them was submitted.
func (s *Store) untake(ctx context.Context, h *hot, carrier string, node int64, c class, at time.Time) error {
	from, to := c.urgencies()
	if err := h.exec(ctx, untakeSQL, node, carrier, at, from, to); err != nil {
		return fmt.Errorf("give back what was taken from the outbox for %s: %w", carrier, err)
	}
	return nil
}

// take leases up to n rows, of one class, of the queues that carrier serves at the moment now, which no other take of this
// node, carrier and class shares.
func (s *Store) take(ctx context.Context, h *hot, carrier string, from queues, node int64, c class, now time.Time, n int) ([]*single, error) {
	var list []*single
	early := map[time.Time][]int64{}
	var retried []int64
	byID := map[MessageID]*single{}
	names, standings := from.columns()
	first, last := c.urgencies()
	err := h.each(ctx, takeSQL, func(scan func(...any) error) error {
		m := &single{}
		m.leased, m.asked = now, now
		var hours string
		var tried bool
		err := scan(&m.id, &m.urgency, &m.queue, &m.openTo, &m.attempts, &tried, &m.refusedBy, &m.sendBy, &m.phone, &m.text, &m.purpose, &m.sender, &m.resend, &hours, &m.reason)
		if err != nil {
			return err
		}
		allowed := wholeDay
		switch {
		case m.purpose == API:
			allowed = s.hours
		case hours != "":
			if allowed, err = schedules.ParseHours(hours); err != nil {
				return err
			}
		}
		m.hours = allowed
		if m.reason == "" && !allowed.Allows(now) {
			next := allowed.Next(now)
			early[next] = append(early[next], int64(m.id))
			return nil
		}
		if m.reason != "" {
			m.ended = Suppressed
			if end, ok := reasonEnds[m.reason]; ok {
				m.ended = end
			}
		}
		if tried {
			retried = append(retried, int64(m.id))
		}
		list, byID[m.id] = append(list, m), m
		return nil
	}, names, now, n, node, leaseTime.Milliseconds(), s.caps.PerDay, s.caps.PerWeek, standings, carrier, first, last)
	if err != nil {
		return nil, fmt.Errorf("take from the outbox for %s: %w", carrier, err)
	}
	for next, ids := range early {
		if err := h.exec(ctx, laterSQL, pq.Array(ids), next.UTC()); err != nil {
			return nil, fmt.Errorf("put %d messages off: %w", len(ids), err)
		}
	}
	if len(retried) == 0 {
		return list, nil
	}
	err = h.each(ctx, keptPartsSQL, func(scan func(...any) error) error {
		var id MessageID
		var part int
		if err := scan(&id, &part); err != nil {
			return err
		}
		m := byID[id]
		if m.kept == nil {
			m.kept = map[int]bool{}
		}
		m.kept[part-1] = true
		return nil
	}, pq.Array(retried), carrier)
	if err != nil {
		return nil, fmt.Errorf("read the parts sent before: %w", err)
	}
	return list, nil
}
