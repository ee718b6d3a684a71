package gateway

import (
	"database/sql"
	"regexp"
	"strconv"
	"testing"
)

var sharedHit = regexp.MustCompile(`shared hit=(\d+)`)

// pages counts what the next lease looks at.
func (w *ward) pages(h *hot, in search) (n int) {
	w.t.Helper()
	err := h.transact(w.ctx, func() error {
		err := h.each(w.ctx, `explain (analyze, buffers) `+leaseSQL, func(scan func(...any) error) error {
			var line string
			if err := scan(&line); err != nil {
				return err
			}
			if m := sharedHit.FindStringSubmatch(line); m != nil && n == 0 { // the whole statement's comes first
				n, _ = strconv.Atoi(m[1])
			}
			return nil
		}, `{viettel}`, w.clock.now(), 7, leaseTime.Milliseconds(), "viettel", in.urgent, in.nth, in.id, `{}`)
		if err != nil {
			return err
		}
		return h.exec(w.ctx, `update chunks set lease_node = null, lease_carrier = null, lease_until = null where lease_node = 7`)
	})
	if err != nil || n == 0 {
		w.t.Fatalf("%d pages, %v", n, err)
	}
	return n
}

func TestALongSnapshotDoesNotSlowTheQueueDown(t *testing.T) {
	const chunks = 3000 // a million and a half messages
	w := newWard(t, 1)
	dump, err := w.db.BeginTx(w.ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = dump.Rollback() }()
	if _, err := dump.Exec(`select count(*) from chunks`); err != nil { // from now on nothing can be cleared away
		t.Fatal(err)
	}
	w.run(1, nil)
	w.exec(`insert into chunks (run_id, carrier, nth, urgent, size, ready_at, send_by)
		select run_id, carrier, i, urgent, 500, ready_at, send_by from chunks, generate_series(1, $1) i`, chunks-1)
	h, err := openHot(w.ctx, w.db)
	if err != nil {
		t.Fatal(err)
	}
	defer h.drop()
	first := w.pages(h, search{})
	var at searches
	for range chunks - 10 {
		var l *lease
		err := h.transact(w.ctx, func() (err error) {
			if l, err = w.store.lease(w.ctx, h, "viettel", only("viettel"), 7, at.next(w.clock.now(), ordinary)); err != nil {
				return err
			}
			l.meant(l.left(), 0)
			if err := h.exec(w.ctx, `update chunks set watermark = size where id = $1`, l.id); err != nil {
				return err
			}
			return w.store.release(w.ctx, h, []*lease{l})
		})
		if err != nil {
			t.Fatal(err)
		}
		at.found(l)
	}
	last, everywhere := w.pages(h, at.next(w.clock.now(), ordinary)), w.pages(h, search{})
	t.Logf("a lease looks at %d pages at first, at %d after %d chunks, at %d once a second", first, last, chunks, everywhere)
	if last > 3*first {
		t.Errorf("a lease looks at %d pages after %d chunks, and looked at %d before", last, chunks, first)
	}
}

func TestAChunkThatComesBackBeforeTheOthersIsFoundAgain(t *testing.T) {
	w := newWard(t, 1)
	w.run(1, nil)
	w.run(2, nil)
	h, err := openHot(w.ctx, w.db)
	if err != nil {
		t.Fatal(err)
	}
	defer h.drop()
	l := newLink(Carrier{Name: "viettel"}, w.store, &node{id: 7}, nil, newMeter(), discard)
	var first *lease
	for want := int64(1); want <= 2; want++ {
		c, err := l.lease(w.ctx, h, ordinary)
		if err != nil || c.order.run != want {
			t.Fatalf("%+v, %v", c, err)
		}
		if want == 1 {
			first = c
		}
	}
	if err := w.store.release(w.ctx, h, []*lease{first}); err != nil {
		t.Fatal(err)
	}
	if c, err := l.lease(w.ctx, h, ordinary); err != nil || c.id != first.id {
		t.Errorf("%+v, %v", c, err)
	}
}
