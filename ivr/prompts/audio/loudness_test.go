package audio

import (
	"math"
	"testing"
)

// sine is a tone at level dB of full scale, by its peak.
func sine(rate int, hz, level, seconds float64) []float64 {
	x := make([]float64, int(seconds*float64(rate)))
	for i := range x {
		x[i] = amplitude(level) * math.Sin(2*math.Pi*hz*float64(i)/float64(rate))
	}
	return x
}

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > within {
		t.Errorf("%s: %.3f, expected %.3f ± %.2f", what, got, want, within)
	}
}

// TestTheFiltersAreThePrintedOnes compares with the tables of BS.1770-5, annex 1 (tables 1 and 2).
func TestTheFiltersAreThePrintedOnes(t *testing.T) {
	shelf, high := kWeighting(48000)
	for name, c := range map[string][2]float64{
		"shelf b0": {shelf.b0, 1.53512485958697}, "shelf b1": {shelf.b1, -2.69169618940638}, "shelf b2": {shelf.b2, 1.19839281085285},
		"shelf a1": {shelf.a1, -1.69065929318241}, "shelf a2": {shelf.a2, 0.73248077421585},
		"high a1": {high.a1, -1.99004745483398}, "high a2": {high.a2, 0.99007225036621},
		"high b0": {high.b0, 1}, "high b1": {high.b1, -2}, "high b2": {high.b2, 1},
	} {
		near(t, name, c[0], c[1], 1e-9)
	}
}

// TestASineAtFullScale: BS.1770-5, annex 1: 0 dB FS at 997 Hz in one channel indicates -3.01 LKFS. The telephone's rate and
// a studio's agree.
func TestASineAtFullScale(t *testing.T) {
	for _, rate := range []int{8000, 16000, 22050, 44100, 48000, 96000} {
		near(t, "one channel", Loudness(rate, sine(rate, 997, 0, 5)), -3.01, 0.05)
		near(t, "at -20", Loudness(rate, sine(rate, 997, -20, 5)), -23.01, 0.05)
	}
	for _, hz := range []float64{300, 500, 1000, 2000, 3000, 3400} {
		at8, at48 := Measure(Sound{8000, sine(8000, hz, -20, 5)}).Loudness, Loudness(48000, sine(48000, hz, -20, 5))
		near(t, "the two rates differ", at8, at48, 0.1)
	}
}

// TestTheMinimumRequirements are cases 1 to 5 of EBU Tech 3341 (v4.0, table 1): tones of 1000 Hz in both channels.
func TestTheMinimumRequirements(t *testing.T) {
	for name, steps := range map[string]struct {
		tones [][2]float64 // level, seconds
		want  float64
	}{
		"1: a tone at -23":                                 {[][2]float64{{-23, 20}}, -23},
		"2: a tone at -33":                                 {[][2]float64{{-33, 20}}, -33},
		"3: quieter tones around it do not count":          {[][2]float64{{-36, 10}, {-23, 60}, {-36, 10}}, -23},
		"4: nor does what is under the absolute gate":      {[][2]float64{{-72, 10}, {-36, 10}, {-23, 60}, {-36, 10}, {-72, 10}}, -23},
		"5: louder and quieter within the gate count both": {[][2]float64{{-26, 20}, {-20, 20.1}, {-26, 20}}, -23},
	} {
		t.Run(name, func(t *testing.T) {
			var x []float64
			for _, s := range steps.tones {
				x = append(x, sine(48000, 1000, s[0], s[1])...)
			}
			near(t, "loudness", Loudness(48000, x, x), steps.want, 0.1)
		})
	}
}

// TestTruePeaks are cases 15 to 18 of EBU Tech 3341: tones at a quarter of the rate, whose samples miss their tops.
func TestTruePeaks(t *testing.T) {
	for name, phase := range map[string]float64{"15: 0°": 0, "16: 45°": 45, "17: 60°": 60, "18: 67.5°": 67.5} {
		x := make([]float64, 48000)
		for i := range x {
			x[i] = 0.5 * math.Sin(math.Pi/2*float64(i)+phase*math.Pi/180)
		}
		fade(x, 48000) // a tone that begins at once overshoots
		peak := TruePeak(Sound{48000, x})
		if peak > -6+0.2 || peak < -6-0.4 {
			t.Errorf("%s: %.2f dBTP", name, peak)
		}
	}
}

func TestShortSoundsHaveALoudness(t *testing.T) {
	for _, ms := range []float64{50, 150, 300, 399, 400, 401} {
		near(t, "a short tone", Loudness(8000, sine(8000, 997, -20, ms/1000)), -23.01, 0.3)
	}
	for _, c := range [][]float64{nil, {}, make([]float64, 8), make([]float64, 8000)} {
		if l := Loudness(8000, c); l != Silence {
			t.Errorf("silence of %d samples has %.1f LUFS", len(c), l)
		}
	}
	if l := Loudness(8000); l != Silence {
		t.Errorf("no channel: %.1f", l)
	}
	if l := Loudness(8000, sine(8000, 997, -80, 5)); l != Silence {
		t.Errorf("under the absolute gate: %.1f", l)
	}
}
