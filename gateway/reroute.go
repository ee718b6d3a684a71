package gateway

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lib/pq"

	"canhgiac/gateway/smpp"
	"canhgiac/residents"
)

// elsewhere is when a carrier's refusal means that the number is another's, and whom to ask then.
type elsewhere struct {
	unknown []string // Carrier.UnknownSubscriber
	others  []string // in the order of asking
	routes  routes
}

func newElsewhere(c Carrier, r routes) elsewhere {
	unknown := c.UnknownSubscriber
	if unknown == nil {
		for _, s := range smpp.StatusesOf(smpp.UnknownSubscriber) {
			unknown = append(unknown, s.String())
		}
	}
	return elsewhere{unknown: unknown, others: r.others(c.Name), routes: r}
}

// others are the carriers to ask for a number that carrier does not know: its fallbacks, then those with numbers of their
// own, and last its equals, which are likely to be other accounts with the same operator.
func (r routes) others(carrier string) []string {
	equals, list := r.equals(carrier), slices.Clone(r.fallback[carrier])
	for _, name := range r.names {
		if name != carrier && !slices.Contains(list, name) && !slices.Contains(equals, name) {
			list = append(list, name)
		}
	}
	for _, name := range equals {
		if !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

// strange says that the carrier does not know m's number, that no part of m went through, and that there are others.
func (e elsewhere) strange(m *outgoing) bool {
	if len(e.others) == 0 || m.late || m.outcome != nil || len(m.kept) > 0 || len(m.results) == 0 {
		return false
	}
	return !slices.ContainsFunc(m.results, func(r smpp.SubmitResult) bool {
		return r.Err != nil || !slices.Contains(e.unknown, r.Status.String())
	})
}

// askOther queues m for another carrier, which store names, since the first is known to have refused it.
func (o *outcomes) askOther(m *outgoing, reason string, from State) {
	o.retry(m, verdict{state: Queued, reason: reason, unsent: true}, from, o.now)
	o.asking, o.askingPhone = append(o.asking, len(o.again)-1), append(o.askingPhone, m.phone)
}

// noteSQL remembers that $2 does not know the numbers, where nobody is asked any more.
const noteSQL = `
insert into unknown_subscribers (phone, carrier, at) select distinct phone, $2::text, $3::timestamptz from unnest($1::text[]) phone
on conflict (phone, carrier) do update set at = excluded.at`

// otherSQL notes that $4 does not know the numbers, and names who is asked next: one that has not refused the number, the
// one in whose queue it was before others; where all have, the one of its prefix, since numbers go back, or whose refusal is
// the oldest.
const otherSQL = `
with t as (select * from unnest($1::bigint[], $2::text[], $3::text[], $7::text[]) as t(id, phone, owner, prefix)),
noted as (
	insert into unknown_subscribers (phone, carrier, at) select distinct phone, $4::text, $5::timestamptz from t
	on conflict (phone, carrier) do update set at = excluded.at
),
wrong as (
	delete from ported_numbers p using t where p.phone = t.phone and p.carrier = $4 and p.source = 'learned'
),
kept as (
	insert into rerouted (message_id, phone, refused_by, at, look_at) select id, phone, $4::text, $5::timestamptz, $5::timestamptz from t
	on conflict (message_id) do nothing
)
select t.id, k.name from t cross join lateral (
	select k.name from unnest($6::text[]) with ordinality as k(name, n)
	left join unknown_subscribers u on u.phone = t.phone and u.carrier = k.name
	order by u.at is null desc, k.name = t.owner desc, k.name = t.prefix desc, u.at, k.n limit 1
) k`

// nameOthers gives each message of askOther its carrier, and remembers who did not know whom.
func (o *outcomes) nameOthers(ctx context.Context, h *hot) error {
	if len(o.strangers) > 0 {
		if err := h.exec(ctx, noteSQL, pq.Array(o.strangers), o.carrier, o.now); err != nil {
			return fmt.Errorf("remember %d numbers that %s does not know: %w", len(o.strangers), o.carrier, err)
		}
	}
	if len(o.asking) == 0 {
		return nil
	}
	ids, index := make([]int64, len(o.asking)), map[int64]int{}
	owners, prefixes := make([]string, len(o.asking)), make([]string, len(o.asking))
	for k, i := range o.asking {
		ids[k], owners[k], prefixes[k] = o.again[i], o.againQueue[i], o.elsewhere.routes.carrier(residents.Phone(o.askingPhone[k]))
		index[o.again[i]] = i
	}
	err := h.each(ctx, otherSQL, func(scan func(...any) error) error {
		var id int64
		var name string
		if err := scan(&id, &name); err != nil {
			return err
		}
		i := index[id]
		o.againQueue[i], o.againOpen[i], o.againRefused[i] = name, int64(own), o.carrier
		return nil
	}, pq.Array(ids), pq.Array(o.askingPhone), pq.Array(owners), o.carrier, o.now, pq.Array(o.elsewhere.others), pq.Array(prefixes))
	if err != nil {
		return fmt.Errorf("find other carriers for %d messages: %w", len(ids), err)
	}
	return nil
}

// strangersSQL takes back the messages whose receipts said just now that the carrier does not know the number, unless a part
// went through or another carrier was asked before.
const strangersSQL = `
with strange as (
	select s.message_id, m.phone, exists (select from rerouted x where x.message_id = s.message_id) as asked
	from unnest($1::bigint[]) as t(id)
	cross join lateral (select message_id from sent where message_id = t.id and carrier = $2 and state = 'failed' and error = any($3) limit 1) s
	join messages m on m.id = s.message_id
),
noted as (
	insert into unknown_subscribers (phone, carrier, at) select distinct phone, $2::text, $4::timestamptz from strange where asked
	on conflict (phone, carrier) do update set at = excluded.at
),
back as (
	select s.message_id, t.phone, s.submitted_at, s.accepted_at, s.error, coalesce(r.urgent, false) as urgent,
	       coalesce(g.purpose, '') as purpose, coalesce(r.send_by, g.send_by) as send_by
	from strange t
	join sent s on s.message_id = t.message_id
	left join singles g on g.message_id = s.message_id
	left join run_orders r on r.run_id = s.message_id >> 32
	where not t.asked and coalesce(r.send_by, g.send_by) > $4 and r.cancelled_at is null
	and not exists (select from sent_parts p where p.message_id = s.message_id and (p.state <> 'failed' or p.error <> all($3)))
),
gone as (
	delete from sent s using back where s.message_id = back.message_id
),
parts as (
	delete from sent_parts p using back where p.message_id = back.message_id
)
select message_id, phone, coalesce(submitted_at, accepted_at), accepted_at, error, urgent, purpose, send_by from back`

// askOthers queues those of the messages that receipts made fail for another carrier, where they say that this one does
// not know the number. It gives how many.
func (l *ledger) askOthers(ctx context.Context, h *hot, failed []int64, now time.Time) (int, error) {
	var errors []string
	for _, code := range l.elsewhere.unknown {
		errors = append(errors, "UNDELIV "+code)
	}
	if len(failed) == 0 || len(l.elsewhere.others) == 0 {
		return 0, nil
	}
	o := &outcomes{carrier: l.carrier, elsewhere: l.elsewhere, now: now}
	err := h.each(ctx, strangersSQL, func(scan func(...any) error) error {
		m := &outgoing{urgency: reminders}
		var accepted time.Time
		var reason string
		var urgent bool
		var purpose Purpose
		if err := scan(&m.id, &m.phone, &m.submitted, &accepted, &reason, &urgent, &purpose, &m.sendBy); err != nil {
			return err
		}
		if u, ok := priorities[purpose]; ok {
			m.urgency = u
		} else if urgent {
			m.urgency = alerts
		}
		o.trying(m)
		o.move(m, accepted, Submitting, Accepted, "")
		o.askOther(m, "receipt "+reason+": another carrier is asked", Accepted)
		return nil
	}, pq.Array(failed), l.carrier, pq.Array(errors), now)
	if err != nil {
		return 0, fmt.Errorf("take %d messages back that %s does not know: %w", len(failed), l.carrier, err)
	}
	return len(o.again), o.store(ctx, h)
}

const (
	learnEvery = 10 * time.Second   // how often a message that another carrier was asked for is looked at
	learnFor   = 7 * 24 * time.Hour // then nothing will come of it
)

// learnSQL looks at what other carriers made of the messages that they were asked for. Who delivered one has the number:
// that is learned, or, where it is the carrier of the prefix, what the table says otherwise is forgotten. $1 is the time,
// $2 the carrier of numbers that no prefix takes.
const learnSQL = `
with due as (
	select message_id, phone, refused_by, at from rerouted where look_at <= $1 order by look_at limit 500 for update skip locked
),
seen as (
	select a.*, s.state, s.carrier, coalesce(` + prefixSQL + `, $2) as prefix
	from due a left join sent s on s.message_id = a.message_id
),
learned as (
	insert into ported_numbers (phone, carrier, source, at)
	select distinct on (phone) phone, carrier, 'learned', $1::timestamptz from seen
	where state = 'delivered' and carrier not in (refused_by, prefix) order by phone, message_id desc
	on conflict (phone) do update set carrier = excluded.carrier, source = excluded.source, at = excluded.at
	where ported_numbers.carrier <> excluded.carrier
	returning 1
),
forgotten as (
	delete from ported_numbers p using seen where p.phone = seen.phone and seen.state = 'delivered' and seen.carrier = seen.prefix
),
over as (
	delete from rerouted r using seen
	where r.message_id = seen.message_id and (seen.state not in ('accepted', 'unknown') or seen.at < $4)
	returning r.message_id
),
later as (
	update rerouted r set look_at = $5 from seen
	where r.message_id = seen.message_id and (seen.state is null or seen.state in ('accepted', 'unknown')) and seen.at >= $4
)
select count(*) from learned`

// learn remembers where numbers are, by what other carriers delivered. It gives how many it learned.
func (s *Store) learn(ctx context.Context) (n int, err error) {
	now := s.now().UTC()
	err = s.db.QueryRowContext(ctx, learnSQL, now, s.routes.rest, s.routes.table, now.Add(-learnFor), now.Add(learnEvery)).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("learn where numbers are: %w", err)
	}
	return n, nil
}
