package sip

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// beat is one goroutine that has every call send its next 20 ms. It keeps to the clock, not to its own last turn: what comes
// late is made up for, so that no call drifts.
type beat struct {
	every time.Duration // frame; a test lets the time of calls run faster
	mu    sync.Mutex
	lines atomic.Pointer[[]*line] // replaced, never changed
}

// lateBeats is how many frames are made up for; after more the machine slept, and a burst would help nobody.
const lateBeats = 10

func newBeat(every time.Duration) *beat {
	b := &beat{every: every}
	b.lines.Store(&[]*line{})
	return b
}

func (b *beat) add(l *line) {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := append(slices.Clone(*b.lines.Load()), l)
	b.lines.Store(&all)
}

func (b *beat) remove(l *line) {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := slices.DeleteFunc(slices.Clone(*b.lines.Load()), func(o *line) bool { return o == l })
	b.lines.Store(&all)
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
		for _, l := range *b.lines.Load() {
			l.tick()
		}
		next = next.Add(b.every)
		wait := time.Until(next)
		if wait < -lateBeats*b.every {
			next, wait = time.Now().Add(b.every), b.every
		}
		timer.Reset(max(wait, 0))
	}
}
