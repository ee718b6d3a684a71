package gateway

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"canhgiac/gateway/smpp"
	"canhgiac/residents"
)

// twoCarriers is a ward whose numbers leave by viettel, for which vina stands in.
func twoCarriers(t *testing.T, n int) (w *ward, viettel, vina *smsc) {
	t.Helper()
	w, viettel, vina = newWard(t, n), startSMSC(t), startSMSC(t)
	viettel.receipts, vina.receipts = true, true
	w.routed(Route{Carrier: "viettel", Prefixes: []string{"090"}, Fallback: []string{"vina"}}, Route{Carrier: "vina", Prefixes: []string{"091"}})
	return w, viettel, vina
}

// linkIs waits until the nodes have told that the carrier's link is up, or down.
func (w *ward) linkIs(carrier string, up bool) {
	w.t.Helper()
	until(w.t, "all know how the link stands", func() bool {
		all, err := w.store.conditions(w.ctx, 0)
		if err != nil {
			w.t.Fatal(err)
		}
		c, ok := all[carrier]
		return ok && c.up == up
	})
}

// apiMessage is sent to viettel's numbers.
func (w *ward) apiMessage() MessageID {
	w.t.Helper()
	return w.send(Single{To: "+84900000042", Text: "Nho ba con canh giac.", Purpose: API})
}

func TestAnotherCarrierServesAQueueWhileItsOwnIsDownAndNoLonger(t *testing.T) {
	w, viettel, vina := twoCarriers(t, 120)
	w.node(viettel.to("viettel", nil), vina.to("vina", nil))
	w.run(1, nil)
	w.ended(1)
	w.linkIs("viettel", true)
	viettel.cut()
	w.linkIs("viettel", false)
	w.clock.move(59 * time.Second)
	w.run(2, nil)
	api := w.apiMessage()
	if vina.count() != 0 {
		t.Errorf("%d by vina, whose turn had not come", vina.count())
	}
	w.clock.move(2 * time.Second)
	if diff := cmp.Diff(Progress{Total: 120, Delivered: 120}, w.ended(2)); diff != "" {
		t.Error(diff)
	}
	until(t, "the single is delivered", func() bool { return w.message(api).State == Delivered })
	if viettel.count() != 120 || vina.count() != 121 || viettel.doubled() != 0 {
		t.Errorf("%d by viettel, %d by vina", viettel.count(), vina.count())
	}
	if got := w.message(2<<32 | 1).Carrier; got != "vina" {
		t.Errorf("it is told to have left by %q", got)
	}

	viettel.mend()
	until(t, "viettel serves its queue again", func() bool {
		id := w.apiMessage()
		until(t, "the single is delivered", func() bool { return w.message(id).State == Delivered })
		return w.message(id).Carrier == "viettel"
	})
	w.linkIs("viettel", true)
	until(t, "vina serves it no longer", func() bool { // within one look at the links
		before := vina.count()
		for range 5 {
			id := w.apiMessage()
			until(t, "the single is delivered", func() bool { return w.message(id).State == Delivered })
		}
		return vina.count() == before
	})
	before := vina.count()
	w.run(3, nil)
	if diff := cmp.Diff(Progress{Total: 120, Delivered: 120}, w.ended(3)); diff != "" {
		t.Error(diff)
	}
	if vina.count() != before {
		t.Errorf("%d by vina after viettel was back", vina.count()-before)
	}
}

func TestACutInTheMiddleOfARunSendsNothingByBothCarriers(t *testing.T) {
	w, viettel, vina := twoCarriers(t, 3000)
	w.run(1, nil)
	w.node(viettel.to("viettel", func(c *Carrier) { c.Rate = 2000 }), vina.to("vina", nil))
	until(t, "some are out", func() bool { return viettel.count() > 700 })
	w.linkIs("viettel", true)
	viettel.cut()
	w.linkIs("viettel", false)
	w.clock.move(time.Minute)
	until(t, "the run has ended but for receipts that viettel keeps", func() bool {
		w.clock.move(20 * time.Millisecond)
		p := w.progress(1)
		return p.Queued+p.Submitting == 0
	})
	viettel.mend() // and the receipts come
	p := w.ended(1)
	if p.Delivered+p.Unknown != 3000 || p.Unknown > 50 {
		t.Errorf("%+v", p)
	}
	for to, times := range viettel.byNumber {
		if times+vina.byNumber[to] > 1 {
			t.Errorf("a number was sent to %d times by viettel, %d by vina", times, vina.byNumber[to])
		}
	}
	if vina.count() == 0 || viettel.count()+vina.count() > 3000 {
		t.Errorf("%d by viettel, %d by vina", viettel.count(), vina.count())
	}
}

func TestNobodyStandsInWhileAnotherNodeHasTheLink(t *testing.T) {
	w, viettel, vina := twoCarriers(t, 0)
	nowhere := startSMSC(t)
	nowhere.cut()
	w.node(nowhere.to("viettel", nil), vina.to("vina", nil))
	stop := w.node(viettel.to("viettel", nil), vina.to("vina", nil))
	w.linkIs("viettel", true)
	w.clock.move(time.Hour)
	for range 5 {
		id := w.apiMessage()
		until(t, "it is delivered", func() bool { return w.message(id).State == Delivered })
	}
	if vina.count() != 0 {
		t.Errorf("%d by vina", vina.count())
	}
	stop() // the node that had the link is gone: what it said does not count any more
	id := w.apiMessage()
	until(t, "it is delivered", func() bool { return w.message(id).State == Delivered })
	if got := w.message(id).Carrier; got != "vina" {
		t.Errorf("sent by %s", got)
	}
}

func TestAnAnswerWaitsForItsShortCodesCarrierAndThenLeavesByTheOthersOwnSender(t *testing.T) {
	w, viettel, vina := twoCarriers(t, 0)
	w.routed(Route{Carrier: "viettel", Fallback: []string{"vina"}}, Route{Carrier: "equal"}, Route{Carrier: "vina", Prefixes: []string{"091"}})
	answer := func() MessageID {
		return w.send(Single{To: "+84901234567", Text: "Da ngung nhan tin.", Purpose: Reply, Carrier: "viettel", From: "8088"})
	}
	other := startSMSC(t)
	viettel.cut()
	w.node(viettel.to("viettel", nil), other.to("equal", nil), vina.to("vina", nil))
	w.linkIs("viettel", false)
	id := answer()
	until(t, "an equal has looked at the queue", func() bool {
		return w.message(w.apiMessage()).State != Queued || other.count() > 0
	})
	if got := w.message(id); got.State != Queued {
		t.Errorf("an answer left by another carrier at once: %s by %s", got.State, got.Carrier)
	}
	w.clock.move(time.Minute)
	until(t, "it has left", func() bool { return w.message(id).State == Accepted || w.message(id).State == Delivered })
	if by := w.message(id).Carrier; by == "viettel" {
		t.Errorf("sent by %s", by)
	}
	for _, s := range []*smsc{vina, other} {
		s.mu.Lock()
		if i := slices.IndexFunc(s.got, func(m submitted) bool { return m.to == "84901234567" }); i >= 0 && s.got[i].pdu.Source.Addr != "CATHANHKHEX" {
			t.Errorf("the sender is %s", s.got[i].pdu.Source.Addr)
		}
		s.mu.Unlock()
	}
	viettel.mend()
	w.linkIs("viettel", true)
	until(t, "the next one comes from the short code", func() bool {
		id := answer()
		until(t, "it is delivered", func() bool {
			state := w.message(id).State
			return state == Delivered || state == Accepted
		})
		return w.message(id).Carrier == "viettel" && viettel.last().pdu.Source.Addr == "8088"
	})
}

func TestAMessageOfWhichAPartWentThroughStaysWithItsCarrier(t *testing.T) {
	long := "CATHANHKHEX: Nho ba con khong doc ma OTP cho ai. " +
		"Cong an khong lam viec qua dien thoai. Ai bao chuyen tien vao tai khoan an toan la lua dao. Hay goi 02363111222 de hoi truoc khi lam theo loi nguoi la."
	for name, single := range map[string]bool{"of a run": false, "single": true} {
		t.Run(name, func(t *testing.T) {
			w, viettel, vina := twoCarriers(t, 1)
			refuse := true
			viettel.answer = func(m submitted, respond func(smpp.SubmitResult)) { // one at a time: the window is 1
				if m.n == 2 && refuse {
					respond(smpp.SubmitResult{Status: smpp.StatusSystemError})
					return
				}
				respond(smpp.SubmitResult{MessageID: m.id()})
			}
			id := MessageID(1<<32 | 1)
			if single {
				id = w.send(Single{To: "+84900000001", Text: long, Purpose: API})
			} else {
				w.run(1, func(r *Run) { r.Text = long })
			}
			w.node(viettel.to("viettel", func(c *Carrier) { c.Link.Window = 1 }), vina.to("vina", nil))
			until(t, "one part is refused for now", func() bool { return viettel.count() == 2 && w.message(id).State == Queued })
			w.linkIs("viettel", true)
			viettel.cut()
			w.linkIs("viettel", false)
			w.clock.move(2 * time.Minute)
			other := w.apiMessage()
			until(t, "vina stands in", func() bool { return w.message(other).State == Delivered })
			if got := w.message(id); got.State != Queued || vina.count() != 1 {
				t.Errorf("it is %s at %s", got.State, got.Carrier)
			}
			viettel.mend()
			until(t, "its other part is accepted", func() bool { return w.message(id).State == Accepted })
			if viettel.count() != 3 || vina.count() != 1 {
				t.Errorf("%d by viettel, %d by vina", viettel.count(), vina.count())
			}
		})
	}
}

func TestWhatADeadNodeSentForAnotherCarrierIsTakenOver(t *testing.T) {
	for name, resend := range map[string]bool{"in doubt": false, "sent again as the run says, by the carrier that may have it": true} {
		t.Run(name, func(t *testing.T) {
			w, viettel, vina := twoCarriers(t, 700)
			w.run(1, func(r *Run) { r.Resend = resend })
			h, err := openHot(w.ctx, w.db)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(h.drop)
			const dead = 1_000_000 // has no lock
			standing := w.store.routes.served("vina", map[string]bool{"viettel": true})
			l, err := w.store.lease(w.ctx, h, "vina", standing, dead, search{})
			if err != nil || l.queue != "viettel" {
				t.Fatalf("%+v, %v", l, err)
			}
			if pass, _, err := w.store.intent(w.ctx, h, l, 50); err != nil || len(pass) != 50 {
				t.Fatalf("%d may pass, %v", len(pass), err)
			}
			api := w.send(Single{To: residents.Phone("+84900000900"), Text: "Nho ba con canh giac.", Purpose: API})
			if list, err := w.store.take(w.ctx, h, "vina", standing, dead, ordinary, w.clock.now(), 10); err != nil || len(list) != 1 {
				t.Fatalf("took %d, %v", len(list), err)
			}
			w.node(viettel.to("viettel", nil), vina.to("vina", nil))
			want := Progress{Total: 700, Delivered: 650, Unknown: 50}
			if resend {
				want = Progress{Total: 700, Delivered: 700}
			}
			if diff := cmp.Diff(want, w.ended(1)); diff != "" {
				t.Error(diff)
			}
			for _, id := range []MessageID{1<<32 | 1, api} {
				until(t, "it has ended", func() bool { return w.message(id).State.Ended() })
				if m := w.message(id); m.Carrier != "vina" || m.State != Unknown && !resend {
					t.Errorf("%s by %s", m.State, m.Carrier)
				}
			}
			if resend && vina.count() != 50 || !resend && vina.count() != 0 || viettel.count() != 650 {
				t.Errorf("%d by viettel, %d by vina", viettel.count(), vina.count())
			}
		})
	}
}

func TestTheQueueOfACarrierThatIsConfiguredNoMoreFallsToTheRest(t *testing.T) {
	w, s := newWard(t, 20), startSMSC(t)
	s.receipts = true
	w.routed(Route{Carrier: "mobi", Prefixes: []string{"090"}}, Route{Carrier: "vina", Prefixes: []string{"091"}})
	w.run(1, nil)
	free, tied := w.apiMessage(), w.apiMessage()
	w.exec(`update outbox set open_to = 0 where message_id = $1`, tied)
	w.routed(Route{Carrier: "rest"}, Route{Carrier: "vina", Prefixes: []string{"091"}})
	w.exec(`insert into link_states (node, carrier, up, since, seen_at) values (1000000, 'mobi', true, now(), now())`) // of a dead node
	w.node(s.to("rest", nil))
	if diff := cmp.Diff(Progress{Total: 20, Delivered: 20}, w.ended(1)); diff != "" {
		t.Error(diff)
	}
	until(t, "the single is delivered", func() bool { return w.message(free).State == Delivered })
	if m := w.message(tied); m.State != Queued || m.Carrier != "mobi" {
		t.Errorf("what must stay with its carrier is %s at %s", m.State, m.Carrier)
	}
	w.clock.move(25 * time.Hour)
	w.node(s.to("rest", nil)) // looks at once
	until(t, "its time is over", func() bool { return w.message(tied).State == Unknown })
}

func TestACarrierThatAnotherNodeStillHasIsNobodysOrphan(t *testing.T) {
	w, s, old := newWard(t, 0), startSMSC(t), startSMSC(t)
	old.cut()
	w.routed(Route{Carrier: "mobi", Prefixes: []string{"090"}}, Route{Carrier: "gone", Prefixes: []string{"091"}})
	w.node(old.to("mobi", nil))
	w.linkIs("mobi", false)
	theirs := w.apiMessage()
	orphan := w.send(Single{To: "+84910000042", Text: "Nho ba con canh giac.", Purpose: API})
	w.routed(Route{Carrier: "rest"})
	w.node(s.to("rest", nil))
	until(t, "the orphan is sent", func() bool { return w.message(orphan).State == Accepted })
	if m := w.message(theirs); m.State != Queued || m.Carrier != "mobi" {
		t.Errorf("%s at %s", m.State, m.Carrier)
	}
	old.mend()
	until(t, "it is sent", func() bool { return w.message(theirs).State == Accepted })
	if m := w.message(theirs); m.Carrier != "mobi" {
		t.Errorf("sent by %s", m.Carrier)
	}
}
