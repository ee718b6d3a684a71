package jobs

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
)

// Work does one kind of job. An error that is a *Problem ends the job; another one is tried again. When ctx ends, because
// somebody cancelled or the node stops, it returns soon and leaves nothing half.
type Work func(ctx context.Context, t *Task) error

// Problem is why a job cannot be done, for whoever asked for it: a key of the pages' words, and what it names.
type Problem struct{ Key, Detail string }

func (p *Problem) Error() string { return p.Key + " " + p.Detail }

// Task is one try of a job, in its work's hands.
type Task struct {
	store *Store
	ctx   context.Context // ends with the try
	job   Job

	done, total atomic.Int64
	result      any
	keepInput   bool
	output      *output
	ended       bool
}

// Job says whose work this is.
func (t *Task) Job() Job { return t.job }

// Params reads what the job was added with.
func (t *Task) Params(v any) error {
	if err := json.Unmarshal(t.job.Params, v); err != nil {
		return fmt.Errorf("params of job %d: %w", t.job.ID, err)
	}
	return nil
}

// Input reads the file that the job was added with.
func (t *Task) Input() io.Reader {
	return &pieces{ctx: t.ctx, db: t.store.db, query: inputSQL, id: t.job.ID}
}

// KeepInput leaves the input for a following job. Without it the input goes when the work ends.
func (t *Task) KeepInput() { t.keepInput = true }

// Progress tells how far the work is, as often as it likes; total 0 is not known yet.
func (t *Task) Progress(done, total int) {
	t.done.Store(int64(done))
	t.total.Store(int64(total))
}

// Output begins the file that the job makes, in place of one that an earlier try began.
func (t *Task) Output(name, contentType string) (io.Writer, error) {
	var mine int
	err := t.store.db.QueryRowContext(t.ctx, beginOutputSQL, t.job.ID, t.job.Node, t.job.Tries).Scan(&mine)
	if err == nil && mine == 0 {
		err = errLost
	}
	if err != nil {
		return nil, fmt.Errorf("begin the file of job %d: %w", t.job.ID, err)
	}
	t.output = &output{task: t, file: File{Name: name, Type: contentType}}
	t.output.w = bufio.NewWriterSize(t.output, pieceSize)
	return t.output.w, nil
}

// Result is what the job's page shows once it is done: counts, the first of what was wrong.
func (t *Task) Result(v any) { t.result = v }

// End ends the job as done within the work's own transaction, as its last act: both happen or neither, and a node that
// holds the job no more changes nothing.
func (t *Task) End(ctx context.Context, tx *sql.Tx) error {
	if err := t.end(ctx, tx, Done, nil); err != nil {
		return err
	}
	t.ended = true
	return nil
}

// endSQL: a cancel that came before the work's own end is kept to; one that comes after it is too late.
const endSQL = `
with ended as (
  update jobs set state = $4, ended_at = $5, lease_until = null, result = $6, problem = $7, detail = $8,
    output_name = $9, output_type = $10, output_size = $11, done = $12, total = $13
  where id = $1 and state = 'running' and node = $2 and tries = $3 
    and case $4 when 'done' then cancelled_by = '' when 'cancelled' then cancelled_by <> '' else true end
  returning id
), inputs as (delete from job_inputs where job_id in (select id from ended) and not $14),
outputs as (delete from job_outputs where job_id in (select id from ended) and $4 <> 'done')
select count(*) from ended`

type querier interface {
	execer
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// end moves the job to its last state; errLost when it is not this try's to end.
func (t *Task) end(ctx context.Context, q querier, to State, p *Problem) error {
	if p == nil {
		p = &Problem{}
	}
	result := sql.NullString{}
	var file File
	if to == Done {
		if t.output != nil {
			if err := t.output.w.Flush(); err != nil {
				return err
			}
			file = t.output.file
		}
		if t.result != nil {
			text, err := json.Marshal(t.result)
			if err != nil {
				return fmt.Errorf("result of job %d: %w", t.job.ID, err)
			}
			result = sql.NullString{String: string(text), Valid: true}
		}
	}
	done, total := t.done.Load(), t.total.Load()
	if to == Done {
		done = total
	}
	var n int
	err := q.QueryRowContext(ctx, endSQL, t.job.ID, t.job.Node, t.job.Tries, to, t.store.now().UTC(), result, p.Key, p.Detail,
		file.Name, file.Type, file.Size, done, total, t.keepInput && to == Done).Scan(&n)
	if err == nil && n == 0 {
		return errLost
	}
	if err == nil {
		err = t.store.notify(ctx, q, t.job.ID, true)
	}
	if err != nil {
		return fmt.Errorf("end job %d: %w", t.job.ID, err)
	}
	return nil
}

// Reasons why a try's context ends, beside the node's own end.
var (
	errCancelled = errors.New("somebody cancelled the job")
	errLost      = errors.New("the job is not this node's any more")
)
