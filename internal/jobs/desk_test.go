package jobs

import (
	"context"
	"database/sql"
	"log/slog"
	"sync"
	"testing"
	"time"

	"canhgiac/internal/postgres/pgtest"
)

// desk is a store with nodes that a test starts and ends.
type desk struct {
	*Store
	t     *testing.T
	later time.Duration // how far the test moved the clock
	mu    sync.Mutex
}

func newDesk(t *testing.T) *desk {
	d := &desk{t: t}
	d.Store = NewStore(pgtest.New(t), func() time.Time {
		d.mu.Lock()
		defer d.mu.Unlock()
		return time.Now().Add(d.later)
	}, "canhgiac_live")
	return d
}

func (d *desk) move(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.later += by
}

// node runs works until the given function is called, or the test ends.
func (d *desk) node(works map[Kind]Work) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	r := &Runner{Store: d.Store, Works: works, Log: slog.New(slog.DiscardHandler)}
	go func() {
		defer close(ended)
		_ = r.Run(ctx)
	}()
	stop = sync.OnceFunc(func() { cancel(); <-ended })
	d.t.Cleanup(stop)
	return stop
}

func (d *desk) in(do func(tx *sql.Tx) error) {
	d.t.Helper()
	tx, err := d.db.Begin()
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := do(tx); err != nil {
		d.t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) add(n New) (id int64) {
	d.t.Helper()
	if n.By == "" {
		n.By = "lan"
	}
	d.in(func(tx *sql.Tx) (err error) { id, err = d.Add(d.t.Context(), tx, n); return err })
	d.Wake()
	return id
}

func (d *desk) cancel(id int64) {
	d.t.Helper()
	d.in(func(tx *sql.Tx) error { return d.Cancel(d.t.Context(), tx, id, "lan") })
}

// until waits for the job to stand so.
func (d *desk) until(id int64, state State) Job {
	d.t.Helper()
	return d.when(id, string(state), func(j Job) bool { return j.State == state })
}

func (d *desk) when(id int64, what string, is func(Job) bool) Job {
	d.t.Helper()
	for over := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		j, err := d.Get(d.t.Context(), id)
		if err != nil {
			d.t.Fatal(err)
		}
		if is(j) {
			return j
		}
		if time.Now().After(over) {
			d.t.Fatalf("job %d is %+v, not %s", id, j, what)
		}
	}
}

// leaseOver moves the database's clock, as far as this job goes, past the lease.
func (d *desk) leaseOver(id int64) {
	d.t.Helper()
	if _, err := d.db.Exec(`update jobs set lease_until = lease_until - interval '1 hour' where id = $1`, id); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) pieces(table string) (n int) {
	d.t.Helper()
	if err := d.db.QueryRow(`select count(*) from ` + table).Scan(&n); err != nil {
		d.t.Fatal(err)
	}
	return n
}
