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
	err := s.db.QueryRowContext(ctx, messageSQL, id).Scan(&m.To, &m.Text, &m.State, &m.Run, &m.Purpose, &m.QueuedAt, &m.SendBy,
		&m.Carrier, &m.CarrierMessageID, &m.Error, &submitted, &accepted, &done)
	if errors.Is(err, sql.ErrNoRows) {
		return Message{}, fmt.Errorf("read message %d: %w", id, ErrNotFound)
	}
	if err != nil {
		return Message{}, fmt.Errorf("read message %d: %w", id, err)
	}
	m.Size = s.texts[m.Carrier].Split.Measure(m.Text)
	rows, err := s.db.QueryContext(ctx, movesSQL, id)
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
	m.History = history(m, unusual, submitted.Time, accepted.Time, done.Time)
	return m, nil
}

// history joins the moves that are columns and those that are rows. The columns hold the last try: earlier ones left rows.
func history(m Message, unusual []Move, submitted, accepted, done time.Time) []Move {
	list := append([]Move{{At: m.QueuedAt, To: Queued}}, unusual...)
	noted := func(to State) bool {
		return slices.ContainsFunc(unusual, func(v Move) bool { return v.To == to })
	}
	if !submitted.IsZero() {
		list = append(list, Move{At: submitted, From: Queued, To: Submitting})
	}
	if !accepted.IsZero() && !noted(Accepted) {
		list = append(list, Move{At: accepted, From: Submitting, To: Accepted})
	}
	if m.State.Ended() && !done.IsZero() && !noted(m.State) {
		from := Queued
		switch {
		case !accepted.IsZero():
			from = Accepted
		case noted(Unknown):
			from = Unknown
		case !submitted.IsZero():
			from = Submitting
		}
		list = append(list, Move{At: done, From: from, To: m.State, Reason: m.Error})
	}
	slices.SortStableFunc(list, func(a, b Move) int { return a.At.Compare(b.At) })
	for i := 1; i < len(list); i++ { // moves of one moment follow from each other
		for j := i; j < len(list) && list[j].At.Equal(list[i].At); j++ {
			if list[j].From == list[i-1].To {
				next := list[j]
				copy(list[i+1:j+1], list[i:j])
				list[i] = next
				break
			}
		}
	}
	for i := range list {
		list[i].At = list[i].At.UTC()
	}
	return list
}
