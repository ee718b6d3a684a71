package gateway

import (
	"context"
	"slices"
	"sync"
)

// urgency orders what waits for the wire; the outbox has it as priority.
type urgency int

const (
	answers   urgency = iota // replies and receipts: somebody waits, the phone in the hand
	alerts                   // and urgent runs
	ofAPI                    // what other systems send
	reminders                // and their retries
	lastUrgency
)

// class is who shares an allowance of messages in doubt: reminders that wait at a slow carrier must not keep an answer
// from being meant for the wire.
type class int

const (
	express  class = iota // answers and alerts
	ordinary              // the rest
	lastClass
)

func (u urgency) class() class {
	if u <= alerts {
		return express
	}
	return ordinary
}

// urgencies are the first and the last of the class.
func (c class) urgencies() (from, to urgency) {
	if c == express {
		return answers, alerts
	}
	return ofAPI, reminders
}

// lanes hold what has been meant for the wire and not submitted, in the order of its intents within each urgency.
type lanes struct {
	mu      sync.Mutex
	lists   [lastUrgency][]*outgoing
	waiting [lastClass]int
	closed  bool
	changed chan struct{} // closed, and made anew, when somebody waits for less or more
	awaited bool
}

func newLanes() *lanes { return &lanes{changed: make(chan struct{})} }

// put adds list, whose messages share one urgency.
func (q *lanes) put(u urgency, list []*outgoing) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.lists[u] = append(q.lists[u], list...)
	q.waiting[u.class()] += len(list)
	q.tell()
}

// putBack makes m the next of its urgency.
func (q *lanes) putBack(m *outgoing) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.lists[m.urgency] = slices.Insert(q.lists[m.urgency], 0, m)
	q.waiting[m.urgency.class()]++
	q.tell()
}

// close lets await report the end once everything has been taken.
func (q *lanes) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.tell()
}

// tell wakes who waits. mu is held.
func (q *lanes) tell() {
	if q.awaited {
		close(q.changed)
		q.changed, q.awaited = make(chan struct{}), false
	}
}

// await waits until something is there and says how many; 0 once the lanes are closed and empty.
func (q *lanes) await() int {
	for {
		q.mu.Lock()
		n, closed := q.waiting[express]+q.waiting[ordinary], q.closed
		if n > 0 || closed {
			q.mu.Unlock()
			return n
		}
		q.awaited = true
		changed := q.changed
		q.mu.Unlock()
		<-changed
	}
}

// next takes the most urgent message; nil when there is none.
func (q *lanes) next() *outgoing {
	q.mu.Lock()
	defer q.mu.Unlock()
	for u := range q.lists {
		if list := q.lists[u]; len(list) > 0 {
			m := list[0]
			list[0] = nil
			q.lists[u] = list[1:]
			q.waiting[m.urgency.class()]--
			q.tell()
			return m
		}
	}
	return nil
}

// room waits until fewer than n of the class wait; false when ctx ended first.
func (q *lanes) room(ctx context.Context, c class, n int) bool {
	for {
		q.mu.Lock()
		if q.waiting[c] < n {
			q.mu.Unlock()
			return ctx.Err() == nil
		}
		q.awaited = true
		changed := q.changed
		q.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// all gives every message that waits, without taking it.
func (q *lanes) all() []*outgoing {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Concat(q.lists[:]...)
}
