package gateway

import (
	"testing"
	"time"

	"canhgiac/internal/days"
)

func TestWaitsAreThoseOfSingleMessagesByTheWardsDay(t *testing.T) {
	w := newWard(t, 0)
	queued := morning.Add(-time.Hour)
	for i, waited := range []time.Duration{time.Second, 2 * time.Second, 30 * time.Second} {
		w.keep(int64(i+1), 0, "viettel", "accepted", "", 1, queued.Add(waited), queued.Add(waited))
		w.exec(`insert into singles (message_id, purpose, queued_at, send_by) values ($1, 'reply', $2, $2)`, i+1, queued)
	}
	w.keep(4, 0, "viettel", "suppressed", "opted out", 1, nil, nil)
	w.exec(`insert into singles (message_id, purpose, queued_at, send_by) values (4, 'reply', $1, $1)`, queued)
	w.keep(1<<32+1, 7, "viettel", "accepted", "", 1, queued.Add(5*time.Hour), queued.Add(5*time.Hour))
	list, err := w.store.Waits(w.ctx, morning.Add(-48*time.Hour), morning.Add(time.Hour), days.Hour)
	if err != nil || len(list) != 1 {
		t.Fatalf("waits %v: %v", list, err)
	}
	if got := list[0]; got.N != 3 || got.Median != 2*time.Second || got.Slow <= 20*time.Second || got.Slow > 30*time.Second || got.Begin.After(queued) || queued.Sub(got.Begin) >= time.Hour {
		t.Errorf("waits %+v", got)
	}
	if list, err = w.store.Waits(w.ctx, morning.Add(-96*time.Hour), morning.Add(-48*time.Hour), days.Day); err != nil || len(list) != 0 {
		t.Errorf("waits of another time %v: %v", list, err)
	}
}
