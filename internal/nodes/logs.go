package nodes

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"sync"
	"time"
	"unicode/utf8"
)

const (
	keepLogs    = 30 * 24 * time.Hour
	mostKinds   = 200 // that are counted between two flushes; what comes beyond is in the node's own log
	mostLetters = 200
)

// record is what is counted: the constant words of a log line, without its values.
type record struct{ part, level, message string }

type count struct {
	n           int64
	first, last time.Time
}

// Counter is a slog.Handler that counts warnings and errors beside writing them.
type Counter struct {
	slog.Handler
	part   string
	counts *counts
}

type counts struct {
	mu  sync.Mutex
	all map[record]count
}

// Count wraps the handler that writes.
func Count(to slog.Handler) *Counter {
	return &Counter{Handler: to, counts: &counts{all: map[record]count{}}}
}

func (c *Counter) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn {
		level := "WARN"
		if r.Level >= slog.LevelError {
			level = "ERROR"
		}
		part := c.part
		r.Attrs(func(a slog.Attr) bool {
			if a.Key == "part" {
				part = a.Value.String()
			}
			return true
		})
		c.counts.add(record{cut(part), level, cut(r.Message)}, count{1, r.Time, r.Time})
	}
	return c.Handler.Handle(ctx, r)
}

func (c *Counter) WithAttrs(attrs []slog.Attr) slog.Handler {
	part := c.part
	for _, a := range attrs {
		if a.Key == "part" {
			part = a.Value.String()
		}
	}
	return &Counter{c.Handler.WithAttrs(attrs), part, c.counts}
}

func (c *Counter) WithGroup(name string) slog.Handler {
	return &Counter{c.Handler.WithGroup(name), c.part, c.counts}
}

func cut(s string) string {
	if utf8.RuneCountInString(s) <= mostLetters {
		return s
	}
	return string([]rune(s)[:mostLetters])
}

func (c *counts) add(r record, n count) {
	c.mu.Lock()
	defer c.mu.Unlock()
	was, known := c.all[r]
	switch {
	case known:
		was.n += n.n
		if n.first.Before(was.first) {
			was.first = n.first
		}
		if n.last.After(was.last) {
			was.last = n.last
		}
		c.all[r] = was
	case len(c.all) < mostKinds:
		c.all[r] = n
	}
}

const logSQL = `
insert into node_logs (node, part, level, message, count, first_at, last_at) values ($1, $2, $3, $4, $5, $6, $7)
on conflict (node, part, level, message) do update set count = node_logs.count + excluded.count, last_at = greatest(node_logs.last_at, excluded.last_at)`

const forgetLogsSQL = `delete from node_logs where last_at < $1`

// flush writes what was counted since the last time. What cannot be written is counted on.
func (c *Counter) flush(ctx context.Context, db *sql.DB, node string, now time.Time) error {
	c.counts.mu.Lock()
	taken := c.counts.all
	c.counts.all = map[record]count{}
	c.counts.mu.Unlock()
	for r, n := range taken {
		if _, err := db.ExecContext(ctx, logSQL, node, r.part, r.level, r.message, n.n, n.first.UTC(), n.last.UTC()); err != nil {
			for r, n := range taken {
				c.counts.add(r, n)
			}
			return fmt.Errorf("count what was logged: %w", err)
		}
		delete(taken, r)
	}
	if _, err := db.ExecContext(ctx, forgetLogsSQL, now.UTC().Add(-keepLogs)); err != nil {
		return fmt.Errorf("forget old counts of the log: %w", err)
	}
	return nil
}

// Logged is a warning or an error, over all nodes.
type Logged struct {
	Part, Level, Message string
	Count                int64
	First, Last          time.Time
}

const loggedSQL = `
select part, level, message, sum(count), min(first_at), max(last_at) from node_logs where last_at > $1
group by part, level, message order by max(last_at) desc limit $2`

// Logged gives what was logged since then, the latest first.
func (s *Store) Logged(ctx context.Context, since time.Time, n int) ([]Logged, error) {
	rows, err := s.db.QueryContext(ctx, loggedSQL, since.UTC(), n)
	if err != nil {
		return nil, fmt.Errorf("what was logged: %w", err)
	}
	defer rows.Close()
	var all []Logged
	for rows.Next() {
		var l Logged
		if err := rows.Scan(&l.Part, &l.Level, &l.Message, &l.Count, &l.First, &l.Last); err != nil {
			return nil, fmt.Errorf("what was logged: %w", err)
		}
		all = append(all, l)
	}
	return all, rows.Err()
}
