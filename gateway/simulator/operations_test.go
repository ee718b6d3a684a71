package simulator

import (
	"encoding/binary"
	"io"
	"testing"

	"canhgiac/gateway/smpp"
)

// ask sends a request and gives the response to it; deliver_sm that come before are acknowledged and kept.
func (w *wireEnd) ask(t *testing.T, seq uint32, p smpp.PDU) (smpp.Header, smpp.PDU) {
	t.Helper()
	w.write(t, seq, p)
	for {
		h, answer := w.next(t)
		if d, ok := answer.(*smpp.DeliverSM); ok {
			w.heard = append(w.heard, d)
			continue
		}
		if h.Sequence != seq {
			t.Fatalf("answer to %d instead of %d", h.Sequence, seq)
		}
		return h, answer
	}
}

// next reads one PDU, a bare header as nil, and acknowledges a deliver_sm.
func (w *wireEnd) next(t *testing.T) (h smpp.Header, p smpp.PDU) {
	t.Helper()
	head := make([]byte, 16)
	if _, err := io.ReadFull(w.in, head); err != nil {
		t.Fatal(err)
	}
	body := make([]byte, binary.BigEndian.Uint32(head)-16)
	if _, err := io.ReadFull(w.in, body); err != nil {
		t.Fatal(err)
	}
	h = smpp.Header{ID: smpp.CommandID(binary.BigEndian.Uint32(head[4:])), Status: smpp.Status(binary.BigEndian.Uint32(head[8:])), Sequence: binary.BigEndian.Uint32(head[12:])}
	if h.Status != smpp.StatusOK {
		return h, nil
	}
	p, err := smpp.Decode(h, body)
	if err != nil {
		t.Fatal(err)
	}
	if h.ID == smpp.DeliverSMID {
		w.write(t, h.Sequence, &smpp.DeliverSMResp{})
	}
	return h, p
}

// receipt waits for the next deliver_sm.
func (w *wireEnd) receipt(t *testing.T) smpp.Receipt {
	t.Helper()
	if len(w.heard) == 0 {
		_, p := w.next(t)
		w.heard = append(w.heard, p.(*smpp.DeliverSM))
	}
	d := w.heard[0]
	w.heard = w.heard[1:]
	r, ok := smpp.ParseReceipt(d)
	if !ok {
		t.Fatalf("%q is no receipt", d.ShortMessage)
	}
	return r
}

func toPhone(text string) *smpp.SubmitSM {
	return &smpp.SubmitSM{Dest: smpp.Address{TON: 1, NPI: 1, Addr: "84901234567"}, RegisteredDelivery: smpp.ReceiptAlways, ShortMessage: []byte(text)}
}

func TestAMessageCanBeAskedForUntilAndAfterItEnds(t *testing.T) {
	s := run(t, Options{Script: script(t, "network:", "receipts: {after: 30ms}", "responses: {id: {form: hex}}", "outcomes: [{state: EXPIRED}]")})
	w := dialWire(t, s)
	_, answer := w.ask(t, 2, toPhone("KHONG SO HAI"))
	id := answer.(*smpp.SubmitSMResp).MessageID
	_, answer = w.ask(t, 3, &smpp.QuerySM{MessageID: id})
	if q := answer.(*smpp.QuerySMResp); q.State != 1 || q.FinalDate != "" {
		t.Errorf("on its way: %+v", q)
	}
	if r := w.receipt(t); r.State != "EXPIRED" || r.ID != id {
		t.Errorf("receipt %+v", r)
	}
	_, answer = w.ask(t, 4, &smpp.QuerySM{MessageID: id})
	if q := answer.(*smpp.QuerySMResp); q.State != 3 || q.FinalDate == "" || q.MessageID != id {
		t.Errorf("ended: %+v", q)
	}
	if h, _ := w.ask(t, 5, &smpp.QuerySM{MessageID: "1"}); h.Status != smpp.StatusQueryFailed {
		t.Errorf("a message that never was: %s", h.Status)
	}
}

func TestAMessageCanBeTakenBackOrReplacedUntilItEnds(t *testing.T) {
	s := run(t, Options{Script: script(t, "network:", "receipts: {after: 50ms}")})
	w := dialWire(t, s)
	_, answer := w.ask(t, 2, toPhone("mot"))
	first := answer.(*smpp.SubmitSMResp).MessageID
	_, answer = w.ask(t, 3, toPhone("hai"))
	second := answer.(*smpp.SubmitSMResp).MessageID
	if h, _ := w.ask(t, 4, &smpp.CancelSM{MessageID: first}); h.Status != smpp.StatusOK {
		t.Errorf("cancel: %s", h.Status)
	}
	if h, _ := w.ask(t, 5, &smpp.ReplaceSM{MessageID: second, ShortMessage: []byte("ba")}); h.Status != smpp.StatusOK {
		t.Errorf("replace: %s", h.Status)
	}
	got := map[string]string{}
	for range 2 {
		r := w.receipt(t)
		got[r.ID] = r.State
	}
	if got[first] != "DELETED" || got[second] != "DELIVRD" {
		t.Errorf("receipts %v", got)
	}
	if texts := s.phone.texts("84901234567"); len(texts) != 1 || texts[0].Text != "ba" {
		t.Errorf("the handset shows %+v", texts)
	}
	if h, _ := w.ask(t, 6, &smpp.CancelSM{MessageID: second}); h.Status != smpp.StatusCancelFailed {
		t.Errorf("cancel once it has ended: %s", h.Status)
	}
	if h, _ := w.ask(t, 7, &smpp.ReplaceSM{MessageID: second, ShortMessage: []byte("bon")}); h.Status != smpp.StatusReplaceFailed {
		t.Errorf("replace once it has ended: %s", h.Status)
	}
}

func TestAMessageInItsShortFormAndOneForMany(t *testing.T) {
	s := run(t, Options{Script: script(t, "network:", `refusals: [{to: "+84...99", status: ESME_RINVDSTADR}]`)})
	w := dialWire(t, s)
	_, answer := w.ask(t, 2, &smpp.DataSM{Dest: smpp.Address{TON: 1, NPI: 1, Addr: "84901234567"}, RegisteredDelivery: smpp.ReceiptAlways,
		TLVs: smpp.TLVs{{Tag: smpp.TagMessagePayload, Value: []byte("KHONG THAM")}}})
	if id := answer.(*smpp.DataSMResp).MessageID; w.receipt(t).ID != id {
		t.Errorf("the receipt is not of %s", id)
	}
	phone := func(n string) smpp.Destination {
		return smpp.Destination{Address: smpp.Address{TON: 1, NPI: 1, Addr: n}}
	}
	_, answer = w.ask(t, 3, &smpp.SubmitMulti{SubmitSM: *toPhone("KHONG SO HAI"), Dests: []smpp.Destination{
		phone("84901234567"), phone("84901234599"), phone("84901234568"), {List: "to-1"}}})
	multi := answer.(*smpp.SubmitMultiResp)
	if len(multi.Unsuccess) != 2 || multi.Unsuccess[0].Addr != "84901234599" || multi.Unsuccess[0].Status != smpp.StatusInvDest || multi.Unsuccess[1].Status != smpp.StatusInvDistList {
		t.Errorf("answered %+v", multi)
	}
	for range 2 {
		if r := w.receipt(t); r.ID != multi.MessageID || r.State != "DELIVRD" {
			t.Errorf("receipt %+v of %s", r, multi.MessageID)
		}
	}
	if s.Times("84901234567", "KHONG THAM") != 1 || s.Times("84901234567", "KHONG SO HAI") != 1 || s.Times("84901234568", "KHONG SO HAI") != 1 {
		t.Errorf("counts %+v", s.Accepted())
	}
	if h, _ := w.ask(t, 4, &smpp.SubmitMulti{SubmitSM: *toPhone("x"), Dests: []smpp.Destination{{List: "to-1"}}}); h.Status != smpp.StatusInvDistList {
		t.Errorf("lists alone: %s", h.Status)
	}
}
