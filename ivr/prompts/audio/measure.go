package audio

import (
	"math"
	"time"
)

// What every kept sound holds to; Target is what Keep aims at.
const (
	Target   = -18.0 // LUFS
	Quietest = -20.0
	Loudest  = -16.0
	Ceiling  = -1.0 // dBTP
	MostAir  = 300 * time.Millisecond
)

// Figures are what is measured of a sound.
type Figures struct {
	Loudness   float64 // LUFS
	Peak       float64 // dBTP
	Length     time.Duration
	Head, Tail time.Duration // of silence at the ends
}

// OnTarget tells whether a sound is as loud as all the others, not clipped, and begins and ends without waiting.
func (f Figures) OnTarget() bool {
	return f.Loudness >= Quietest && f.Loudness <= Loudest && f.Peak <= Ceiling && f.Head < MostAir && f.Tail < MostAir
}

// underSpeech is how far below its loudness a piece of a sound counts as silence at its ends, in dB.
const underSpeech = 30.0

// Measure takes the figures. At the telephone's own rate the weighting's shelf would stand up to 0.4 LU too high at the upper
// end of speech: the samples between, which the peak needs anyhow, bring it to where a studio's meter has it.
func Measure(s Sound) Figures {
	between := Resample(s, oversampling*s.Rate)
	f := Figures{Loudness: Loudness(between.Rate, between.Samples), Peak: peak(s, between), Length: s.Length()}
	levels := s.frames()
	first, last := -1, -1
	for i, l := range levels {
		if l > f.Loudness-underSpeech {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	if first < 0 {
		f.Head, f.Tail = f.Length, f.Length
		return f
	}
	f.Head = time.Duration(first) * 10 * time.Millisecond
	f.Tail = f.Length - time.Duration(last+1)*10*time.Millisecond
	return f
}

// MeasureWAV takes the figures of a file as its listener hears it. Error: a *Refusal.
func MeasureWAV(b []byte) (Figures, error) {
	s, err := Read(b)
	if err != nil {
		return Figures{}, err
	}
	return Measure(s), nil
}

// quantile is the level that a share of a sound's pieces stays under.
func quantile(sorted []float64, share float64) float64 {
	if len(sorted) == 0 {
		return Silence
	}
	return sorted[int(math.Round(share*float64(len(sorted)-1)))]
}

// LengthOf is how long a WAV plays, by its header. Error: a *Refusal.
func LengthOf(wav []byte) (time.Duration, error) {
	if len(wav) < 12 || string(wav[:4]) != "RIFF" || string(wav[8:12]) != "WAVE" {
		return 0, refuse(NotSound, "not a WAV file")
	}
	w, err := parseWAV(wav)
	if err == nil {
		err = w.readable()
	}
	if err != nil {
		return 0, err
	}
	return time.Duration(len(w.data)/(w.bits/8*w.channels)) * time.Second / time.Duration(w.rate), nil
}
