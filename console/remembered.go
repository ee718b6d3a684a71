package console

import (
	"sync"
	"time"
)

// remembered keeps answers that are dear to find for a while: a home page is opened often, and a count over the whole
// ward need not be of this second. Who asks for one that is being found waits for it.
type remembered[V any] struct {
	now func() time.Time
	age time.Duration // how old an answer may be

	mu      sync.Mutex
	answers map[string]*answerOf[V]
}

type answerOf[V any] struct {
	sync.Mutex
	value V
	at    time.Time // zero: not found yet
}

func newRemembered[V any](now func() time.Time, age time.Duration) *remembered[V] {
	return &remembered[V]{now: now, age: age, answers: map[string]*answerOf[V]{}}
}

// get gives the answer to key, found by find if there is none that is young enough.
func (m *remembered[V]) get(key string, find func() (V, error)) (V, error) {
	m.mu.Lock()
	if m.answers[key] == nil {
		if len(m.answers) > 100 { // of campaigns long gone
			clear(m.answers)
		}
		m.answers[key] = &answerOf[V]{}
	}
	a := m.answers[key]
	m.mu.Unlock()
	a.Lock()
	defer a.Unlock()
	if !a.at.IsZero() && m.now().Sub(a.at) < m.age {
		return a.value, nil
	}
	v, err := find()
	if err == nil {
		a.value, a.at = v, m.now()
	}
	return v, err
}
