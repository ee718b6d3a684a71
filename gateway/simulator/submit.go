package simulator

import (
	"time"

	"canhgiac/gateway/smpp"
)

// message is one submit_sm that was taken, or refused.
type message struct {
	id           uint64
	to           number
	account      *account
	network      *Network // when it came
	came         time.Time
	fate         fate
	registered   byte // registered_delivery
	dest, sender smpp.Address
	coding       byte   // of its octets
	alone        bool   // the only part of its text
	text         string // stands on the handset once this part is delivered; "" for a part that does not complete its text
}

// Submit takes one submit_sm. A message is taken the moment it is counted, whether or not its response still arrives:
// that is how a real carrier sends what its customer believes lost.
func (c *smsc) Submit(p *smpp.Peer, s *smpp.SubmitSM, respond func(smpp.SubmitResult)) {
	if op, ok := s.TLVs.Get(smpp.TagUSSDServiceOp); ok && len(op) == 1 {
		respond(smpp.SubmitResult{Status: c.screen(s, op[0])})
		return
	}
	now := c.o.Now()
	c.mu.Lock()
	c.submits++
	changes := c.moveOn(now)
	m := c.take(c.links[p], s, now)
	c.mu.Unlock()
	for i := range changes {
		c.act(changes[i])
	}
	if m.fate.prompt() {
		respond(m.result())
		c.end(&m, nil)
		return
	}
	slow := m
	c.answer(&slow, respond)
}

// result is what the response says.
func (m *message) result() smpp.SubmitResult {
	if m.fate.status != smpp.StatusOK {
		return smpp.SubmitResult{Status: m.fate.status}
	}
	var id [24]byte
	return smpp.SubmitResult{MessageID: string(m.network.Responses.ID.append(id[:0], m.id))}
}

// answer brings the response, and after it how the message ended, each in its time.
func (c *smsc) answer(m *message, respond func(smpp.SubmitResult)) {
	reply := func() {
		for range m.fate.answers {
			respond(m.result())
		}
	}
	switch {
	case m.fate.status != smpp.StatusOK:
		c.later.after(m.fate.answerAfter, reply)
	case m.fate.receiptFirst && m.fate.receipts > 0 && m.wantsReceipt():
		c.end(m, func(smpp.Status) { reply() })
	default:
		c.mu.Lock()
		c.journal.pending(m)
		c.mu.Unlock()
		c.later.after(m.fate.answerAfter, func() {
			reply()
			c.later.after(m.fate.receiptAfter, func() { c.end(m, nil) })
		})
	}
}

// take judges s and counts it. The caller holds mu.
func (c *smsc) take(a *account, s *smpp.SubmitSM, now time.Time) message {
	m := message{account: a, network: c.network, came: now, dest: s.Dest, sender: s.Source, fate: fate{status: smpp.StatusInvDest, answers: 1}}
	var err error
	if a.throttles(c.network.Throttle, now) {
		a.throttled++
		m.fate.status = c.network.Throttle.status(a.throttled - 1)
		c.ledger.counts.Throttled++
		return m
	}
	if m.to, err = parseNumber(s.Dest.Addr); err != nil {
		c.ledger.counts.Refused++
		return m
	}
	at, octets := placeOf(s)
	m.fate = usual
	if !c.network.certain() {
		d := newDraw(c.seed, m.to, octets, at.Seq)
		m.fate = c.network.fate(d.nth(c.came[d]), m.to, at.Seq)
		if len(c.came) < toldApart {
			c.came[d]++
		}
		if m.fate.status != smpp.StatusOK {
			c.ledger.counts.Refused++
			return m
		}
	}
	text, err := c.parts.add(s, m.to, at, octets, m.fate.state != delivered)
	if err != nil {
		c.ledger.counts.Refused++
		m.fate = fate{status: smpp.StatusSubmitFailed, answers: 1}
		return m
	}
	m.id = c.firstID + uint64(c.ledger.counts.Parts)
	c.ledger.counts.Parts++
	m.registered, m.coding, m.alone = s.RegisteredDelivery, s.DataCoding, at.Total < 2
	if m.fate.answers == 0 {
		c.ledger.counts.Unanswered++
	}
	if m.fate.receipts == 0 && m.wantsReceipt() {
		c.ledger.counts.Withheld++
	}
	c.journal.add(m.id, m.fate.state, now)
	if text.whole {
		c.ledger.message(m.to, text.text)
		if !text.lost {
			m.text = text.text
		}
	}
	return m
}

// throttles says that the account is over its rate; otherwise a part of it is used.
func (a *account) throttles(t Throttle, now time.Time) bool {
	if t.Above <= 0 {
		return false
	}
	if a.at.IsZero() {
		a.tokens = t.burst()
	} else {
		a.tokens = min(t.burst(), a.tokens+now.Sub(a.at).Seconds()*t.Above)
	}
	a.at = now
	if a.tokens < 1 {
		return true
	}
	a.tokens--
	return false
}

// end is the moment when the network is done with m: its text stands on the handset, and its receipt goes out. then runs
// once the gateway has heard a receipt.
func (c *smsc) end(m *message, then func(smpp.Status)) {
	now := c.o.Now()
	if m.fate.answerAfter > 0 || m.fate.receiptAfter > 0 {
		c.mu.Lock() // from now on nobody takes it back
		c.journal.ended(m, now)
		c.mu.Unlock()
	}
	if m.fate.state == delivered && m.text != "" {
		c.phone.text(m.to, Event{From: shown(m.sender), Text: m.text}, now)
	}
	if !m.wantsReceipt() {
		return
	}
	r := receipt{id: m.id, came: m.came, at: now, state: m.fate.state, err: m.fate.err, source: m.dest, dest: m.sender, network: m.network}
	for range m.fate.receipts {
		if !m.account.put(r, nil, then) && then != nil {
			then(smpp.StatusQueueFull)
		}
		then = nil
	}
}

// shown is an address as a handset's screen shows it: a sender's name, or a number as people write it.
func shown(a smpp.Address) string {
	if a.TON == smpp.TONAlphanumeric {
		return a.Addr
	}
	if n, err := parseNumber(a.Addr); err == nil {
		return n.national()
	}
	return a.Addr
}
