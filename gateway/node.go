package gateway

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/lib/pq"
)

// nodeLocks is the class of the advisory locks by which nodes show that they live.
const nodeLocks = 4213

// node is this process among those that share the database: a number of its own, and a lock on it that PostgreSQL frees
// the moment the process dies. A lost lock does no harm to a living node: whoever takes its chunks over raises their
// epoch, and its next intent is refused.
type node struct {
	id   int64
	db   *sql.DB
	conn *sql.Conn

	missed map[int64]time.Time // nodes without their lock, since when; the keeper's
}

const newNodeSQL = `select nextval('gateway_nodes')`

const liveSQL = `select pg_advisory_lock($1, $2)`

func joinNodes(ctx context.Context, db *sql.DB) (*node, error) {
	n := &node{db: db}
	if err := db.QueryRowContext(ctx, newNodeSQL).Scan(&n.id); err != nil {
		return nil, fmt.Errorf("number this node: %w", err)
	}
	return n, n.live(ctx)
}

// live sees to it that the lock is held.
func (n *node) live(ctx context.Context) error {
	if n.conn != nil {
		if err := n.conn.PingContext(ctx); err == nil {
			return nil
		}
		n.leave()
	}
	conn, err := n.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("show that node %d lives: %w", n.id, err)
	}
	n.conn = conn
	if _, err := conn.ExecContext(ctx, liveSQL, nodeLocks, n.id); err != nil {
		n.leave()
		return fmt.Errorf("show that node %d lives: %w", n.id, err)
	}
	return nil
}

// leave frees the lock by ending its connection.
func (n *node) leave() {
	if n.conn != nil {
		_ = n.conn.Raw(func(any) error { return driver.ErrBadConn })
		_ = n.conn.Close()
		n.conn = nil
	}
}

// goneAfter is how long a node's lock must have been free until the node counts as dead. One that lives and lost its
// connection, or all of them when PostgreSQL was restarted, has its lock again a second later; taken for dead, what it is
// just sending would be in doubt, and sent again where the run says so.
const goneAfter = 4 * time.Second

// unlockedSQL gives the nodes other than $1 that hold leases and no lock.
const unlockedSQL = `
select n.id from (
	select lease_node as id from chunks where lease_node is not null union select lease_node from outbox where lease_node is not null
) n
where n.id <> $1 and not exists (
	select from pg_locks l where l.locktype = 'advisory' and l.classid = 4213 and l.objid = n.id::oid and l.objsubid = 2
	and l.database = (select oid from pg_database where datname = current_database()))`

// gone gives the nodes that have been without their lock for goneAfter, as far as this one has watched.
func (n *node) gone(ctx context.Context, h *hot) ([]int64, error) {
	missed := map[int64]time.Time{}
	var gone []int64
	err := h.each(ctx, unlockedSQL, func(scan func(...any) error) error {
		var id int64
		if err := scan(&id); err != nil {
			return err
		}
		since, known := n.missed[id]
		if !known {
			since = time.Now()
		}
		missed[id] = since
		if time.Since(since) >= goneAfter {
			gone = append(gone, id)
		}
		return nil
	}, n.id)
	if err != nil {
		return nil, fmt.Errorf("look for nodes that died: %w", err)
	}
	n.missed = missed
	return gone, nil
}

// deadSQL holds for a row whose holder is gone, or has been silent for longer than any response takes. The latter holds for
// this node's own too: a lease whose answer got lost on the way here has no holder.
const deadSQL = `lease_node is not null and (lease_until < clock_timestamp() or lease_node = any($1::bigint[]))`

const lostChunkSQL = `
select id, epoch, run_id, coalesce(lease_carrier, carrier), watermark, coalesce(intent_at, ready_at) from chunks
where ` + deadSQL + ` limit 1 for update skip locked`

// inDoubtSQL gives what was meant for the wire and of which nothing is known. What is sent again stays with its carrier,
// which may have it already and may tell a double.
const inDoubtSQL = `
with lost as (
	select m.id from messages m
	where m.chunk_id = $1 and m.pos < $2
	and not exists (select from sent s where s.message_id = m.id) and not exists (select from outbox o where o.message_id = m.id)
),
noted as (
	insert into message_moves (message_id, at, from_state, to_state, reason)
	select id, $6::timestamptz, 'queued', 'submitting', 'claimed' from lost where $4::boolean
	union all
	select id, $3::timestamptz, 'submitting', 'unknown', 'node died between intent and response' from lost
	union all
	select id, $3::timestamptz, 'unknown', 'queued', 'sent again, as the run says' from lost where $4::boolean
),
kept as (
	insert into sent (message_id, state, carrier, parts, submitted_at, done_at, error)
	select id, 'unknown', $5::text, 1, $6::timestamptz, $3::timestamptz, 'node died between intent and response' from lost where not $4::boolean
),
again as (
	insert into outbox (message_id, carrier, priority, ready_at, send_by, open_to)
	select id, $5::text, $7::int, $3::timestamptz, $8::timestamptz, 0 from lost where $4::boolean
)
select count(*) from lost`

// raiseEpochSQL makes the former holder's intents, should it live after all, come to nothing.
const raiseEpochSQL = `update chunks set epoch = nextval('chunk_epochs') where id = $1 returning epoch`

// recoverChunk takes one chunk of a dead node: what was in doubt becomes unknown, or is queued again where the run says
// so; the rest of the chunk is there to be leased. It gives how many were in doubt, and errNothing when no chunk is lost.
func (s *Store) recoverChunk(ctx context.Context, h *hot, gone []int64) (carrier string, doubt int, err error) {
	l := &lease{back: -1}
	now := s.now().UTC()
	found := false
	var intent time.Time
	err = h.transact(ctx, func() error {
		err := h.each(ctx, lostChunkSQL, func(scan func(...any) error) error {
			found = true
			return scan(&l.id, &l.epoch, &l.order.run, &carrier, &l.watermark, &intent)
		}, pq.Array(gone))
		if err != nil || !found {
			return err
		}
		if l.order, err = s.order(ctx, h, l.order.run); err != nil {
			return err
		}
		err = h.each(ctx, inDoubtSQL, func(scan func(...any) error) error { return scan(&doubt) },
			l.id, l.watermark, now, l.order.resend, carrier, intent, l.order.urgency(), l.order.sendBy)
		if err != nil {
			return err
		}
		err = h.each(ctx, raiseEpochSQL, func(scan func(...any) error) error { return scan(&l.epoch) }, l.id)
		if err != nil {
			return err
		}
		return s.release(ctx, h, []*lease{l})
	})
	if err != nil {
		return "", 0, fmt.Errorf("take over a lost chunk: %w", err)
	}
	if !found {
		return "", 0, errNothing
	}
	return carrier, doubt, nil
}

const lostSinglesSQL = `
with lost as (
	select message_id, coalesce(lease_carrier, carrier) as carrier, leased_at, coalesce((select resend from run_orders r where r.run_id = message_id >> 32), false) as resend
	from outbox where ` + deadSQL + ` limit 500 for update skip locked
),
gone as (
	delete from outbox o using lost l where o.message_id = l.message_id and not l.resend
),
again as (
	update outbox o set carrier = l.carrier, open_to = 0, lease_node = null, lease_carrier = null, lease_until = null, leased_at = null from lost l where o.message_id = l.message_id and l.resend
),
noted as (
	insert into message_moves (message_id, at, from_state, to_state, reason)
	select message_id, leased_at, 'queued', 'submitting', 'claimed' from lost where resend
	union all
	select message_id, $2::timestamptz, 'submitting', 'unknown', 'node died between intent and response' from lost
	union all
	select message_id, $2::timestamptz, 'unknown', 'queued', 'sent again, as the run says' from lost where resend
),
kept as (
	insert into sent (message_id, state, carrier, parts, submitted_at, done_at, error)
	select message_id, 'unknown', carrier, 1, leased_at, $2::timestamptz, 'node died between intent and response' from lost where not resend
	on conflict (message_id) do nothing
)
select count(*) from lost`

func (s *Store) recoverSingles(ctx context.Context, h *hot, gone []int64) (doubt int, err error) {
	err = h.each(ctx, lostSinglesSQL, func(scan func(...any) error) error { return scan(&doubt) }, pq.Array(gone), s.now().UTC())
	if err != nil {
		return 0, fmt.Errorf("take over lost singles: %w", err)
	}
	return doubt, nil
}

// keep shows that the node lives and takes over what dead ones left, each second until ctx ends.
func (n *node) keep(ctx context.Context, s *Store, meter *meter, log *slog.Logger) {
	var h *hot
	defer func() {
		if h != nil {
			h.drop()
		}
	}()
	for {
		err := n.live(ctx)
		if err == nil {
			err = s.withHot(ctx, &h, func() error { return n.takeOver(ctx, s, h, meter, log) })
		}
		if err != nil {
			n.missed = nil // while the database is away nobody can get a lock back
		}
		if err != nil && ctx.Err() == nil {
			log.Error("look after the queue", "node", n.id, "error", err)
		}
		if !wait(ctx, time.Second) {
			return
		}
	}
}

func (n *node) takeOver(ctx context.Context, s *Store, h *hot, meter *meter, log *slog.Logger) error {
	gone, err := n.gone(ctx, h)
	if err != nil {
		return err
	}
	for {
		carrier, doubt, err := s.recoverChunk(ctx, h, gone)
		if errors.Is(err, errNothing) {
			break
		}
		if err != nil {
			return err
		}
		meter.of(carrier).moved(Unknown, doubt)
		log.Warn("took over a chunk of a node that died", "node", n.id, "carrier", carrier, "in_doubt", doubt)
	}
	doubt, err := s.recoverSingles(ctx, h, gone)
	if doubt > 0 {
		log.Warn("took over singles of a node that died", "node", n.id, "in_doubt", doubt)
	}
	return err
}

// wait pauses for d; false when ctx ended first.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
