package gateway

import (
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"canhgiac/gateway/smpp"
	"canhgiac/gateway/sms"
)

// TestTheWireCarriesTheText: as many submit_sm as measured, each as long as the standard lets it be, and what a receiver
// reads from them is the text.
func TestTheWireCarriesTheText(t *testing.T) {
	letters := rapid.SampledFrom([]rune("abcXYZ 019.,@$\n{}[]~^|€Äñàéạộữ\u0323😀👍🏽\u200d\ufe0f🇻🇳"))
	pairs := rapid.SampledFrom([]rune("ab{€"))
	lengths := rapid.SampledFrom([]int{1, 67, 68, 70, 71, 134, 135, 152, 153, 154, 160, 161, 304, 306, 307, 700}) // where parts begin
	rapid.Check(t, func(t *rapid.T) {
		n := lengths.Draw(t, "length")
		text := rapid.OneOf(rapid.StringOfN(letters, n, n, -1), rapid.StringOfN(pairs, n, n, -1)).Draw(t, "text")
		scheme := rapid.SampledFrom(sms.Schemes()).Draw(t, "scheme")
		m := &outgoing{id: MessageID(rapid.Int64Range(1, 1<<62).Draw(t, "id")), phone: "+84901234567", text: text}
		var err error
		if m.parts, err = m.split(scheme); err != nil {
			t.Fatal(err)
		}
		measured := scheme.Measure(text).Parts
		if scheme == sms.Payload {
			measured = 1
		}
		if len(m.parts) != measured {
			t.Fatalf("%d submit_sm, measured %d", len(m.parts), measured)
		}
		cut, err := scheme.Split(text, 0)
		if err != nil {
			t.Fatal(err)
		}
		whole := &outgoing{id: m.id, phone: m.phone, text: text, cut: cut}
		if whole.parts, err = whole.split(scheme); err != nil {
			t.Fatal(err)
		}
		var pieces []sms.Piece
		var ref uint16
		for i := range m.parts {
			p, frame := carried(t, m, i)
			if _, again := carried(t, whole, i); string(again) != string(frame) {
				t.Fatalf("part %d of a text cut once for all is % x, cut for itself % x", i+1, again, frame)
			}
			octets, at, err := placed((*smpp.DeliverSM)(p))
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				ref = at.Ref
			}
			if want := (sms.Concat{Ref: ref, Total: uint8(len(m.parts)), Seq: uint8(i + 1)}); len(m.parts) > 1 && at != want || len(m.parts) == 1 && at != (sms.Concat{}) {
				t.Fatalf("part %d is placed at %+v", i+1, at)
			}
			pieces = append(pieces, sms.Piece{DataCoding: p.DataCoding, Octets: octets})
		}
		if read, err := sms.Join(pieces); err != nil || read != text || !utf8.ValidString(read) {
			t.Fatalf("read as %q, %v", read, err)
		}
	})
}

// carried is part i of m after the wire, and the octets on it.
func carried(t *rapid.T, m *outgoing, i int) (*smpp.SubmitSM, []byte) {
	frame, err := smpp.Append(nil, smpp.Header{Sequence: 1}, m.pdu(i, smpp.Address{TON: smpp.TONAlphanumeric, Addr: "CATHANHKHEX"}))
	if err != nil {
		t.Fatal(err)
	}
	p, err := smpp.Decode(smpp.Header{ID: smpp.SubmitSMID}, frame[16:])
	if err != nil {
		t.Fatal(err)
	}
	sm := p.(*smpp.SubmitSM)
	if _, payload := sm.TLVs.Get(smpp.TagMessagePayload); payload && len(sm.ShortMessage) > 0 {
		t.Fatal("a message_payload beside a short_message")
	}
	return sm, frame
}
