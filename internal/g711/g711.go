// Package g711 has the two laws of the telephone line, one sample at a time.
package g711

import "math/bits"

// FromALaw decodes a sample (G.711 §3.1): sign, three bits of segment, four of step; even bits inverted on the line.
func FromALaw(b byte) int16 {
	b ^= 0x55
	v := int16(b&0x0f)<<4 + 8
	if seg := b >> 4 & 7; seg > 0 {
		v = (v + 0x100) << (seg - 1)
	}
	if b&0x80 == 0 {
		return -v
	}
	return v
}

// ToALaw encodes a sample to the nearest step below.
func ToALaw(v int16) byte {
	sign := byte(0x80)
	n := int(v)
	if n < 0 {
		sign, n = 0, -n-1
	}
	n = min(n, 32767) >> 4
	var b byte
	if n < 16 {
		b = byte(n)
	} else {
		seg := bits.Len(uint(n)) - 4
		b = byte(seg<<4) | byte(n>>(seg-1)&0x0f)
	}
	return (b | sign) ^ 0x55
}

const uBias = 0x84

// FromULaw decodes a sample (G.711 §3.2): as A-law with another bias, all bits inverted on the line.
func FromULaw(b byte) int16 {
	b = ^b
	v := (int16(b&0x0f)<<3+uBias)<<(b>>4&7) - uBias
	if b&0x80 != 0 {
		return -v
	}
	return v
}

// ToULaw encodes a sample.
func ToULaw(v int16) byte {
	sign := byte(0)
	n := int(v)
	if n < 0 {
		sign, n = 0x80, -n
	}
	n = min(n, 32635) + uBias
	seg := bits.Len(uint(n)) - 8
	return ^(sign | byte(seg<<4) | byte(n>>(seg+3)&0x0f))
}
