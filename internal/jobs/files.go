package jobs

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"time"
)

const inputSQL = `select bytes from job_inputs where job_id = $1 and nth = $2`

const outputSQL = `select bytes from job_outputs where job_id = $1 and nth = $2`

// pieces reads a file row by row: never more than one of them is held.
type pieces struct {
	ctx   context.Context
	db    *sql.DB
	query string
	id    int64
	nth   int
	rest  []byte
}

func (p *pieces) Read(b []byte) (int, error) {
	for len(p.rest) == 0 {
		err := p.db.QueryRowContext(p.ctx, p.query, p.id, p.nth).Scan(&p.rest)
		if errors.Is(err, sql.ErrNoRows) {
			return 0, io.EOF
		}
		if err != nil {
			return 0, fmt.Errorf("read a file of job %d: %w", p.id, err)
		}
		p.nth++
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

// Open reads what a job made.
func (s *Store) Open(ctx context.Context, j Job) io.Reader {
	return &pieces{ctx: ctx, db: s.db, query: outputSQL, id: j.ID}
}

// mineSQL is a job while it is this try's. The lock holds it for the statement: a successor begins before it or after it,
// so that no piece of an old try lands in the new one's file.
const mineSQL = `select id from jobs where id = $1 and state = 'running' and node = $2 and tries = $3 for share`

// beginOutputSQL takes away what an earlier try wrote. A node that was only slow finds that the job is another's, whose file,
// perhaps whole by now, it must leave alone.
const beginOutputSQL = `
with mine as (` + mineSQL + `), dropped as (delete from job_outputs where job_id in (select id from mine))
select count(*) from mine`

const addOutputSQL = `with mine as (` + mineSQL + `) insert into job_outputs (job_id, nth, bytes) select id, $4, $5 from mine`

// output writes a file of a running job.
type output struct {
	task *Task
	file File
	nth  int
	w    *bufio.Writer
}

func (o *output) Write(b []byte) (int, error) {
	t := o.task
	res, err := t.store.db.ExecContext(t.ctx, addOutputSQL, t.job.ID, t.job.Node, t.job.Tries, o.nth, b)
	if err != nil {
		return 0, fmt.Errorf("write the file of job %d: %w", t.job.ID, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return 0, errors.Join(errLost, err)
	}
	o.nth++
	o.file.Size += int64(len(b))
	return len(b), nil
}

// discardSQL: the row tells on who asked for what; what it held of people is gone.
const discardSQL = `update jobs set result = null, swept_at = $2 where id = $1 and ended_at is not null and swept_at is null`

// Discard takes the files and the result of a job that has ended away, in the caller's transaction.
func (s *Store) Discard(ctx context.Context, tx *sql.Tx, id int64) error {
	res, err := tx.ExecContext(ctx, discardSQL, id, s.now().UTC())
	if err != nil {
		return fmt.Errorf("discard job %d: %w", id, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err
	}
	for _, query := range []string{dropInputSQL, dropOutputSQL} {
		if _, err := tx.ExecContext(ctx, query, id); err != nil {
			return fmt.Errorf("discard job %d: %w", id, err)
		}
	}
	return s.notify(ctx, tx, id, true)
}

const sweepSQL = `
with due as (select id from jobs where ended_at < $1 and swept_at is null order by ended_at limit 20 for update skip locked),
inputs as (delete from job_inputs where job_id in (select id from due)),
outputs as (delete from job_outputs where job_id in (select id from due))
update jobs set result = null, swept_at = $2 where id in (select id from due)`

// forgotten is when the row goes too: the audit log has kept what was done.
const forgotten = 30 * 24 * time.Hour

const forgetSQL = `delete from jobs where id in (select id from jobs where ended_at < $1 and swept_at is not null limit 1000)`

// Sweep takes away what has been kept long enough.
func (s *Store) Sweep(ctx context.Context) error {
	now := s.now().UTC()
	if _, err := s.db.ExecContext(ctx, sweepSQL, now.Add(-kept), now); err != nil {
		return fmt.Errorf("sweep jobs: %w", err)
	}
	if _, err := s.db.ExecContext(ctx, forgetSQL, now.Add(-forgotten)); err != nil {
		return fmt.Errorf("forget jobs: %w", err)
	}
	return nil
}
