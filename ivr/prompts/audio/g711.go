package audio

import "math"

// A-law, since Vietnam's trunks are E1 (ITU-T G.711 table 1a): a sign, three bits of segment, four of step; the even bits
// are inverted on the line.
func fromALaw(b byte) float64 {
	b ^= 0x55
	v := int(b&0x0f)<<4 + 8
	if seg := int(b&0x70) >> 4; seg > 0 {
		v = (v + 0x100) << (seg - 1)
	}
	if b&0x80 == 0 {
		v = -v
	}
	return float64(v) / 32768
}

func toALaw(x float64) byte {
	v := int(math.Round(x * 32768))
	sign := byte(0x80)
	if v < 0 {
		sign, v = 0, -v
	}
	v = min(v, 32767) >> 4
	seg := byte(0)
	for v >= 32 {
		v >>= 1
		seg++
	}
	if v >= 16 {
		seg++
		v -= 16
	}
	return (sign | seg<<4 | byte(v)) ^ 0x55
}

// fromULaw is G.711 table 2a, all bits inverted on the line.
func fromULaw(b byte) float64 {
	b = ^b
	v := ((int(b&0x0f)<<3 + 0x84) << (b & 0x70 >> 4)) - 0x84
	if b&0x80 != 0 {
		v = -v
	}
	return float64(v) / 32768
}

// alawOf puts each sample where A-law would: what the listener gets is what is measured.
func alawOf(samples []float64) []byte {
	b := make([]byte, len(samples))
	for i, v := range samples {
		b[i] = toALaw(v)
	}
	return b
}
