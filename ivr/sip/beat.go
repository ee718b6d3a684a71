package sip

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// ticking is what lives by frames: a line, or the vigil over a leg.
type ticking interface{ tick() }

// beat is one goroutine that has every call send its next 20 ms. It keeps to the clock, not to its own last turn: what comes
// late is made up for, so that no call drifts.
type beat struct {
	every time.Duration // frame; a test lets the time of calls run faster
	mu    sync.Mutex
	all   atomic.Pointer[[]ticking] // replaced, never changed
}

// lateBeats is how many frames are made up for; after more the machine slept, and a burst would help nobody.
const lateBeats = 10

func newBeat(every time.Duration) *beat {
	b := &beat{every: every}
	b.all.Store(&[]ticking{})
	return b
}

func (b *beat) add(t ...ticking) {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := append(slices.Clone(*b.all.Load()), t...)
	b.all.Store(&all)
}

func (b *beat) remove(t ...ticking) {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := slices.DeleteFunc(slices.Clone(*b.all.Load()), func(o ticking) bool { return slices.Contains(t, o) })
	b.all.Store(&all)
}

func (b *beat) run(ctx context.Context) {
	timer := time.NewTimer(b.every)
	defer timer.Stop()
	next := time.Now().Add(b.every)
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		for _, t := range *b.all.Load() {
			t.tick()
		}
		next = next.Add(b.every)
		wait := time.Until(next)
		if wait < -lateBeats*b.every {
			next, wait = time.Now().Add(b.every), b.every
		}
		timer.Reset(max(wait, 0))
	}
}
