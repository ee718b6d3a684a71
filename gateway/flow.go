package gateway

import (
	"sync"
	"time"
)

// flow measures what a link lets through: its rate limit may be far from what its window and its responses allow.
type flow struct {
	mu    sync.Mutex
	since time.Time
	n     int
	full  int // messages in the last whole intentTime
}

func (f *flow) passed(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n++
	if past := now.Sub(f.since); past >= intentTime {
		f.full = int(float64(f.n) * float64(intentTime) / float64(past))
		f.since, f.n = now, 0
	}
}

// last is how many messages went out in the last intentTime, or have in this one.
func (f *flow) last() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return max(f.full, f.n)
}

// perSecond is what goes out in a second at the moment; at a beginning, as far as that can be told.
func (f *flow) perSecond(now time.Time) float64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	begun := float64(f.n) / max(now.Sub(f.since), intentTime/5).Seconds()
	return max(begun, float64(f.full)/intentTime.Seconds(), minIntent)
}
