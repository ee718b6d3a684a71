package jobs

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Kind names a sort of work; a Runner has one Work for each that it takes.
type Kind string

var (
	ErrNotFound = errors.New("no such job")
	ErrNoInput  = errors.New("the file was used already, or has been kept for long enough") // of New.Inputs
)

// Store keeps jobs. A Runner and the pages of one process share one, so that new work begins at once.
type Store struct {
	db      *sql.DB
	now     func() time.Time
	channel string
	woken   chan struct{}
}

// NewStore keeps jobs in db. channel is where open pages listen: it hears "job-12" whenever job 12 moves,
// and "job-state-12" when its state does.
func NewStore(db *sql.DB, now func() time.Time, channel string) *Store {
	return &Store{db: db, now: now, channel: channel, woken: make(chan struct{}, 1)}
}

// New is a job to be added.
type New struct {
	Kind   Kind
	By     string // user name; with Role, Addr for the audit rows that the work leaves
	Role   string
	Addr   string
	Title  string // what the kind's words name: a file's name
	Params any    // what the work needs to know; no phone numbers: it stays when the files are gone
	Input  []byte // a file, or nil
	Inputs int64  // or: the job whose input becomes this one's
}

const addSQL = `
insert into jobs (kind, title, params, by_user, role, addr, created_at, ready_at) values ($1, $2, $3, $4, $5, $6, $7, $7) returning id`

const addInputSQL = `insert into job_inputs (job_id, nth, bytes) values ($1, $2, $3)`

const moveInputSQL = `update job_inputs set job_id = $1 where job_id = $2`

// pieceSize of a file's rows: few enough trips, and little enough held at once.
const pieceSize = 256 << 10

// Add queues a job in the caller's transaction. Call Wake, or Await, once it is committed.
func (s *Store) Add(ctx context.Context, tx *sql.Tx, n New) (int64, error) {
	params, err := json.Marshal(n.Params)
	if err != nil {
		return 0, fmt.Errorf("add a %s: %w", n.Kind, err)
	}
	var id int64
	err = tx.QueryRowContext(ctx, addSQL, n.Kind, n.Title, string(params), n.By, n.Role, n.Addr, s.now().UTC()).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("add a %s: %w", n.Kind, err)
	}
	for nth := 0; len(n.Input) > 0; nth++ {
		piece := n.Input[:min(pieceSize, len(n.Input))]
		if _, err := tx.ExecContext(ctx, addInputSQL, id, nth, piece); err != nil {
			return 0, fmt.Errorf("keep the input of job %d: %w", id, err)
		}
		n.Input = n.Input[len(piece):]
	}
	if n.Inputs != 0 {
		res, err := tx.ExecContext(ctx, moveInputSQL, id, n.Inputs)
		if err != nil {
			return 0, fmt.Errorf("hand the input of job %d to %d: %w", n.Inputs, id, err)
		}
		if moved, err := res.RowsAffected(); err != nil || moved == 0 {
			return 0, errors.Join(ErrNoInput, err)
		}
	}
	return id, nil
}

// Wake tells this process's runner that there is work.
func (s *Store) Wake() {
	select {
	case s.woken <- struct{}{}:
	default:
	}
}

// Await wakes the runner and gives the job as soon as it has ended, or as it stands when d is over: a small file is done
// before a page that says so could be drawn.
func (s *Store) Await(ctx context.Context, id int64, d time.Duration) (Job, error) {
	s.Wake()
	over := time.After(d)
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		j, err := s.Get(ctx, id)
		if err != nil || j.State.Ended() {
			return j, err
		}
		select {
		case <-ctx.Done():
			return j, ctx.Err()
		case <-over:
			return j, nil
		case <-look.C:
		}
	}
}
