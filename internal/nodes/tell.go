package nodes

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"syscall"
	"time"
)

const (
	tellEach = 10 * time.Second
	forget   = 24 * time.Hour // a node that is gone is shown for a day
)

// Teller is the part of a node that tells of it, until its context ends.
type Teller struct {
	DB           *sql.DB
	Node         Node
	Now          func() time.Time
	Log          *slog.Logger
	Logs         *Counter
	Schema       int64                                        // the last migration that this program knows
	BackupMark   string                                       // a file that the backup script touches; "" for none
	Certificates func(context.Context) ([]Certificate, error) // nil: it has none
}

// Run tells every ten seconds. What cannot be told now is told the next time.
func (t *Teller) Run(ctx context.Context) error {
	ticker := time.NewTicker(tellEach)
	defer ticker.Stop()
	for {
		if err := t.Tell(ctx); err != nil && ctx.Err() == nil {
			t.Log.Warn("tell how this node stands", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

const clockSQL = `select clock_timestamp()`

const tellSQL = `
with gone as (delete from nodes where id <> $1 and seen_at < clock_timestamp() - $9 * interval '1 second')
insert into nodes (id, host, pid, version, started_at, seen_at, clock_off_us, round_trip_us, state)
values ($1, $2, $3, $4, $5, clock_timestamp(), $6, $7, $8)
on conflict (id) do update set seen_at = excluded.seen_at, clock_off_us = excluded.clock_off_us, round_trip_us = excluded.round_trip_us, state = excluded.state`

// Look gives how this node stands; who it is and when it was heard of are not part of it.
func (t *Teller) Look(ctx context.Context) (Status, error) {
	// The database's clock is compared with the middle of the question: half of the way there, half back.
	var theirs time.Time
	asked, began := t.Now(), time.Now()
	if err := t.DB.QueryRowContext(ctx, clockSQL).Scan(&theirs); err != nil {
		return Status{}, fmt.Errorf("ask the database for its clock: %w", err)
	}
	trip := time.Since(began)
	state, err := t.state(ctx)
	return Status{ClockOff: asked.Add(trip / 2).Sub(theirs), RoundTrip: trip, State: state}, err
}

// Tell writes how this node stands, and what it logged since the last time.
func (t *Teller) Tell(ctx context.Context) error {
	seen, err := t.Look(ctx)
	if err != nil {
		return err
	}
	told, err := json.Marshal(seen.State)
	if err != nil {
		return err
	}
	n := t.Node
	if _, err := t.DB.ExecContext(ctx, tellSQL, n.ID, n.Host, n.PID, n.Version, n.StartedAt, seen.ClockOff.Microseconds(), seen.RoundTrip.Microseconds(), string(told), forget.Seconds()); err != nil {
		return fmt.Errorf("tell how node %s stands: %w", n.ID, err)
	}
	return t.Logs.flush(ctx, t.DB, n.ID, t.Now())
}

func (t *Teller) state(ctx context.Context) (State, error) {
	s := State{Schema: t.Schema, BackupMark: t.BackupMark}
	s.Disks = appendDisk(s.Disks, "temp", os.TempDir())
	if dir, err := os.Getwd(); err == nil {
		s.Disks = appendDisk(s.Disks, "work", dir)
	}
	if dir := t.dataDirectory(ctx); dir != "" {
		s.Disks = appendDisk(s.Disks, "database", dir)
	}
	if t.Certificates != nil {
		var err error
		if s.Certificates, err = t.Certificates(ctx); err != nil {
			return s, fmt.Errorf("read the certificates: %w", err)
		}
	}
	if t.BackupMark != "" {
		if st, err := os.Stat(t.BackupMark); err == nil {
			at := st.ModTime().UTC()
			s.BackupAt = &at
		}
	}
	return s, nil
}

// dataDirectorySQL: only who may read all settings sees it, and only beside the server does the path mean anything.
const dataDirectorySQL = `
select coalesce((select setting from pg_settings where name = 'data_directory'), '')
where inet_server_addr() is null or inet_server_addr() <<= '127.0.0.0/8' or inet_server_addr() = '::1'`

// dataDirectory is where the database keeps its files, "" where that cannot be seen from here.
func (t *Teller) dataDirectory(ctx context.Context) string {
	var dir string
	if err := t.DB.QueryRowContext(ctx, dataDirectorySQL).Scan(&dir); err != nil {
		return ""
	}
	return dir
}

// appendDisk leaves out what cannot be looked at.
func appendDisk(all []Disk, of, path string) []Disk {
	var st syscall.Statfs_t
	if err := syscall.Statfs(path, &st); err != nil || st.Blocks == 0 {
		return all
	}
	return append(all, Disk{Of: of, Path: path, Free: int64(st.Bavail) * int64(st.Bsize), Total: int64(st.Blocks) * int64(st.Bsize)})
}

const livingSQL = `select id from nodes where seen_at > clock_timestamp() - $1 * interval '1 second'`

// Living gives the nodes that were heard of lately.
func (s *Store) Living(ctx context.Context) ([]string, error) {
	rows, err := s.db.QueryContext(ctx, livingSQL, silent.Seconds())
	if err != nil {
		return nil, fmt.Errorf("list living nodes: %w", err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("list living nodes: %w", err)
		}
		all = append(all, id)
	}
	return all, rows.Err()
}

const listSQL = `
select id, host, pid, version, started_at, seen_at, extract(epoch from clock_timestamp() - seen_at), clock_off_us, round_trip_us, state
from nodes order by seen_at desc limit 50`

// List gives the nodes of the last day, those heard of last first.
func (s *Store) List(ctx context.Context) ([]Status, error) {
	rows, err := s.db.QueryContext(ctx, listSQL)
	if err != nil {
		return nil, fmt.Errorf("list nodes: %w", err)
	}
	defer rows.Close()
	var all []Status
	for rows.Next() {
		var n Status
		var ago float64
		var off, trip int64
		var state []byte
		if err := rows.Scan(&n.ID, &n.Host, &n.PID, &n.Version, &n.StartedAt, &n.SeenAt, &ago, &off, &trip, &state); err != nil {
			return nil, fmt.Errorf("list nodes: %w", err)
		}
		n.Ago, n.ClockOff, n.RoundTrip = time.Duration(ago*float64(time.Second)), time.Duration(off)*time.Microsecond, time.Duration(trip)*time.Microsecond
		if err := json.Unmarshal(state, &n.State); err != nil {
			return nil, fmt.Errorf("list nodes: %w", err)
		}
		all = append(all, n)
	}
	return all, rows.Err()
}
