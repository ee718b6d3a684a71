package audio

import (
	"math"
	"slices"
	"time"
)

// Recipe names what Keep does, for fingerprints: who changes the one changes the other.
const Recipe = "highpass 100, trim 50 ms 180 ms, -18 LUFS, -1 dBTP, 8000 Hz A-law"

const (
	humBelow   = 100.0 // Hz: mains, handling, breath; no telephone carries it
	lead, tail = 50 * time.Millisecond, 180 * time.Millisecond
	headroom   = 0.6 // dB under the ceiling, since A-law's steps move a peak
)

// Keep makes what is kept and played: the telephone's rate, its ends trimmed, brought to the target, as a WAV of A-law, with
// the figures of just that. Error: a *Refusal, where it cannot be brought there.
func Keep(s Sound) ([]byte, Figures, error) {
	s = Resample(s, Rate)
	s = trimmed(withoutHum(s))
	if len(s.Samples) == 0 || Loudness(s.Rate, s.Samples) <= absoluteGate {
		return nil, Figures{}, refuse(Silent, "nothing is heard")
	}
	var data []byte
	var f Figures
	gain := amplitude(Target - Loudness(s.Rate, s.Samples))
	for range 12 { // a limited peak makes the whole quieter: it is raised again
		data = alawOf(limited(s, gain).Samples)
		f = Measure(decoded(data))
		if math.Abs(f.Loudness-Target) < 0.2 && f.Peak <= Ceiling {
			break
		}
		gain *= amplitude(Target - f.Loudness)
	}
	if !f.OnTarget() {
		return nil, f, refuse(TooUneven, "%.1f LUFS, peak %.1f dBTP, %s and %s of silence", f.Loudness, f.Peak, f.Head, f.Tail)
	}
	return wrap(formatALaw, 8, data), f, nil
}

func decoded(data []byte) Sound {
	s := Sound{Rate, make([]float64, len(data))}
	for i, b := range data {
		s.Samples[i] = fromALaw(b)
	}
	return s
}

// withoutHum takes away what lies under speech: a Butterworth high-pass of the second order.
func withoutHum(s Sound) Sound {
	k := math.Tan(math.Pi * humBelow / float64(s.Rate))
	a0 := 1 + math.Sqrt2*k + k*k
	f := biquad{b0: 1 / a0, b1: -2 / a0, b2: 1 / a0, a1: 2 * (k*k - 1) / a0, a2: (1 - math.Sqrt2*k + k*k) / a0}
	out := make([]float64, len(s.Samples))
	for i, v := range s.Samples {
		out[i] = f.next(v)
	}
	return Sound{s.Rate, out}
}

// trimmed cuts what comes before and after the words, and leaves a breath at each end. Speech is three pieces of 10 ms in a
// row above the room's own noise: a click of the button is shorter.
func trimmed(s Sound) Sound {
	levels := s.frames()
	from := speechFrom(levels)
	slices.Reverse(levels)
	behind := speechFrom(levels)
	if from < 0 {
		return Sound{Rate: s.Rate}
	}
	piece := s.Rate / 100
	start := max(0, from*piece-samples(lead, s.Rate))
	end := min(len(s.Samples), len(s.Samples)-len(s.Samples)%piece-behind*piece+samples(tail, s.Rate))
	out := slices.Clone(s.Samples[start:end])
	fade(out, s.Rate)
	return Sound{s.Rate, out}
}

// speechFrom gives the first piece that speaks, -1 where none does.
func speechFrom(levels []float64) int {
	sorted := slices.Sorted(slices.Values(levels))
	loud := quantile(sorted, 0.95)
	over := min(max(loud-40, quantile(sorted, 0.05)+6), loud-20)
	if loud <= -90 {
		return -1
	}
	run := 0
	for i, l := range levels {
		if l <= over {
			run = 0
			continue
		}
		if run++; run == 3 {
			return i - 2
		}
	}
	return -1
}

// fade keeps the cut from clicking: 5 ms at each end.
func fade(x []float64, rate int) {
	n := min(samples(5*time.Millisecond, rate), len(x)/2)
	for i := range n {
		w := 0.5 - 0.5*math.Cos(math.Pi*float64(i)/float64(n))
		x[i] *= w
		x[len(x)-1-i] *= w
	}
}

func samples(d time.Duration, rate int) int { return int(d * time.Duration(rate) / time.Second) }

// limited amplifies, and turns down what would come over the ceiling, 5 ms before it does and until 5 ms after, so smoothly
// that nobody hears it.
func limited(s Sound, gain float64) Sound {
	ceiling := amplitude(Ceiling - headroom)
	peaks := make([]float64, len(s.Samples)) // at four times the rate, the highest around each sample
	for i, v := range Resample(s, oversampling*s.Rate).Samples {
		peaks[i/oversampling] = max(peaks[i/oversampling], math.Abs(v)*gain)
		if next := i/oversampling + 1; i%oversampling != 0 && next < len(peaks) {
			peaks[next] = max(peaks[next], math.Abs(v)*gain)
		}
	}
	reach := samples(5*time.Millisecond, s.Rate)
	need := make([]float64, len(peaks)) // the smallest factor within reach
	for i := range need {
		need[i] = 1
		for _, p := range peaks[max(0, i-reach):min(len(peaks), i+reach+1)] {
			need[i] = min(need[i], ceiling/max(p, ceiling))
		}
	}
	out := make([]float64, len(need))
	for i := range out { // the mean of factors that all hold for this sample holds too
		sum, around := 0.0, need[max(0, i-reach):min(len(need), i+reach+1)]
		for _, n := range around {
			sum += n
		}
		out[i] = s.Samples[i] * gain * sum / float64(len(around))
	}
	return Sound{s.Rate, out}
}
