package gateway

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/lib/pq"

	"canhgiac/gateway/sms"
	"canhgiac/residents"
	"canhgiac/schedules"
)

const (
	chunkSize   = 500            // measured: 100 costs a third more a message, 2000 gains little
	defaultLife = 24 * time.Hour // of a message that nobody gave a send_by
)

// wholeDay is what an urgent run is stored with: it does not ask the hours.
var wholeDay = schedules.Hours{From: 0, To: 24 * 60}

// Route says which numbers leave by a carrier.
type Route struct {
	Carrier  string
	Prefixes []string // "098", "+8498" or "8498", up to seven digits with the country's; none: what no other carrier takes
	Fallback []string // carriers that stand in, the first that can, once its link has been down for FailoverAfter
	TextRules
}

// StoreOptions are what the queue must know before anything is sent.
type StoreOptions struct {
	Routes []Route         // at least one; the first without prefixes, else the first, takes what is left
	Hours  schedules.Hours // for single messages of the API: runs bring their own
	Caps   Caps            // likewise
	// FailoverAfter is how long a carrier's link must have been down, on every node, before others serve its queue; 0: a minute.
	FailoverAfter time.Duration
}

// Store is the queue and the ledger in PostgreSQL. Any number of them may work on one database.
type Store struct {
	db     *sql.DB
	now    func() time.Time
	routes routes
	texts  map[string]TextRules // by carrier
	hours  schedules.Hours
	caps   Caps

	failoverAfter time.Duration
}

// NewStore gives a store over db, whose clock is now.
func NewStore(db *sql.DB, now func() time.Time, o StoreOptions) *Store {
	if o.Hours.IsZero() {
		o.Hours = wholeDay
	}
	texts := make(map[string]TextRules, len(o.Routes))
	for _, r := range o.Routes {
		texts[r.Carrier] = r.TextRules
	}
	return &Store{db: db, now: now, routes: newRoutes(o.Routes), texts: texts, hours: o.Hours, caps: o.Caps, failoverAfter: cmp.Or(o.FailoverAfter, time.Minute)}
}

const addBodySQL = `insert into bodies (text) values ($1) returning id`

// addSingleSQL does nothing when the key is there already; the id that it drew is then lost, which costs nothing.
const addSingleSQL = `
insert into singles (message_id, purpose, key, sender, sender_carrier, queued_at, send_by)
values (nextval('single_ids'), $1, nullif($2, ''), $3, $4, $5, $6)
on conflict (key) do nothing
returning message_id`

const singleByKeySQL = `select message_id from singles where key = $1`

const addSingleMessageSQL = `insert into messages (id, phone, unit_id, body_id) values ($1, $2, 0, $3)`

// addOutboxSQL: $7 is empty where the caller named the carrier, else the number, which may have been ported to one of $8.
const addOutboxSQL = `
insert into outbox (message_id, carrier, priority, ready_at, send_by, open_to)
values ($1, coalesce((select carrier from ported_numbers where phone = $7 and carrier = any($8)), $2), $3, $4, $5, $6)`

// Send queues m within the caller's transaction and gives its id: what is not committed is not sent. A key that was used
// before gives the first message's id and adds nothing.
func (s *Store) Send(ctx context.Context, tx *sql.Tx, m Single) (MessageID, error) {
	priority, ok := priorities[m.Purpose]
	if !ok {
		return 0, fmt.Errorf("send a message: unknown purpose %q", m.Purpose)
	}
	if m.Text == "" || m.To == "" {
		return 0, errors.New("send a message: it needs a number and a text")
	}
	if s.Measure(m.Text).Parts > sms.MaxParts {
		return 0, fmt.Errorf("send a %s: %w", m.Purpose, sms.ErrTooLong)
	}
	now := s.now().UTC()
	if m.SendBy.IsZero() {
		m.SendBy = now.Add(defaultLife)
	}
	ported := ""
	if m.Carrier == "" {
		m.Carrier, ported = s.routes.carrier(m.To), string(m.To)
	}
	openTo, whose := equal, ""
	if m.From != "" { // who wrote to a short code is answered from it, if its carrier can be reached
		openTo, whose = standIn, m.Carrier
	}
	var id MessageID
	err := tx.QueryRowContext(ctx, addSingleSQL, string(m.Purpose), m.Key, m.From, whose, now, m.SendBy.UTC()).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		err = tx.QueryRowContext(ctx, singleByKeySQL, m.Key).Scan(&id)
		if err != nil {
			return 0, fmt.Errorf("send a %s again: %w", m.Purpose, err)
		}
		return id, nil
	}
	if err != nil {
		return 0, fmt.Errorf("send a %s: %w", m.Purpose, err)
	}
	var body int64
	if err := tx.QueryRowContext(ctx, addBodySQL, sms.Normalise(m.Text)).Scan(&body); err != nil {
		return 0, fmt.Errorf("keep the text of message %d: %w", id, err)
	}
	if _, err := tx.ExecContext(ctx, addSingleMessageSQL, id, string(m.To), body); err != nil {
		return 0, fmt.Errorf("add message %d: %w", id, err)
	}
	if _, err := tx.ExecContext(ctx, addOutboxSQL, id, m.Carrier, priority, now, m.SendBy.UTC(), openTo, ported, pq.Array(s.routes.names)); err != nil {
		return 0, fmt.Errorf("queue message %d: %w", id, err)
	}
	return id, nil
}

// priorities order the outbox: who waits for an answer goes first.
var priorities = map[Purpose]urgency{Reply: answers, Receipt: answers, Alert: alerts, API: ofAPI}

const addOrderSQL = `
insert into run_orders (run_id, campaign_id, body_id, urgent, hours, per_day, per_week, resend, send_by, queued_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
on conflict (run_id) do nothing`

const orderSizeSQL = `select coalesce(sum(size), 0) from chunks where run_id = $1`

// prefixSQL is routes.byPrefix over a row a with a phone; $3 is the table.
const prefixSQL = `coalesce($3::jsonb ->> left(a.phone, 8), $3::jsonb ->> left(a.phone, 7), $3::jsonb ->> left(a.phone, 6),
		$3::jsonb ->> left(a.phone, 5), $3::jsonb ->> left(a.phone, 4), $3::jsonb ->> left(a.phone, 3))`

// A run is expanded in three steps of one transaction, so that it can be told how far it is: who is in it, their chunks, and
// their messages in batches. None takes a round trip for each row.

// audienceTableSQL: what the transaction holds beside the tables. A page of it is what a batch is measured in.
const audienceTableSQL = `
drop table if exists pg_temp.run_audience, pg_temp.run_chunks;
create temp table run_audience (resident_id bigint, phone text, unit_id bigint, carrier text, n bigint) on commit drop;
create temp table run_chunks (id bigint, carrier text, nth bigint) on commit drop`

// numberSQL numbers the audience within each carrier. $1 is AudienceSQL's own parameter. A number that was ported goes where
// it is now, if that carrier ($4) is ours. Else the longest prefix that is in the table ($3) wins; jsonb finds a key by binary
// search, so that a route costs a fraction of a microsecond.
const numberSQL = `
with audience as (` + residents.AudienceSQL + `)
insert into pg_temp.run_audience
select resident_id, phone, unit_id, carrier, row_number() over (partition by carrier order by resident_id) - 1
from (
	select resident_id, a.phone, unit_id, coalesce(p.carrier, ` + prefixSQL + `, $2) as carrier
	from audience a left join ported_numbers p on p.phone = a.phone and p.carrier = any($4)
) routed`

const addChunksSQL = `
with added as (
	insert into chunks (run_id, carrier, nth, urgent, size, ready_at, send_by)
	select $1, carrier, n / $2, $3, count(*), $4, $5
	from pg_temp.run_audience group by carrier, n / $2
	returning id, carrier, nth
)
insert into pg_temp.run_chunks select id, carrier, nth from added`

// addMessagesSQL writes what stands on the pages from $4 to before $5.
const addMessagesSQL = `
insert into messages (id, chunk_id, pos, phone, unit_id, body_id)
select $1::bigint << 32 | a.resident_id, c.id, a.n % $2, a.phone, a.unit_id, $3
from pg_temp.run_audience a join pg_temp.run_chunks c on c.carrier = a.carrier and c.nth = a.n / $2
where a.ctid >= format('(%s,0)', $4::bigint)::tid and a.ctid < format('(%s,0)', $5::bigint)::tid`

const audiencePagesSQL = `select pg_relation_size('pg_temp.run_audience') / current_setting('block_size')::bigint`

// expandBatch messages are written between two words on how far it is: a quarter of a second.
const expandBatch = 50_000

func (s *Store) expand(ctx context.Context, tx *sql.Tx, r Run, body int64) (int, error) {
	tell := r.Progress
	if tell == nil {
		tell = func(int, int) {}
	}
	if _, err := tx.ExecContext(ctx, audienceTableSQL); err != nil {
		return 0, err
	}
	res, err := tx.ExecContext(ctx, numberSQL, pq.Array(r.Audience.Units), s.routes.rest, s.routes.table, pq.Array(s.routes.names))
	if err != nil {
		return 0, err
	}
	total, err := res.RowsAffected()
	if err != nil {
		return 0, err
	}
	tell(0, int(total))
	if _, err := tx.ExecContext(ctx, addChunksSQL, r.ID, chunkSize, r.Urgent, r.SendAfter.UTC(), r.SendBy.UTC()); err != nil {
		return 0, err
	}
	// Without statistics the planner would take both for a handful of rows.
	if _, err := tx.ExecContext(ctx, `analyze pg_temp.run_audience, pg_temp.run_chunks`); err != nil {
		return 0, err
	}
	var pages int64
	if err := tx.QueryRowContext(ctx, audiencePagesSQL).Scan(&pages); err != nil {
		return 0, err
	}
	step := max(1, pages*expandBatch/max(total, 1))
	var n int64
	for page := int64(0); page < pages; page += step {
		res, err := tx.ExecContext(ctx, addMessagesSQL, r.ID, chunkSize, body, page, page+step)
		if err != nil {
			return 0, err
		}
		added, err := res.RowsAffected()
		if err != nil {
			return 0, err
		}
		n += added
		tell(int(n), int(total))
	}
	if n != total {
		return 0, fmt.Errorf("%d messages for an audience of %d", n, total)
	}
	return int(n), nil
}

// EnqueueRun expands r's audience into messages within the caller's transaction, and gives how many there are. The same
// run again adds nothing and gives the first number: two nodes may fire one due time.
func (s *Store) EnqueueRun(ctx context.Context, tx *sql.Tx, r Run) (int, error) {
	now := s.now().UTC()
	switch {
	case r.ID < 1 || r.ID > 1<<31-1:
		return 0, fmt.Errorf("enqueue run %d: its id must be from 1 to %d", r.ID, 1<<31-1)
	case r.Text == "":
		return 0, fmt.Errorf("enqueue run %d: it has no text", r.ID)
	case s.Measure(r.Text).Parts > sms.MaxParts:
		return 0, fmt.Errorf("enqueue run %d: %w", r.ID, sms.ErrTooLong)
	case r.Urgent:
		r.Hours = wholeDay
	case r.Hours.IsZero():
		return 0, fmt.Errorf("enqueue run %d: it has no sending hours", r.ID)
	}
	if r.SendAfter.Before(now) {
		r.SendAfter = now
	}
	if r.SendBy.IsZero() {
		r.SendBy = r.SendAfter.Add(defaultLife)
	}
	var body int64
	if err := tx.QueryRowContext(ctx, addBodySQL, sms.Normalise(r.Text)).Scan(&body); err != nil {
		return 0, fmt.Errorf("keep the text of run %d: %w", r.ID, err)
	}
	res, err := tx.ExecContext(ctx, addOrderSQL, r.ID, r.Campaign, body, r.Urgent, r.Hours, r.Caps.PerDay, r.Caps.PerWeek, r.Resend, r.SendBy.UTC(), now)
	if err != nil {
		return 0, fmt.Errorf("enqueue run %d: %w", r.ID, err)
	}
	if n, err := res.RowsAffected(); err != nil {
		return 0, fmt.Errorf("enqueue run %d: %w", r.ID, err)
	} else if n == 0 {
		var size int
		if err := tx.QueryRowContext(ctx, orderSizeSQL, r.ID).Scan(&size); err != nil {
			return 0, fmt.Errorf("count run %d: %w", r.ID, err)
		}
		return size, nil
	}
	n, err := s.expand(ctx, tx, r, body)
	if err != nil {
		return 0, fmt.Errorf("expand run %d: %w", r.ID, err)
	}
	return n, nil
}
