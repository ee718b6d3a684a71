package reports

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"
)

func TestTheRecordHoldsTogetherAndShowsWhatWasChanged(t *testing.T) {
	d := newDesk(t)
	ctx := context.Background()
	r := d.save(Draft{Origin: "call", Ref: "1", Kind: 1})
	d.tx(func(tx *sql.Tx) error {
		return d.Log(ctx, tx, r.ID, Entry{At: d.at, Node: "loai_lua_dao", Key: "1", Raw: "Digits=1&x=\x00\xff"})
	})
	if err := d.Note(ctx, r.Code, officer, "ghi chú"); err != nil {
		t.Fatal(err)
	}
	got, err := d.Get(ctx, r.Code, officer)
	if err != nil || got.Broken != 0 || len(got.Events) != 3 || got.End != got.Events[2].Hash {
		t.Fatalf("%+v, %v", got.Record, err)
	}
	for _, change := range []string{`update report_events set key = '2'`, `delete from report_events`, `truncate report_events`} {
		if _, err := d.db.Exec(change); err == nil {
			t.Errorf("%s went through", change)
		}
	}
	// Somebody who owns the database can take the trigger away, but not make the hashes fit.
	if _, err := d.db.Exec(`alter table report_events disable trigger user; update report_events set key = '2' where seq = 2`); err != nil {
		t.Fatal(err)
	}
	if got, err = d.Get(ctx, r.Code, officer); err != nil || got.Broken != 2 {
		t.Errorf("a changed key shows at line %d, %v", got.Broken, err)
	}
}

func TestStepsOfOneReportFromManySidesFormOneChain(t *testing.T) {
	d := newDesk(t)
	ctx := context.Background()
	r := d.save(Draft{Origin: "call", Ref: "1", Kind: 1})
	var wg sync.WaitGroup
	errs := make(chan error, 20)
	for i := range 20 {
		wg.Go(func() {
			tx, err := d.db.Begin()
			if err != nil {
				errs <- err
				return
			}
			defer func() { _ = tx.Rollback() }()
			errs <- errors.Join(d.Log(ctx, tx, r.ID, Entry{At: d.at, Key: fmt.Sprint(i)}), tx.Commit())
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	got, err := d.Get(ctx, r.Code, officer)
	if err != nil || len(got.Events) != 21 || got.Broken != 0 {
		t.Errorf("%d lines, broken at %d, %v", len(got.Events), got.Broken, err)
	}
}

func TestFirstKeysOfOneCallAtOnceMakeOneReport(t *testing.T) {
	d := newDesk(t)
	var wg sync.WaitGroup
	codes := make(chan string, 8)
	for range 8 {
		wg.Go(func() {
			tx, err := d.db.Begin()
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = tx.Rollback() }()
			r, err := d.Save(context.Background(), tx, Draft{Origin: "call", Ref: "1", Kind: 1})
			if err := errors.Join(err, tx.Commit()); err != nil {
				t.Error(err)
			}
			codes <- r.Code
		})
	}
	wg.Wait()
	close(codes)
	first := <-codes
	for c := range codes {
		if c != first {
			t.Errorf("two codes, %s and %s", first, c)
		}
	}
}
