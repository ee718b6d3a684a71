package simulator

import (
	"strconv"

	"canhgiac/gateway/smpp"
	"canhgiac/gateway/sms"
)

// Query says how one of the latest messages stands.
func (c *smsc) Query(_ *smpp.Peer, q *smpp.QuerySM, respond func(*smpp.QuerySMResp, smpp.Status)) {
	c.mu.Lock()
	r := c.named(q.MessageID)
	if r == nil {
		c.mu.Unlock()
		respond(nil, smpp.StatusQueryFailed)
		return
	}
	answer := &smpp.QuerySMResp{MessageID: q.MessageID, State: smpp.StateCode(string(r.state))}
	if r.open == nil {
		answer.FinalDate = smpp.TimeText(r.at)
	}
	c.mu.Unlock()
	respond(answer, smpp.StatusOK)
}

// Cancel takes back a message that has not ended: it ends as DELETED, with the receipt that was asked for.
func (c *smsc) Cancel(_ *smpp.Peer, m *smpp.CancelSM, respond func(smpp.Status)) {
	c.mu.Lock()
	status := smpp.StatusCancelFailed
	if r := c.named(m.MessageID); r != nil && r.open != nil {
		r.open.fate.state, r.open.fate.err = deleted, deleted.usualError()
		status = smpp.StatusOK
	}
	c.mu.Unlock()
	respond(status)
}

// Replace puts other words in place of those of a message of one part that has not ended.
func (c *smsc) Replace(_ *smpp.Peer, m *smpp.ReplaceSM, respond func(smpp.Status)) {
	c.mu.Lock()
	status := smpp.StatusReplaceFailed
	if r := c.named(m.MessageID); r != nil && r.open != nil && r.open.alone {
		if text, err := sms.Text(r.open.coding, m.ShortMessage); err == nil {
			r.open.text = text
			status = smpp.StatusOK
		}
	}
	c.mu.Unlock()
	respond(status)
}

// Data takes a message in its short form.
func (c *smsc) Data(p *smpp.Peer, m *smpp.DataSM, respond func(smpp.SubmitResult)) {
	c.Submit(p, &smpp.SubmitSM{
		ServiceType: m.ServiceType, Source: m.Source, Dest: m.Dest, ESMClass: m.ESMClass,
		RegisteredDelivery: m.RegisteredDelivery, DataCoding: m.DataCoding, TLVs: m.TLVs,
	}, respond)
}

// SubmitMulti takes one message for many, under the id of the first that is taken. It keeps no distribution lists.
func (c *smsc) SubmitMulti(p *smpp.Peer, s *smpp.SubmitMulti, respond func(*smpp.SubmitMultiResp, smpp.Status)) {
	now, answer := c.o.Now(), &smpp.SubmitMultiResp{}
	var taken []*message
	c.mu.Lock()
	c.submits++
	changes := c.moveOn(now)
	for _, d := range s.Dests {
		m := message{fate: fate{status: smpp.StatusInvDistList}}
		if d.List == "" {
			one := s.SubmitSM
			one.Dest = d.Address
			m = c.take(c.links[p], &one, now)
		}
		if m.fate.status != smpp.StatusOK {
			answer.Unsuccess = append(answer.Unsuccess, smpp.Unsuccess{Address: d.Address, Status: m.fate.status})
			continue
		}
		if len(taken) > 0 {
			m.id = taken[0].id
		}
		taken = append(taken, &m)
	}
	c.mu.Unlock()
	for i := range changes {
		c.act(changes[i])
	}
	if len(taken) == 0 {
		respond(nil, answer.Unsuccess[0].Status)
		return
	}
	answer.MessageID = taken[0].result().MessageID
	first := taken[0].fate
	c.later.after(first.answerAfter, func() {
		for range first.answers {
			respond(answer, smpp.StatusOK)
		}
		for _, m := range taken {
			c.later.after(m.fate.receiptAfter, func() { c.end(m, nil) })
		}
	})
}

// named finds a message by its id as a response wrote it. The caller holds mu.
func (c *smsc) named(id string) *record {
	bases := []int{10, 16}
	if form := c.network.Responses.ID.Form; form == formHex || form == formUpper {
		bases = []int{16, 10}
	}
	for _, base := range bases {
		if n, err := strconv.ParseUint(id, base, 64); err == nil {
			if r := c.journal.find(n); r != nil {
				return r
			}
		}
	}
	return nil
}
