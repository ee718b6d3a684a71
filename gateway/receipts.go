package gateway

import (
	"context"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/lib/pq"
)

// outcomeOf is the state that each final state of a receipt means (SMPP 3.4 §5.2.28). The others say that the message is
// still on its way, and change nothing.
var outcomeOf = map[string]State{
	"DELIVRD": Delivered, "EXPIRED": Expired, "DELETED": Failed, "UNDELIV": Failed, "REJECTD": Failed, "UNKNOWN": Unknown,
}

// receiptKey folds an id as the index of sent does: carriers write leading zeros and capitals as they like.
func receiptKey(id string) string { return strings.ToLower(strings.TrimLeft(storable(id), "0")) }

// otherForms are the keys under which a receipt's id may stand where the carrier answers submit_sm in another base.
// checked says that such a match counts only for the message's own number, since in auto nobody vouches for the base.
func otherForms(form ReceiptID, id string) (keys []string, checked bool) {
	convert := func(from, to int) {
		if n, ok := new(big.Int).SetString(strings.TrimSpace(id), from); ok && n.Sign() > 0 {
			keys = append(keys, n.Text(to))
		}
	}
	switch form {
	case ReceiptHex:
		convert(16, 10)
	case ReceiptDec:
		convert(10, 16)
	case ReceiptAuto, "":
		convert(10, 16)
		convert(16, 10)
		return keys, true
	}
	return keys, false
}

// matchSQL finds each receipt's message, the latest where a carrier has used an id again, and moves it. Receipts of parts
// are noted on the part; the message follows when all its parts are known. $5 is empty, or the number that the message
// must have gone to. Each limit keeps its subquery below the receipts: a plan made while sent was empty put sent outside,
// and took a second for each batch of the first minute.
const matchSQL = `
with r as (
	select * from unnest($2::text[], $3::text[], $4::text[], $5::text[]) with ordinality as t(key, state, error, phone, n)
),
hit as (
	select r.n, s.message_id, r.state, r.error
	from r cross join lateral (
		select s.message_id from sent s
		where s.carrier = $1 and lower(ltrim(s.carrier_message_id, '0')) = r.key and s.carrier_message_id is not null and s.parts = 1
		and (r.phone = '' or exists (select from messages m where m.id = s.message_id and m.phone = r.phone))
		order by s.accepted_at desc nulls last limit 1
	) s
),
moved as (
	update sent s set state = f.state, done_at = $6, error = f.error
	from (select distinct on (message_id) message_id, state, error from hit where state <> '' order by message_id, n) f
	where s.message_id = f.message_id and s.state in ('accepted', 'unknown')
	returning s.state, coalesce(extract(epoch from $6 - s.accepted_at), 0) as lag
),
part as (
	select r.n, p.message_id, p.part, r.state, r.error
	from r cross join lateral (
		select p.message_id, p.part from sent_parts p
		where p.carrier = $1 and lower(ltrim(p.carrier_message_id, '0')) = r.key
		and (r.phone = '' or exists (select from messages m where m.id = p.message_id and m.phone = r.phone))
		order by p.at desc limit 1
	) p
),
noted as (
	update sent_parts p set state = f.state, at = $6, error = f.error
	from (select distinct on (message_id, part) message_id, part, state, error from part where state <> '' order by message_id, part, n) f
	where p.message_id = f.message_id and p.part = f.part and p.state in ('accepted', 'unknown')
)
select n, 0, '', 0 from hit
union all
select n, message_id, '', 0 from part
union all
select 0, 0, state, lag from moved`

// parentsSQL gives messages of several parts the worst state among them, once all are known.
const parentsSQL = `
update sent s set state = p.state, done_at = $2, error = p.error
from (
	select w.message_id, count(*) as n,
	       (array_agg(w.state order by array_position(array['failed', 'expired', 'unknown', 'delivered'], w.state)))[1] as state,
	       max(w.error) as error
	from sent_parts w where w.message_id = any($1)
	group by w.message_id having bool_and(w.state <> 'accepted')
) p
where s.message_id = p.message_id and s.message_id = any($1) and s.parts = p.n and s.state in ('accepted', 'unknown') and s.state <> p.state
returning s.state, coalesce(extract(epoch from $2 - s.accepted_at), 0)`

// keepUnmatchedSQL keeps what no message answers to, to be tried again for an hour: a receipt may overtake the storing of
// its submit_sm_resp, on this node or another.
const keepUnmatchedSQL = `
insert into receipts_unmatched (carrier, carrier_message_id, phone, state, error, at, received_at, try_at)
select $1, id, phone, state, error, $6, $6, $6::timestamptz + interval '1 second'
from unnest($2::text[], $3::text[], $4::text[], $5::text[]) as t(id, phone, state, error)`

// sighting is one receipt as the matching sees it.
type sighting struct {
	id, phone, error string
	state            State // empty: still on its way
}

// match moves the messages that the receipts tell of, within the caller's transaction, and keeps those of no message.
// found counts the messages that moved into each state.
func (l *ledger) match(ctx context.Context, h *hot, receipts []*receipt, now time.Time, found map[State]int) error {
	list := make([]sighting, len(receipts))
	for i, r := range receipts {
		list[i] = sighting{id: storable(r.ID), phone: storable(r.phone), state: outcomeOf[r.State]}
		if list[i].state != Delivered && list[i].state != "" {
			list[i].error = storable(strings.TrimSpace(r.State + " " + r.Err))
		}
	}
	rest, err := l.find(ctx, h, list, now, found)
	if err != nil {
		return err
	}
	var ids, phones, states, errs []string
	for _, i := range rest {
		if s := list[i]; s.state != "" { // what is on its way will be told of again
			ids, phones, states, errs = append(ids, s.id), append(phones, s.phone), append(states, string(s.state)), append(errs, s.error)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	if err := h.exec(ctx, keepUnmatchedSQL, l.carrier, pq.Array(ids), pq.Array(phones), pq.Array(states), pq.Array(errs), now); err != nil {
		return fmt.Errorf("keep %d unmatched receipts of %s: %w", len(ids), l.carrier, err)
	}
	l.again = true
	l.meter.unmatched(len(ids))
	return nil
}

// find matches list by the ids as they came, and what is left by their other forms; it gives the indexes of the rest.
func (l *ledger) find(ctx context.Context, h *hot, list []sighting, now time.Time, found map[State]int) (rest []int, err error) {
	all := make([]int, len(list))
	keys, phones := make([]string, len(list)), make([]string, len(list))
	for i, s := range list {
		all[i], keys[i] = i, receiptKey(s.id)
	}
	if rest, err = l.findBy(ctx, h, list, all, keys, phones, now, found); err != nil {
		return nil, err
	}
	for form := 0; form < 2 && len(rest) > 0; form++ {
		var which []int
		var keys, phones []string
		for _, i := range rest {
			if forms, checked := otherForms(l.form, list[i].id); form < len(forms) {
				phone := ""
				if checked {
					phone = "+" + strings.TrimPrefix(list[i].phone, "+")
				}
				which, keys, phones = append(which, i), append(keys, forms[form]), append(phones, phone)
			}
		}
		if len(which) == 0 {
			break
		}
		left, err := l.findBy(ctx, h, list, which, keys, phones, now, found)
		if err != nil {
			return nil, err
		}
		rest = slices.DeleteFunc(rest, func(i int) bool { return slices.Contains(which, i) && !slices.Contains(left, i) })
	}
	return rest, nil
}

// findBy matches the sightings at which by keys and gives the indexes of those that no message answers to.
func (l *ledger) findBy(ctx context.Context, h *hot, list []sighting, which []int, keys, phones []string, now time.Time, found map[State]int) ([]int, error) {
	states, errs := make([]string, len(which)), make([]string, len(which))
	for k, i := range which {
		states[k], errs[k] = string(list[i].state), list[i].error
	}
	hit := make([]bool, len(which))
	var parents []int64
	err := h.each(ctx, matchSQL, func(scan func(...any) error) error {
		var n int
		var parent int64
		var state State
		var lag float64 // seconds
		if err := scan(&n, &parent, &state, &lag); err != nil {
			return err
		}
		if n > 0 {
			hit[n-1] = true
		}
		if parent != 0 {
			parents = append(parents, parent)
		}
		if state != "" {
			found[state]++
			l.meter.receipted(lag)
		}
		return nil
	}, l.carrier, pq.Array(keys), pq.Array(states), pq.Array(errs), pq.Array(phones), now)
	if err != nil {
		return nil, fmt.Errorf("match %d receipts of %s: %w", len(which), l.carrier, err)
	}
	if err := l.parents(ctx, h, parents, now, found); err != nil {
		return nil, err
	}
	var rest []int
	for k, i := range which {
		if !hit[k] {
			rest = append(rest, i)
		}
	}
	return rest, nil
}

func (l *ledger) parents(ctx context.Context, h *hot, ids []int64, now time.Time, found map[State]int) error {
	if len(ids) == 0 {
		return nil
	}
	err := h.each(ctx, parentsSQL, func(scan func(...any) error) error {
		var state State
		var lag float64 // seconds
		if err := scan(&state, &lag); err != nil {
			return err
		}
		found[state]++
		l.meter.receipted(lag)
		return nil
	}, pq.Array(ids), now)
	if err != nil {
		return fmt.Errorf("move messages of %d parts: %w", len(ids), err)
	}
	return nil
}

const dueUnmatchedSQL = `
select id, carrier_message_id, phone, state, error from receipts_unmatched
where carrier = $1 and try_at <= $2 order by try_at limit 500 for update skip locked`

const dropMatchedSQL = `delete from receipts_unmatched where id = any($1)`

// The pauses double; after twelve tries, more than an hour, the receipt is kept and left alone.
const postponeSQL = `
update receipts_unmatched
set tries = tries + 1, try_at = case when tries < 12 then $2::timestamptz + interval '1 second' * (1 << tries) end
where id = any($1)`

// sweep tries the receipts again that found no message so far.
func (l *ledger) sweep(ctx context.Context, h *hot, now time.Time) error {
	var list []sighting
	var ids []int64
	due := now
	if l.again {
		due = now.Add(2 * time.Second) // their message may have been settled just now
	}
	err := h.each(ctx, dueUnmatchedSQL, func(scan func(...any) error) error {
		var id int64
		var s sighting
		if err := scan(&id, &s.id, &s.phone, &s.state, &s.error); err != nil {
			return err
		}
		list, ids = append(list, s), append(ids, id)
		return nil
	}, l.carrier, due)
	if err != nil {
		return fmt.Errorf("read unmatched receipts of %s: %w", l.carrier, err)
	}
	l.again = false
	if len(list) == 0 {
		return nil
	}
	found := map[State]int{}
	rest, err := l.find(ctx, h, list, now, found)
	if err != nil {
		return err
	}
	var left, matched []int64
	for i, id := range ids {
		if slices.Contains(rest, i) {
			left = append(left, id)
		} else {
			matched = append(matched, id)
		}
	}
	if err := h.exec(ctx, dropMatchedSQL, pq.Array(matched)); err != nil {
		return fmt.Errorf("drop %d receipts that were matched: %w", len(matched), err)
	}
	if err := h.exec(ctx, postponeSQL, pq.Array(left), now); err != nil {
		return fmt.Errorf("postpone %d receipts: %w", len(left), err)
	}
	l.meter.movedAll(found)
	return nil
}
