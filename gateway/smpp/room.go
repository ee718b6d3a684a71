package smpp

import (
	"context"
	"sync/atomic"
)

// room is where callers wait for space in the window of a link, or of any among several. It is asked without a lock; who
// finds a window full waits to be woken, and wakes the next one when leaving, so that one wake-up for many places will do.
type room struct {
	waiting atomic.Int32
	wake    chan struct{} // holds one
}

func newRoom() *room { return &room{wake: make(chan struct{}, 1)} }

// changed says that a window has space again, or that a link has come or gone.
func (r *room) changed() {
	if r.waiting.Load() > 0 {
		signal(r.wake)
	}
}

// send queues p as a request of ours on the link that pick names, and waits while that one's window is full. An error
// means that p will never reach the wire. pick gives nil where no link is there.
func (r *room) send(ctx context.Context, pick func() *link, p PDU, a *asked) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	err := try(pick, p, a)
	if err != errFull {
		return err
	}
	r.waiting.Add(1)
	defer r.leave()
	for { // again before waiting: who made space just now did not see us
		if err := try(pick, p, a); err != errFull {
			return err
		}
		select {
		case <-r.wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (r *room) leave() {
	r.waiting.Add(-1)
	r.changed()
}

func try(pick func() *link, p PDU, a *asked) error {
	for {
		l := pick()
		if l == nil {
			return ErrNotBound
		}
		if err := l.queue(p, a); err != errLeaving {
			return err
		}
	}
}
