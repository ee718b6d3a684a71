package gateway

import (
	"database/sql"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestARunIsExpandedOnceHoweverOftenItIsEnqueued(t *testing.T) {
	w := newWard(t, 1203)
	for range 2 {
		if n := w.run(7, nil); n != 1203 {
			t.Fatalf("enqueued %d", n)
		}
	}
	if diff := cmp.Diff(Progress{Total: 1203, Queued: 1203}, w.progress(7)); diff != "" {
		t.Error(diff)
	}
	units, err := w.store.ProgressByUnit(w.ctx, w.db, []int64{7})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]UnitProgress{{w.unit, Progress{Total: 1203, Queued: 1203}}}, units); diff != "" {
		t.Error(diff)
	}
	var chunks int
	if err := w.db.QueryRow(`select count(*) from chunks`).Scan(&chunks); err != nil || chunks != 3 {
		t.Errorf("%d chunks, %v", chunks, err)
	}
	if done, err := w.store.Done(w.ctx, 7); done || err != nil {
		t.Errorf("done %t, %v", done, err)
	}
	if _, err := w.store.Done(w.ctx, 8); !errors.Is(err, ErrNotFound) {
		t.Errorf("a run that nobody enqueued: %v", err)
	}
}

func TestNumbersAreRoutedByTheLongestPrefixAlikeInRunsAndSingles(t *testing.T) {
	w := newWard(t, 150)
	w.store = NewStore(w.db, w.clock.now, StoreOptions{Routes: []Route{
		{Carrier: "viettel", Prefixes: []string{"090"}}, {Carrier: "vina", Prefixes: []string{"+8490000"}}, {Carrier: "rest"}}})
	w.exec(`update residents set phone = '+8497' || right(phone, 7) where phone > '+84900000140'`)
	w.run(1, nil)
	rows, err := w.db.Query(`select m.phone, c.carrier from messages m join chunks c on c.id = m.chunk_id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	counts := map[string]int{}
	for rows.Next() {
		var m Single
		var carrier string
		if err := rows.Scan(&m.To, &carrier); err != nil {
			t.Fatal(err)
		}
		if got := w.store.routes.carrier(m.To); got != carrier {
			t.Errorf("the run sends by %s what a single would send by %s", carrier, got)
		}
		counts[carrier]++
	}
	if diff := cmp.Diff(map[string]int{"vina": 140, "rest": 10}, counts); diff != "" {
		t.Error(diff)
	}
}

func TestASingleWithAUsedKeyIsTheFirstOneAgain(t *testing.T) {
	w := newWard(t, 0)
	m := Single{To: "+84901234567", Text: "Mã tin báo: 2608-0417", Purpose: Receipt, Key: "report:1"}
	first := w.send(m)
	if again := w.send(m); again != first {
		t.Errorf("the same key gave %d and %d", first, again)
	}
	m.Key = ""
	if other := w.send(m); other == first {
		t.Error("no key gave the keyed message")
	}
	got := w.message(first)
	if got.State != Queued || got.To != m.To || got.Text != m.Text || got.Purpose != Receipt || got.Carrier != "viettel" {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff([]Move{{At: morning, To: Queued, Reason: "enqueued"}}, got.History); diff != "" {
		t.Error(diff)
	}
	if _, err := w.store.Message(w.ctx, 99); !errors.Is(err, ErrNotFound) {
		t.Errorf("an unknown id: %v", err)
	}
}

func TestWhatCannotBeQueuedIsRefused(t *testing.T) {
	w := newWard(t, 1)
	for name, work := range map[string]func(tx *sql.Tx) error{
		"a run without hours": func(tx *sql.Tx) error {
			_, err := w.store.EnqueueRun(w.ctx, tx, Run{ID: 1, Text: "x"})
			return err
		},
		"a run without text": func(tx *sql.Tx) error {
			_, err := w.store.EnqueueRun(w.ctx, tx, Run{ID: 1, Urgent: true})
			return err
		},
		"a run whose id does not fit": func(tx *sql.Tx) error {
			_, err := w.store.EnqueueRun(w.ctx, tx, Run{ID: 1 << 31, Text: "x", Urgent: true})
			return err
		},
		"a single of unknown purpose": func(tx *sql.Tx) error {
			_, err := w.store.Send(w.ctx, tx, Single{To: "+84901234567", Text: "x", Purpose: "spam"})
			return err
		},
		"a single without text": func(tx *sql.Tx) error {
			_, err := w.store.Send(w.ctx, tx, Single{To: "+84901234567", Purpose: API})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			tx, err := w.db.Begin()
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = tx.Rollback() }()
			if work(tx) == nil {
				t.Error("it was taken")
			}
		})
	}
}

func TestACancelledRunEndsAndAPausedOneStands(t *testing.T) {
	w := newWard(t, 20)
	w.run(1, nil)
	w.run(2, nil)
	w.tx(func(tx *sql.Tx) error { return w.store.PauseRuns(w.ctx, tx, []int64{1, 2}) })
	w.tx(func(tx *sql.Tx) error { return w.store.CancelRuns(w.ctx, tx, []int64{2}) })
	w.tx(func(tx *sql.Tx) error { return w.store.ResumeRuns(w.ctx, tx, []int64{2}) })
	if diff := cmp.Diff(Progress{Total: 40, Queued: 20, Cancelled: 20}, w.progress(1, 2)); diff != "" {
		t.Error(diff)
	}
	for run, want := range map[int64]bool{1: false, 2: true} {
		if done, err := w.store.Done(w.ctx, run); done != want || err != nil {
			t.Errorf("run %d done: %t, %v", run, done, err)
		}
	}
	m := w.message(2<<32 | 1)
	if m.State != Cancelled || len(m.History) != 2 || m.History[1].To != Cancelled {
		t.Errorf("%+v", m)
	}
}

func TestNoMoveLeadsOutOfAnEnd(t *testing.T) {
	for from, list := range moves {
		for _, to := range list {
			if !May(from, to) {
				t.Errorf("%s -> %s is in the table and refused", from, to)
			}
		}
	}
	for _, s := range []State{Delivered, Failed, Expired, Suppressed, Cancelled} {
		if len(moves[s]) != 0 || !s.Ended() {
			t.Errorf("%s leads on", s)
		}
	}
	if Queued.Ended() || Submitting.Ended() || Accepted.Ended() || !Unknown.Ended() {
		t.Error("what has ended and what has not is told wrong")
	}
}
