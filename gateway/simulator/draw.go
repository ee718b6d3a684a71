package simulator

import "time"

// draw is the chance of one message. It comes from the seed, the number, the octets and how often they came before, and so
// does not depend on who else sends at the same moment: the same script treats the same messages the same way.
type draw uint64

// newDraw mixes what makes a message itself. FNV-1a: it must be the same in every process.
func newDraw(seed uint64, to number, octets []byte, part uint8) draw {
	h := uint64(14695981039346656037)
	for i := range len(to) {
		h = (h ^ uint64(to[i])) * 1099511628211
	}
	h = (h ^ uint64(part)) * 1099511628211
	for _, c := range octets {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return draw(h ^ seed*0x9E3779B97F4A7C15)
}

// nth is the draw of the same message when it came n times before.
func (d draw) nth(n uint16) draw { return d ^ draw(n)*0xD6E8FEB86659FD93 }

// next is splitmix64.
func (d *draw) next() uint64 {
	*d += 0x9E3779B97F4A7C15
	z := uint64(*d)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// share is evenly spread over 0 to 1, 1 left out.
func (d *draw) share() Share { return Share(d.next()>>11) / (1 << 53) }

// chance draws always, so that one key of a script does not shift what the others draw.
func (d *draw) chance(s Share) bool { return d.share() < s }

func (d *draw) span(s Span) time.Duration {
	u := d.next()
	if s.Max <= s.Min {
		return s.Min
	}
	return s.Min + time.Duration(u%uint64(s.Max-s.Min+1))
}
