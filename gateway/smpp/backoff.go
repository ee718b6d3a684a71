package smpp

import (
	"context"
	"math/rand/v2"
	"time"
)

// goodWhile is how long a link must have been up for the pauses to begin from the shortest again: a carrier that accepts
// and drops at once must not be hammered.
const goodWhile = time.Minute

// backoff gives pauses with full jitter: each between zero and a ceiling that doubles up to max, so that all the links of
// a carrier that comes back do not arrive together.
type backoff struct {
	min, max time.Duration
	ceiling  time.Duration
	random   func(time.Duration) time.Duration // in [0, n)
}

func newBackoff(lo, hi time.Duration) *backoff {
	return &backoff{min: lo, max: max(lo, hi), ceiling: lo, random: rand.N[time.Duration]}
}

func (b *backoff) next() time.Duration {
	d := b.random(b.ceiling)
	b.ceiling = min(2*b.ceiling, b.max)
	return d
}

// longest is for what no further attempt will change: as long as a pause gets, with its jitter.
func (b *backoff) longest() time.Duration {
	b.ceiling = b.max
	return b.max - b.random(max(b.max/2, 1))
}

func (b *backoff) wasUp(d time.Duration) {
	if d >= goodWhile {
		b.ceiling = b.min
	}
}

// sleep waits for d or for ctx's end.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
