// Package audio turns what a microphone, a studio or a speech program gives into what a telephone line plays, all of it
// equally loud, and measures what came of it.
//
//	bytes -- Read --> Sound at any rate -- Keep --> 8 kHz, trimmed, at -18 LUFS, A-law -- Measure --> figures
package audio

import (
	"math"
	"time"
)

// Rate is the telephone's: samples a second.
const Rate = 8000

// Sound is mono: samples between -1 and 1. What a studio's program overdrove may lie outside.
type Sound struct {
	Rate    int // samples a second
	Samples []float64
}

// Length is how long it plays.
func (s Sound) Length() time.Duration {
	if s.Rate <= 0 {
		return 0
	}
	return time.Duration(len(s.Samples)) * time.Second / time.Duration(s.Rate)
}

// frames are the levels of whole pieces of 10 ms, in dB of full scale, each by its root mean square.
func (s Sound) frames() []float64 {
	n := s.Rate / 100
	if n == 0 {
		return nil
	}
	levels := make([]float64, 0, len(s.Samples)/n)
	for at := 0; at+n <= len(s.Samples); at += n {
		levels = append(levels, decibels(power(s.Samples[at:at+n]))/2)
	}
	return levels
}

// power is the mean square.
func power(x []float64) float64 {
	if len(x) == 0 {
		return 0
	}
	sum := 0.0
	for _, v := range x {
		sum += v * v
	}
	return sum / float64(len(x))
}

// decibels of an amplitude; of a power it is half of this. Nothing at all is -200, which prints and compares.
func decibels(v float64) float64 { return 20 * math.Log10(max(v, 1e-10)) }

func amplitude(db float64) float64 { return math.Pow(10, db/20) }
