package gateway

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/time/rate"

	"canhgiac/gateway/smpp"
)

// real gives w the time of the day, for tests of how fast something is.
func (w *ward) real() {
	w.store = NewStore(w.db, time.Now, StoreOptions{Routes: []Route{{Carrier: "viettel"}}})
}

// most is how many submit_sm came within one second, at the worst.
func (s *smsc) most() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	worst, from := 0, 0
	for to, m := range s.got {
		for m.at.Sub(s.got[from].at) >= time.Second {
			from++
		}
		worst = max(worst, to-from+1)
	}
	return worst
}

// took is from the first submit_sm to the last.
func (s *smsc) took() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got[len(s.got)-1].at.Sub(s.got[0].at)
}

func TestACarrierGetsItsRateHoweverManyNodesFeedIt(t *testing.T) {
	const perSecond, messages = 150, 450
	for name, nodes := range map[string]int{"one": 1, "two": 2, "four": 4} {
		t.Run(name, func(t *testing.T) {
			w, s := newWard(t, messages), startSMSC(t)
			w.real()
			s.receipts = true
			for range nodes {
				w.sender(s, func(c *Carrier) { c.Rate = perSecond }, nil, nil)
			}
			w.run(1, func(r *Run) { r.Hours = wholeDay })
			if diff := cmp.Diff(Progress{Total: messages, Delivered: messages}, w.ended(1)); diff != "" {
				t.Error(diff)
			}
			if most := s.most(); most > perSecond*115/100 {
				t.Errorf("%d in one second", most)
			}
			// Alone or together: the whole rate. A busy machine may take thrice as long, four nodes with a quarter each four times.
			if took, want := s.took(), time.Second*messages/perSecond; took > want*3 {
				t.Errorf("%d at %d a second took %s", messages, perSecond, took)
			}
		})
	}
}

func TestACarrierThatWantsLessGetsLessAndLosesNothing(t *testing.T) {
	const takes, messages = 300, 1500
	for name, configured := range map[string]float64{"without a limit of ours": 0, "with one that is too high": 2000} {
		t.Run(name, func(t *testing.T) {
			w, s := newWard(t, messages), startSMSC(t)
			w.real()
			limit := rate.NewLimiter(takes, takes/10)
			refused := 0
			s.answer = func(m submitted, respond func(smpp.SubmitResult)) {
				if !limit.Allow() {
					refused++ // of one bind, one after the other
					respond(smpp.SubmitResult{Status: smpp.StatusThrottled})
					return
				}
				respond(smpp.SubmitResult{MessageID: m.id()})
				s.forward(receiptOf(m.id(), m.to, "DELIVRD"))
			}
			w.run(1, func(r *Run) { r.Hours = wholeDay })
			w.sender(s, func(c *Carrier) { c.Rate = configured }, nil, nil)
			if diff := cmp.Diff(Progress{Total: messages, Delivered: messages}, w.ended(1)); diff != "" {
				t.Error(diff)
			}
			t.Logf("%d refused, %s", refused, s.took())
			if refused > messages {
				t.Errorf("%d were refused: the link went on as it was", refused)
			}
			if took, want := s.took(), time.Second*messages/takes; took > 4*want {
				t.Errorf("%d at %d a second took %s", messages, takes, took)
			}
			var counted int
			if err := w.db.QueryRow(`select count(*) from message_moves where to_state = 'failed'`).Scan(&counted); err != nil || counted != 0 {
				t.Errorf("%d failed, %v", counted, err)
			}
		})
	}
}

func TestARateIsHalvedOnceASecondAndComesBack(t *testing.T) {
	w := newWard(t, 0)
	h, err := openHot(w.ctx, w.db)
	if err != nil {
		t.Fatal(err)
	}
	defer h.drop()
	grant := func(configured float64) grant {
		t.Helper()
		g, err := w.store.grant(w.ctx, h, "viettel", configured, 1000)
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	slow := func(configured, seen float64) float64 {
		t.Helper()
		now, err := w.store.slow(w.ctx, h, "viettel", configured, seen)
		if err != nil {
			t.Fatal(err)
		}
		return now
	}
	if g := grant(100); g.n != 25 || g.every != 10*time.Millisecond {
		t.Errorf("a quarter of a second of 100: %+v", g)
	}
	if g := grant(0); !g.free {
		t.Errorf("no limit: %+v", g)
	}
	if now := slow(100, 40); now != 50 {
		t.Errorf("half of 100 is %v", now)
	}
	if now := slow(100, 40); now != 0 {
		t.Errorf("slowed down twice within a second, to %v", now)
	}
	w.exec(`update carrier_rates set slowed_at = slowed_at - interval '6 seconds'`)
	if g := grant(100); g.every < time.Second/72 || g.every > time.Second/69 { // 50 and six thirtieths of 100
		t.Errorf("after six seconds one each %s", g.every)
	}
	w.exec(`update carrier_rates set slowed_at = slowed_at - interval '60 seconds'`)
	if g := grant(100); g.every != 10*time.Millisecond {
		t.Errorf("after a minute one each %s", g.every)
	}
	w.exec(`update carrier_rates set slowed_at = slowed_at - interval '10 minutes'`)
	if now := slow(0, 400); now != 200 {
		t.Errorf("without a limit, half of the 400 that were seen is %v", now)
	}
	if g := grant(0); g.free || g.every > 5*time.Millisecond {
		t.Errorf("without a limit, slowed down: %+v", g)
	}
	w.exec(`update carrier_rates set slowed_at = slowed_at - interval '11 minutes'`)
	if g := grant(0); !g.free {
		t.Errorf("without a limit, ten minutes on: %+v", g)
	}
}

func TestGrantsFollowOneAnotherAndAreNotSavedUp(t *testing.T) {
	w := newWard(t, 0)
	h, err := openHot(w.ctx, w.db)
	if err != nil {
		t.Fatal(err)
	}
	defer h.drop()
	// As the database counts it: the node's own clock is off by as long as its question is under way.
	var end float64
	for i := range 4 { // by whichever node
		g, err := w.store.grant(w.ctx, h, "viettel", 20, 3)
		if err != nil {
			t.Fatal(err)
		}
		was := end
		if err := w.db.QueryRow(`select extract(epoch from next_at) from carrier_rates where carrier = 'viettel'`).Scan(&end); err != nil {
			t.Fatal(err)
		}
		if g.n != 3 || end-was < 0.15-1e-5 {
			t.Errorf("slot %d of %d parts ends %v s after the one before it, want 0.15 at least", i, g.n, end-was)
		}
	}
	w.exec(`update carrier_rates set next_at = next_at - interval '1 hour'`)
	if g, err := w.store.grant(w.ctx, h, "viettel", 20, 100); err != nil || g.n != 5 || time.Until(g.start) < -time.Second {
		t.Errorf("after an idle hour: %+v, %v", g, err)
	}
}
