package audio

import "math"

// The meter of ITU-R BS.1770-5: each channel passes two filters (K-weighting), its power is taken in blocks of 400 ms that
// overlap by three quarters, and blocks that are silence do not count: first those under -70 LUFS, then those more than 10 LU
// under what remains (annex 1 §§1–5). All channels are front ones, of weight 1.
const (
	block        = 0.4 // seconds
	overlap      = 4   // blocks begin every block/overlap
	absoluteGate = -70.0
	relativeGate = -10.0
	offset       = -0.691 // dB: makes a 997 Hz sine at full scale in one channel -3.01 LKFS
)

// Silence is the loudness of a sound in which no block passes the gate.
const Silence = -200.0

// Loudness is the integrated loudness in LUFS. A sound shorter than one block, which the recommendation leaves open, is one
// block of its own length, so that a spoken digit has a loudness too.
func Loudness(rate int, channels ...[]float64) float64 {
	if rate <= 0 || len(channels) == 0 || len(channels[0]) == 0 {
		return Silence
	}
	powers := blocks(rate, channels)
	over := func(gate float64) (mean float64, n int) {
		for _, p := range powers {
			if lufs(p) > gate {
				mean += p
				n++
			}
		}
		return mean / float64(max(1, n)), n
	}
	mean, n := over(absoluteGate)
	if n == 0 {
		return Silence
	}
	mean, _ = over(max(absoluteGate, lufs(mean)+relativeGate))
	return lufs(mean)
}

func lufs(power float64) float64 { return offset + decibels(power)/2 }

// blocks gives each block's power, summed over the channels.
func blocks(rate int, channels [][]float64) []float64 {
	n := len(channels[0])
	size := int(math.Round(block * float64(rate)))
	size = max(1, min(size, n))
	step := max(1, size/overlap)
	powers := make([]float64, (n-size)/step+1)
	for _, c := range channels {
		k := weighted(rate, c)
		for i := range powers {
			powers[i] += power(k[i*step : i*step+size])
		}
	}
	return powers
}

// weighted passes x through the K-weighting: a shelf for the head, and a high-pass.
func weighted(rate int, x []float64) []float64 {
	shelf, high := kWeighting(float64(rate))
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = high.next(shelf.next(v))
	}
	return y
}

// biquad is a second-order filter, a0 = 1, in the transposed direct form II.
type biquad struct{ b0, b1, b2, a1, a2, z1, z2 float64 }

func (f *biquad) next(x float64) float64 {
	y := f.b0*x + f.z1
	f.z1 = f.b1*x - f.a1*y + f.z2
	f.z2 = f.b2*x - f.a2*y
	return y
}

// kWeighting makes the two filters for any rate. The recommendation prints their coefficients for 48 kHz only; these are the
// analogue filters behind them (shelf of 3.9998 dB at 1681.97 Hz, high-pass at 38.135 Hz), taken through the bilinear
// transform, which give the printed ones back at 48 kHz (a test compares).
func kWeighting(rate float64) (shelf, high biquad) {
	const (
		shelfAt, shelfQ, gain = 1681.974450955533, 0.7071752369554196, 3.999843853973347
		highAt, highQ         = 38.13547087602444, 0.5003270373238773
	)
	k := math.Tan(math.Pi * shelfAt / rate)
	vh := math.Pow(10, gain/20)
	vb := math.Pow(vh, 0.4996667741545416)
	a0 := 1 + k/shelfQ + k*k
	shelf = biquad{
		b0: (vh + vb*k/shelfQ + k*k) / a0, b1: 2 * (k*k - vh) / a0, b2: (vh - vb*k/shelfQ + k*k) / a0,
		a1: 2 * (k*k - 1) / a0, a2: (1 - k/shelfQ + k*k) / a0,
	}
	k = math.Tan(math.Pi * highAt / rate)
	a0 = 1 + k/highQ + k*k
	high = biquad{b0: 1, b1: -2, b2: 1, a1: 2 * (k*k - 1) / a0, a2: (1 - k/highQ + k*k) / a0}
	return shelf, high
}

// TruePeak is the highest point of the curve through the samples, in dB of full scale, found at four times the rate
// (BS.1770 annex 2).
func TruePeak(s Sound) float64 { return peak(s, Resample(s, oversampling*s.Rate)) }

const oversampling = 4

func peak(sounds ...Sound) float64 {
	highest := 0.0
	for _, s := range sounds {
		for _, v := range s.Samples {
			highest = max(highest, math.Abs(v))
		}
	}
	return decibels(highest)
}
