package gateway

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/lib/pq"

	"canhgiac/gateway/smpp"
)

// outcomes is a batch of results as columns, one multi-row statement each.
type outcomes struct {
	carrier   string
	elsewhere elsewhere
	node      int64
	now       time.Time
	verdicts  []verdict

	ids, parts, submitted     []int64 // submitted in microseconds since 1970, 0 where it never was
	states, remoteIDs, errors []string
	phones                    []string
	fresh                     []int // those that were accepted just now, in one part

	partOf, partNo []int64
	partIDs        []string
	many           []int64 // messages of several parts that are complete

	gone                      []int64 // to leave the outbox
	again                     []int64 // to come, or come back, into it
	againAt, againBy          []time.Time
	againTries, againPriority []int64
	againQueue, againError    []string
	againRefused              []string // who did not know the number, where another carrier is asked
	againOpen                 []int64
	asking                    []int // those of again whose carrier is to be named
	askingPhone               []string
	strangers                 []string       // numbers that the carrier does not know, and nobody else is asked for
	againLeased               []sql.NullTime // when the outbox gave this try; null for a chunk's

	moved                        []int64
	moveAt                       []time.Time
	moveFrom, moveTo, moveReason []string
}

func newOutcomes(carrier string, e elsewhere, now time.Time, results []*outgoing) *outcomes {
	o := &outcomes{carrier: carrier, elsewhere: e, now: now}
	for _, m := range results {
		v, from := m.judge(), Submitting
		if m.late {
			from = Unknown
		}
		if v.state == Unknown && m.resend && !m.late && o.retryAt(m, v).Before(m.sendBy) {
			o.trying(m)
			o.move(m, now, Submitting, Unknown, v.reason)
			v, from = verdict{state: Queued, reason: "sent again, as the run says"}, Unknown
		}
		switch at := o.retryAt(m, v); {
		case v.state == Failed && e.strange(m) && (m.refusedBy != "" || !now.Before(m.sendBy)):
			o.strangers = append(o.strangers, m.phone)
		case v.state == Failed && e.strange(m):
			v = verdict{state: Queued, reason: v.reason + ": another carrier is asked"}
			o.askOther(m, v.reason, from)
		case v.state == Queued && at.Before(m.sendBy):
			o.retry(m, v, from, at)
		case v.state == Queued:
			v = verdict{state: Expired, reason: "send_by passed after " + v.reason}
		}
		o.verdicts = append(o.verdicts, v)
		o.keepParts(m)
		if v.state != Queued {
			o.end(m, v)
		}
	}
	return o
}

// retryAt: the pauses double from 5 s to 10 minutes. A throttled or unwritten message waits a second only, since the link
// itself slows down or comes back.
func (o *outcomes) retryAt(m *outgoing, v verdict) time.Time {
	if v.throttled || v.unsent {
		return o.now.Add(time.Second)
	}
	return o.now.Add(min(5*time.Second<<min(m.attempts, 7), 10*time.Minute))
}

// retry queues m again, whose try has left it in from.
func (o *outcomes) retry(m *outgoing, v verdict, from State, at time.Time) {
	tries := m.attempts
	if !v.throttled && !v.unsent {
		tries++
	}
	o.again, o.againAt, o.againBy = append(o.again, int64(m.id)), append(o.againAt, at), append(o.againBy, m.sendBy.UTC())
	o.againTries, o.againPriority = append(o.againTries, int64(tries)), append(o.againPriority, int64(m.urgency))
	o.againError = append(o.againError, v.reason)
	queue, openTo := m.queue, m.openTo
	if m.bound() {
		queue, openTo = o.carrier, own
	}
	o.againQueue, o.againOpen = append(o.againQueue, queue), append(o.againOpen, int64(openTo))
	o.againRefused = append(o.againRefused, m.refusedBy)
	o.againLeased = append(o.againLeased, sql.NullTime{Time: m.leased, Valid: !m.leased.IsZero()})
	if from == Submitting {
		o.trying(m)
	}
	o.move(m, o.now, from, Queued, v.reason)
}

// trying keeps the begin of a try that is not the last.
func (o *outcomes) trying(m *outgoing) {
	if !m.submitted.IsZero() {
		o.move(m, m.submitted, Queued, Submitting, "claimed")
	}
}

func (o *outcomes) move(m *outgoing, at time.Time, from, to State, reason string) {
	o.moved, o.moveAt = append(o.moved, int64(m.id)), append(o.moveAt, at)
	o.moveFrom, o.moveTo, o.moveReason = append(o.moveFrom, string(from)), append(o.moveTo, string(to)), append(o.moveReason, reason)
}

// keepParts keeps the ids of the parts that came through, whatever became of the others.
func (o *outcomes) keepParts(m *outgoing) {
	if len(m.parts) < 2 {
		return
	}
	for i, r := range m.results {
		if r.Err == nil && r.Status == smpp.StatusOK && !m.kept[i] {
			o.partOf, o.partNo = append(o.partOf, int64(m.id)), append(o.partNo, int64(i+1))
			o.partIDs = append(o.partIDs, remoteID(r.MessageID))
		}
	}
}

func (o *outcomes) end(m *outgoing, v verdict) {
	remote := ""
	if len(m.results) > 0 {
		remote = remoteID(m.results[0].MessageID)
	}
	o.ids, o.states, o.remoteIDs = append(o.ids, int64(m.id)), append(o.states, string(v.state)), append(o.remoteIDs, remote)
	o.parts, o.errors, o.phones = append(o.parts, int64(len(m.parts))), append(o.errors, v.reason), append(o.phones, m.phone)
	var submitted int64
	if !m.submitted.IsZero() {
		submitted = m.submitted.UnixMicro()
	}
	o.submitted = append(o.submitted, submitted)
	if v.state == Accepted && len(m.parts) == 1 && !m.late && remote != "" {
		o.fresh = append(o.fresh, len(o.ids)-1)
	}
	if len(m.parts) > 1 {
		o.many = append(o.many, int64(m.id))
	}
	if m.from == nil {
		o.gone = append(o.gone, int64(m.id))
	}
	switch {
	case m.late:
		o.move(m, o.now, Unknown, v.state, "late response")
	case v.state == Unknown:
		o.move(m, o.now, Submitting, Unknown, v.reason)
	}
}

// storable takes out what a text column refuses and a peer may send.
func storable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "?"), "\x00", "")
}

// limited is storable, cut to so many octets: what a peer may send at any length, and a column with an index holds.
func limited(s string, octets int) string {
	if len(s) > octets {
		s = s[:octets]
	}
	return storable(s)
}

// settleSQL writes each message's one row. Where another node has given the message up as unknown, the truth replaces it.
const settleSQL = `
insert into sent (message_id, state, carrier, carrier_message_id, parts, submitted_at, accepted_at, done_at, error)
select id, state, $7, nullif(remote, ''), parts,
       case when submitted > 0 then timestamptz 'epoch' + submitted * interval '1 microsecond' end,
       case when state in ('accepted', 'delivered') then $8::timestamptz end, case when state <> 'accepted' then $8::timestamptz end, error
from unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[]) as t(id, state, remote, parts, submitted, error)
on conflict (message_id) do update
set state = excluded.state, carrier = excluded.carrier, carrier_message_id = excluded.carrier_message_id, parts = excluded.parts,
    submitted_at = coalesce(excluded.submitted_at, sent.submitted_at), accepted_at = excluded.accepted_at,
    done_at = excluded.done_at, error = excluded.error
where sent.state = 'unknown' and excluded.state <> 'unknown'`

const keepPartsSQL = `
insert into sent_parts (message_id, part, carrier, carrier_message_id, at)
select id, part, $4, remote, $5 from unnest($1::bigint[], $2::bigint[], $3::text[]) as t(id, part, remote)
on conflict (message_id, part) do nothing`

const leaveOutboxSQL = `delete from outbox where message_id = any($1)`

// revokeSQL: a message that another node gave up as unknown, and that was certainly refused, waits again.
const revokeSQL = `delete from sent where message_id = any($1) and state = 'unknown'`

// endTrySQL takes the row of the try that is over out. One that was leased since, by another carrier or node or by this
// one, is another try: these outcomes were stored before, and only the answer to their commit got lost.
const endTrySQL = `
delete from outbox o using unnest($1::bigint[], $2::timestamptz[]) as t(id, leased)
where o.message_id = t.id and (o.lease_node is null or o.lease_node = $3 and o.lease_carrier = $4 and o.leased_at = t.leased)`

const retrySQL = `
insert into outbox (message_id, carrier, priority, ready_at, send_by, attempts, error, open_to, refused_by)
select * from unnest($1::bigint[], $2::text[], $3::bigint[], $4::timestamptz[], $5::timestamptz[], $6::bigint[], $7::text[], $8::bigint[], $9::text[])
on conflict (message_id) do nothing`

// addMovesSQL comes before the outcomes: a late response moves only what is in doubt still.
const addMovesSQL = `
insert into message_moves (message_id, at, from_state, to_state, reason)
select * from unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::text[], $5::text[]) as t(id, at, was, becomes, reason)
where was <> 'unknown' or becomes = 'queued' or exists (select from sent s where s.message_id = t.id and s.state = 'unknown')`

func (o *outcomes) store(ctx context.Context, h *hot) error {
	if len(o.moved) > 0 {
		if err := h.exec(ctx, addMovesSQL, pq.Array(o.moved), pq.Array(o.moveAt), pq.Array(o.moveFrom), pq.Array(o.moveTo), pq.Array(o.moveReason)); err != nil {
			return fmt.Errorf("keep %d moves: %w", len(o.moved), err)
		}
	}
	if len(o.ids) > 0 {
		if err := h.exec(ctx, settleSQL, pq.Array(o.ids), pq.Array(o.states), pq.Array(o.remoteIDs), pq.Array(o.parts),
			pq.Array(o.submitted), pq.Array(o.errors), o.carrier, o.now); err != nil {
			return fmt.Errorf("settle %d messages: %w", len(o.ids), err)
		}
	}
	if len(o.partOf) > 0 {
		if err := h.exec(ctx, keepPartsSQL, pq.Array(o.partOf), pq.Array(o.partNo), pq.Array(o.partIDs), o.carrier, o.now); err != nil {
			return fmt.Errorf("keep %d parts: %w", len(o.partOf), err)
		}
	}
	if err := o.nameOthers(ctx, h); err != nil {
		return err
	}
	if len(o.again) > 0 {
		if err := h.exec(ctx, revokeSQL, pq.Array(o.again)); err != nil {
			return fmt.Errorf("take %d messages back: %w", len(o.again), err)
		}
		if err := h.exec(ctx, endTrySQL, pq.Array(o.again), pq.Array(o.againLeased), o.node, o.carrier); err != nil {
			return fmt.Errorf("end the try of %d messages: %w", len(o.again), err)
		}
		if err := h.exec(ctx, retrySQL, pq.Array(o.again), pq.Array(o.againQueue), pq.Array(o.againPriority), pq.Array(o.againAt),
			pq.Array(o.againBy), pq.Array(o.againTries), pq.Array(o.againError), pq.Array(o.againOpen), pq.Array(o.againRefused)); err != nil {
			return fmt.Errorf("queue %d messages again: %w", len(o.again), err)
		}
	}
	if len(o.gone) > 0 {
		if err := h.exec(ctx, leaveOutboxSQL, pq.Array(o.gone)); err != nil {
			return fmt.Errorf("clear %d messages from the outbox: %w", len(o.gone), err)
		}
	}
	return nil
}
