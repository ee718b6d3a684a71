package gateway

import (
	"sync"
	"time"
)

// searchAll is how often the whole index is looked through for a chunk. In between a search goes on from where the last one
// found one: under a long snapshot, such as pg_dump's, the entries of all chunks that have ended stand before it.
const searchAll = time.Second

// search says which chunks to look among: those of urgent runs or of the others, and from which one on.
type search struct {
	urgent bool
	nth    int
	id     int64
}

// searches remember for one class of chunks how far they have come.
type searches struct {
	mu    sync.Mutex
	at    search
	whole time.Time // the last search of all
}

// next is where to search now.
func (s *searches) next(now time.Time, of class) search {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.whole) >= searchAll {
		s.whole, s.at = now, search{}
	}
	s.at.urgent = of == express
	return s.at
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
