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

// byTime gives the earliest first. Where things come in the order in which they are due, as with a latency that is always
// the same, they stand in a line, and neither push nor pop sorts anything; the rest is a heap.
type byTime[T interface{ Before(T) bool }] struct {
	line []T
	head int
	heap []T
}

func (q *byTime[T]) len() int { return len(q.line) - q.head + len(q.heap) }

// inLine says that the first stands in the line and not in the heap.
func (q *byTime[T]) inLine() bool {
	return q.head < len(q.line) && (len(q.heap) == 0 || q.line[q.head].Before(q.heap[0]))
}

func (q *byTime[T]) first() T {
	if q.inLine() {
		return q.line[q.head]
	}
	return q.heap[0]
}

// push says whether v is now the first.
func (q *byTime[T]) push(v T) bool {
	first := q.len() == 0 || v.Before(q.first())
	if q.head == len(q.line) || !v.Before(q.line[len(q.line)-1]) {
		q.line = append(q.line, v)
		return first
	}
	q.heap = append(q.heap, v)
	for i := len(q.heap) - 1; i > 0; {
		up := (i - 1) / 2
		if !q.heap[i].Before(q.heap[up]) {
			break
		}
		q.heap[i], q.heap[up] = q.heap[up], q.heap[i]
		i = up
	}
	return first
}

func (q *byTime[T]) pop() T {
	var none T
	if q.inLine() {
		v := q.line[q.head]
		q.line[q.head] = none
		q.head++
		if q.head > 1024 && q.head > len(q.line)/2 {
			n := copy(q.line, q.line[q.head:])
			clear(q.line[n:])
			q.line, q.head = q.line[:n], 0
		}
		return v
	}
	v, last := q.heap[0], len(q.heap)-1
	q.heap[0], q.heap[last] = q.heap[last], none
	q.heap = q.heap[:last]
	for i := 0; ; {
		down := 2*i + 1
		if down >= last {
			break
		}
		if right := down + 1; right < last && q.heap[right].Before(q.heap[down]) {
			down = right
		}
		if !q.heap[down].Before(q.heap[i]) {
			break
		}
		q.heap[i], q.heap[down] = q.heap[down], q.heap[i]
		i = down
	}
	return v
}
