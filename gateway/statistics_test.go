package gateway

import (
	"testing"
	"time"

	"canhgiac/residents"
)

// keep puts an outcome and its message where the sender would.
func (w *ward) keep(id int64, unit int64, carrier, state, reason string, parts int, accepted, submitted any) {
	w.t.Helper()
	w.exec(`insert into messages (id, phone, unit_id, body_id) values ($1, '+84900000001', $2, 1)`, id, unit)
	w.exec(`insert into sent (message_id, state, carrier, parts, accepted_at, submitted_at, done_at, error) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
		id, state, carrier, parts, accepted, submitted, w.clock.now(), reason)
}

func TestTheTallyFollowsMessagesUntilTheirDayCloses(t *testing.T) {
	w := newWard(t, 0)
	w.store.texts["viettel"] = TextRules{Cost: 300}
	at := morning.Add(-10 * time.Minute)
	w.keep(1, 7, "viettel", "accepted", "", 2, at, at)
	w.keep(2, 7, "viettel", "delivered", "", 1, at, at)
	w.keep(3, 8, "mobi", "failed", "UNDELIV 001", 1, at, at)
	w.keep(4, 8, "mobi", "expired", "", 1, at, at)
	w.keep(5, 8, "mobi", "unknown", "no response in time", 1, nil, at)
	w.keep(6, 8, "mobi", "suppressed", "opted out", 1, nil, nil)
	if err := w.store.Tally(w.ctx, time.Hour); err != nil {
		t.Fatal(err)
	}
	from, to := morning.Add(-48*time.Hour), morning.Add(96*time.Hour)
	outcomes := func(of residents.Scope) map[string]int {
		t.Helper()
		list, err := w.store.Outcomes(w.ctx, from, to, of)
		if err != nil {
			t.Fatal(err)
		}
		sum := map[string]int{}
		for _, c := range list {
			sum[c.Of] += c.N
		}
		return sum
	}
	if got := outcomes(nil); got["accepted"] != 1 || got["delivered"] != 1 || got["failed"] != 2 || got["unknown"] != 1 || len(got) != 4 {
		t.Errorf("counted %v", got)
	}
	if got := outcomes(residents.Scope{7}); got["accepted"] != 1 || got["delivered"] != 1 || len(got) != 2 {
		t.Errorf("of the first unit %v", got)
	}
	if got := outcomes(residents.Scope{}); len(got) != 0 {
		t.Errorf("of no unit %v", got)
	}
	w.exec(`update sent set state = 'delivered' where message_id = 1`)
	if err := w.store.Tally(w.ctx, time.Hour); err != nil {
		t.Fatal(err)
	}
	if got := outcomes(nil); got["delivered"] != 1 {
		t.Error("counted twice within a minute")
	}
	w.clock.move(tallyEvery)
	if err := w.store.Tally(w.ctx, time.Hour); err != nil {
		t.Fatal(err)
	}
	if got := outcomes(nil); got["accepted"] != 0 || got["delivered"] != 2 {
		t.Errorf("after its receipt %v", got)
	}

	reach, err := w.store.Reach(w.ctx, from, to)
	if err != nil || reach[7] != (UnitReach{2, 2}) || reach[8] != (UnitReach{0, 3}) {
		t.Errorf("reach %v: %v", reach, err)
	}
	costs, unpriced, err := w.store.Costs(w.ctx, from, to)
	if err != nil || len(costs) != 1 || costs[0].N != 900 || costs[0].Of != "viettel" || unpriced != 2 {
		t.Errorf("costs %v and %d parts without a price: %v", costs, unpriced, err)
	}
	failures, err := w.store.Failures(w.ctx, from, to)
	if err != nil || len(failures) != 2 || failures[0] != (Failure{"mobi", "UNDELIV 001", 1}) || failures[1] != (Failure{"mobi", "expired", 1}) {
		t.Errorf("failures %v: %v", failures, err)
	}

	w.clock.move(72 * time.Hour)
	for range 2 { // the first closes the day, the second leaves it alone
		if err := w.store.Tally(w.ctx, time.Hour); err != nil {
			t.Fatal(err)
		}
		w.exec(`update sent set state = 'failed' where message_id = 2`)
		w.clock.move(tallyEvery)
	}
	if got := outcomes(nil); got["delivered"] != 2 {
		t.Errorf("a closed day changed: %v", got)
	}
}
