package gateway

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/lib/pq"
)

const (
	linksLook   = 500 * time.Millisecond // how often a node looks at the links of all
	linksTell   = 10 * time.Second       // how often it says that its own are as they were; a change is told at once
	linksSilent = 30 * time.Second       // after this a node that says nothing does not count
)

// board is where the nodes tell one another how their links stand, so that they agree on which carrier is down.
type board struct {
	store *Store
	node  *node
	links []*link
	log   *slog.Logger

	told      map[string]condition // what is written of our own
	toldAt    time.Time
	adoptedAt time.Time
}

// condition is whether a link is up, and since when.
type condition struct {
	up    bool
	since time.Time
}

func newBoard(s *Store, n *node, links []*link, log *slog.Logger) *board {
	return &board{store: s, node: n, links: links, log: log, told: map[string]condition{}}
}

// run keeps each link told of the queues that it serves, until ctx ends. While the database is away they serve what they
// served: a lease is one carrier's alone, whoever serves its queue.
func (b *board) run(ctx context.Context) {
	for {
		if err := b.look(ctx); err != nil && ctx.Err() == nil {
			b.log.Error("look at the links of all nodes", "node", b.node.id, "error", err)
		}
		if !wait(ctx, linksLook) {
			return
		}
	}
}

func (b *board) look(ctx context.Context) error {
	if err := b.tell(ctx); err != nil {
		return err
	}
	down, err := b.store.down(ctx, b.node.id)
	if err != nil {
		return err
	}
	for _, l := range b.links {
		l.leaseFrom(b.store.routes.served(l.carrier.Name, down))
	}
	if n, err := b.store.learn(ctx); err != nil {
		return err
	} else if n > 0 {
		b.log.Info("learned where ported numbers are", "numbers", n)
	}
	if time.Since(b.adoptedAt) > orphansLook {
		return b.adopt(ctx)
	}
	return nil
}

// tellSQL also clears away what nodes left that are long gone.
const tellSQL = `
with gone as (
	delete from link_states where node <> $1 and seen_at < clock_timestamp() - $5 * interval '1 millisecond'
)
insert into link_states (node, carrier, up, since, seen_at)
select $1, carrier, up, since, clock_timestamp() from unnest($2::text[], $3::boolean[], $4::timestamptz[]) as t(carrier, up, since)
on conflict (node, carrier) do update set up = excluded.up, since = excluded.since, seen_at = excluded.seen_at`

func (b *board) tell(ctx context.Context) error {
	news := time.Since(b.toldAt) > linksTell
	var names []string
	var ups []bool
	var since []time.Time
	for _, l := range b.links {
		c := l.condition()
		news = news || b.told[l.carrier.Name] != c
		b.told[l.carrier.Name] = c
		names, ups, since = append(names, l.carrier.Name), append(ups, c.up), append(since, c.since.UTC())
	}
	if !news || len(names) == 0 {
		return nil
	}
	_, err := b.store.db.ExecContext(ctx, tellSQL, b.node.id, pq.Array(names), pq.Array(ups), pq.Array(since), 2*linksSilent.Milliseconds())
	if err != nil {
		clear(b.told) // nobody may have heard of it
		return fmt.Errorf("tell how the links stand: %w", err)
	}
	b.toldAt = time.Now()
	return nil
}

// livesSQL holds for a row s of a node that lives; $1 is one that does, or 0.
const livesSQL = `(node = $1 or seen_at > clock_timestamp() - $2 * interval '1 millisecond' and exists (
	select from pg_locks l where l.locktype = 'advisory' and l.classid = 4213 and l.objid = s.node::oid and l.objsubid = 2
	and l.database = (select oid from pg_database where datname = current_database())))`

// linksSQL sums up the links of the nodes that live, $1 among them: a carrier is up where any of its links is, and down
// since the last of them went down.
const linksSQL = `
select carrier, bool_or(up), coalesce(min(since) filter (where up), max(since)) from link_states s where ` + livesSQL + ` group by carrier`

// conditions gives how the carriers stand over all live nodes. me is the asking node, 0 for none.
func (s *Store) conditions(ctx context.Context, me int64) (map[string]condition, error) {
	rows, err := s.db.QueryContext(ctx, linksSQL, me, linksSilent.Milliseconds())
	if err != nil {
		return nil, fmt.Errorf("read how the links stand: %w", err)
	}
	defer rows.Close()
	all := map[string]condition{}
	for rows.Next() {
		var name string
		var c condition
		var since sql.NullTime
		if err := rows.Scan(&name, &c.up, &since); err != nil {
			return nil, fmt.Errorf("read how the links stand: %w", err)
		}
		c.since = since.Time
		all[name] = c
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read how the links stand: %w", err)
	}
	return all, nil
}

// down gives the carriers whose queues others serve by now.
func (s *Store) down(ctx context.Context, me int64) (map[string]bool, error) {
	all, err := s.conditions(ctx, me)
	if err != nil {
		return nil, err
	}
	return s.overdue(all), nil
}

// overdue are the carriers of all that have been down for long enough that others serve their queues.
func (s *Store) overdue(all map[string]condition) map[string]bool {
	now, down := s.now(), map[string]bool{}
	for name, c := range all {
		down[name] = !c.up && now.Sub(c.since) >= s.failoverAfter
	}
	return down
}

// leaseFrom has the link lease from q from now on.
func (l *link) leaseFrom(q queues) {
	before := l.queues()
	l.serving.Store(&q)
	for i, name := range q.names {
		if standing(q.standings[i]) == standIn && !before.has(name, standIn) {
			l.log.Warn("stands in for a carrier whose link is down", "for", name)
		}
	}
	for i, name := range before.names {
		if standing(before.standings[i]) == standIn && !q.has(name, standIn) {
			l.log.Info("stands in no longer", "for", name)
		}
	}
}

func (q queues) has(name string, s standing) bool {
	i := slices.Index(q.names, name)
	return i >= 0 && standing(q.standings[i]) == s
}

func (l *link) condition() condition {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.up:
		return condition{up: true, since: l.since}
	default:
		return condition{since: l.since}
	}
}
