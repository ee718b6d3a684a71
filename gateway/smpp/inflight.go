package smpp

import (
	"errors"
	"fmt"
	"time"
)

// asked is a request of ours that waits for its response: a submit_sm, or a deliver_sm. In-flight is kept by our own
// sequence numbers only, so that a request of the peer with the same number is never taken for a response.
type asked struct {
	id         CommandID
	at         time.Time
	end        uint64 // where its frame ends in all that the link has queued
	submit     *SubmitSM
	submitDone func(SubmitResult)
	done       func(Status, error)
}

func (a *asked) tell(r SubmitResult) {
	if a.submitDone != nil {
		a.submitDone(r)
		return
	}
	a.done(r.Status, r.Err)
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
func (l *link) free() int { return l.cfg.window - l.inFlight() }

// queue takes p as a request of ours, or says why not: errFull, errLeaving or ErrFrame. It waits for nothing.
func (l *link) queue(p PDU, a asked) error {
	l.mu.Lock()
	if l.phase != phaseBound {
		l.mu.Unlock()
		return errLeaving
	}
	if len(l.waiting) >= l.cfg.window {
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
	a.id, a.at, a.end = p.Command(), time.Now(), l.taken+uint64(len(out))
	l.waiting[seq] = a
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
func (l *link) answered(h Header, r SubmitResult) {
	l.mu.Lock()
	a, ok := l.waiting[h.Sequence]
	if ok && h.ID != a.id.Response() && h.ID != GenericNackID {
		ok = false // a response to something else that bears our number
	}
	if !ok {
		m := l.expired.take(h)
		l.mu.Unlock()
		if m != nil {
			l.side.late(m, r)
			return
		}
		l.cfg.log.Debug("response to nothing in flight", "command", h.ID.String(), "sequence", h.Sequence, "status", h.Status.String())
		return
	}
	delete(l.waiting, h.Sequence)
	l.asking.Store(int32(len(l.waiting)))
	quiet := l.phase == phaseDraining && len(l.waiting) == 0
	l.mu.Unlock()
	l.room.changed()
	if quiet {
		signal(l.nudge)
	}
	a.tell(r)
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
			a.tell(SubmitResult{Err: ErrNotSent})
		} else {
			a.tell(SubmitResult{Err: ErrLinkLost})
		}
	}
}

// expire tells the requests that have waited too long.
func (l *link) expire(now time.Time) {
	var over []asked
	l.mu.Lock()
	for seq, a := range l.waiting {
		if now.Sub(a.at) >= l.cfg.response {
			delete(l.waiting, seq)
			if a.submit != nil {
				l.expired.add(seq, a.submit)
			}
			over = append(over, a)
		}
	}
	l.asking.Store(int32(len(l.waiting)))
	l.mu.Unlock()
	if len(over) > 0 {
		l.room.changed()
	}
	for i := range over {
		over[i].tell(SubmitResult{Err: ErrNoResponse})
	}
}

// inFlight counts our requests without a response.
func (l *link) inFlight() int { return int(l.asking.Load()) }
