package sip

import "time"

// keyNames are the events 0 to 15 of RFC 4733 §3.2.
const keyNames = "0123456789*#ABCD"

// longest is a duration field full: a key held longer goes on under a new timestamp (RFC 4733 §2.5.1.3).
const longest = 0xffff

// A replay of the same packets (sipp plays one capture for each press) is told from a late copy by the time between.
const lateCopies = 200 * time.Millisecond

// press is one key as the packets tell it.
type press struct {
	ssrc, stamp uint32
	event       byte
	ended       bool
	endSeq      uint16
	last        time.Time // when a packet of it came
	duration    uint16
}

// keyReader finds the keys in telephone-event packets. A press is known by its SSRC and timestamp, which all its packets
// share: so its first packet counts whatever the duration in it, a lost end is nothing, and late or repeated packets change
// nothing. A sender that keeps one timestamp marks a new press by the M bit after an end (RFC 4733 §2.5.1.1).
type keyReader struct {
	recent [8]press
	next   int
	known  int
}

// read gives the key that begins with this packet.
func (r *keyReader) read(ssrc, stamp uint32, seq uint16, marker bool, payload []byte, at time.Time) (rune, bool) {
	if len(payload) < 4 || int(payload[0]) >= len(keyNames) {
		return 0, false
	}
	event, end := payload[0], payload[1]&0x80 != 0
	duration := uint16(payload[2])<<8 | uint16(payload[3])
	p := r.find(ssrc, stamp, event)
	began := p == nil
	switch {
	case p != nil && marker && p.ended && (int16(seq-p.endSeq) > 0 || at.Sub(p.last) > lateCopies):
		began = true // the same timestamp again, marked as new
		*p = press{ssrc: ssrc, stamp: stamp, event: event}
	case p == nil:
		if held := r.heldOn(ssrc, stamp, event, marker); held != nil {
			began = false
			held.stamp, held.ended = stamp, false
			p = held
		} else {
			p = r.add(press{ssrc: ssrc, stamp: stamp, event: event})
		}
	}
	p.last = at
	p.duration = max(p.duration, duration)
	if end {
		p.ended, p.endSeq = true, seq
	}
	return rune(keyNames[event]), began
}

func (r *keyReader) find(ssrc, stamp uint32, event byte) *press {
	for i := range r.recent[:r.known] {
		if p := &r.recent[i]; p.ssrc == ssrc && p.stamp == stamp && p.event == event {
			return p
		}
	}
	return nil
}

// heldOn is the press that a packet goes on with under a timestamp moved by one full duration.
func (r *keyReader) heldOn(ssrc, stamp uint32, event byte, marker bool) *press {
	if marker {
		return nil
	}
	p := r.find(ssrc, stamp-longest, event)
	if p == nil || p.ended || p.duration < longest/2 {
		return nil
	}
	return p
}

func (r *keyReader) add(p press) *press {
	at := &r.recent[r.next]
	*at = p
	r.next = (r.next + 1) % len(r.recent)
	r.known = min(r.known+1, len(r.recent))
	return at
}
