package gateway

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lib/pq"

	"canhgiac/gateway/smpp"
)

// outcomeOf is the state that each final state of a receipt means (SMPP 3.4 §5.2.28). The others say that the message is
// still on its way, and change nothing.
var outcomeOf = map[string]State{
	"DELIVRD": Delivered, "EXPIRED": Expired, "DELETED": Failed, "UNDELIV": Failed, "REJECTD": Failed, "UNKNOWN": Unknown,
}

// receipt is a deliver_sm that tells of a message, with what its sender waits for.
type receipt struct {
	smpp.Receipt
	phone string // as it came
	ack   func(smpp.Status)
}

// receiptPhone is the number that a receipt is about: its source, or its destination at an SMSC that does not turn the
// addresses of the submit_sm round.
func receiptPhone(d *smpp.DeliverSM, own smpp.Address) string {
	if d.Source.Addr == own.Addr || d.Source.Addr == "" {
		return d.Dest.Addr
	}
	return d.Source.Addr
}

// numberOf is a receipt's address as messages hold numbers, whichever way the carrier writes them; empty where it is none,
// as with carriers that hide some of the digits.
func numberOf(addr string) string {
	d := strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(addr), "+"), "00")
	for _, c := range []byte(d) {
		if c < '0' || c > '9' {
			return ""
		}
	}
	switch {
	case len(d) == 10 && d[0] == '0':
		d = "84" + d[1:]
	case len(d) == 9 && d[0] != '0':
		d = "84" + d
	}
	if len(d) < 8 || len(d) > 15 {
		return ""
	}
	return "+" + d
}

// sighting is one receipt as the matching sees it.
type sighting struct {
	id, phone, error string
	state            State     // empty: still on its way
	submitted        time.Time // by the receipt; zero where it does not say
	received         time.Time
}

func sight(r *receipt) sighting {
	s := sighting{id: remoteID(r.ID), phone: limited(r.phone, maxAddress), state: outcomeOf[r.State], submitted: r.Submitted}
	if s.state != Delivered && s.state != "" {
		s.error = limited(strings.TrimSpace(r.State+" "+r.Err), maxID)
	}
	return s
}

// matchSQL finds each receipt's message and moves it; where a carrier has used an id again, as after its restart, the one
// to the receipt's number ($7), else the latest. Receipts of parts are noted on the part; the message follows when all its
// parts are known. $5 is empty, or the number that the message must have gone to. Each limit keeps its subquery below the
// receipts: a plan made while sent was empty put sent outside, and took a second for each batch of the first minute.
//
// The first final state stands: what came of it (a call instead, a line on the tổ trưởng's list) was done on its word, and
// a second one tells of the SMSC's own retries and time-outs. Only unknown gives way, also within one batch.
const matchSQL = `
with r as (
	select * from unnest($2::text[], $3::text[], $4::text[], $5::text[]) with ordinality as t(key, state, error, phone, n)
),
hit as (
	select r.n, s.message_id, s.state as was, r.state, r.error
	from r cross join lateral (
		select s.message_id, s.state from (
			select s.message_id, s.state, s.accepted_at, count(*) over () as many from sent s
			where s.carrier = $1 and lower(ltrim(s.carrier_message_id, '0')) = r.key and s.carrier_message_id is not null and s.parts = 1
			and (r.phone = '' or exists (select from messages m where m.id = s.message_id and m.phone = r.phone))
		) s
		order by case when many > 1 then exists (select from messages m where m.id = s.message_id and m.phone = ($7::text[])[r.n]) end desc,
		         s.accepted_at desc nulls last limit 1
	) s
),
moved as (
	update sent s set state = f.state, done_at = $6, error = f.error
	from (select distinct on (message_id) message_id, state, error from hit where state <> '' order by message_id, state = 'unknown', n) f
	where s.message_id = f.message_id and s.state in ('accepted', 'unknown') and s.state <> f.state
	returning s.message_id, s.state, s.error, coalesce(extract(epoch from $6 - s.accepted_at), 0) as lag
),
doubted as (
	insert into message_moves (message_id, at, from_state, to_state, reason)
	select message_id, $6, 'accepted', 'unknown', 'receipt ' || error from moved where state = 'unknown'
),
part as (
	select r.n, p.message_id, p.part, p.state as was, r.state, r.error
	from r cross join lateral (
		select p.message_id, p.part, p.state from (
			select p.message_id, p.part, p.state, p.at, count(*) over () as many from sent_parts p
			where p.carrier = $1 and lower(ltrim(p.carrier_message_id, '0')) = r.key
			and (r.phone = '' or exists (select from messages m where m.id = p.message_id and m.phone = r.phone))
		) p
		order by case when many > 1 then exists (select from messages m where m.id = p.message_id and m.phone = ($7::text[])[r.n]) end desc,
		         p.at desc limit 1
	) p
),
noted as (
	update sent_parts p set state = f.state, at = $6, error = f.error
	from (select distinct on (message_id, part) message_id, part, state, error from part where state <> ''
	      order by message_id, part, state = 'unknown', n) f
	where p.message_id = f.message_id and p.part = f.part and p.state in ('accepted', 'unknown')
)
select n, 0, message_id, was, 0 from hit
union all
select n, message_id, message_id, was, 0 from part
union all
select 0, 0, message_id, state, lag from moved`

// lockParentsSQL comes before parentsSQL: the receipts of two parts may be stored by two nodes at one time, neither of which
// sees what the other has not committed. Who comes second waits here, and its next statement sees the first one's part.
const lockParentsSQL = `select from sent where message_id = any($1) order by message_id for no key update`

// parentsSQL gives messages of several parts the worst state among them, once all are known. $3 is empty, or why they are
// in doubt no more.
const parentsSQL = `
with known as (
	select w.message_id, count(*) as n,
	       (array_agg(w.state order by array_position(array['failed', 'expired', 'unknown', 'delivered'], w.state)))[1] as state,
	       (array_agg(w.error order by array_position(array['failed', 'expired', 'unknown', 'delivered'], w.state)))[1] as error
	from sent_parts w where w.message_id = any($1)
	group by w.message_id having bool_and(w.state <> 'accepted')
),
moved as (
	update sent s set state = p.state, done_at = $2, error = p.error
	from known p cross join lateral (select o.state from sent o where o.message_id = p.message_id) was
	where s.message_id = p.message_id and s.message_id = any($1) and s.parts = p.n and s.state in ('accepted', 'unknown') and s.state <> p.state
	returning s.message_id, was.state as was, s.state, s.error, coalesce(extract(epoch from $2 - s.accepted_at), 0) as lag
),
doubted as (
	insert into message_moves (message_id, at, from_state, to_state, reason)
	select message_id, $2, 'accepted', 'unknown', 'receipt ' || error from moved where state = 'unknown'
),
resolved as (
	insert into message_moves (message_id, at, from_state, to_state, reason)
	select message_id, $2, was, state, $3 from moved where $3::text <> '' and state <> 'unknown'
)
select message_id, state, lag from moved`

// tally is what the receipts of one transaction have moved, to be counted once it is committed: one that is tried again
// must not count twice.
type tally struct {
	states map[State]int
	lags   []float64 // in seconds
	failed []int64
	soon   int // receipts that came hardly after their messages' outcomes

	contradicting, unmatched int
}

func newTally() *tally { return &tally{states: map[State]int{}} }

func (t *tally) moved(message int64, to State, lag float64) {
	t.states[to]++
	t.lags = append(t.lags, lag)
	if to == Failed {
		t.failed = append(t.failed, message)
	}
}

// counted tells the metrics.
func (l *ledger) counted(t *tally) {
	l.meter.movedAll(t.states)
	for _, lag := range t.lags {
		l.meter.receipted(lag)
	}
	l.meter.contradicted(t.contradicting)
	l.meter.unmatched(t.unmatched)
}

// match moves the messages that the receipts tell of, within the caller's transaction, and keeps those of no message.
func (l *ledger) match(ctx context.Context, h *hot, receipts []*receipt, now time.Time, t *tally) error {
	list := make([]sighting, len(receipts))
	for i, r := range receipts {
		list[i] = sight(r)
	}
	rest, err := l.find(ctx, h, list, now, t)
	if err != nil {
		return err
	}
	return l.keepUnmatched(ctx, h, list, rest, now, t)
}

// find matches list and gives the indexes of the rest. Where somebody vouches for the form of the ids, that is one look-up
// for each; what it leaves, or everything where nobody does, is tried in all forms in auto.
func (l *ledger) find(ctx context.Context, h *hot, list []sighting, now time.Time, t *tally) (rest []int, err error) {
	var which []int
	for i := range list {
		if list[i].id == "" {
			rest = append(rest, i)
		} else {
			which = append(which, i)
		}
	}
	if form := l.forms.vouched; form != "" && len(which) > 0 {
		keys := make([]string, len(which))
		for k, i := range which {
			var ok bool
			if keys[k], ok = keyIn(form, list[i].id); !ok {
				keys[k] = receiptKey(list[i].id)
			}
		}
		left, err := l.findBy(ctx, h, list, which, keys, make([]string, len(which)), now, t)
		if err != nil {
			return nil, err
		}
		if len(left) < len(which) {
			l.forms.seen = append(l.forms.seen, form)
		}
		which = left
	}
	if l.forms.auto && len(which) > 0 {
		left, err := l.findAnyForm(ctx, h, list, which, now, t)
		if err != nil {
			return nil, err
		}
		which = left
	}
	rest = append(rest, which...)
	slices.Sort(rest)
	return rest, nil
}

// probeSQL asks which keys name a message of their number.
const probeSQL = `
select r.n, p.message_id
from unnest($2::text[], $3::text[]) with ordinality as r(key, phone, n)
cross join lateral (
	select s.message_id from sent s
	where s.carrier = $1 and lower(ltrim(s.carrier_message_id, '0')) = r.key and s.carrier_message_id is not null and s.parts = 1
	and (r.phone = '' or exists (select from messages m where m.id = s.message_id and m.phone = r.phone))
	union all
	select p.message_id from sent_parts p
	where p.carrier = $1 and lower(ltrim(p.carrier_message_id, '0')) = r.key
	and (r.phone = '' or exists (select from messages m where m.id = p.message_id and m.phone = r.phone))
	limit 1
) p`

// findAnyForm matches the sightings at which by every form that their ids may have, against their numbers. An id that means
// two messages of its number matches neither: it waits until the form is known. Without a number only the id as it stands
// counts, and only where no other form means anything.
func (l *ledger) findAnyForm(ctx context.Context, h *hot, list []sighting, which []int, now time.Time, t *tally) ([]int, error) {
	type guess struct {
		reading
		of, nth int // the index in list, and which of its readings
	}
	var guesses []guess
	var keys, phones []string
	for _, i := range which {
		for nth, r := range readings(list[i].id) {
			guesses = append(guesses, guess{r, i, nth})
			keys, phones = append(keys, r.key), append(phones, numberOf(list[i].phone))
		}
	}
	type answer struct {
		guess
		message int64
	}
	answers := map[int][]answer{}
	err := h.each(ctx, probeSQL, func(scan func(...any) error) error {
		var n int
		var message int64
		if err := scan(&n, &message); err != nil {
			return err
		}
		g := guesses[n-1]
		answers[g.of] = append(answers[g.of], answer{g, message})
		return nil
	}, l.carrier, pq.Array(keys), pq.Array(phones))
	if err != nil {
		return nil, fmt.Errorf("try the forms of %d receipts of %s: %w", len(which), l.carrier, err)
	}
	var rest, chosen []int
	keys, phones = nil, nil
	for _, i := range which {
		got, number := answers[i], numberOf(list[i].phone)
		one := len(got) > 0 && !slices.ContainsFunc(got, func(a answer) bool { return a.message != got[0].message })
		if !one || number == "" && (len(got) > 1 || got[0].nth > 0) {
			rest = append(rest, i)
			continue
		}
		chosen, keys, phones = append(chosen, i), append(keys, got[0].key), append(phones, number)
		if len(got) == 1 && len(got[0].forms) == 1 && number != "" {
			l.forms.seen = append(l.forms.seen, got[0].forms[0])
		}
	}
	if len(chosen) == 0 {
		return rest, nil
	}
	left, err := l.findBy(ctx, h, list, chosen, keys, phones, now, t)
	if err != nil {
		return nil, err
	}
	return append(rest, left...), nil
}

// findBy matches the sightings at which by keys and gives the indexes of those that no message answers to.
func (l *ledger) findBy(ctx context.Context, h *hot, list []sighting, which []int, keys, phones []string, now time.Time, t *tally) ([]int, error) {
	states, errs, numbers := make([]string, len(which)), make([]string, len(which)), make([]string, len(which))
	for k, i := range which {
		states[k], errs[k], numbers[k] = string(list[i].state), list[i].error, numberOf(list[i].phone)
	}
	hit := make([]bool, len(which))
	var parents []int64
	err := h.each(ctx, matchSQL, func(scan func(...any) error) error {
		var n int
		var parent, message int64
		var state State // before, of a hit; after, of what moved
		var lag float64 // seconds
		if err := scan(&n, &parent, &message, &state, &lag); err != nil {
			return err
		}
		if n == 0 {
			t.moved(message, state, lag)
			if lag < soon.Seconds() {
				t.soon++
			}
			return nil
		}
		hit[n-1] = true
		if parent != 0 {
			parents = append(parents, parent)
		}
		if told := list[which[n-1]].state; told != "" && told != Unknown && told != state && state != Accepted && state != Unknown {
			l.log.Warn("a receipt contradicts an earlier one, which stands", "message", message, "stands", state, "told", told)
			t.contradicting++
		}
		return nil
	}, l.carrier, pq.Array(keys), pq.Array(states), pq.Array(errs), pq.Array(phones), now, pq.Array(numbers))
	if err != nil {
		return nil, fmt.Errorf("match %d receipts of %s: %w", len(which), l.carrier, err)
	}
	if err := l.parents(ctx, h, parents, "", now, t); err != nil {
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

func (l *ledger) parents(ctx context.Context, h *hot, ids []int64, reason string, now time.Time, t *tally) error {
	if len(ids) == 0 {
		return nil
	}
	if err := h.exec(ctx, lockParentsSQL, pq.Array(ids)); err != nil {
		return fmt.Errorf("lock messages of %d parts: %w", len(ids), err)
	}
	err := h.each(ctx, parentsSQL, func(scan func(...any) error) error {
		var message int64
		var state State
		var lag float64 // seconds
		if err := scan(&message, &state, &lag); err != nil {
			return err
		}
		t.moved(message, state, lag)
		return nil
	}, pq.Array(ids), now, reason)
	if err != nil {
		return fmt.Errorf("move messages of %d parts: %w", len(ids), err)
	}
	return nil
}
