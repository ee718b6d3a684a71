package gateway

import (
	"testing"
	"time"

	"canhgiac/gateway/smpp"
)

// where tells at which place the SMSC got text, from 1; 0: not yet.
func (s *smsc) where(text string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.got {
		if m.text == text {
			return m.n
		}
	}
	return 0
}

func TestWhoeverWaitsForAnAnswerGoesBeforeRemindersThatAreAlreadyMeantForTheWire(t *testing.T) {
	const text = "Da nhan tin bao."
	urgent := func(w *ward) { w.run(2, func(r *Run) { r.Text, r.Urgent = text, true }) }
	single := func(p Purpose) func(w *ward) {
		return func(w *ward) { w.send(Single{To: "+84987654321", Text: text, Purpose: p}) }
	}
	for name, c := range map[string]struct {
		rate   float64
		window int
		answer time.Duration
		send   func(w *ward)
	}{
		"a reply at 30 a second":                {30, 10, 0, single(Reply)},
		"an alert at 30 a second":               {30, 10, 0, single(Alert)},
		"an urgent run at 30 a second":          {30, 10, 0, urgent},
		"a reply when the window is full":       {0, 5, 150 * time.Millisecond, single(Reply)},
		"an urgent run when the window is full": {0, 5, 150 * time.Millisecond, urgent},
	} {
		t.Run(name, func(t *testing.T) {
			w, s := newWard(t, 600), startSMSC(t)
			w.real()
			s.answer = func(m submitted, respond func(smpp.SubmitResult)) {
				time.AfterFunc(c.answer, func() { respond(smpp.SubmitResult{MessageID: m.id()}) })
			}
			w.run(1, func(r *Run) { r.Hours = wholeDay })
			w.sender(s, func(k *Carrier) { k.Rate, k.Link.Window = c.rate, c.window }, nil, nil)
			until(t, "the reminders are under way", func() bool { return s.count() > 20 })
			c.send(w)
			before := s.count()
			until(t, "it is out", func() bool { return s.where(text) > 0 })
			// What it is looked for every 200 ms costs, what is in flight, and one to spare: not the hundreds that wait.
			if between := s.where(text) - before - 1; between > 20 {
				t.Errorf("%d reminders went before it", between)
			}
		})
	}
}

func TestCampaignsThatAreOpenTogetherTakeTurns(t *testing.T) {
	w, s := newWard(t, 2000), startSMSC(t)
	long, short := "CATHANHKHEX: chien dich dau.", "CATHANHKHEX: chien dich sau."
	w.run(1, func(r *Run) { r.Text = long })
	w.run(2, func(r *Run) { r.Text = short })
	w.sender(s, nil, nil, nil)
	until(t, "half is out", func() bool { return s.count() >= 2000 })
	first := map[string]int{}
	s.mu.Lock()
	for _, m := range s.got[:2000] {
		first[m.text]++
	}
	s.mu.Unlock()
	if first[long] < 500 || first[short] < 500 {
		t.Errorf("of the first 2000: %v", first)
	}
}
