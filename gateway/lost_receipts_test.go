package gateway

import (
	"strings"
	"testing"
	"time"

	"canhgiac/gateway/smpp"
)

func TestASecondResponseWithAnotherIdChangesNothing(t *testing.T) {
	w, s := newWard(t, 1), startSMSC(t)
	s.answer = func(_ submitted, respond func(smpp.SubmitResult)) {
		respond(smpp.SubmitResult{MessageID: "A1"})
		respond(smpp.SubmitResult{MessageID: "B2"})
	}
	w.run(1, nil)
	w.sender(s, nil, nil, nil)
	is := func(state State) func() bool { return func() bool { return w.message(1<<32|1).State == state } }
	until(t, "it is accepted", is(Accepted))
	s.give(receiptOf("B2", "84900000001", "UNDELIV"))
	if m := w.message(1<<32 | 1); m.State != Accepted || m.CarrierMessageID != "A1" {
		t.Errorf("%s as %s", m.State, m.CarrierMessageID)
	}
	s.give(receiptOf("A1", "84900000001", "DELIVRD"))
	until(t, "it is delivered", is(Delivered))
	if u, err := w.store.Unmatched(w.ctx); err != nil || u.ByCarrier["viettel"] != 1 {
		t.Errorf("%+v %v", u, err)
	}
}

func TestAReceiptFindsItsMessageOnAnotherNodeAfterALinkIsLost(t *testing.T) {
	w, s := newWard(t, 2), startSMSC(t)
	w.run(1, nil)
	stop := w.sender(s, nil, nil, nil)
	until(t, "they are accepted", func() bool { return w.progress(1).Accepted == 2 })
	s.anyPeer().Drop()
	s.forward(receiptOf("00000001", "84900000001", "DELIVRD"))
	until(t, "the receipt comes by the new bind", func() bool { return w.progress(1).Delivered == 1 })
	stop()
	w.sender(s, nil, nil, nil)
	s.forward(receiptOf("2", "84900000002", "UNDELIV"))
	until(t, "the other comes to another node", func() bool { return w.progress(1).Failed == 1 })
}

// The node died between its intent and the responses, which carried the ids: the receipts come to another.
func TestReceiptsOfADeadNodesMessagesTellWhatBecameOfThem(t *testing.T) {
	for name, text := range map[string]string{"of one part": "KHONG SO HAI", "of three parts": strings.Repeat("Ai gọi dọa bắt, bà con tắt máy. ", 6)} {
		t.Run(name, func(t *testing.T) {
			w, s := newWard(t, 3), startSMSC(t)
			w.run(1, func(r *Run) { r.Text = text })
			w.die(2)
			w.sender(s, nil, nil, nil)
			until(t, "what was meant is in doubt, the rest is sent", func() bool {
				p := w.progress(1)
				return p.Unknown == 2 && p.Accepted == 1
			})
			parts := w.message(1<<32 | 1).Size.Parts
			for i := range parts {
				s.give(receiptOf("X1"+string(rune('a'+i)), "84900000001", "DELIVRD"))
				s.give(receiptOf("X2"+string(rune('a'+i)), "84900000002", "UNDELIV"))
			}
			var p Progress
			until(t, "both are known", func() bool {
				w.clock.move(10 * time.Second)
				p = w.progress(1)
				return p.Delivered == 1 && p.Failed == 1
			})
			for _, id := range []MessageID{1<<32 | 1, 1<<32 | 2} {
				if err := sound(w.message(id)); err != nil {
					t.Error(err)
				}
			}
			if s.doubled() != 0 && parts == 1 {
				t.Error("sent twice")
			}
		})
	}
}
