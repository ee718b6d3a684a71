package jobs

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Job is how a piece of work stands.
type Job struct {
	ID          int64
	Kind        Kind
	Title       string
	Params      json.RawMessage
	By, Role    string
	Addr        string
	State       State
	Done, Total int // Total 0: not known yet
	Tries       int
	Node        string
	CancelledBy string // who asked for its end
	CreatedAt   time.Time
	StartedAt   time.Time // zero before its first try
	EndedAt     time.Time // zero before its end
	Result      json.RawMessage
	Problem     string // why it failed: a key of the pages' words
	Detail      string
	Output      File // zero when it made none
	HasInput    bool
	SweptAt     time.Time // its files and its result are gone since
}

// File is what a job made.
type File struct {
	Name, Type string
	Size       int64
}

// kept is how long what a job made can be fetched, and what it read may wait for a decision.
const kept = 24 * time.Hour

// GoneAt is when the files go.
func (j Job) GoneAt() time.Time { return j.EndedAt.Add(kept) }

// Cancelling tells that the end was asked for and has not come yet.
func (j Job) Cancelling() bool { return j.State == Running && j.CancelledBy != "" }

// Percent done, 0 while the total is not known.
func (j Job) Percent() int {
	if j.Total <= 0 {
		return 0
	}
	return min(100, 100*j.Done/j.Total)
}

// Left says how long the work still takes, once enough of it is done to tell.
func (j Job) Left(now time.Time) (time.Duration, bool) {
	if j.State != Running {
		return 0, false
	}
	return Left(j.Done, j.Total, now.Sub(j.StartedAt))
}

// Left goes on at the pace so far; before two seconds and a fiftieth of the work it would be a guess.
func Left(done, total int, spent time.Duration) (time.Duration, bool) {
	if done <= 0 || done >= total || spent < 2*time.Second || done*50 < total {
		return 0, false
	}
	return time.Duration(float64(spent) * float64(total-done) / float64(done)), true
}

const jobSQL = `
select id, kind, title, params, by_user, role, addr, state, done, total, tries, node, cancelled_by, created_at, started_at, ended_at,
  coalesce(result, 'null'), problem, detail, output_name, output_type, output_size,
  exists (select from job_inputs i where i.job_id = j.id), swept_at
from jobs j`

func scanJob(row interface{ Scan(...any) error }) (Job, error) {
	var j Job
	var started, ended, swept sql.NullTime
	var params, result []byte
	err := row.Scan(&j.ID, &j.Kind, &j.Title, &params, &j.By, &j.Role, &j.Addr, &j.State, &j.Done, &j.Total, &j.Tries, &j.Node, &j.CancelledBy,
		&j.CreatedAt, &started, &ended, &result, &j.Problem, &j.Detail, &j.Output.Name, &j.Output.Type, &j.Output.Size, &j.HasInput, &swept)
	if errors.Is(err, sql.ErrNoRows) {
		return j, ErrNotFound
	}
	j.Params, j.Result = params, result
	j.StartedAt, j.EndedAt, j.SweptAt = started.Time, ended.Time, swept.Time
	return j, err
}

const getSQL = jobSQL + ` where id = $1`

// Get gives one job, or ErrNotFound. Who may see it is for the caller to judge.
func (s *Store) Get(ctx context.Context, id int64) (Job, error) {
	j, err := scanJob(s.db.QueryRowContext(ctx, getSQL, id))
	if err != nil {
		return j, fmt.Errorf("job %d: %w", id, err)
	}
	return j, nil
}

const listSQL = jobSQL + ` where by_user = $1 order by id desc limit $2`

// List gives the newest n jobs of one person.
func (s *Store) List(ctx context.Context, by string, n int) ([]Job, error) {
	return s.list(ctx, listSQL, by, n)
}

// openSQL: whose they are is an index's first column, but all of them together are few.
const openSQL = jobSQL + ` where state in ('queued', 'running') order by id limit $1`

// Unended gives the jobs of everybody that have not ended, oldest first.
func (s *Store) Unended(ctx context.Context, n int) ([]Job, error) {
	return s.list(ctx, openSQL, n)
}

func (s *Store) list(ctx context.Context, query string, args ...any) ([]Job, error) {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list jobs: %w", err)
	}
	defer rows.Close()
	var all []Job
	for rows.Next() {
		j, err := scanJob(rows)
		if err != nil {
			return nil, fmt.Errorf("list jobs: %w", err)
		}
		all = append(all, j)
	}
	return all, rows.Err()
}

const countOpenSQL = `select count(*) from jobs where by_user = $1 and state in ('queued', 'running')`

// CountOpen tells how many jobs of one person have not ended.
func (s *Store) CountOpen(ctx context.Context, by string) (int, error) {
	var n int
	if err := s.db.QueryRowContext(ctx, countOpenSQL, by).Scan(&n); err != nil {
		return 0, fmt.Errorf("count open jobs: %w", err)
	}
	return n, nil
}
