package sip

import (
	"math"
	"time"

	"canhgiac/internal/g711"
)

// tone is a sine of A-law; a little is taken off both ends, so that it does not click.
func tone(hertz float64, d time.Duration) []byte {
	out := make([]byte, int(d*8000/time.Second))
	const edge = 80 // samples
	for i := range out {
		loud := 8000.0 * min(1, float64(i)/edge, float64(len(out)-i)/edge)
		out[i] = g711.ToALaw(int16(loud * math.Sin(2*math.Pi*hertz*float64(i)/8000)))
	}
	return out
}

func hush(d time.Duration) []byte {
	out := make([]byte, int(d*8000/time.Second))
	for i := range out {
		out[i] = aLaw.hush()
	}
	return out
}

// ringBack is what callers in Vietnam hear while a telephone rings: 425 Hz, one second of five (ITU-T E.180).
func ringBack() []byte { return append(tone(425, time.Second), hush(4*time.Second)...) }

// afterTheTone is the tone before a message.
func afterTheTone() []byte {
	return append(tone(1000, 400*time.Millisecond), hush(100*time.Millisecond)...)
}
