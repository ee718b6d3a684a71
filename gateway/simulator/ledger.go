package simulator

import "hash/maphash"

// Counts are what the SMSC took over its life. Doubled is what residents would feel: a text that a number was sent again.
type Counts struct {
	Parts      int64 `json:"parts"`       // submit_sm answered with ESME_ROK
	Messages   int64 `json:"messages"`    // whole texts among them
	Distinct   int64 `json:"distinct"`    // different (number, text)
	Doubled    int64 `json:"doubled"`     // Messages - Distinct, as far as counted one by one
	Incomplete int64 `json:"incomplete"`  // texts that wait for a part
	Repeated   int64 `json:"repeated"`    // parts that came again before their text was whole
	Uncounted  int64 `json:"uncounted"`   // whole texts beyond what is told apart
	Throttled  int64 `json:"throttled"`   // submit_sm answered with ESME_RTHROTTLED
	Refused    int64 `json:"refused"`     // submit_sm answered with another error
	Unanswered int64 `json:"unanswered"`  // messages taken whose response a script lost
	Receipts   int64 `json:"receipts"`    // receipts that the gateway acknowledged
	Withheld   int64 `json:"withheld"`    // receipts that a script lost
	FromPhones int64 `json:"from_phones"` // deliver_sm of handsets' texts that it acknowledged
	Waiting    int64 `json:"waiting"`     // deliver_sm not acknowledged yet
	Dropped    int64 `json:"dropped"`     // deliver_sm refused for good, or too many to keep
	Bound      int64 `json:"bound"`       // links bound now
	Cut        int64 `json:"cut"`         // links that were cut
}

// toldApart is how many different (number, text) are counted one by one: at some 20 bytes each, 200 MB at most.
const toldApart = 10_000_000

// ledger counts each (number, text) by a 64-bit hash: among a million of them two are mistaken for one once in some 40
// million runs.
type ledger struct {
	seed   [2]maphash.Seed
	once   map[uint64]struct{}
	again  map[uint64]int // how often more; few are
	counts Counts
}

func newLedger() *ledger {
	return &ledger{seed: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}, once: make(map[uint64]struct{}), again: make(map[uint64]int)}
}

func (l *ledger) hash(n number, text string) uint64 {
	return maphash.String(l.seed[0], string(n)) ^ maphash.String(l.seed[1], text)
}

// message counts one whole text.
func (l *ledger) message(n number, text string) {
	l.counts.Messages++
	h := l.hash(n, text)
	_, known := l.once[h]
	switch {
	case known:
		l.counts.Doubled++
		l.again[h]++
	case len(l.once) >= toldApart:
		l.counts.Uncounted++
	default:
		l.counts.Distinct++
		l.once[h] = struct{}{}
	}
}

// Times is how often a number was sent a whole text.
func (s *Simulator) Times(to, text string) int {
	n, err := parseNumber(to)
	if err != nil {
		return 0
	}
	s.smsc.mu.Lock()
	defer s.smsc.mu.Unlock()
	l := s.smsc.ledger
	h := l.hash(n, text)
	if _, known := l.once[h]; !known {
		return 0
	}
	return 1 + l.again[h]
}
