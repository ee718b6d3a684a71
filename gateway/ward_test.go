package gateway

import (
	"context"
	"database/sql"
	"sync"
	"testing"
	"time"

	"canhgiac/internal/postgres/pgtest"
	"canhgiac/residents"
	"canhgiac/schedules"
)

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

// morning is a Monday, 09:00 in Vietnam.
var morning = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)

func newClock() *clock { return &clock{t: morning} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// ward is a database with one ward of n residents who agreed to be messaged, numbered from +84900000001.
type ward struct {
	t     *testing.T
	ctx   context.Context
	db    *sql.DB
	clock *clock
	store *Store
	unit  int64
}

const settleWardSQL = `
with w as (insert into units (kind, name, fold, valid_from) values ('ward', 'Thanh Khê', 'thanh khe', '2025-07-01') returning id),
r as (insert into residents (phone, phone_kind, name, name_fold, unit_id, consent_at, created_at, updated_at)
	select '+849' || lpad(i::text, 8, '0'), 'mobile', '', '', w.id, $2::timestamptz, $2, $2 from w, generate_series(1, $1::int) i)
select id from w`

// newWard settles a ward in a database of its own, so that tests run side by side: most of them wait more than they work.
func newWard(t *testing.T, n int) *ward {
	t.Helper()
	t.Parallel()
	w := &ward{t: t, ctx: t.Context(), db: pgtest.New(t), clock: newClock()}
	if err := w.db.QueryRow(settleWardSQL, n, morning).Scan(&w.unit); err != nil {
		t.Fatal(err)
	}
	w.store = NewStore(w.db, w.clock.now, StoreOptions{Routes: []Route{{Carrier: "viettel"}}})
	return w
}

func (w *ward) tx(work func(tx *sql.Tx) error) {
	w.t.Helper()
	tx, err := w.db.BeginTx(w.ctx, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := work(tx); err != nil {
		w.t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		w.t.Fatal(err)
	}
}

func (w *ward) exec(query string, args ...any) {
	w.t.Helper()
	if _, err := w.db.ExecContext(w.ctx, query, args...); err != nil {
		w.t.Fatal(err)
	}
}

// run enqueues a run to the whole ward; change may be nil.
func (w *ward) run(id int64, change func(*Run)) int {
	w.t.Helper()
	r := Run{ID: id, Campaign: 1, Text: "CATHANHKHEX: KHONG SO HAI. Hoi: 02363111222", Hours: schedules.Hours{From: 7 * 60, To: 22 * 60},
		Audience: residents.Audience{Units: []int64{w.unit}, Channel: "sms"}}
	if change != nil {
		change(&r)
	}
	var n int
	w.tx(func(tx *sql.Tx) (err error) {
		n, err = w.store.EnqueueRun(w.ctx, tx, r)
		return err
	})
	return n
}

func (w *ward) send(m Single) MessageID {
	w.t.Helper()
	var id MessageID
	w.tx(func(tx *sql.Tx) (err error) {
		id, err = w.store.Send(w.ctx, tx, m)
		return err
	})
	return id
}

func (w *ward) progress(runs ...int64) Progress {
	w.t.Helper()
	p, err := w.store.Progress(w.ctx, runs)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *ward) message(id MessageID) Message {
	w.t.Helper()
	m, err := w.store.Message(w.ctx, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}
