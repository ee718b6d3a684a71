package gateway

import (
	"sync"
	"time"
)

// searchAll is how often the whole index is looked through for a chunk. In between a search goes on from where the last one
// found one: under a long snapshot, such as pg_dump's, the entries of all chunks that have ended stand before it.
const searchAll = time.Second

// equalsFirst is for how long a link leaves a chunk to its equals that it had its turn with: long enough for one that is idle
// to look for work. Else a slow link may take the same chunk again and again, always a moment before the fast one looks.
const equalsFirst = 3 * idlePoll / 2

// search says which chunks to look among: those of urgent runs or of the others, from which one on, and without which.
type search struct {
	urgent  bool
	nth     int
	id      int64
	without []int64
}

// searches remember for one class of chunks how far they have come.
type searches struct {
	mu    sync.Mutex
	at    search
	whole time.Time           // the last search of all
	left  map[int64]time.Time // chunks that equals may have first, until then
}

// next is where to search now.
func (s *searches) next(now time.Time, of class) search {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.whole) >= searchAll {
		s.whole, s.at = now, search{}
	}
	s.at.urgent, s.at.without = of == express, nil
	for id, until := range s.left {
		if !now.Before(until) {
			delete(s.left, id)
			continue
		}
		s.at.without = append(s.at.without, id)
	}
	return s.at
}

// leave lets the link's equals have chunk id first, until then.
func (s *searches) leave(id int64, until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left == nil {
		s.left = map[int64]time.Time{}
	}
	s.left[id] = until
}

// found notes that c was found; nil: nothing, so that the next search is of all.
func (s *searches) found(c *lease) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c == nil {
		s.whole = time.Time{}
		return
	}
	s.at.nth, s.at.id = c.nth, c.id
}

// all says that the search was of all.
func (s search) all() bool { return s.id == 0 }
