package sip

import (
	"slices"
	"time"
)

// unheard is how long after our answer nobody else may have the place of a call whose ACK has not come. One that is lost on
// the way comes again with our next answer, half a second later.
const unheard = time.Second

// seat is an incoming call's place among its trunk's. An INVITE costs one forged datagram, and without its ACK a call lasts
// 32 s (RFC 3261 §13.3.1.4): where the trunk is full, such a call makes room for who rings next.
type seat struct {
	t     *trunk
	since time.Time // of our answer
	lost  bool      // another has it
}

// sit counts one more call; nil: the trunk is full.
func (t *trunk) sit(now time.Time) *seat {
	st := &seat{t: t}
	if t.take() {
		return st
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.unheard) == 0 || now.Sub(t.unheard[0].since) < unheard {
		return nil
	}
	t.unheard[0].lost = true
	t.unheard = t.unheard[1:]
	return st
}

// answered: the ACK is waited for from now on.
func (st *seat) answered(now time.Time) {
	st.t.mu.Lock()
	st.since = now
	st.t.unheard = append(st.t.unheard, st)
	st.t.mu.Unlock()
}

// heard: the ACK came. false: too late.
func (st *seat) heard() bool {
	st.t.mu.Lock()
	defer st.t.mu.Unlock()
	st.t.unheard = slices.DeleteFunc(st.t.unheard, func(other *seat) bool { return other == st })
	return !st.lost
}

func (st *seat) taken() bool {
	st.t.mu.Lock()
	defer st.t.mu.Unlock()
	return st.lost
}

func (st *seat) leave() {
	if st.heard() {
		st.t.release()
	}
}
