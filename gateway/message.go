package gateway

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

// A chunk's own end stands for its messages above the watermark.
const messageSQL = `
select m.phone, b.text, ` + stateSQL + `, coalesce(r.run_id, 0), coalesce(g.purpose, ''),
       coalesce(r.queued_at, g.queued_at), coalesce(r.send_by, g.send_by),
       coalesce(nullif(s.carrier, ''), o.lease_carrier, o.carrier, case when m.pos < c.watermark then c.lease_carrier end, c.carrier, ''), coalesce(s.carrier_message_id, ''), coalesce(s.error, o.error, ''),
       coalesce(s.submitted_at, o.leased_at), s.accepted_at, coalesce(s.done_at, c.ended_at)
from messages m
join bodies b on b.id = m.body_id
left join chunks c on c.id = m.chunk_id
left join run_orders r on r.run_id = c.run_id
left join singles g on g.message_id = m.id
left join outbox o on o.message_id = m.id
left join sent s on s.message_id = m.id
where m.id = $1`

const movesSQL = `select at, from_state, to_state, reason from message_moves where message_id = $1 order by id`

// Message gives all that is known of one message, its whole history included.
func (s *Store) Message(ctx context.Context, id MessageID) (Message, error) {
	m := Message{ID: id}
	var submitted, accepted, done sql.NullTime
	// One snapshot: a move between the two readings would be told without the state that it led to.
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return Message{}, fmt.Errorf("read message %d: %w", id, err)
	}
	defer func() { _ = tx.Rollback() }()
	err = tx.QueryRowContext(ctx, messageSQL, id).Scan(&m.To, &m.Text, &m.State, &m.Run, &m.Purpose, &m.QueuedAt, &m.SendBy,
		&m.Carrier, &m.CarrierMessageID, &m.Error, &submitted, &accepted, &done)
	if errors.Is(err, sql.ErrNoRows) {
		return Message{}, fmt.Errorf("read message %d: %w", id, ErrNotFound)
	}
	if err != nil {
		return Message{}, fmt.Errorf("read message %d: %w", id, err)
	}
	m.Size = s.texts[m.Carrier].Split.Measure(m.Text)
	rows, err := tx.QueryContext(ctx, movesSQL, id)
	if err != nil {
		return Message{}, fmt.Errorf("read the moves of message %d: %w", id, err)
	}
	defer rows.Close()
	var unusual []Move
	for rows.Next() {
		var v Move
		if err := rows.Scan(&v.At, &v.From, &v.To, &v.Reason); err != nil {
			return Message{}, fmt.Errorf("read the moves of message %d: %w", id, err)
		}
		unusual = append(unusual, v)
	}
	if err := rows.Err(); err != nil {
		return Message{}, fmt.Errorf("read the moves of message %d: %w", id, err)
	}
	m.History = history(m, unusual, times{submitted.Time, accepted.Time, done.Time})
	return m, nil
}

// ordinaryReason says why of the moves that are columns, where the error does not.
var ordinaryReason = map[State]string{
	Queued: "enqueued", Submitting: "claimed", Accepted: "submit_sm_resp", Delivered: "receipt", Expired: "send_by passed", Cancelled: "run cancelled",
}

// times are the columns that hold ordinary moves; they tell of the last try, earlier ones left rows.
type times struct{ submitted, accepted, done time.Time }

// history joins the moves that are rows, in the order in which they were written, and those that are columns, which fill
// what lies between. Each move starts where the one before it ended.
func history(m Message, rows []Move, t times) []Move {
	list := []Move{{At: m.QueuedAt.UTC(), To: Queued, Reason: ordinaryReason[Queued]}}
	add := func(at time.Time, to State, reason string) {
		last := list[len(list)-1]
		if at = at.UTC(); at.Before(last.At) {
			at = last.At // by the clock of another node
		}
		if reason == "" {
			reason = ordinaryReason[to]
		}
		list = append(list, Move{At: at, From: last.To, To: to, Reason: reason})
	}
	reach := func(to State, end time.Time) {
		for at := list[len(list)-1].To; at != to; at = list[len(list)-1].To {
			switch {
			case at == Queued && !t.submitted.IsZero() && to != Suppressed && to != Cancelled:
				add(earlier(t.submitted, end), Submitting, "")
			case at == Queued && to == Submitting:
				add(end, Submitting, "")
			case at == Submitting && to != Accepted && !t.accepted.IsZero():
				add(earlier(t.accepted, end), Accepted, "")
			case to == Accepted:
				add(earlier(t.accepted, end), Accepted, "")
			default:
				add(end, to, m.Error)
			}
		}
	}
	for i, v := range rows {
		if slices.Contains(rows[:i], v) {
			continue // stored twice, since the answer to the first commit got lost
		}
		if list[len(list)-1].To == Unknown && (v.From == Queued || v.From == Submitting) {
			// The node that another took for dead was alive: what it stored is of the try that was given up.
			if v.To == Submitting || v.To == Unknown {
				continue
			}
			v.From = Unknown
		}
		reach(v.From, v.At)
		add(v.At, v.To, v.Reason)
	}
	reach(m.State, t.done)
	return list
}

// earlier is a, or b where that comes before: a column of a later try tells nothing of an earlier one. Zero is no time.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
