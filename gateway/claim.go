package gateway

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/lib/pq"

	"canhgiac/gateway/sms"
	"canhgiac/schedules"
)

// leaseTime outlives every response time-out by far. It only matters where a node vanishes without its connection to the
// database being closed; a process that dies gives its leases up with its advisory lock.
const leaseTime = 3 * time.Minute

// order is what the claim must know of a run.
type order struct {
	run             int64
	text            string
	urgent, resend  bool
	hours           schedules.Hours
	perDay, perWeek int
	sendBy          time.Time
}

func (o *order) capped() bool { return o.perDay > 0 || o.perWeek > 0 }

func (o *order) urgency() urgency {
	if o.urgent {
		return alerts
	}
	return reminders
}

// lease is a chunk in this node's hands. It ends when its last message is settled, not when the last one is submitted:
// until then a crash must leave it to be recovered.
type lease struct {
	id, epoch       int64
	nth             int
	queue           string // the carrier that its numbers belong to, which need not be the one that sends it
	order           order
	cut             []sms.Part // the run's text
	size, watermark int

	mu      sync.Mutex
	lost    bool // an intent got no answer: its commit may have moved the watermark, and none of it was submitted
	still   bool // nothing more of it may be meant for now
	pending int  // messages meant for the wire and not settled
	back    int  // from this one on, what was meant for the wire was not submitted and goes back; -1: nothing does
	backs   int  // how many
	closing bool
	readyAt time.Time // when to take it up again; zero: at once
}

type row struct {
	id    MessageID
	phone string
	pos   int
}

// leaseSQL: SKIP LOCKED lets workers and nodes run side by side. Each queue gives its first chunk by the index, and the
// first of those is taken; $6 asks for those of urgent runs. clock_timestamp, since now() is the transaction's start.
const leaseSQL = `
with pick as (
	select c.id from unnest($1::text[]) as queue cross join lateral (
		select id, nth from chunks
		where carrier = queue and urgent = $6 and (nth, id) >= ($7, $8) and state = 'open' and not paused and lease_node is null and ready_at <= $2
		and (id = any($9::bigint[])) is not true
		order by nth, id limit 1
		for update skip locked
	) c
	order by c.nth, c.id limit 1
)
update chunks c
set lease_node = $3, lease_carrier = $5, lease_until = clock_timestamp() + $4 * interval '1 millisecond', epoch = nextval('chunk_epochs')
from pick where c.id = pick.id
returning c.id, c.nth, c.epoch, c.run_id, c.carrier, c.size, c.watermark`

const orderSQL = `
select o.run_id, b.text, o.urgent, o.resend, o.hours, o.per_day, o.per_week, o.send_by
from run_orders o join bodies b on b.id = o.body_id where o.run_id = $1`

// errNothing means that no chunk is ready.
var errNothing = errors.New("nothing to claim")

// lease takes the first ready chunk of the queues that carrier serves for node, among those to search, the runs in turn. It belongs into a transaction: where its answer gets lost, the lease is lost with it.
func (s *Store) lease(ctx context.Context, h *hot, carrier string, from queues, node int64, in search) (*lease, error) {
	l := &lease{back: -1}
	found := false
	names, _ := from.columns()
	err := h.each(ctx, leaseSQL, func(scan func(...any) error) error {
		found = true
		return scan(&l.id, &l.nth, &l.epoch, &l.order.run, &l.queue, &l.size, &l.watermark)
	}, names, s.now().UTC(), node, leaseTime.Milliseconds(), carrier, in.urgent, in.nth, in.id, pq.Array(in.without))
	if err != nil {
		return nil, fmt.Errorf("lease a chunk for %s: %w", carrier, err)
	}
	if !found {
		return nil, errNothing
	}
	l.order, err = s.order(ctx, h, l.order.run)
	return l, err
}

func (s *Store) order(ctx context.Context, h *hot, run int64) (o order, err error) {
	err = h.each(ctx, orderSQL, func(scan func(...any) error) error {
		return scan(&o.run, &o.text, &o.urgent, &o.resend, &o.hours, &o.perDay, &o.perWeek, &o.sendBy)
	}, run)
	if err != nil {
		return o, fmt.Errorf("read the order of run %d: %w", run, err)
	}
	return o, nil
}

// countedSQL is how many reminders that residents did not ask for have gone, or are going, to m's number since a time: messages,
// and what went by another way.
const countedSQL = `(select count(*)
	from messages x
	left join sent y on y.message_id = x.id
	left join chunks z on z.id = x.chunk_id
	left join singles g on g.message_id = x.id
	left join outbox w on w.message_id = x.id
	where x.phone = m.phone and x.id <> m.id and (x.chunk_id is not null or g.purpose = 'api')
	and (y.state in ('accepted', 'delivered', 'unknown') and y.submitted_at > %[1]s
		or y.message_id is null and (x.pos < z.watermark or w.lease_node is not null)))
	+ (select count(*) from contacts k where k.phone = m.phone and k.at > %[1]s)`

// capLockSQL lets no two intents count at one time: two runs may hold the same number. One lock, since a lock for each
// number would fill the server's table of them.
const capLockSQL = `select pg_advisory_xact_lock(4214, 0)`

// intentSQL moves the watermark if the lease still holds and nobody paused or cancelled the run, and asks the last gate
// before the air: practice, opt-out, the Do-Not-Call list (not of an urgent run), consent, caps. What does not pass is suppressed in
// the same statement; the rest may be submitted once this is committed. No row means that the lease must be given back.
var intentSQL = fmt.Sprintf(`
with c as (
	update chunks set watermark = $4, intent_at = $7, lease_until = clock_timestamp() + $9 * interval '1 millisecond'
	where id = $1 and epoch = $2 and watermark = $3 and state = 'open' and not paused and send_by > $7
	returning id, lease_carrier as carrier, urgent
),
gate as (
	select m.id, m.pos, m.phone, c.carrier, case
		when current_schema() = 'practice' then 'practice'
		when o.phone is not null then 'opted out'
		when d.phone is not null then 'do not call'
		when r.id is null or r.consent_at is null or not r.wants_sms then 'no consent'
		when r.phone <> m.phone then 'number changed'
		when $5 > 0 and %s >= $5 then 'daily cap'
		when $6 > 0 and %s >= $6 then 'weekly cap'
		else '' end as reason
	from c
	join messages m on m.chunk_id = c.id and m.pos >= $3 and m.pos < $4
	left join opt_outs o on o.phone = m.phone
	left join do_not_call d on d.phone = m.phone and not c.urgent
	left join residents r on r.id = m.id & 4294967295
),
held as (
	insert into sent (message_id, state, carrier, parts, done_at, error)
	select id, 'suppressed', carrier, 0, $8, reason from gate where reason <> ''
	on conflict (message_id) do nothing
)
select id, pos, phone, reason from gate order by pos`,
	fmt.Sprintf(countedSQL, `$7::timestamptz - interval '24 hours'`), fmt.Sprintf(countedSQL, `$7::timestamptz - interval '7 days'`))

// intent says that the next n messages are meant for the wire, once it is committed. It gives those that may be sent, and
// how many the gate held; errNothing when the lease is lost or the run must stand still. A run with caps needs a transaction
// around it.
func (s *Store) intent(ctx context.Context, h *hot, l *lease, n int) (pass []row, held int, err error) {
	n = min(n, l.left())
	if l.order.capped() {
		if err := h.exec(ctx, capLockSQL); err != nil {
			return nil, 0, fmt.Errorf("wait to count for chunk %d: %w", l.id, err)
		}
	}
	now := s.now().UTC()
	pass = make([]row, 0, n)
	err = h.each(ctx, intentSQL, func(scan func(...any) error) error {
		var r row
		var reason string
		if err := scan(&r.id, &r.pos, &r.phone, &reason); err != nil {
			return err
		}
		if reason != "" {
			held++
			return nil
		}
		pass = append(pass, r)
		return nil
	}, l.id, l.epoch, l.watermark, l.watermark+n, l.order.perDay, l.order.perWeek, now, now, leaseTime.Milliseconds())
	if err != nil {
		return nil, 0, fmt.Errorf("intend %d of chunk %d: %w", n, l.id, err)
	}
	if len(pass)+held == 0 {
		return nil, 0, errNothing
	}
	return pass, held, nil
}

// releaseSQL gives chunks back, ended where nothing of them is left. A lease that was lost meanwhile stays the other's.
const releaseSQL = `
update chunks c
set lease_node = null, lease_carrier = null, lease_until = null, ready_at = greatest(c.ready_at, r.ready_at),
    state = case when c.state <> 'open' then c.state when c.watermark = c.size then 'done' when c.send_by <= $4 then 'expired' else 'open' end,
    ended_at = case when c.ended_at is null and (c.watermark = c.size or c.send_by <= $4) then $4 else c.ended_at end
from unnest($1::bigint[], $2::bigint[], $3::timestamptz[]) as r(id, epoch, ready_at)
where c.id = any($1) and c.id = r.id and c.epoch = r.epoch`

// rewindSQL takes back what an intent meant for the wire and nobody has submitted nor can while the epoch is ours: its
// answer got lost with the connection, or it waited for its turn when its run was paused or the link went down. What its
// gate held is asked again.
const rewindSQL = `
with c as (update chunks set watermark = $3 where id = $1 and epoch = $2 and watermark > $3 returning id)
delete from sent s using c, messages m
where m.chunk_id = c.id and m.pos >= $3 and s.message_id = m.id and s.state = 'suppressed'`

// release belongs into a transaction.
func (s *Store) release(ctx context.Context, h *hot, leases []*lease) error {
	for _, l := range leases {
		to, ok := l.rewind()
		if !ok {
			continue
		}
		if err := h.exec(ctx, rewindSQL, l.id, l.epoch, to); err != nil {
			return fmt.Errorf("take an intent of chunk %d back: %w", l.id, err)
		}
	}
	if len(leases) == 0 {
		return nil
	}
	ids, epochs, ready := make([]int64, len(leases)), make([]int64, len(leases)), make([]sql.NullTime, len(leases))
	for i, l := range leases {
		ids[i], epochs[i] = l.id, l.epoch
		ready[i] = sql.NullTime{Time: l.readyAt.UTC(), Valid: !l.readyAt.IsZero()}
	}
	if err := h.exec(ctx, releaseSQL, pq.Array(ids), pq.Array(epochs), pq.Array(ready), s.now().UTC()); err != nil {
		return fmt.Errorf("give %d chunks back: %w", len(leases), err)
	}
	return nil
}

// rewind is the watermark to go back to; false where everything that was meant for the wire was settled.
func (l *lease) rewind() (to int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.back >= 0 {
		return l.back, true
	}
	return l.watermark, l.lost
}

// giveBack says that message pos was not submitted, and that none after it will be; last is as settle's.
func (l *lease) giveBack(pos int) (last bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending--
	l.backs++
	if l.back < 0 || pos < l.back {
		l.back = pos
	}
	return l.closing && l.pending == 0
}

// gone says that a message was given back, so that nothing after it may go out under this lease.
func (l *lease) gone() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.back >= 0
}

// stopped says that nothing more of the chunk may be meant under this lease.
func (l *lease) stopped() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.still || l.lost || l.back >= 0
}

func (l *lease) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.still = true
}

// lose says that an intent of n messages, or the lease itself with it, got no answer: until it is taken back these are in
// doubt.
func (l *lease) lose(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lost = true
	l.backs += n
}

// waitUntil stops the lease, and keeps the chunk from another before at.
func (l *lease) waitUntil(at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.still, l.readyAt = true, at
}

// left is how many messages of the chunk have not been meant for the wire.
func (l *lease) left() int { return l.size - l.watermark }

// meant counts what a commit has meant for the wire: n messages, and those that the gate held.
func (l *lease) meant(n, held int) {
	l.watermark += n + held
	l.mu.Lock()
	l.pending += n
	l.mu.Unlock()
}

// settle counts one message off; last says that the lease can be given back now.
func (l *lease) settle() (last bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending--
	return l.closing && l.pending == 0
}

// finish says that nothing more of the chunk will be meant; idle, that nothing is left to be settled either. Otherwise
// the ledger gives the lease back after the last message.
func (l *lease) finish() (idle bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closing = true
	return l.pending == 0
}
