package sip

import "testing"

func TestTheOtherLawIsNearly(t *testing.T) {
	laws := newLaws()
	for i := range 256 {
		a := laws.linear[aLaw][i]
		u := laws.linear[uLaw][laws.toU[i]]
		if d := abs(int(a) - int(u)); d > max(abs(int(a))/16, 16) {
			t.Errorf("A-law %#x is %d, in µ-law %d", i, a, u)
		}
	}
}

func TestSilenceIsQuiet(t *testing.T) {
	laws := newLaws()
	for _, l := range []law{aLaw, uLaw} {
		if n := laws.loudness([]byte{l.hush(), l.hush()}, l); n > 8 {
			t.Errorf("silence of law %d has loudness %d", l, n)
		}
	}
}
