package simulator

import (
	"context"
	"sync"
	"time"
)

// tick is how much later than asked for something may be done, so that what is due at about the same time is done together.
const tick = time.Millisecond

// agenda does things later, all by one goroutine and one timer: a timer for each of a million receipts would cost more
// than sending them.
type agenda struct {
	now  func() time.Time
	wake chan struct{}

	mu     sync.Mutex
	due    byTime[entry]
	serial uint64
}

type entry struct {
	at     time.Time
	serial uint64
	do     func()
}

func (e entry) Before(o entry) bool {
	if !e.at.Equal(o.at) {
		return e.at.Before(o.at)
	}
	return e.serial < o.serial
}

func newAgenda(now func() time.Time) *agenda { return &agenda{now: now, wake: make(chan struct{}, 1)} }

// after runs do once d has passed; at once, by the caller, when there is nothing to wait for. do must not block. What is
// due after the simulator's end is not done.
func (a *agenda) after(d time.Duration, do func()) {
	if d <= 0 {
		do()
		return
	}
	a.mu.Lock()
	a.serial++
	first := a.due.push(entry{a.now().Add(d), a.serial, do})
	a.mu.Unlock()
	if first {
		select {
		case a.wake <- struct{}{}:
		default:
		}
	}
}

func (a *agenda) run(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	var batch []func()
	for {
		batch = batch[:0]
		wait := time.Hour
		a.mu.Lock()
		for now := a.now(); a.due.len() > 0; {
			if early := a.due.first().at.Sub(now); early > 0 {
				wait = early
				break
			}
			batch = append(batch, a.due.pop().do)
		}
		a.mu.Unlock()
		for i, do := range batch {
			do()
			batch[i] = nil
		}
		if len(batch) > 0 {
			if ctx.Err() != nil {
				return
			}
			continue
		}
		timer.Reset(max(wait, tick))
		select {
		case <-ctx.Done():
			return
		case <-a.wake:
		case <-timer.C:
		}
	}
}
