package sip

import (
	"math"
	"testing"
	"time"

	"canhgiac/internal/g711"
	"canhgiac/ivr/prompts/audio"
)

// holdsTone says whether a sine sounds in s for so long, all in all.
func holdsTone(s audio.Sound, hertz float64, d time.Duration) bool {
	n := s.Rate / 50
	windows := 0
	for at := 0; at+n <= len(s.Samples); at += n {
		var re, im, all float64
		for i, v := range s.Samples[at : at+n] {
			phase := 2 * math.Pi * hertz * float64(i) / float64(s.Rate)
			re += v * math.Cos(phase)
			im += v * math.Sin(phase)
			all += v * v
		}
		if share := 2 * (re*re + im*im) / (float64(n)*all + 1e-9); all/float64(n) > 1e-4 && share > 0.7 {
			windows++
		}
	}
	return time.Duration(windows)*20*time.Millisecond >= d
}

func TestTheRingBackToneIsOneSecondOfFive(t *testing.T) {
	samples := ringBack()
	if len(samples) != 5*8000 {
		t.Fatalf("%d samples", len(samples))
	}
	s := audio.Sound{Rate: 8000}
	for _, b := range samples {
		s.Samples = append(s.Samples, float64(g711.FromALaw(b))/32768)
	}
	if !holdsTone(s, 425, 950*time.Millisecond) || holdsTone(s, 425, 1050*time.Millisecond) {
		t.Error("the tone does not last a second")
	}
}
