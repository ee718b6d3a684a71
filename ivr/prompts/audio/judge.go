package audio

import (
	"slices"
	"time"
)

// What a person's recording must be before it is levelled.
const (
	quietest   = -45.0 // LUFS: under it the room would be heard with the words
	leastAbove = 15.0  // dB of the words over the room
	fullScale  = 0.985 // from here on a row of samples is a top that was cut off
	mostCut    = 0.001 // of the samples
	slowest    = 1.3   // syllables a second, 2.7 being usual (VOICE)
	fastest    = 7.0
)

// Judge says why a recording of so many syllables should be made again, as a *Refusal; nil where it is good. What it refuses no
// levelling would mend.
func Judge(s Sound, syllables int) error {
	if len(s.Samples) == 0 {
		return refuse(Silent, "no samples")
	}
	loud := Loudness(s.Rate, s.Samples)
	if loud <= absoluteGate {
		return refuse(Silent, "%.1f LUFS", loud)
	}
	if share := cutOff(s.Samples); share > mostCut {
		return refuse(Clipped, "%.2f %% of the samples", 100*share)
	}
	if loud < quietest {
		return refuse(TooQuiet, "%.1f LUFS", loud)
	}
	words := trimmed(withoutHum(s))
	if over := aboveRoom(withoutHum(s)); over < leastAbove {
		return refuse(TooNoisy, "the words are %.0f dB over the room", over)
	}
	spoken := words.Length() - lead - tail
	if most := Longest(syllables); spoken > most {
		return refuse(TooLong, "%s for %d syllables, at most %s", spoken, syllables, most)
	}
	if least := time.Duration(float64(syllables) / fastest * float64(time.Second)); spoken < least {
		return refuse(TooShort, "%s for %d syllables, at least %s", spoken, syllables, least)
	}
	return nil
}

// Longest is what so many syllables may take.
func Longest(syllables int) time.Duration {
	return (4*time.Second + time.Duration(float64(syllables)/slowest*float64(time.Second))).Round(time.Second)
}

// cutOff is the share of samples that stand in rows of three or more at full scale.
func cutOff(x []float64) float64 {
	cut, run := 0, 0
	for i, v := range x {
		over := v > fullScale || v < -fullScale
		if over {
			run++
		}
		if !over || i == len(x)-1 {
			if run >= 3 {
				cut += run
			}
			run = 0
		}
	}
	return float64(cut) / float64(len(x))
}

// aboveRoom is how far the words stand over what is heard between and around them.
func aboveRoom(s Sound) float64 {
	levels := slices.Sorted(slices.Values(s.frames()))
	return quantile(levels, 0.9) - quantile(levels, 0.05)
}
