package schedules

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Due is one due time of a schedule, for the callback that does what fell due.
type Due struct {
	ScheduleID int64
	Subject    string
	At         time.Time // when it fell due, UTC; not when it fired
	Nth        int       // place in the series, from 1
}

// Runner fires what falls due. Any number of nodes may run one side by side: a due time is fired in the same
// transaction as it is recorded, and recorded once.
type Runner struct {
	// Tolerance is how late a due time that no node was there for may still fire. Later than that it is missed: a
	// morning's reminder is of no use at night.
	Tolerance time.Duration
	// Poll is how often the runner looks; a schedule that another node adds or resumes is seen within it.
	Poll time.Duration
	// Retry is how long a schedule whose firing failed is left alone.
	Retry time.Duration
	Log   *slog.Logger

	db   *sql.DB
	now  func() time.Time
	fire func(ctx context.Context, tx *sql.Tx, d Due) error
}

// NewRunner gives a runner that calls fire for each due time, in the transaction that records it. An error from fire
// undoes both, and the due time is tried again until the tolerance is over.
func NewRunner(db *sql.DB, now func() time.Time, fire func(ctx context.Context, tx *sql.Tx, d Due) error) *Runner {
	return &Runner{
		Tolerance: 30 * time.Minute, Poll: time.Second, Retry: 10 * time.Second, Log: slog.Default(),
		db: db, now: now, fire: fire,
	}
}

// Run fires what falls due until ctx ends. An unreachable database is waited out, not a reason to leave.
func (r *Runner) Run(ctx context.Context) error {
	tick := time.NewTicker(r.Poll)
	defer tick.Stop()
	for {
		if _, err := r.Tick(ctx); err != nil && ctx.Err() == nil {
			r.Log.Error("schedules: look for what is due", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Tick fires everything that is due now, and says how many times it called back with success.
func (r *Runner) Tick(ctx context.Context) (int, error) {
	fired := 0
	for {
		done, err := r.one(ctx)
		var failed *fireError
		switch {
		case errors.Is(err, errNoneDue):
			return fired, nil
		case errors.As(err, &failed):
			// One subject's trouble must not hold up the others.
			if errors.Is(failed.err, ErrStopped) {
				r.Log.Info("schedules: stopped while it fired", "schedule", failed.id)
			} else {
				r.Log.Error("schedules: fire", "schedule", failed.id, "error", failed.err)
			}
			if err := r.postpone(ctx, failed); err != nil {
				return fired, err
			}
		case err != nil:
			return fired, err
		case done == FiredOnTime || done == FiredLate:
			fired++
		}
	}
}

var errNoneDue = errors.New("nothing is due")

// ErrStopped is for a callback that somebody had stop: it is tried again as after a failure, if the schedule still stands.
var ErrStopped = errors.New("stopped by somebody")

// fireError is a callback's failure, whose transaction was undone.
type fireError struct {
	id  int64
	err error
}

func (e *fireError) Error() string { return fmt.Sprintf("fire schedule %d: %v", e.id, e.err) }

// claimSQL: SKIP LOCKED lets nodes run side by side; the one that holds the row fires it, the others go on to the next.
const claimSQL = `
select id, subject, cron, series, fired, next_at, ends_at
from schedules
where state = 'active' and next_at <= $1 and (retry_at is null or retry_at <= $1)
order by next_at, id
limit 1
for update skip locked`

const recordSQL = `
insert into firings (schedule_id, due_at, outcome, nth, times, at) values ($1, $2, $3, $4, $5, $6)
on conflict (schedule_id, due_at) do nothing`

const advanceSQL = `
update schedules set fired = $2, state = $3, next_at = coalesce($4, next_at), retry_at = null, last_error = '' where id = $1`

// one settles a single schedule that is due: gaps are recorded, its newest due time fires or is missed.
func (r *Runner) one(ctx context.Context) (Outcome, error) {
	tx, err := r.db.BeginTx(ctx, nil)
	if err != nil {
		return "", err
	}
	defer tx.Rollback()
	now := r.now().UTC()
	var s Schedule
	var until sql.NullTime
	err = tx.QueryRowContext(ctx, claimSQL, now).Scan(&s.ID, &s.Subject, &s.Cron, &s.Series, &s.Fired, &s.NextAt, &until)
	if errors.Is(err, sql.ErrNoRows) {
		return "", errNoneDue
	}
	if err != nil {
		return "", fmt.Errorf("claim a due schedule: %w", err)
	}
	cron, err := ParseCron(s.Cron)
	if err != nil {
		return "", &fireError{s.ID, err}
	}

	due, passed := newest(cron, s.NextAt.UTC(), now, until)
	outcome, late := FiredOnTime, now.Sub(due)
	switch {
	case late > r.Tolerance:
		outcome, passed = Missed, passed+1
	case late > r.punctual():
		outcome = FiredLate
	}
	if passed > 0 { // one row for the gap, at its first due time
		if _, err := tx.ExecContext(ctx, recordSQL, s.ID, s.NextAt, Missed, 0, passed, now); err != nil {
			return "", fmt.Errorf("record missed times of schedule %d: %w", s.ID, err)
		}
	}
	if outcome != Missed {
		res, err := tx.ExecContext(ctx, recordSQL, s.ID, due, outcome, s.Fired+1, 1, now)
		if err != nil {
			return "", fmt.Errorf("record firing of schedule %d: %w", s.ID, err)
		}
		if n, err := res.RowsAffected(); err != nil {
			return "", err
		} else if n == 1 { // else it fired before, whoever moved next_at back
			s.Fired++
			if err := r.fire(ctx, tx, Due{ScheduleID: s.ID, Subject: s.Subject, At: due, Nth: s.Fired}); err != nil {
				return "", &fireError{s.ID, err}
			}
		}
	}
	state, next := after(cron, due, until)
	if s.Series > 0 && s.Fired >= s.Series {
		state, next = Ended, sql.NullTime{}
	}
	if _, err := tx.ExecContext(ctx, advanceSQL, s.ID, s.Fired, state, next); err != nil {
		return "", fmt.Errorf("advance schedule %d: %w", s.ID, err)
	}
	if err := tx.Commit(); err != nil {
		return "", fmt.Errorf("commit firing of schedule %d: %w", s.ID, err)
	}
	if outcome != FiredOnTime {
		r.Log.Warn("schedules: not on time", "schedule", s.ID, "outcome", outcome, "due", due, "passed", passed)
	}
	return outcome, nil
}

// newest gives the last due time that is not after now, starting from first, and how many came before it. Only that one
// may fire: after an outage nobody should get ten reminders at once.
func newest(cron Cron, first, now time.Time, until sql.NullTime) (due time.Time, passed int) {
	due = first
	for {
		next := cron.Next(due)
		if next.IsZero() || next.After(now) || (until.Valid && next.After(until.Time)) {
			return due, passed
		}
		due, passed = next, passed+1
	}
}

// punctual is how late a firing may be and still count as on time.
func (r *Runner) punctual() time.Duration { return 3*r.Poll + time.Second }

const postponeSQL = `update schedules set retry_at = $2, last_error = $3 where id = $1`

func (r *Runner) postpone(ctx context.Context, f *fireError) error {
	if _, err := r.db.ExecContext(ctx, postponeSQL, f.id, r.now().UTC().Add(r.Retry), f.err.Error()); err != nil {
		return fmt.Errorf("postpone schedule %d: %w", f.id, err)
	}
	return nil
}
