package simulator

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
