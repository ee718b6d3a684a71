package gateway

import "sync"

// inbox hands things from the link's goroutines, which must not block, to the one that stores them. It has no limit of its
// own: results are bounded by what may be in doubt, deliver_sm by what the link lets stand unacknowledged.
type inbox[T any] struct {
	mu     sync.Mutex
	items  []T
	closed bool
	ready  chan struct{} // holds a token while there is something to take
}

func newInbox[T any]() *inbox[T] { return &inbox[T]{ready: make(chan struct{}, 1)} }

func (b *inbox[T]) put(v T) {
	b.mu.Lock()
	b.items = append(b.items, v)
	b.mu.Unlock()
	b.signal()
}

func (b *inbox[T]) signal() {
	select {
	case b.ready <- struct{}{}:
	default:
	}
}

// close lets take report the end once everything has been taken.
func (b *inbox[T]) close() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.signal()
}

// take gives up to n items, oldest first, without waiting; ended says that nothing will come any more.
func (b *inbox[T]) take(n int) (items []T, ended bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n = min(n, len(b.items)); n > 0 {
		items = append(items, b.items[:n]...)
		clear(b.items[:n])
		b.items = b.items[n:]
	}
	if len(b.items) == 0 {
		b.items = nil
		if b.closed {
			b.signal() // whoever took the last comes once more, to see the end
		}
		return items, b.closed && n == 0
	}
	b.signal()
	return items, false
}

// empty says that there is nothing to take at the moment.
func (b *inbox[T]) empty() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.items) == 0
}
