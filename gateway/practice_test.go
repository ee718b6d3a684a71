package gateway

import (
	"testing"

	"canhgiac/internal/postgres/pgtest"
	"canhgiac/internal/practice"
	"canhgiac/residents"
)

// newPracticeWard settles n residents in the practice tables of a database whose real ward is empty.
func newPracticeWard(t *testing.T, n int) *ward {
	t.Helper()
	w := newWard(t, 0)
	s := practice.NewStore(w.db, w.clock.now)
	tx, err := w.db.BeginTx(w.ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
	if err := s.Begin(w.ctx, tx, "lan"); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	w.db = pgtest.Beside(t, w.db, practice.Open)
	if err := w.db.QueryRow(settleWardSQL, n, morning).Scan(&w.unit); err != nil {
		t.Fatal(err)
	}
	w.store = NewStore(w.db, w.clock.now, StoreOptions{Routes: []Route{{Carrier: "viettel"}}})
	return w
}

// No node looks into the practice tables for something to send. Were one ever to, the gate itself lets nothing pass.
func TestWhoLooksIntoThePracticeTablesForWorkIsHeldByTheGate(t *testing.T) {
	w := newPracticeWard(t, 30)
	if n := w.run(1, nil); n != 30 {
		t.Fatalf("enqueued %d", n)
	}
	h, err := openHot(w.ctx, w.db)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.drop)
	l, err := w.store.lease(w.ctx, h, "viettel", only("viettel"), 1, search{})
	if err != nil {
		t.Fatal(err)
	}
	if pass, held, err := w.store.intent(w.ctx, h, l, 30); err != nil || len(pass) != 0 || held != 30 {
		t.Errorf("%d of a run may pass, %d are held, %v", len(pass), held, err)
	}
	for _, purpose := range []Purpose{Reply, Receipt, Alert, API} {
		w.send(Single{To: residents.Phone("+84900000001"), Text: "Tin tap huan.", Purpose: purpose})
	}
	seen := 0
	for _, c := range []class{express, ordinary} {
		list, err := w.store.take(w.ctx, h, "viettel", only("viettel"), 1, c, w.clock.now(), 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range list {
			if seen++; x.reason != "practice" {
				t.Errorf("a %s may pass: %q", x.purpose, x.reason)
			}
		}
	}
	if seen != 4 {
		t.Errorf("the gate saw %d of 4", seen)
	}
	var real int
	if err := w.db.QueryRow(`select (select count(*) from public.messages) + (select count(*) from public.sent)`).Scan(&real); err != nil || real != 0 {
		t.Errorf("%d rows among the real, %v", real, err)
	}
}
