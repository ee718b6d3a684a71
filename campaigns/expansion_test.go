package campaigns_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"canhgiac/campaigns"
	"canhgiac/schedules"
)

func TestAPauseOrACancelDoesNotWaitForAnExpansion(t *testing.T) {
	for name, c := range map[string]struct {
		act  func(o *office, id int64) error
		want campaigns.State
	}{
		"pause":  {func(o *office, id int64) error { return o.store.Pause(t.Context(), id, lan) }, campaigns.Paused},
		"cancel": {func(o *office, id int64) error { return o.store.Cancel(t.Context(), id, lan, "nhầm") }, campaigns.Cancelled},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t)
			ctx := context.Background()
			id, err := o.store.LoadSample(ctx, campaigns.SampleOptions{Contents: []campaigns.Content{{Text: "Đừng đọc mã.", Plain: "Dung doc ma."}}, Author: lan, Approver: huy})
			if err != nil {
				t.Fatal(err)
			}
			// A lock on the chunks stands for an expansion without end: it counts its audience, and then waits.
			hold, err := o.db.Begin()
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = hold.Rollback() }()
			if _, err := hold.Exec(`lock table chunks in exclusive mode`); err != nil {
				t.Fatal(err)
			}
			fired := make(chan error, 1)
			go func() {
				tx, err := o.db.Begin()
				if err == nil {
					err = o.store.Fire(ctx, tx, id, o.now(), 1)
					_ = tx.Rollback()
				}
				fired <- err
			}()
			for over := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
				e, is, err := o.store.Expanding(ctx, id)
				if err != nil || time.Now().After(over) {
					t.Fatalf("no expansion is told of: %v", err)
				}
				if is && e.Total > 0 {
					break
				}
			}
			asked := time.Now()
			if err := c.act(o, id); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(asked); took > 2*time.Second {
				t.Errorf("it took %s", took)
			}
			if err := <-fired; !errors.Is(err, schedules.ErrStopped) {
				t.Errorf("the firing ended with %v", err)
			}
			one, err := o.store.Get(ctx, id, nil)
			if err != nil || one.State != c.want {
				t.Errorf("%s, %v", one.State, err)
			}
			var left int
			if err := o.db.QueryRow(`select (select count(*) from campaign_runs) + (select count(*) from messages) + (select count(*) from campaign_expansions)`).Scan(&left); err != nil || left != 0 {
				t.Errorf("%d rows are left, %v", left, err)
			}
		})
	}
}
