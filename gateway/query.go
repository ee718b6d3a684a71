package gateway

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"canhgiac/gateway/smpp"
)

const (
	askBatch = 20               // one after the other, beside the messages
	askTries = 4                // at a half, five and seven eighths of the deadline, and once after it
	askDoubt = time.Minute      // after a message came into doubt with an id
	askFor   = 10 * time.Second // an answer is waited for so long
)

// lateSQL notes what has waited for a receipt for half of the deadline.
const lateSQL = `
insert into receipt_queries (message_id, part, carrier, carrier_message_id, ask_at)
select s.message_id, coalesce(p.part, 0), $1, coalesce(p.carrier_message_id, s.carrier_message_id), $4
from sent s left join sent_parts p on s.parts > 1 and p.message_id = s.message_id
where s.accepted_at > $2 and s.accepted_at <= $3 and s.state = 'accepted' and s.carrier = $1
and (s.parts = 1 and s.carrier_message_id is not null or p.state = 'accepted')
on conflict do nothing`

const movesSweptSQL = `select moves_to from receipt_sweeps where carrier = $1 and what = 'ask' for update skip locked`

// doubtSQL notes what came into doubt with an id, and gives how far it got. What has just come is left for the next time,
// so that no transaction under way is passed over.
const doubtSQL = `
with new as (
	select id, message_id, at, reason from message_moves where id > $2 and at <= $3 and to_state = 'unknown' order by id limit $5
),
added as (
	insert into receipt_queries (message_id, part, carrier, carrier_message_id, ask_at)
	select distinct on (s.message_id, coalesce(p.part, 0)) s.message_id, coalesce(p.part, 0), $1, coalesce(p.carrier_message_id, s.carrier_message_id), $4::timestamptz
	from new n join sent s on s.message_id = n.message_id left join sent_parts p on s.parts > 1 and p.message_id = s.message_id
	where s.carrier = $1 and s.state = 'unknown' and n.reason not like 'no receipt within %'
	and (s.parts = 1 and s.carrier_message_id is not null or p.state in ('accepted', 'unknown'))
	on conflict do nothing
)
select coalesce(max(id), $2) from new`

const movesSweptToSQL = `update receipt_sweeps set moves_to = $2 where carrier = $1 and what = 'ask'`

// lateOnes notes the messages to ask the carrier about.
func (c *chaser) lateOnes(ctx context.Context, h *hot, now time.Time) error {
	for left, rounds := true, 0; left && rounds < sweepRounds; rounds++ {
		var err error
		left, err = c.sweep(ctx, h, "ask", now.Add(-c.deadline/2), sweepSlice, func(from, to time.Time) (bool, error) {
			return true, h.exec(ctx, lateSQL, c.carrier, from, to, now)
		})
		if err != nil {
			return err
		}
	}
	err := h.transact(ctx, func() error {
		var at sql.NullInt64
		err := h.each(ctx, movesSweptSQL, func(scan func(...any) error) error { return scan(&at) }, c.carrier)
		if err != nil || !at.Valid {
			return err
		}
		to := at.Int64
		err = h.each(ctx, doubtSQL, func(scan func(...any) error) error { return scan(&to) }, c.carrier, at.Int64, now.Add(-askDoubt), now, sweepBatch)
		if err != nil || to == at.Int64 {
			return err
		}
		return h.exec(ctx, movesSweptToSQL, c.carrier, to)
	})
	if err != nil {
		return fmt.Errorf("note what of %s is in doubt: %w", c.carrier, err)
	}
	return nil
}

// dueQueriesSQL takes what is to be asked now. Its next turn is set with it: should the node die meanwhile, another asks
// then. What has been answered otherwise, or asked often enough, is dropped.
const dueQueriesSQL = `
with due as (
	select q.message_id, q.part, q.tries,
	       q.tries < $4 and exists (select from sent s where s.message_id = q.message_id and s.state in ('accepted', 'unknown')) as open
	from receipt_queries q where q.carrier = $1 and q.ask_at <= $2 order by q.ask_at limit $3 for update of q skip locked
),
dropped as (
	delete from receipt_queries q using due d where q.message_id = d.message_id and q.part = d.part and not d.open
)
update receipt_queries q set tries = q.tries + 1, ask_at = $2::timestamptz + $5 * interval '1 microsecond' * (1 << q.tries)
from due d where q.message_id = d.message_id and q.part = d.part and d.open
returning q.message_id, q.part, q.carrier_message_id, coalesce((select g.sender from singles g where g.message_id = q.message_id), '')`

// question is one message, or one part, to ask about.
type question struct {
	id     MessageID
	part   int // 0 for the only one
	remote string
	sender string
}

// ask asks what is due, one message at a time, and stores the answers. db lends a connection, which is not held meanwhile.
func (c *chaser) ask(ctx context.Context, db func(func(*hot) error) error) error {
	now := c.store.now().UTC()
	var due []question
	err := db(func(h *hot) error {
		due = nil
		return h.each(ctx, dueQueriesSQL, func(scan func(...any) error) error {
			var q question
			if err := scan(&q.id, &q.part, &q.remote, &q.sender); err != nil {
				return err
			}
			due = append(due, q)
			return nil
		}, c.carrier, now, askBatch, askTries, (c.deadline / 8).Microseconds())
	})
	if err != nil {
		return fmt.Errorf("read what to ask %s: %w", c.carrier, err)
	}
	for _, q := range due {
		state, reason, err := c.query(ctx, q)
		if err != nil {
			c.ledger.log.Info("the carrier does not say what became of a message", "message", q.id, "error", err)
			continue
		}
		if err := db(func(h *hot) error { return c.answered(ctx, h, q, state, reason) }); err != nil {
			return err
		}
	}
	return nil
}

var errStillOpen = errors.New("no final state")

// query asks about q; an error means that the carrier does not know, or not yet.
func (c *chaser) query(ctx context.Context, q question) (state State, reason string, err error) {
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	source := c.source
	if q.sender != "" {
		source = smpp.Address{TON: smpp.TONShort, NPI: smpp.NPIUnknown, Addr: q.sender}
	}
	resp, err := c.asker.Query(ctx, &smpp.QuerySM{MessageID: q.remote, Source: source})
	if err != nil {
		return "", "", err
	}
	word := smpp.StateName(resp.State)
	if state = outcomeOf[word]; state == "" || state == Unknown {
		return "", "", fmt.Errorf("%w: %s", errStillOpen, word)
	}
	if state != Delivered {
		word += " " + strconv.Itoa(int(resp.ErrorCode))
	}
	return state, word, nil
}

const answeredSQL = `
with was as (select message_id, state from sent where message_id = $1 and state in ('accepted', 'unknown') and $2 = 0 for update),
moved as (
	update sent s set state = $3, done_at = $4, error = $5 from was where s.message_id = was.message_id returning s.message_id, was.state as was
),
noted as (
	insert into message_moves (message_id, at, from_state, to_state, reason) select message_id, $4, was, $3, $6 from moved
),
part as (
	update sent_parts set state = $3, at = $4, error = $5 where message_id = $1 and part = $2 and state in ('accepted', 'unknown')
),
asked as (
	delete from receipt_queries where message_id = $1 and part = $2
)
select count(*) from moved`

// answered stores the answer to q, as a receipt's.
func (c *chaser) answered(ctx context.Context, h *hot, q question, state State, word string) error {
	now := c.store.now().UTC()
	var moved int
	t := newTally()
	reason, why := "query_sm "+word, word
	if state == Delivered {
		why = ""
	}
	err := h.transact(ctx, func() error {
		err := h.each(ctx, answeredSQL, func(scan func(...any) error) error { return scan(&moved) }, q.id, q.part, string(state), now, why, reason)
		if err != nil || q.part == 0 {
			return err
		}
		return c.ledger.parents(ctx, h, []int64{int64(q.id)}, reason, now, t)
	})
	if err != nil {
		return fmt.Errorf("store what %s says of message %d: %w", c.carrier, q.id, err)
	}
	t.states[state] += moved
	c.ledger.counted(t)
	return nil
}
