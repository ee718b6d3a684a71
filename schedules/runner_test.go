package schedules_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"canhgiac/internal/postgres/pgtest"
	"canhgiac/schedules"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// house is a database, a clock that the test moves, and what fired.
type house struct {
	*testing.T
	db    *sql.DB
	store *schedules.Store

	mu    sync.Mutex
	clock time.Time
	fired []string
	fail  error
}

func newHouse(t *testing.T, start string) *house {
	h := &house{T: t, db: pgtest.New(t), clock: at(t, start)}
	h.store = schedules.NewStore(h.db, h.now)
	return h
}

func (h *house) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.clock
}

func (h *house) move(to string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clock = at(h, to)
}

func (h *house) runner() *schedules.Runner {
	r := schedules.NewRunner(h.db, h.now, func(ctx context.Context, tx *sql.Tx, d schedules.Due) error {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.fail != nil {
			return h.fail
		}
		h.fired = append(h.fired, fmt.Sprintf("%s #%d %s", d.Subject, d.Nth, d.At.In(schedules.Zone()).Format("02 15:04")))
		return nil
	})
	r.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	return r
}

// in runs f in a transaction of its own.
func (h *house) in(f func(tx *sql.Tx) error) {
	h.Helper()
	tx, err := h.db.Begin()
	if err != nil {
		h.Fatal(err)
	}
	defer tx.Rollback()
	if err := f(tx); err != nil {
		h.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		h.Fatal(err)
	}
}

func (h *house) add(s schedules.Schedule) {
	h.Helper()
	h.in(func(tx *sql.Tx) error {
		_, err := h.store.Add(context.Background(), tx, s)
		return err
	})
}

func (h *house) tick(r *schedules.Runner) {
	h.Helper()
	if _, err := r.Tick(context.Background()); err != nil {
		h.Fatal(err)
	}
}

func (h *house) want(fired ...string) {
	h.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if diff := cmp.Diff(fired, h.fired); diff != "" {
		h.Fatalf("fired (-want +got):\n%s", diff)
	}
}

func (h *house) outcomes() []string {
	h.Helper()
	all, err := h.store.Firings(context.Background(), "campaign:1", 100)
	if err != nil {
		h.Fatal(err)
	}
	var out []string
	for _, f := range all {
		out = append(out, fmt.Sprintf("%s %s #%d x%d", f.DueAt.In(schedules.Zone()).Format("02 15:04"), f.Outcome, f.Nth, f.Times))
	}
	return out
}

func (h *house) state() schedules.State {
	h.Helper()
	s, err := h.store.Get(context.Background(), "campaign:1")
	if err != nil {
		h.Fatal(err)
	}
	return s.State
}

func TestASeriesFiresEachOnceThenEnds(t *testing.T) {
	h := newHouse(t, "2026-11-22 20:00:00")
	h.add(schedules.Schedule{Subject: "campaign:1", Cron: "0 8 * * 1", Series: 2})
	r := h.runner()
	h.tick(r)
	h.want()
	h.move("2026-11-23 08:00:00")
	h.tick(r)
	h.tick(r) // the same due time again
	h.want("campaign:1 #1 23 08:00")
	h.move("2026-11-30 08:00:00")
	h.tick(r)
	h.want("campaign:1 #1 23 08:00", "campaign:1 #2 30 08:00")
	if h.state() != schedules.Ended {
		t.Fatalf("state = %s after the last of the series", h.state())
	}
	h.move("2026-12-07 08:00:00")
	h.tick(r)
	h.want("campaign:1 #1 23 08:00", "campaign:1 #2 30 08:00")
}

func TestManyRunnersSideBySideFireOnce(t *testing.T) {
	h := newHouse(t, "2026-11-23 07:59:00")
	for i := range 20 {
		h.add(schedules.Schedule{Subject: fmt.Sprintf("campaign:%d", i), Cron: "0 8 * * *"})
	}
	h.move("2026-11-23 08:00:00")
	var all sync.WaitGroup
	for range 4 {
		r := h.runner()
		all.Go(func() {
			if _, err := r.Tick(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	seen := map[string]int{}
	for _, f := range h.fired {
		seen[f]++
	}
	if len(seen) != 20 || len(h.fired) != 20 {
		t.Fatalf("20 schedules fired %d times: %v", len(h.fired), seen)
	}
}

func TestADueTimeThatFiredBeforeAddsNothing(t *testing.T) {
	h := newHouse(t, "2026-11-23 07:59:00")
	h.add(schedules.Schedule{Subject: "campaign:1", Cron: "0 8 * * *"})
	r := h.runner()
	h.move("2026-11-23 08:00:00")
	h.tick(r)
	if _, err := h.db.Exec(`update schedules set next_at = $1`, at(t, "2026-11-23 08:00:00")); err != nil {
		t.Fatal(err)
	}
	h.tick(r)
	h.want("campaign:1 #1 23 08:00")
}

func TestADueTimeWithNoNodeRunning(t *testing.T) {
	for _, c := range []struct {
		name, cron, back string
		fired, outcomes  []string
	}{
		{"fires once, late, within the tolerance", "0 8 * * *", "2026-11-23 08:29:00",
			[]string{"campaign:1 #1 23 08:00"}, []string{"23 08:00 late #1 x1"}},
		{"is recorded as missed beyond it", "0 8 * * *", "2026-11-23 09:00:00",
			nil, []string{"23 08:00 missed #0 x1"}},
		{"fires only the newest of many, the others are a gap", "*/10 * * * *", "2026-11-23 08:25:00",
			[]string{"campaign:1 #1 23 08:20"}, []string{"23 08:20 late #1 x1", "23 08:00 missed #0 x2"}},
		{"makes one row of days of absence", "0 8 * * *", "2026-11-26 12:00:00",
			nil, []string{"23 08:00 missed #0 x4"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t, "2026-11-23 07:55:00")
			h.add(schedules.Schedule{Subject: "campaign:1", Cron: c.cron})
			h.move(c.back)
			r := h.runner()
			h.tick(r)
			h.tick(r)
			h.want(c.fired...)
			if diff := cmp.Diff(c.outcomes, h.outcomes()); diff != "" {
				t.Fatalf("record (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAMissedTimeDoesNotUseUpTheSeries(t *testing.T) {
	h := newHouse(t, "2026-11-23 07:00:00")
	h.add(schedules.Schedule{Subject: "campaign:1", Cron: "0 8 * * *", Series: 1})
	r := h.runner()
	h.move("2026-11-23 20:00:00")
	h.tick(r)
	h.move("2026-11-24 08:00:00")
	h.tick(r)
	h.want("campaign:1 #1 24 08:00")
}

func TestAFailedFiringIsUndoneAndTriedAgain(t *testing.T) {
	h := newHouse(t, "2026-11-23 07:59:00")
	h.add(schedules.Schedule{Subject: "campaign:1", Cron: "0 8 * * *", Series: 1})
	h.add(schedules.Schedule{Subject: "campaign:2", Cron: "1 8 * * *", Series: 1})
	r := h.runner()
	h.fail = errors.New("the gateway refused")
	h.move("2026-11-23 08:00:00")
	h.tick(r)
	if got := h.outcomes(); got != nil {
		t.Fatalf("a failed firing left a record: %v", got)
	}
	s, err := h.store.Get(context.Background(), "campaign:1")
	if err != nil || s.LastError != "the gateway refused" || s.Fired != 0 {
		t.Fatalf("schedule = %+v, %v", s, err)
	}
	h.fail = nil
	h.tick(r) // too early for another try
	h.want()
	h.move("2026-11-23 08:01:00")
	h.tick(r)
	h.want("campaign:1 #1 23 08:00", "campaign:2 #1 23 08:01")
}

func TestPauseHoldsWhatFallsDueAndResumeDoesNotMakeUpForIt(t *testing.T) {
	ctx := context.Background()
	h := newHouse(t, "2026-11-23 07:00:00")
	h.add(schedules.Schedule{Subject: "campaign:1", Cron: "0 8 * * *"})
	r := h.runner()
	h.in(func(tx *sql.Tx) error { return h.store.Pause(ctx, tx, "campaign:1") })
	h.move("2026-11-23 08:00:00")
	h.tick(r)
	h.want()
	h.move("2026-11-23 08:05:00")
	h.in(func(tx *sql.Tx) error { return h.store.Resume(ctx, tx, "campaign:1") })
	h.tick(r)
	h.want()
	h.move("2026-11-24 08:00:00")
	h.tick(r)
	h.want("campaign:1 #1 24 08:00")
	h.in(func(tx *sql.Tx) error { return h.store.Stop(ctx, tx, "campaign:1") })
	h.move("2026-11-25 08:00:00")
	h.tick(r)
	h.want("campaign:1 #1 24 08:00")
	if h.state() != schedules.Stopped {
		t.Fatalf("state = %s", h.state())
	}
}

func TestASubjectHasOneLiveSchedule(t *testing.T) {
	ctx := context.Background()
	h := newHouse(t, "2026-11-23 07:00:00")
	h.add(schedules.Schedule{Subject: "campaign:1", Cron: "0 8 * * *"})
	h.in(func(tx *sql.Tx) error {
		if _, err := h.store.Add(ctx, tx, schedules.Schedule{Subject: "campaign:1", Cron: "0 9 * * *"}); !errors.Is(err, schedules.ErrTaken) {
			t.Errorf("error = %v, want ErrTaken", err)
		}
		if err := h.store.Stop(ctx, tx, "campaign:1"); err != nil {
			return err
		}
		_, err := h.store.Add(ctx, tx, schedules.Schedule{Subject: "campaign:1", Cron: "0 9 * * *"})
		return err
	})
	if _, err := h.store.Get(ctx, "campaign:9"); !errors.Is(err, schedules.ErrNotFound) {
		t.Errorf("error = %v, want ErrNotFound", err)
	}
}

func TestNothingFallsDueOutsideFromAndUntil(t *testing.T) {
	h := newHouse(t, "2026-11-20 07:00:00")
	h.add(schedules.Schedule{Subject: "campaign:1", Cron: "0 8 * * *", From: at(t, "2026-11-23 08:00:00"), Until: at(t, "2026-11-24 08:00:00")})
	r := h.runner()
	for _, day := range []string{"21", "22", "23", "24", "25"} {
		h.move("2026-11-" + day + " 08:00:00")
		h.tick(r)
	}
	h.want("campaign:1 #1 23 08:00", "campaign:1 #2 24 08:00")
	if h.state() != schedules.Ended {
		t.Fatalf("state = %s", h.state())
	}
}

func TestRunFiresAndLeavesWhenTold(t *testing.T) {
	h := newHouse(t, "2026-11-23 07:59:00")
	h.add(schedules.Schedule{Subject: "campaign:1", Cron: "0 8 * * *", Series: 1})
	fired := make(chan schedules.Due, 1)
	r := schedules.NewRunner(h.db, h.now, func(_ context.Context, _ *sql.Tx, d schedules.Due) error {
		fired <- d
		return nil
	})
	r.Poll = time.Millisecond
	ctx, leave := context.WithCancel(context.Background())
	left := make(chan error)
	go func() { left <- r.Run(ctx) }()
	h.move("2026-11-23 08:00:00")
	if d := <-fired; d.Nth != 1 {
		t.Fatalf("due = %+v", d)
	}
	leave()
	if err := <-left; err != nil {
		t.Fatal(err)
	}
}
