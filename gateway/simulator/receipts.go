package simulator

import (
	"strconv"

	"canhgiac/gateway/smpp"
)

// message_state values (SMPP §5.2.28)
const (
	stateDelivered     = 2
	stateUndeliverable = 5
)

// receipt makes the receipt that m asked for, or nil.
func (c *smsc) receipt(id uint64, m *smpp.SubmitSM, f fate) *parcel {
	wanted := m.RegisteredDelivery & 3
	if f.receiptLost || wanted == smpp.ReceiptNever || wanted == smpp.ReceiptFailure && !f.undelivered {
		return nil
	}
	base := 10
	if c.o.Behaviour.ReceiptHex {
		base = 16
	}
	r := smpp.Receipt{ID: strconv.FormatUint(id, base), State: "DELIVRD", Err: "000", At: c.o.Now().Add(c.o.Behaviour.ReceiptAfter), Submitted: c.o.Now()}
	state := byte(stateDelivered)
	if f.undelivered {
		r.State, r.Err, state = "UNDELIV", "027", stateUndeliverable // 27: absent subscriber
	}
	return c.parcel(&c.ledger.counts.Receipts, &smpp.DeliverSM{
		Source: m.Dest, Dest: m.Source, ESMClass: smpp.ESMClassReceipt, ShortMessage: []byte(r.Text()),
		TLVs: smpp.TLVs{
			{Tag: smpp.TagReceiptedMessageID, Value: append([]byte(r.ID), 0)},
			{Tag: smpp.TagMessageState, Value: []byte{state}},
		},
	})
}

func (c *smsc) parcel(count *int64, d *smpp.DeliverSM) *parcel {
	return &parcel{
		deliver: d, refused: c.dropped,
		sent: func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			*count++
		},
	}
}

func (c *smsc) dropped() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ledger.counts.Dropped++
}

// send queues a receipt for the system_id of p.
func (c *smsc) send(p *smpp.Peer, r *parcel, f fate) {
	c.mu.Lock()
	box := c.outboxes[p.Bind().SystemID] // p itself may have closed by now
	c.mu.Unlock()
	r.at = c.o.Now().Add(c.o.Behaviour.ReceiptAfter)
	if !box.put(r) {
		r.refused()
	}
	if f.receiptTwice {
		second := *r
		if !box.put(&second) {
			second.refused()
		}
	}
}
