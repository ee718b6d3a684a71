package ivr

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/lib/pq"
	"github.com/prometheus/client_golang/prometheus"

	"canhgiac/residents"
)

// Outgoing keeps the calls that are wanted, and dials them (outgoing_run.go).
//
//	          claim            taken              end
//	queued ----------> dialing ------> answered -------> done
//	 ^ | |                |                |
//	 | | |     not taken  |    a machine   |
//	 +-|-|----------------+----------------+
//	   | |   the last try |                |
//	   | |                +----------------+-----------> gave_up
//	   | +- the gate says never -----------------------> suppressed
//	   +--- whoever wanted it does not any more -------> cancelled
//
// A node may die at any point: what it was dialling is in doubt until its ringing is surely over, and counts as a try then.
type Outgoing struct {
	db        *sql.DB
	now       func() time.Time
	residents *residents.Store
	o         OutgoingOptions

	calls, missedCalls *prometheus.CounterVec
}

// OutgoingOptions are what an installation sets.
type OutgoingOptions struct {
	Lines   []Line        // providers to dial with, the first that has room
	Ring    time.Duration // 0: 30 s
	Orders  Orders        // whose the reminders are; nil: there are none
	Own     []string      // numbers that are never called: the hotline's, callers' ids, officers'
	PerDay  int           // reminders by call to one number in 24 hours, counted where somebody took it; 0: no cap
	Missed  Missed
	Log     *slog.Logger          // nil: slog.Default
	Metrics prometheus.Registerer // nil: none
}

// Line is a provider or trunk that calls go out by.
type Line struct {
	Provider   string // as in its webhooks
	CallerID   string
	PerSecond  float64 // calls begun, over all nodes together
	Concurrent int     // calls under way at once, over all nodes together
	Dialer     Dialer
}

// Why a call is made.
type Why string

const (
	Reminder Why = "reminder"
	Callback Why = "callback" // somebody rang and let us ring back
)

// priority: who rang waits at the telephone, and invented numbers wait behind those that the ward knows.
func (w Wanted) priority() int {
	switch {
	case w.Why != Callback:
		return 2
	case w.Known:
		return 0
	}
	return 1
}

// Wanted is a call that somebody wants made.
type Wanted struct {
	Key    string // a second one with the same key changes nothing
	To     residents.Phone
	Why    Why
	Source string   // whose it is, in the words of whoever wants it: Orders is asked by it
	Says   []string // prompts of a reminder, in order
	Known  bool     // a call back to a resident's number goes before the others; not read back from the queue

	After   time.Time // not before; zero: at once
	Expires time.Time // not after; zero: three days
}

// expiry: a reminder of last week is of no use.
const expiry = 3 * 24 * time.Hour

// Verdict is what whoever wants a call says, just before it is dialled.
type Verdict struct {
	Until  time.Time // not before; zero: now
	Gone   bool      // it is not wanted any more
	Urgent bool      // the Do-Not-Call list does not hold it, nor how many calls came before
}

// Result is what became of a call in the end.
type Result string

const (
	Heard       Result = "heard"       // what it was for began after a key of the person's
	Unheard     Result = "unheard"     // taken by a person who wanted to hear no more, or by nobody who pressed a key
	Unreached   Result = "unreached"   // nobody took it, so often as it may be tried
	Declined    Result = "declined"    // the person ended it while it rang
	NotAllowed  Result = "not_allowed" // held by the gate
	NotCallable Result = "not_callable"
	Withdrawn   Result = "withdrawn" // whoever wanted it does not any more
)

// Orders are those who want reminders made, joined in cmd. All run in the transaction that moves the call.
type Orders interface {
	// Ask says whether a call may be dialled at now.
	Ask(ctx context.Context, tx *sql.Tx, w Wanted, now time.Time) (Verdict, error)
	// Count counts the call towards its number's caps, as the last thing before it is dialled. why is not "" where they hold it.
	Count(ctx context.Context, tx *sql.Tx, w Wanted, now time.Time) (why string, err error)
	// Uncount says that what was counted reached nobody.
	Uncount(ctx context.Context, tx *sql.Tx, w Wanted) error
	// Ended tells what became of it.
	Ended(ctx context.Context, tx *sql.Tx, w Wanted, r Result, at time.Time) error
}

// NewOutgoing keeps calls in db.
func NewOutgoing(db *sql.DB, now func() time.Time, rs *residents.Store, o OutgoingOptions) *Outgoing {
	if o.Ring == 0 {
		o.Ring = 30 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	o.Missed.Limits = o.Missed.Limits.orDefault()
	s := &Outgoing{db: db, now: now, residents: rs, o: o, calls: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "canhgiac_calls_total", Help: "Calls placed, by provider and by what became of them.",
	}, []string{"provider", "outcome"}), missedCalls: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "canhgiac_missed_calls_total", Help: "Calls to the numbers that are rung back, by what became of them.",
	}, []string{"fate"})}
	if o.Metrics != nil {
		o.Metrics.MustRegister(s.calls, s.missedCalls)
	}
	return s
}

const wantSQL = `
insert into outgoing_calls (key, phone, why, source, says, priority, state, next_at, expires_at, created_at)
select k, p, $3, $4, $5, $6, 'queued', $7, $8, $9 from unnest($1::text[], $2::text[]) as w(k, p)
on conflict (key) do nothing`

// Want queues a call in the caller's transaction.
func (s *Outgoing) Want(ctx context.Context, tx *sql.Tx, w Wanted) error {
	return s.WantAll(ctx, tx, w, []string{w.Key}, []residents.Phone{w.To})
}

// WantAll queues one call like w for each key and number.
func (s *Outgoing) WantAll(ctx context.Context, tx *sql.Tx, w Wanted, keys []string, to []residents.Phone) error {
	now := s.now().UTC()
	if w.After.IsZero() {
		w.After = now
	}
	if w.Expires.IsZero() {
		w.Expires = w.After.Add(expiry)
	}
	phones := make([]string, len(to))
	for i, p := range to {
		phones[i] = string(p)
	}
	says := w.Says
	if says == nil {
		says = []string{}
	}
	_, err := tx.ExecContext(ctx, wantSQL, pq.Array(keys), pq.Array(phones), w.Why, w.Source, pq.Array(says), w.priority(), w.After.UTC(), w.Expires.UTC(), now)
	if err != nil {
		return fmt.Errorf("want %d calls (%s): %w", len(keys), w.Why, err)
	}
	return nil
}

const withdrawOutgoingSQL = `
update outgoing_calls set state = 'cancelled', reason = 'not wanted any more', ended_at = $2 where source = $1 and state = 'queued'`

// Withdraw takes back the calls of a source that are not ringing. Whoever withdraws them knows, and is not told.
func (s *Outgoing) Withdraw(ctx context.Context, tx *sql.Tx, source string) error {
	if _, err := tx.ExecContext(ctx, withdrawOutgoingSQL, source, s.now().UTC()); err != nil {
		return fmt.Errorf("withdraw the calls of %s: %w", source, err)
	}
	return nil
}

// outgoing is one row of outgoing_calls.
type outgoing struct {
	Wanted
	id       int64
	state    string
	attempts int // diallings, which number their rows
	tries    int // those that may have rung
}

const outgoingColumns = `q.id, q.key, q.phone, q.why, q.source, q.says, q.state, q.attempts, q.tries, q.next_at, q.expires_at`

func scanOutgoing(row interface{ Scan(...any) error }) (outgoing, error) {
	var c outgoing
	err := row.Scan(&c.id, &c.Key, &c.To, &c.Why, &c.Source, pq.Array(&c.Says), &c.state, &c.attempts, &c.tries, &c.After, &c.Expires)
	return c, err
}

const lockOutgoingSQL = `select ` + outgoingColumns + ` from outgoing_calls q where q.id = $1 for update`

// lockOutgoing gives a call, locked until the transaction ends. Error: ErrUnknownCall.
func lockOutgoing(ctx context.Context, tx *sql.Tx, id int64) (outgoing, error) {
	c, err := scanOutgoing(tx.QueryRowContext(ctx, lockOutgoingSQL, id))
	if errors.Is(err, sql.ErrNoRows) {
		return c, ErrUnknownCall
	}
	return c, err
}

// ref names an attempt to a provider: a late word about the first must not be taken for the second.
func ref(id int64, nth int) string { return fmt.Sprintf("%d-%d", id, nth) }

func parseRef(s string) (id int64, nth int, err error) {
	var canonical string
	if _, err := fmt.Sscanf(s, "%d-%d", &id, &nth); err == nil {
		canonical = ref(id, nth)
	}
	if canonical == "" || canonical != s {
		return 0, 0, fmt.Errorf("ref %q: %w", s, ErrUnknownCall)
	}
	return id, nth, nil
}
