package smpp

// keepExpired bounds how many timed-out submit_sm a link remembers.
const keepExpired = 10_000

// expired remembers the submit_sm that timed out, oldest forgotten first, so that the id of a late response is not lost.
type expired struct {
	byNumber map[uint32]*SubmitSM
	ring     []uint32 // sequence numbers in the order they timed out
	next     int
}

func newExpired() expired { return expired{byNumber: map[uint32]*SubmitSM{}} }

func (e *expired) has(seq uint32) bool {
	_, ok := e.byNumber[seq]
	return ok
}

func (e *expired) add(seq uint32, m *SubmitSM) {
	if len(e.ring) < keepExpired {
		e.ring = append(e.ring, seq)
	} else {
		delete(e.byNumber, e.ring[e.next])
		e.ring[e.next] = seq
		e.next = (e.next + 1) % keepExpired
	}
	e.byNumber[seq] = m
}

// take gives the message that h answers, once, or nil.
func (e *expired) take(h Header) *SubmitSM {
	if h.ID != SubmitSMRespID && h.ID != GenericNackID {
		return nil
	}
	m := e.byNumber[h.Sequence]
	delete(e.byNumber, h.Sequence)
	return m
}
