package gateway

import (
	"testing"
	"time"
)

// TestANodeThatLosesItsLockForAMomentKeepsWhatItSends: PostgreSQL cuts a connection, or all when it is restarted.
func TestANodeThatLosesItsLockForAMomentKeepsWhatItSends(t *testing.T) {
	w := newWard(t, 20)
	w.run(1, func(r *Run) { r.Resend = true })
	h := w.clerk(ReceiptSame).h
	holder, other := w.joined(), w.joined()
	c, err := w.store.lease(w.ctx, h, "viettel", only("viettel"), holder.id, search{})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.store.intent(w.ctx, h, c, 10); err != nil {
		t.Fatal(err)
	}
	again := func(when string, want int) {
		t.Helper()
		if err := other.takeOver(w.ctx, w.store, h, newMeter(), discard); err != nil {
			t.Fatal(err)
		}
		var n int
		if err := w.db.QueryRow(`select count(*) from outbox`).Scan(&n); err != nil || n != want {
			t.Fatalf("%s: %d are sent again, want %d; %v", when, n, want, err)
		}
	}
	lose := func() {
		t.Helper()
		holder.leave()
		until(t, "PostgreSQL has freed the lock", func() bool {
			var held bool
			if err := w.db.QueryRow(`select exists (select from pg_locks where locktype = 'advisory' and classid = $1 and objid = $2::bigint::oid and objsubid = 2
				and database = (select oid from pg_database where datname = current_database()))`, nodeLocks, holder.id).Scan(&held); err != nil {
				t.Fatal(err)
			}
			return !held
		})
	}
	lose()
	again("the lock was just lost", 0)
	if err := holder.live(w.ctx); err != nil {
		t.Fatal(err)
	}
	again("it is back", 0)
	if len(other.missed) > 0 {
		t.Errorf("the node is watched still: %v", other.missed)
	}
	lose()
	again("it is lost again", 0)
	other.missed[holder.id] = time.Now().Add(-goneAfter)
	again("nobody came back", 10)
}

func (w *ward) joined() *node {
	w.t.Helper()
	n, err := joinNodes(w.ctx, w.db)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(n.leave)
	return n
}
