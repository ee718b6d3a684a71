package audio

import "math"

const (
	crossings = 48  // zero crossings of the filter at each side: a transition of 420 Hz at the telephone's rate
	kaiser    = 8.0 // the window's beta: what lies beyond is 80 dB down
)

// Resample gives the sound at another rate. What the lower rate cannot hold is filtered away first, else it would come back
// as a tone that nobody spoke: at 8 kHz all passes up to 3.58 kHz, and nothing from 4 kHz on.
func Resample(s Sound, rate int) Sound {
	if s.Rate == rate || len(s.Samples) == 0 {
		return Sound{rate, s.Samples}
	}
	common := gcd(s.Rate, rate)
	up, down := rate/common, s.Rate/common
	lower := float64(min(s.Rate, rate))
	cut := 0.5 - 210.0/8000.0                                   // of the lower rate: the middle of the transition
	half := int(math.Ceil(crossings * float64(s.Rate) / lower)) // input samples at each side
	phases := make([][]float64, up)
	out := make([]float64, (len(s.Samples)*up+down-1)/down)
	for i := range out {
		at := i * down
		whole, phase := at/up, at%up
		if phases[phase] == nil {
			phases[phase] = sinc(float64(phase)/float64(up), half, cut*lower/float64(s.Rate))
		}
		taps, from := phases[phase], whole-half+1
		first, last := max(0, -from), min(len(taps), len(s.Samples)-from)
		out[i] = dot(taps[first:last], s.Samples[from+first:from+last])
	}
	return Sound{rate, out}
}

// dot is where a resampling spends its time. It reads what its caller alone holds, and the race detector, looking at each of
// the reads, would make the tests of all sounds a minute longer.
//
//go:norace
func dot(a, b []float64) float64 {
	sum := 0.0
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}

// sinc is the filter for a point that lies shift samples behind the middle; cut is in parts of the rate.
func sinc(shift float64, half int, cut float64) []float64 {
	taps := make([]float64, 2*half)
	sum := 0.0
	for k := range taps {
		x := float64(k-half+1) - shift
		v := 2 * cut
		if x != 0 {
			v = math.Sin(2*math.Pi*cut*x) / (math.Pi * x)
		}
		if edge := x / float64(half); math.Abs(edge) < 1 {
			v *= bessel(kaiser*math.Sqrt(1-edge*edge)) / bessel(kaiser)
		} else {
			v = 0
		}
		taps[k] = v
		sum += v
	}
	for k := range taps { // so that every phase is equally loud
		taps[k] /= sum
	}
	return taps
}

// bessel is the modified Bessel function of the first kind and order zero.
func bessel(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > 1e-12*sum; k++ {
		term *= (x / (2 * k)) * (x / (2 * k))
		sum += term
	}
	return sum
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
