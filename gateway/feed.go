package gateway

import (
	"context"
	"errors"
	"time"

	"canhgiac/gateway/smpp"
)

// spellTime bounds how long a message may wait for room in the window before the gate is asked again, and whether something
// more urgent has come.
const spellTime = 250 * time.Millisecond

// spell is a context of spellTime that many submits share, since most of them wait for nothing.
type spell struct {
	ctx    context.Context
	cancel context.CancelFunc
}

func (t *spell) take(ctx context.Context) context.Context {
	if t.ctx == nil || t.ctx.Err() != nil {
		t.end()
		t.ctx, t.cancel = context.WithTimeout(ctx, spellTime)
	}
	return t.ctx
}

func (t *spell) end() {
	if t.cancel != nil {
		t.cancel()
	}
}

// feed submits what has been meant for the wire, the most urgent first, until the lanes are closed and empty. When ctx has
// ended or the link is down, it gives back what was not submitted: nobody has it, and it is not in doubt.
func (l *link) feed(ctx context.Context) {
	t := spell{}
	defer t.end()
	for {
		waiting := l.lanes.await()
		if waiting == 0 {
			return
		}
		if ctx.Err() != nil || !l.transport.Bound() {
			l.giveBack(l.lanes.next(), "link down")
			continue
		}
		if l.pace.take(ctx, waiting*max(1, l.parts)) != nil { // before the message is chosen, so that what comes meanwhile may go first
			continue
		}
		m := l.lanes.next()
		if l.gate.holds(ctx, m) {
			l.pace.spare()
			continue
		}
		l.submit(ctx, t.take(ctx), m)
	}
}

// submit puts m on the wire, part by part. Whatever comes of it goes to the ledger, once; but where spell ends before
// anything of m has left, m waits again.
func (l *link) submit(ctx, spell context.Context, m *outgoing) {
	if why, refused := l.carrier.refusal(l.carrier.Name, m.text); refused && m.cut == nil {
		l.pace.spare()
		m.outcome = &verdict{state: Queued, reason: why.reason()}
		l.ledger.in.put(entry{message: m})
		return
	}
	parts, err := m.split(l.carrier.Split)
	if err != nil {
		m.outcome = &verdict{state: Failed, reason: "text cannot be sent"}
		l.ledger.in.put(entry{message: m})
		return
	}
	l.parts = len(parts)
	m.parts, m.results, m.left = parts, make([]smpp.SubmitResult, len(parts)), len(parts)-len(m.kept)
	m.submitted = l.store.now().UTC()
	if m.left == 0 { // an earlier try brought everything through
		l.ledger.in.put(entry{message: m})
		return
	}
	begun := false
	for i := range m.parts {
		if m.kept[i] {
			continue
		}
		if begun {
			err = l.pace.take(ctx, len(m.parts)-i)
			spell = ctx // what has begun is brought to its end
		}
		for more := m.parts[i].Billed - 1; more > 0 && err == nil; more-- { // of a message_payload, which the SMSC cuts
			err = l.pace.take(ctx, more)
		}
		if err == nil {
			p, at := m.pdu(i, l.carrier.Source), time.Now()
			p.Validity = l.validity.of(m.sendBy)
			err = l.transport.Submit(spell, p, func(r smpp.SubmitResult) {
				l.meter.answered(r, time.Since(at))
				l.answer(m, i, p, r)
			})
		}
		switch {
		case err == nil:
			begun = true
			l.meter.submits.Inc()
		case errors.Is(err, smpp.ErrFrame):
			begun = true
			l.answer(m, i, nil, smpp.SubmitResult{Status: smpp.StatusInvMsgLen})
		case begun:
			l.answer(m, i, nil, smpp.SubmitResult{Err: errUnsent})
		case spell.Err() != nil:
			l.pace.spare()
			m.forget()
			l.lanes.putBack(m)
			return
		default:
			l.pace.spare()
			m.forget()
			l.giveBack(m, "link down")
			return
		}
	}
	l.flow.passed(time.Now())
}

// giveBack returns m, of which nothing was submitted, to where it came from.
func (l *link) giveBack(m *outgoing, reason string) {
	switch {
	case m.from == nil:
		m.outcome = &verdict{state: Queued, reason: reason, unsent: true}
		l.ledger.in.put(entry{message: m})
	case m.from.giveBack(m.pos):
		l.ledger.in.put(entry{lease: m.from})
	}
}
