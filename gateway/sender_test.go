package gateway

import (
	"database/sql"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"canhgiac/gateway/smpp"
	"canhgiac/residents"
)

func TestARunGoesOutAndItsReceiptsComeBack(t *testing.T) {
	w, s := newWard(t, 1200), startSMSC(t)
	s.receipts = true
	w.run(1, nil)
	stop := w.sender(s, nil, nil, nil)
	if diff := cmp.Diff(Progress{Total: 1200, Delivered: 1200}, w.ended(1)); diff != "" {
		t.Error(diff)
	}
	stop()
	if s.count() != 1200 || s.doubled() != 0 {
		t.Errorf("%d at the SMSC, %d numbers twice", s.count(), s.doubled())
	}
	if done, err := w.store.Done(w.ctx, 1); !done || err != nil {
		t.Errorf("done %t, %v", done, err)
	}
	m := w.message(1<<32 | 17)
	var steps []State
	for _, v := range m.History {
		steps = append(steps, v.To)
	}
	if diff := cmp.Diff([]State{Queued, Submitting, Accepted, Delivered}, steps); diff != "" {
		t.Error(diff)
	}
	if m.Carrier != "viettel" || m.CarrierMessageID == "" || m.To != "+84900000017" {
		t.Errorf("%+v", m)
	}
}

func TestWhatWasQueuedBeforeAnyCarrierWasConfiguredGoesOutOnceThereIsOne(t *testing.T) {
	w, s := newWard(t, 40), startSMSC(t)
	s.receipts = true
	w.store.routes = newRoutes(nil)
	w.run(1, nil)
	w.store.routes = newRoutes([]Route{{Carrier: "viettel"}})
	w.sender(s, nil, nil, nil)
	if diff := cmp.Diff(Progress{Total: 40, Delivered: 40}, w.ended(1)); diff != "" {
		t.Error(diff)
	}
}

func TestTwoSendersSideBySideSendNothingTwice(t *testing.T) {
	w, s := newWard(t, 3000), startSMSC(t)
	s.receipts = true
	w.run(1, nil)
	w.sender(s, nil, nil, nil)
	w.sender(s, nil, nil, nil)
	if diff := cmp.Diff(Progress{Total: 3000, Delivered: 3000}, w.ended(1)); diff != "" {
		t.Error(diff)
	}
	if s.count() != 3000 || s.doubled() != 0 {
		t.Errorf("%d at the SMSC, %d numbers twice", s.count(), s.doubled())
	}
}

func TestTheClaimIsTheLastGate(t *testing.T) {
	optOut := func(w *ward) {
		w.exec(`insert into opt_outs (phone, at, channel) values ('+84900000001', now(), 'sms')`)
	}
	listed := func(w *ward) { w.exec(`insert into do_not_call (phone, since) values ('+84900000001', now())`) }
	for name, c := range map[string]struct {
		change func(*Run)
		before func(w *ward)
		want   Progress
		reason string
	}{
		"the Do-Not-Call list holds":                             {nil, listed, Progress{Total: 2, Delivered: 1, Suppressed: 1}, "do not call"},
		"the Do-Not-Call list lets an urgent warning through":    {func(r *Run) { r.Urgent = true }, listed, Progress{Total: 2, Delivered: 2}, ""},
		"an opt-out after the run was queued holds":              {nil, optOut, Progress{Total: 2, Delivered: 1, Suppressed: 1}, "opted out"},
		"an opt-out holds against an urgent run too":             {func(r *Run) { r.Urgent = true }, optOut, Progress{Total: 2, Delivered: 1, Suppressed: 1}, "opted out"},
		"consent that was withdrawn holds":                       {nil, func(w *ward) { w.exec(`update residents set consent_at = null where phone = '+84900000001'`) }, Progress{Total: 2, Delivered: 1, Suppressed: 1}, "no consent"},
		"a number that became somebody else's is not written to": {nil, func(w *ward) { w.exec(`update residents set phone = '+84900000009' where phone = '+84900000001'`) }, Progress{Total: 2, Delivered: 1, Suppressed: 1}, "number changed"},
		"a run past its send_by expires":                         {func(r *Run) { r.SendBy = morning.Add(time.Minute) }, func(w *ward) { w.clock.move(2 * time.Minute) }, Progress{Total: 2, Expired: 2}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w, s := newWard(t, 2), startSMSC(t)
			s.receipts = true
			w.run(1, c.change)
			c.before(w)
			w.sender(s, nil, nil, nil)
			if diff := cmp.Diff(c.want, w.ended(1)); diff != "" {
				t.Error(diff)
			}
			if m := w.message(1<<32 | 1); m.Error != c.reason || m.History[len(m.History)-1].To != m.State {
				t.Errorf("%+v", m)
			}
		})
	}
}

func TestCapsCountRollingDays(t *testing.T) {
	w, s := newWard(t, 3), startSMSC(t)
	s.receipts = true
	twoADay := func(r *Run) { r.Caps = Caps{PerDay: 2, PerWeek: 3} }
	w.sender(s, nil, nil, nil)
	for i, c := range []struct {
		move time.Duration
		want Progress
	}{
		{0, Progress{Total: 3, Delivered: 3}},
		{time.Hour, Progress{Total: 3, Delivered: 3}},
		{time.Hour, Progress{Total: 3, Suppressed: 3}},      // the third of the day
		{24 * time.Hour, Progress{Total: 3, Delivered: 3}},  // a day on
		{24 * time.Hour, Progress{Total: 3, Suppressed: 3}}, // the fourth of the week
		{7 * 24 * time.Hour, Progress{Total: 3, Delivered: 3}},
	} {
		w.clock.move(c.move)
		run := int64(i + 1)
		w.run(run, twoADay)
		if diff := cmp.Diff(c.want, w.ended(run)); diff != "" {
			t.Errorf("run %d: %s", run, diff)
		}
	}
}

func TestNothingLeavesOutsideTheHoursButWhatIsUrgentOrAnswers(t *testing.T) {
	w, s := newWard(t, 3), startSMSC(t)
	s.receipts = true
	w.clock.move(14 * time.Hour) // 23:00 in Vietnam
	w.run(1, nil)
	w.run(2, func(r *Run) { r.Urgent = true })
	reply := w.send(Single{To: "+84901234567", Text: "Da ngung nhan tin.", Purpose: Reply})
	w.sender(s, nil, nil, nil)
	w.ended(2)
	until(t, "the reply is delivered", func() bool { return w.message(reply).State == Delivered })
	if diff := cmp.Diff(Progress{Total: 3, Queued: 3}, w.progress(1)); diff != "" {
		t.Error(diff)
	}
	w.clock.move(8 * time.Hour) // 07:00
	if diff := cmp.Diff(Progress{Total: 3, Delivered: 3}, w.ended(1)); diff != "" {
		t.Error(diff)
	}
}

func TestAnAnswerPassesAnOptOutAndAnAPIMessageDoesNot(t *testing.T) {
	w, s := newWard(t, 0), startSMSC(t)
	s.receipts = true
	w.exec(`insert into opt_outs (phone, at, channel) values ('+84901234567', now(), 'sms')`)
	want := map[Purpose]State{Reply: Delivered, Receipt: Delivered, Alert: Suppressed, API: Suppressed}
	ids := map[Purpose]MessageID{}
	for purpose := range want {
		ids[purpose] = w.send(Single{To: "+84901234567", Text: "Tin", Purpose: purpose})
	}
	w.sender(s, nil, nil, nil)
	for purpose, state := range want {
		until(t, string(purpose)+" is "+string(state), func() bool { return w.message(ids[purpose]).State == state })
	}
}

func TestTheDoNotCallListHoldsOnlyWhatNobodyAskedForAndIsNotUrgent(t *testing.T) {
	w, s := newWard(t, 0), startSMSC(t)
	s.receipts = true
	w.exec(`insert into do_not_call (phone, since) values ('+84901234567', now())`)
	want := map[Purpose]State{Reply: Delivered, Receipt: Delivered, Alert: Delivered, API: Suppressed}
	ids := map[Purpose]MessageID{}
	for purpose := range want {
		ids[purpose] = w.send(Single{To: "+84901234567", Text: "Tin", Purpose: purpose})
	}
	w.sender(s, nil, nil, nil)
	for purpose, state := range want {
		until(t, string(purpose)+" is "+string(state), func() bool { return w.message(ids[purpose]).State == state })
	}
}

func TestAPauseBitesInTheMiddleOfAChunk(t *testing.T) {
	w, s := newWard(t, 400), startSMSC(t)
	hold := make(chan struct{})
	s.answer = func(m submitted, respond func(smpp.SubmitResult)) {
		go func() {
			<-hold
			respond(smpp.SubmitResult{MessageID: m.id()})
		}()
	}
	w.run(1, nil)
	w.sender(s, nil, nil, nil)
	until(t, "the window is full", func() bool { return s.count() == 50 })
	w.tx(func(tx *sql.Tx) error { return w.store.PauseRuns(w.ctx, tx, []int64{1}) })
	w.clock.move(atOnce + time.Millisecond)
	close(hold)
	var p Progress
	until(t, "what was submitted is accepted", func() bool {
		p = w.progress(1)
		return p.Submitting == 0
	})
	if p.Accepted > 51 || p.Queued != 400-p.Accepted || s.count() != p.Accepted { // one may have been at the link already
		t.Errorf("%d at the SMSC, %+v", s.count(), p)
	}
	if done, err := w.store.Done(w.ctx, 1); done || err != nil {
		t.Errorf("a paused run is done: %t, %v", done, err)
	}
	w.tx(func(tx *sql.Tx) error { return w.store.ResumeRuns(w.ctx, tx, []int64{1}) })
	until(t, "the rest is accepted", func() bool { return w.progress(1).Accepted == 400 })
	if s.doubled() != 0 {
		t.Errorf("%d numbers twice", s.doubled())
	}
}

func TestAPauseStopsASlowCarrierWithinASecond(t *testing.T) {
	for name, c := range map[string]struct {
		rate   float64
		window int
		answer time.Duration
	}{
		"slow by its rate":               {60, 50, 0},
		"slow by its window and answers": {0, 2, 40 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			w, s := newWard(t, 600), startSMSC(t)
			w.store = NewStore(w.db, time.Now, StoreOptions{Routes: []Route{{Carrier: "viettel"}}})
			s.answer = func(m submitted, respond func(smpp.SubmitResult)) {
				time.AfterFunc(c.answer, func() { respond(smpp.SubmitResult{MessageID: m.id()}) })
			}
			w.run(1, func(r *Run) { r.Hours = wholeDay })
			w.sender(s, func(k *Carrier) { k.Rate, k.Link.Window = c.rate, c.window }, nil, nil)
			until(t, "the run is under way", func() bool { return s.count() > 30 })
			paused := time.Now()
			w.tx(func(tx *sql.Tx) error { return w.store.PauseRuns(w.ctx, tx, []int64{1}) })
			var p Progress
			until(t, "nothing is meant for the wire any more", func() bool {
				p = w.progress(1)
				return p.Submitting == 0
			})
			if after := s.last().at.Sub(paused); after > time.Second {
				t.Errorf("the last left %s after the pause", after)
			}
			if p.Queued != 600-s.count() || p.Queued < 400 || s.doubled() != 0 {
				t.Errorf("%d at the SMSC, %+v", s.count(), p)
			}
			w.tx(func(tx *sql.Tx) error { return w.store.CancelRuns(w.ctx, tx, []int64{1}) })
			if p = w.progress(1); p.Cancelled != 600-s.count() {
				t.Errorf("%d at the SMSC, cancelled: %+v", s.count(), p)
			}
		})
	}
}

func TestTheNightBeginsOnTimeHoweverSlowTheCarrier(t *testing.T) {
	w, s := newWard(t, 3), startSMSC(t)
	responds := make(chan func(), 3)
	s.answer = func(m submitted, r func(smpp.SubmitResult)) {
		responds <- func() { r(smpp.SubmitResult{MessageID: m.id()}) }
	}
	w.run(1, nil)
	w.sender(s, func(c *Carrier) { c.Link.Window = 1 }, nil, nil)
	first := <-responds
	w.clock.move(13*time.Hour + time.Second) // 22:00 has struck in Vietnam
	first()
	go func() {
		for {
			select {
			case respond := <-responds:
				respond()
			case <-t.Context().Done():
				return
			}
		}
	}()
	until(t, "the third waits", func() bool {
		w.clock.move(100 * time.Millisecond)
		return w.message(1<<32|3).State == Queued
	})
	if s.count() > 2 { // the second may have been at the link already
		t.Errorf("%d at the SMSC by night", s.count())
	}
	w.clock.move(9 * time.Hour)
	until(t, "the third is out", func() bool { return w.message(1<<32|3).State == Accepted })
}

func TestCapsHoldAmongMessagesOfTheAPIThatWaitTogether(t *testing.T) {
	w, s := newWard(t, 0), startSMSC(t)
	w.store = NewStore(w.db, w.clock.now, StoreOptions{Routes: []Route{{Carrier: "viettel"}}, Caps: Caps{PerDay: 2}})
	var ids []MessageID
	for range 5 {
		ids = append(ids, w.send(Single{To: "+84901234567", Text: "Nho ba con canh giac.", Purpose: API}))
	}
	late := w.send(Single{To: "+84907654321", Text: "Qua muon.", Purpose: API, SendBy: w.clock.now()})
	ids = append(ids, late, w.send(Single{To: "+84907654321", Text: "Kip.", Purpose: API}))
	w.sender(s, nil, nil, nil)
	ends := map[State]int{}
	until(t, "all have ended", func() bool {
		clear(ends)
		for _, id := range ids {
			ends[w.message(id).State]++
		}
		return ends[Queued]+ends[Submitting] == 0
	})
	if diff := cmp.Diff(map[State]int{Accepted: 3, Suppressed: 3, Expired: 1}, ends); diff != "" {
		t.Error(diff)
	}
}

func TestWhoStopsWhileASlowCarrierKeepsThemWaitingIsNotMessaged(t *testing.T) {
	for name, single := range map[string]bool{"in a run": false, "with a message of the API": true} {
		t.Run(name, func(t *testing.T) {
			w, s := newWard(t, 3), startSMSC(t)
			responds := make(chan func(), 3)
			s.answer = func(m submitted, r func(smpp.SubmitResult)) {
				responds <- func() { r(smpp.SubmitResult{MessageID: m.id()}) }
			}
			last := MessageID(1<<32 | 3)
			if single {
				for _, to := range []residents.Phone{"+84900000001", "+84900000002", "+84900000003"} {
					last = w.send(Single{To: to, Text: "Nho ba con canh giac.", Purpose: API})
					w.clock.move(time.Millisecond) // they leave in the order of their coming
				}
			} else {
				w.run(1, nil)
			}
			w.sender(s, func(c *Carrier) { c.Link.Window = 1 }, nil, nil)
			first := <-responds
			w.exec(`insert into opt_outs (phone, at, channel) values ('+84900000003', now(), 'sms')`)
			w.clock.move(atOnce + time.Millisecond)
			first()
			(<-responds)()
			until(t, "the third is held", func() bool { return w.message(last).State == Suppressed })
			if s.count() != 2 || w.message(last).Error != "opted out" {
				t.Errorf("%d at the SMSC, %+v", s.count(), w.message(last))
			}
		})
	}
}

func TestTheEndOfASenderLosesAndDoublesNothing(t *testing.T) {
	w, s := newWard(t, 2000), startSMSC(t)
	s.receipts = true
	w.run(1, nil)
	for i := 1; i <= 3; i++ {
		stop := w.sender(s, nil, nil, nil)
		until(t, "some are out", func() bool { return s.count() > i*300 })
		stop()
		if p := w.progress(1); p.Submitting != 0 || p.Unknown != 0 {
			t.Errorf("after the end: %+v", p)
		}
	}
	w.sender(s, nil, nil, nil)
	if diff := cmp.Diff(Progress{Total: 2000, Delivered: 2000}, w.ended(1)); diff != "" {
		t.Error(diff)
	}
	if s.count() != 2000 || s.doubled() != 0 {
		t.Errorf("%d at the SMSC, %d numbers twice", s.count(), s.doubled())
	}
}

func TestSendByGoesOutAsTheValidityPeriod(t *testing.T) {
	w, s := newWard(t, 3), startSMSC(t)
	w.run(1, func(r *Run) { r.SendBy = morning.Add(90 * time.Minute) })
	w.sender(s, nil, nil, nil)
	until(t, "they are out", func() bool { return s.count() == 3 })
	if at, err := smpp.ParseTime(s.last().pdu.Validity, morning); err != nil || !at.Equal(morning.Add(90*time.Minute)) {
		t.Errorf("%q: %s, %v", s.last().pdu.Validity, at, err)
	}
}

func TestACarrierThatTakesNoValidityPeriodGetsNone(t *testing.T) {
	w, s := newWard(t, 30), startSMSC(t)
	s.answer = func(m submitted, respond func(smpp.SubmitResult)) {
		if m.pdu.Validity != "" {
			respond(smpp.SubmitResult{Status: smpp.StatusInvValidity})
			return
		}
		respond(smpp.SubmitResult{MessageID: m.id()})
	}
	w.run(1, nil)
	w.sender(s, nil, nil, nil)
	until(t, "all are accepted", func() bool {
		w.clock.move(50 * time.Millisecond)
		return w.progress(1).Accepted == 30
	})
}
