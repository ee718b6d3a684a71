package simulator

import (
	"time"

	"canhgiac/gateway/smpp"
)

// receipt is what a receipt says, before it is written.
type receipt struct {
	id           uint64
	came, at     time.Time // the submit_sm, and the end
	state        State
	err          string
	source, dest smpp.Address // as in the deliver_sm
	network      *Network     // that was when the message was taken: how the id is written and where it stands
}

// page is where one deliver_sm after another is written; the last is gone when the next begins.
type page struct {
	deliver smpp.DeliverSM
	text    []byte
	id      []byte
	tlvs    [2]smpp.TLV
	state   [1]byte
}

// write puts r in the form of SMPP appendix B.
func (w *page) write(r receipt) *smpp.DeliverSM {
	forms := &r.network.Receipts
	id := forms.ID
	if id.Form == "" {
		id.Form = r.network.Responses.ID.Form
		id.Width = max(id.Width, r.network.Responses.ID.Width)
	}
	w.id = id.append(w.id[:0], r.id)
	said := smpp.Receipt{State: string(r.state), Err: r.err, At: r.at, Submitted: r.came}
	if forms.In != inTLV && forms.In != inNone {
		said.ID = string(w.id)
	}
	w.text = said.AppendText(w.text[:0])
	tlvs := w.tlvs[:0]
	if forms.In != inText && forms.In != inNone {
		w.id = append(w.id, 0)
		tlvs = append(tlvs, smpp.TLV{Tag: smpp.TagReceiptedMessageID, Value: w.id})
	}
	if forms.In != inText {
		w.state[0] = smpp.StateCode(string(r.state))
		tlvs = append(tlvs, smpp.TLV{Tag: smpp.TagMessageState, Value: w.state[:]})
	}
	w.deliver = smpp.DeliverSM{Source: r.source, Dest: r.dest, ESMClass: smpp.ESMClassReceipt, ShortMessage: w.text, TLVs: tlvs}
	return &w.deliver
}

// wantsReceipt says that its sender asked for a receipt of how m ends.
func (m *message) wantsReceipt() bool {
	switch m.registered & 3 {
	case smpp.ReceiptNever:
		return false
	case smpp.ReceiptFailure:
		return m.fate.state != delivered
	}
	return true
}
