package g711

import "testing"

// Values of the ITU's G.191 tool alaw_expand and ulaw_expand, in 16 bits.
func TestTheLawsAreG711(t *testing.T) {
	for b, want := range map[byte]int16{0xd5: 8, 0x55: -8, 0xaa: 32256, 0x2a: -32256, 0x80: 5504, 0x00: -5504} {
		if got := FromALaw(b); got != want {
			t.Errorf("A-law %#x: %d, want %d", b, got, want)
		}
	}
	for b, want := range map[byte]int16{0xff: 0, 0x7f: 0, 0x80: 32124, 0x00: -32124, 0xf0: 120, 0x70: -120} {
		if got := FromULaw(b); got != want {
			t.Errorf("µ-law %#x: %d, want %d", b, got, want)
		}
	}
}

func TestASampleSurvivesItsOwnLaw(t *testing.T) {
	for i := range 256 {
		b := byte(i)
		if got := ToALaw(FromALaw(b)); got != b {
			t.Errorf("A-law %#x came back as %#x", b, got)
		}
		if got := ToULaw(FromULaw(b)); got != b && b != 0x7f { // µ-law has two zeros
			t.Errorf("µ-law %#x came back as %#x", b, got)
		}
	}
}
