package smpp

import (
	"errors"
	"fmt"
	"time"
)

// asked is a request of ours that waits for its response, with one of the three functions that are told. In-flight is kept
// by our own sequence numbers only, so that a request of the peer with the same number is never taken for a response.
type asked struct {
	id         CommandID
	at         time.Time // when the keeper saw it first: a tick late at most, and no clock is read for each message
	end        uint64    // where its frame ends in all that the link has queued
	submit     *SubmitSM
	submitDone func(SubmitResult)                     // of a submit_sm
	done       func(Status, error)                    // of a deliver_sm
	heard      func(h Header, body []byte, err error) // of anything else
}

// answer tells of the response h.
func (a *asked) answer(h Header, body []byte) {
	switch {
	case a.submitDone != nil:
		a.submitDone(submitResult(h, body))
	case a.done != nil:
		a.done(h.Status, nil)
	default:
		a.heard(h, body, nil)
	}
}

// fail tells that there is no response, and why.
func (a *asked) fail(err error) {
	switch {
	case a.submitDone != nil:
		a.submitDone(SubmitResult{Err: err})
	case a.done != nil:
		a.done(StatusOK, err)
	default:
		a.heard(Header{}, nil, err)
	}
}

// submitResult reads the response to a submit_sm. Its TLVs are not looked at, so bad ones cost nobody the id.
func submitResult(h Header, body []byte) SubmitResult {
	result := SubmitResult{Status: h.Status}
	if h.ID == SubmitSMRespID {
		r := fields{octets: body, text: string(body), refused: h.Status != StatusOK}
		result.MessageID = r.lastCString()
	}
	return result
}

// Why queue did not take a request.
var (
	errFull    = errors.New("smpp: the window is full")
	errLeaving = errors.New("smpp: the link takes no more requests")
)

// bound gives l while it takes requests, or nil.
func (l *link) bound() *link {
	if l == nil || l.leaving.Load() {
		return nil
	}
	return l
}

// free is the room in the window. It may have changed when the caller looks at it; queue has the last word.
func (l *link) free() int { return int(l.window.Load() - l.asking.Load()) }

// queue takes p as a request of ours, or says why not: errFull, errLeaving or ErrFrame. It waits for nothing.
func (l *link) queue(p PDU, a *asked) error {
	l.mu.Lock()
	if l.phase != phaseBound {
		l.mu.Unlock()
		return errLeaving
	}
	if len(l.waiting) >= int(l.window.Load()) {
		l.mu.Unlock()
		return errFull
	}
	seq := l.nextSequence()
	out, err := Append(l.out, Header{Sequence: seq}, p)
	if err != nil {
		l.mu.Unlock()
		return fmt.Errorf("%w: %w", ErrFrame, err)
	}
	l.out = out
	a.id, a.end = p.Command(), l.taken+uint64(len(out))
	l.waiting[seq] = *a
	l.asking.Store(int32(len(l.waiting)))
	l.mu.Unlock()
	signal(l.wake)
	return nil
}

// nextSequence counts 1 to 0x7FFFFFFF (SMPP §5.1.4), past numbers that are still in use. mu is held.
func (l *link) nextSequence() uint32 {
	for {
		l.sequence++
		if l.sequence > 0x7FFFFFFF {
			l.sequence = 1
		}
		if _, used := l.waiting[l.sequence]; !used && !l.expired.has(l.sequence) {
			return l.sequence
		}
	}
}

// take gives a sequence_number for a request that nobody waits for.
func (l *link) take() uint32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.nextSequence()
}

// answered takes the response h to a request of ours.
func (l *link) answered(h Header, body []byte) {
	l.mu.Lock()
	a, ok := l.waiting[h.Sequence]
	if ok && h.ID != a.id.Response() && h.ID != GenericNackID {
		ok = false // a response to something else that bears our number
	}
	if !ok {
		m := l.expired.take(h)
		if m != nil {
			l.rounds = 0
		}
		l.mu.Unlock()
		if m != nil {
			l.side.late(m, submitResult(h, body))
			return
		}
		l.cfg.log.Debug("response to nothing in flight", "command", h.ID.String(), "sequence", h.Sequence, "status", h.Status.String())
		return
	}
	delete(l.waiting, h.Sequence)
	if a.submit != nil {
		l.rounds = 0
		if int(l.window.Load()) != l.cfg.window { // it was wary until now
			l.window.Store(int32(l.cfg.window))
		}
	}
	l.asking.Store(int32(len(l.waiting)))
	quiet := l.phase == phaseDraining && len(l.waiting) == 0
	l.mu.Unlock()
	l.room.changed()
	if quiet {
		signal(l.nudge)
	}
	a.answer(h, body)
	if a.submit != nil && h.Status == StatusInvBindStatus {
		l.kill(errForgot)
	}
}

// abandon tells every request in flight that the link was lost. One whose last octet never left is not in doubt: no peer
// acts on half a frame.
func (l *link) abandon() {
	l.mu.Lock()
	lost, written := l.waiting, l.written
	l.waiting = nil
	l.asking.Store(0)
	l.mu.Unlock()
	for _, a := range lost {
		if a.end > written {
			a.fail(ErrNotSent)
		} else {
			a.fail(ErrLinkLost)
		}
	}
}

// expire tells the requests that have waited too long. When round after round of submit_sm goes unanswered, the link ends:
// each more would be one more message in doubt.
func (l *link) expire(now time.Time) {
	var over []asked
	l.mu.Lock()
	round := false
	for seq, a := range l.waiting {
		switch {
		case a.at.IsZero():
			a.at = now
			l.waiting[seq] = a
		case now.Sub(a.at) >= l.cfg.response:
			delete(l.waiting, seq)
			if a.submit != nil {
				l.expired.add(seq, a.submit)
				round = round || a.at.After(l.round)
			}
			over = append(over, a)
		}
	}
	if round {
		l.round = now
		l.rounds++
	}
	ignored := l.cfg.ignored > 0 && l.rounds >= l.cfg.ignored
	l.asking.Store(int32(len(l.waiting)))
	l.mu.Unlock()
	if len(over) > 0 {
		l.room.changed()
	}
	for i := range over {
		over[i].fail(ErrNoResponse)
	}
	if ignored {
		l.kill(errIgnored)
	}
}

// inFlight counts our requests without a response.
func (l *link) inFlight() int { return int(l.asking.Load()) }
