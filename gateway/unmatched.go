package gateway

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/lib/pq"
)

const (
	keepUnmatchedFor = 30 * 24 * time.Hour // a carrier asked about one answers within a month
	shownUnmatched   = 200
)

// keepUnmatchedSQL keeps what no message answers to, to be tried again for an hour: a receipt may overtake the storing of
// its submit_sm_resp, on this node or another.
const keepUnmatchedSQL = `
insert into receipts_unmatched (carrier, carrier_message_id, phone, state, error, submitted_at, at, received_at, try_at)
select $1, id, phone, state, error, case when submitted > 0 then timestamptz 'epoch' + submitted * interval '1 microsecond' end,
       $7, $7, $7::timestamptz + interval '1 second'
from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[]) as t(id, phone, state, error, submitted)`

// keepUnmatched keeps the sightings at which. What is on its way is not kept: it will be told of again.
func (l *ledger) keepUnmatched(ctx context.Context, h *hot, list []sighting, which []int, now time.Time, t *tally) error {
	var ids, phones, states, errs []string
	var submitted []int64
	for _, i := range which {
		s := list[i]
		if s.state == "" {
			continue
		}
		ids, phones, states, errs = append(ids, s.id), append(phones, s.phone), append(states, string(s.state)), append(errs, s.error)
		at := int64(0)
		if !s.submitted.IsZero() {
			at = s.submitted.UnixMicro()
		}
		submitted = append(submitted, at)
	}
	if len(ids) == 0 {
		return nil
	}
	err := h.exec(ctx, keepUnmatchedSQL, l.carrier, pq.Array(ids), pq.Array(phones), pq.Array(states), pq.Array(errs), pq.Array(submitted), now)
	if err != nil {
		return fmt.Errorf("keep %d unmatched receipts of %s: %w", len(ids), l.carrier, err)
	}
	l.again = true
	t.unmatched += len(ids)
	return nil
}

const dueUnmatchedSQL = `
select id, carrier_message_id, phone, state, error, submitted_at, received_at from receipts_unmatched
where carrier = $1 and try_at <= $2 order by try_at limit 500 for update skip locked`

const dropMatchedSQL = `delete from receipts_unmatched where id = any($1)`

// The pauses double; after twelve tries, more than an hour, the receipt is kept and left alone.
const postponeSQL = `
update receipts_unmatched
set tries = tries + 1, try_at = case when tries < 12 then $2::timestamptz + interval '1 second' * (1 << tries) end
where id = any($1)`

// sweep tries the receipts again that found no message so far.
func (l *ledger) sweep(ctx context.Context, h *hot, now time.Time, t *tally) error {
	var list []sighting
	var ids []int64
	due := now
	if l.again {
		due = now.Add(2 * time.Second) // their message may have been settled just now
	}
	err := h.each(ctx, dueUnmatchedSQL, func(scan func(...any) error) error {
		var id int64
		var s sighting
		var submitted sql.NullTime
		if err := scan(&id, &s.id, &s.phone, &s.state, &s.error, &submitted, &s.received); err != nil {
			return err
		}
		s.submitted = submitted.Time
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
	rest, err := l.find(ctx, h, list, now, t)
	if err != nil {
		return err
	}
	if rest, err = l.findByNumber(ctx, h, list, rest, now, t); err != nil {
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
	return nil
}

const pruneUnmatchedSQL = `delete from receipts_unmatched where received_at < $1`

// pruneUnmatched forgets the receipts that nobody has explained for a month: they hold numbers.
func (s *Store) pruneUnmatched(ctx context.Context, h *hot) error {
	if err := h.exec(ctx, pruneUnmatchedSQL, s.now().UTC().Add(-keepUnmatchedFor)); err != nil {
		return fmt.Errorf("forget old unmatched receipts: %w", err)
	}
	return nil
}

// UnmatchedReceipt is a receipt that no message answers to.
type UnmatchedReceipt struct {
	ID               int64
	Carrier          string
	CarrierMessageID string // as the receipt wrote it; may be empty
	Phone            string // as the receipt wrote it: a page masks it
	State            State
	Error            string
	ReceivedAt       time.Time
	Tries            int
	Waiting          bool // it is tried again; otherwise it was given up and is only kept
}

// Unmatched is what is kept of receipts that no message answers to.
type Unmatched struct {
	ByCarrier map[string]int
	Newest    []UnmatchedReceipt // at most 200
}

const countUnmatchedSQL = `select carrier, count(*) from receipts_unmatched group by carrier`

const newestUnmatchedSQL = `
select id, carrier, carrier_message_id, phone, state, error, received_at, tries, try_at is not null
from receipts_unmatched order by received_at desc, id desc limit $1`

// Unmatched counts the receipts of no message by carrier, and lists the newest.
func (s *Store) Unmatched(ctx context.Context) (Unmatched, error) {
	u := Unmatched{ByCarrier: map[string]int{}}
	counts, err := s.db.QueryContext(ctx, countUnmatchedSQL)
	if err != nil {
		return u, fmt.Errorf("count unmatched receipts: %w", err)
	}
	defer counts.Close()
	for counts.Next() {
		var carrier string
		var n int
		if err := counts.Scan(&carrier, &n); err != nil {
			return u, fmt.Errorf("count unmatched receipts: %w", err)
		}
		u.ByCarrier[carrier] = n
	}
	if err := counts.Err(); err != nil {
		return u, fmt.Errorf("count unmatched receipts: %w", err)
	}
	rows, err := s.db.QueryContext(ctx, newestUnmatchedSQL, shownUnmatched)
	if err != nil {
		return u, fmt.Errorf("list unmatched receipts: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var r UnmatchedReceipt
		if err := rows.Scan(&r.ID, &r.Carrier, &r.CarrierMessageID, &r.Phone, &r.State, &r.Error, &r.ReceivedAt, &r.Tries, &r.Waiting); err != nil {
			return u, fmt.Errorf("list unmatched receipts: %w", err)
		}
		u.Newest = append(u.Newest, r)
	}
	if err := rows.Err(); err != nil {
		return u, fmt.Errorf("list unmatched receipts: %w", err)
	}
	return u, nil
}
