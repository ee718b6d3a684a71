package gateway

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lib/pq"
)

// A receipt whose id no message has may be of one in unknown, whose submit_sm_resp never came, or of one whose response
// had no id. Then number and time tell, where they leave no choice: one message of that number was taken about when the
// receipt says, it lacks its id, and nothing else to that number waits for a receipt.

const (
	// numberAfter is when number and time are asked: the response is stored by then, or the message is in doubt.
	numberAfter = 2 * time.Minute
	// submitSlack is how far the SMSC's clock may be from ours. Its dates have no seconds, often.
	submitSlack = 5 * time.Minute
	// matchedByNumber is the reason of such a move.
	matchedByNumber = "matched by number and time"
)

// fittingSQL gives, for each receipt, the messages to its number that wait for one and were sent in its time; two are one
// too many. What is on the wire counts too.
const fittingSQL = `
select r.n, f.id, f.state, f.parts, f.lacking, b.text
from unnest($2::text[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[]) with ordinality as r(phone, since, until, since2, until2, n)
cross join lateral (
	select m.id, m.body_id, coalesce(s.state, 'submitting') as state, coalesce(s.parts, 0) as parts,
	       case when s.parts > 1 then s.parts - (select count(*) from sent_parts p where p.message_id = m.id and (p.carrier_message_id <> '' or p.state <> 'accepted'))
	            when s.carrier_message_id is null then 1 else 0 end as lacking
	from messages m
	left join sent s on s.message_id = m.id
	left join chunks c on c.id = m.chunk_id
	left join outbox o on o.message_id = m.id
	where m.phone = r.phone and (s.carrier = $1 and s.state in ('accepted', 'unknown')
	                             and (s.submitted_at between r.since and r.until or s.submitted_at between r.since2 and r.until2)
	                             or s.message_id is null and (m.pos < c.watermark or o.lease_node is not null))
	limit 2
) f
join bodies b on b.id = f.body_id
order by r.n`

// fitting is a message that a receipt may be of.
type fitting struct {
	id             MessageID
	state          State
	parts, lacking int // lacking: parts whose id never came
	text           string
}

// findByNumber matches the sightings at which by number and time and gives the indexes of the rest.
func (l *ledger) findByNumber(ctx context.Context, h *hot, list []sighting, which []int, now time.Time, t *tally) ([]int, error) {
	var asked []int
	var phones []string
	var since, until, since2, until2 []time.Time
	for _, i := range which {
		s := list[i]
		number := numberOf(s.phone)
		if number == "" || s.state == Unknown || now.Sub(s.received) < numberAfter {
			continue
		}
		from, to := s.received.Add(-l.patience()), s.received
		from2, to2 := from, to
		if !s.submitted.IsZero() { // in the carrier's own time, which is how it was read, or in UTC
			from, to = s.submitted.Add(-submitSlack), s.submitted.Add(submitSlack)
			from2, to2 = from.Add(7*time.Hour), to.Add(7*time.Hour)
		}
		asked, phones = append(asked, i), append(phones, number)
		since, until, since2, until2 = append(since, from), append(until, to), append(since2, from2), append(until2, to2)
	}
	if len(asked) == 0 {
		return which, nil
	}
	fits := make([][]fitting, len(asked))
	err := h.each(ctx, fittingSQL, func(scan func(...any) error) error {
		var n int
		var f fitting
		if err := scan(&n, &f.id, &f.state, &f.parts, &f.lacking, &f.text); err != nil {
			return err
		}
		fits[n-1] = append(fits[n-1], f)
		return nil
	}, l.carrier, pq.Array(phones), pq.Array(since), pq.Array(until), pq.Array(since2), pq.Array(until2))
	if err != nil {
		return nil, fmt.Errorf("look for the messages of %d receipts of %s by number: %w", len(asked), l.carrier, err)
	}
	of := map[MessageID][]int{} // receipts by the one message that they fit
	only := map[MessageID]fitting{}
	for k, i := range asked {
		if len(fits[k]) == 1 && fits[k][0].state != Submitting && fits[k][0].lacking > 0 {
			f := fits[k][0]
			of[f.id], only[f.id] = append(of[f.id], i), f
		}
	}
	taken := map[int]bool{}
	for id, receipts := range of {
		ok, err := l.settleByNumber(ctx, h, only[id], list, receipts, now, t)
		if err != nil {
			return nil, err
		}
		for _, i := range receipts {
			taken[i] = ok
		}
	}
	return slices.DeleteFunc(slices.Clone(which), func(i int) bool { return taken[i] }), nil
}

// settleByNumberSQL keeps the receipt's id too, so that the same receipt again finds this message and no other.
const settleByNumberSQL = `
with was as (
	select message_id, state from sent where message_id = $1 and state in ('accepted', 'unknown') and carrier_message_id is null for update
),
moved as (
	update sent s set state = $2, done_at = $3, error = $4, carrier_message_id = nullif($5, '')
	from was where s.message_id = was.message_id
	returning s.message_id, was.state as was
)
insert into message_moves (message_id, at, from_state, to_state, reason)
select message_id, $3, was, $2, $6 from moved`

// settlePartsByNumberSQL gives receipts to the parts whose ids never came, in any order: the message is what its worst is.
const settlePartsByNumberSQL = `
with whole as (
	update sent set parts = $2 where message_id = $1 and parts <> $2
),
free as (
	select part, row_number() over (order by part) as n
	from generate_series(1, $2::int) as part
	where part not in (select p.part from sent_parts p where p.message_id = $1 and (p.carrier_message_id <> '' or p.state <> 'accepted'))
)
insert into sent_parts (message_id, part, carrier, carrier_message_id, state, at, error)
select $1, free.part, $3, r.id, r.state, $4, r.error
from unnest($5::text[], $6::text[], $7::text[]) with ordinality as r(id, state, error, n) join free on free.n = r.n
on conflict (message_id, part) do update
set carrier_message_id = excluded.carrier_message_id, state = excluded.state, at = excluded.at, error = excluded.error`

// settleByNumber gives the receipts to f; false where there are more of them than f lacks, so that some are another's.
func (l *ledger) settleByNumber(ctx context.Context, h *hot, f fitting, list []sighting, receipts []int, now time.Time, t *tally) (bool, error) {
	parts := f.parts
	if parts < 2 { // a node that died left no count of the parts
		cut, err := l.split.Split(f.text, 0)
		if err != nil {
			return false, fmt.Errorf("count the parts of message %d: %w", f.id, err)
		}
		parts, f.lacking = len(cut), len(cut)
	}
	var ids, states, errs []string
	for _, i := range receipts {
		s := list[i]
		if s.id != "" && slices.ContainsFunc(ids, func(id string) bool { return receiptKey(id) == receiptKey(s.id) }) {
			continue // it came twice
		}
		ids, states, errs = append(ids, s.id), append(states, string(s.state)), append(errs, s.error)
	}
	if len(ids) > f.lacking {
		return false, nil
	}
	if parts < 2 {
		reason := matchedByNumber
		if errs[0] != "" {
			reason += ": " + errs[0]
		}
		if err := h.exec(ctx, settleByNumberSQL, f.id, states[0], now, errs[0], ids[0], reason); err != nil {
			return false, fmt.Errorf("settle message %d by number and time: %w", f.id, err)
		}
		t.states[State(states[0])]++
		return true, nil
	}
	if err := h.exec(ctx, settlePartsByNumberSQL, f.id, parts, l.carrier, now, pq.Array(ids), pq.Array(states), pq.Array(errs)); err != nil {
		return false, fmt.Errorf("settle parts of message %d by number and time: %w", f.id, err)
	}
	return true, l.parents(ctx, h, []int64{int64(f.id)}, matchedByNumber, now, t)
}

// patience is how long a receipt may be awaited.
func (l *ledger) patience() time.Duration { return cmp.Or(l.deadline, receiptDeadline) }
