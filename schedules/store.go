package schedules

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// State of a schedule: active <-> paused, and from both to stopped; active -> ended when the series or Until is reached.
type State string

const (
	Active  State = "active"
	Paused  State = "paused"
	Ended   State = "ended"
	Stopped State = "stopped"
)

// Schedule says when a subject falls due.
type Schedule struct {
	ID      int64
	Subject string    // what falls due, in its owner's words: "campaign:12"
	Cron    string    // five fields, Asia/Ho_Chi_Minh
	Series  int       // firings until it ends; 0 = endless
	From    time.Time // nothing falls due before; zero = from now on
	Until   time.Time // nothing falls due after; zero = no end

	// What the runner keeps; Add ignores them.
	State     State
	Fired     int
	NextAt    time.Time // zero once ended or stopped
	LastError string    // why the last firing failed, until one succeeds
}

// Errors that callers choose by.
var (
	ErrNotFound = errors.New("no such schedule")
	ErrTaken    = errors.New("the subject already has a schedule")
)

// Store keeps schedules and their firings.
type Store struct {
	db  *sql.DB
	now func() time.Time
}

// NewStore gives a store over db; now is the clock.
func NewStore(db *sql.DB, now func() time.Time) *Store { return &Store{db: db, now: now} }

const addSQL = `
insert into schedules (subject, cron, series, starts_at, ends_at, state, next_at, created_at)
values ($1, $2, $3, $4, $5, 'active', $6, $7)
on conflict (subject) where state in ('active', 'paused') do nothing
returning id`

// Add puts a schedule in place in the caller's transaction. A wrong cron expression is a *CronError, a subject that is
// still scheduled ErrTaken.
func (s *Store) Add(ctx context.Context, tx *sql.Tx, sch Schedule) (int64, error) {
	cron, err := ParseCron(sch.Cron)
	if err != nil {
		return 0, err
	}
	now := s.now().UTC()
	from := sch.From.UTC()
	if sch.From.IsZero() {
		from = now
	}
	// Next is after its argument, and a start on the minute is itself a due time.
	next := cron.Next(from.Add(-time.Nanosecond))
	if next.IsZero() || (!sch.Until.IsZero() && next.After(sch.Until)) {
		return 0, &CronError{sch.Cron, FieldDayOfMonth, sch.Cron, ErrNeverDue}
	}
	var id int64
	err = tx.QueryRowContext(ctx, addSQL, sch.Subject, cron.String(), sch.Series, from,
		sql.NullTime{Time: sch.Until.UTC(), Valid: !sch.Until.IsZero()}, next, now).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("schedule %s: %w", sch.Subject, ErrTaken)
	}
	if err != nil {
		return 0, fmt.Errorf("schedule %s: %w", sch.Subject, err)
	}
	return id, nil
}

const lockSQL = `select id from schedules where subject = $1 order by id for update`

// Lock waits until no firing of the subject is under way. A firing holds its schedule before it touches its subject's
// own rows; who changes both must take them in the same order, or the two wait for each other.
func (s *Store) Lock(ctx context.Context, tx *sql.Tx, subject string) error {
	rows, err := tx.QueryContext(ctx, lockSQL, subject)
	if err != nil {
		return fmt.Errorf("lock schedule %s: %w", subject, err)
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}

const pauseSQL = `update schedules set state = 'paused' where subject = $1 and state = 'active'`

// Pause holds a schedule: what falls due while it is paused does not fire, and is not made up for. One that has ended or
// was never there is left alone.
func (s *Store) Pause(ctx context.Context, tx *sql.Tx, subject string) error {
	if _, err := tx.ExecContext(ctx, pauseSQL, subject); err != nil {
		return fmt.Errorf("pause schedule %s: %w", subject, err)
	}
	return nil
}

const pausedSQL = `select id, cron, ends_at from schedules where subject = $1 and state = 'paused' for update`

const resumeSQL = `update schedules set state = $2, next_at = coalesce($3, next_at), retry_at = null where id = $1`

// Resume lets a paused schedule go on with its next due time from now.
func (s *Store) Resume(ctx context.Context, tx *sql.Tx, subject string) error {
	var id int64
	var expr string
	var until sql.NullTime
	err := tx.QueryRowContext(ctx, pausedSQL, subject).Scan(&id, &expr, &until)
	if errors.Is(err, sql.ErrNoRows) {
		return nil // ended, or never there
	}
	if err != nil {
		return fmt.Errorf("resume schedule %s: %w", subject, err)
	}
	cron, err := ParseCron(expr)
	if err != nil {
		return fmt.Errorf("resume schedule %s: %w", subject, err)
	}
	state, next := after(cron, s.now(), until)
	if _, err := tx.ExecContext(ctx, resumeSQL, id, state, next); err != nil {
		return fmt.Errorf("resume schedule %s: %w", subject, err)
	}
	return nil
}

// after gives the next due time after t, or that there is none any more.
func after(cron Cron, t time.Time, until sql.NullTime) (State, sql.NullTime) {
	next := cron.Next(t)
	if next.IsZero() || (until.Valid && next.After(until.Time)) {
		return Ended, sql.NullTime{}
	}
	return Active, sql.NullTime{Time: next, Valid: true}
}

const stopSQL = `update schedules set state = 'stopped' where subject = $1 and state in ('active', 'paused')`

// Stop ends a schedule for good; its firings stay on record, and the subject may be scheduled anew.
func (s *Store) Stop(ctx context.Context, tx *sql.Tx, subject string) error {
	if _, err := tx.ExecContext(ctx, stopSQL, subject); err != nil {
		return fmt.Errorf("stop schedule %s: %w", subject, err)
	}
	return nil
}

const getSQL = `
select id, subject, cron, series, starts_at, ends_at, state, fired, next_at, last_error
from schedules where subject = $1 order by id desc limit 1`

// Get gives the subject's newest schedule, or ErrNotFound.
func (s *Store) Get(ctx context.Context, subject string) (Schedule, error) {
	var sch Schedule
	var until sql.NullTime
	err := s.db.QueryRowContext(ctx, getSQL, subject).Scan(&sch.ID, &sch.Subject, &sch.Cron, &sch.Series, &sch.From, &until,
		&sch.State, &sch.Fired, &sch.NextAt, &sch.LastError)
	if errors.Is(err, sql.ErrNoRows) {
		return Schedule{}, fmt.Errorf("schedule of %s: %w", subject, ErrNotFound)
	}
	if err != nil {
		return Schedule{}, fmt.Errorf("schedule of %s: %w", subject, err)
	}
	sch.Until = until.Time
	if sch.State == Ended || sch.State == Stopped {
		sch.NextAt = time.Time{}
	}
	return sch, nil
}

// Outcome of a due time.
type Outcome string

const (
	FiredOnTime Outcome = "fired"
	FiredLate   Outcome = "late"   // no node ran when it fell due; one fired it within the tolerance
	Missed      Outcome = "missed" // a gap in which no node ran
)

// Firing is what became of a due time, or of a gap of missed ones.
type Firing struct {
	DueAt   time.Time // of a gap, the first
	Outcome Outcome
	Nth     int // place in the series from 1; 0 for a gap
	Times   int // due times in the gap; 1 for a firing
	At      time.Time
}

const firingsSQL = `
select f.due_at, f.outcome, f.nth, f.times, f.at
from firings f join schedules s on s.id = f.schedule_id
where s.subject = $1 order by f.due_at desc limit $2`

// Firings gives the newest n firings and gaps of a subject.
func (s *Store) Firings(ctx context.Context, subject string, n int) ([]Firing, error) {
	rows, err := s.db.QueryContext(ctx, firingsSQL, subject, n)
	if err != nil {
		return nil, fmt.Errorf("firings of %s: %w", subject, err)
	}
	defer rows.Close()
	var all []Firing
	for rows.Next() {
		var f Firing
		if err := rows.Scan(&f.DueAt, &f.Outcome, &f.Nth, &f.Times, &f.At); err != nil {
			return nil, fmt.Errorf("firings of %s: %w", subject, err)
		}
		all = append(all, f)
	}
	return all, rows.Err()
}

const nextDueSQL = `select min(next_at) from schedules where state = 'active'`

// NextDue gives the earliest time at which any schedule falls due; the zero time where none will.
func (s *Store) NextDue(ctx context.Context) (time.Time, error) {
	var at sql.NullTime
	if err := s.db.QueryRowContext(ctx, nextDueSQL).Scan(&at); err != nil {
		return time.Time{}, fmt.Errorf("next due time: %w", err)
	}
	return at.Time, nil
}
