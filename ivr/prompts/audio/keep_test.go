package audio

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// speech is noise that comes and goes like syllables, at a level, between silences of a room.
func speech(rate int, level, before, seconds, after, room float64) Sound {
	random := rand.New(rand.NewPCG(1, 2))
	s := Sound{Rate: rate}
	add := func(seconds, level, shape float64) {
		for i := range int(seconds * float64(rate)) {
			at := math.Abs(math.Sin(math.Pi * 3 * float64(i) / float64(rate)))
			s.Samples = append(s.Samples, amplitude(level)*(1-shape+shape*at)*2*(random.Float64()-0.5))
		}
	}
	add(before, room, 0)
	add(seconds, level, 1)
	add(after, room, 0)
	return s
}

// TestWhateverComesInIsKeptOnTarget: at any rate and level, with seconds of a quiet room around the words.
func TestWhateverComesInIsKeptOnTarget(t *testing.T) {
	for name, s := range map[string]Sound{
		"a telephone's rate": speech(8000, -20, 1, 3, 2, -90),
		"a browser":          speech(48000, -30, 0.5, 4, 0.5, -70),
		"a studio":           speech(44100, -6, 2, 2, 3, -100),
		"an odd rate":        speech(11025, -40, 0.3, 2, 0.3, -85),
		"one digit":          speech(16000, -20, 0.4, 0.3, 0.4, -80),
		"no silence at all":  speech(22050, -20, 0, 2, 0, -80),
		"a click before":     withClick(speech(16000, -20, 1, 2, 1, -80)),
	} {
		t.Run(name, func(t *testing.T) {
			b, f, err := Keep(s)
			if err != nil {
				t.Fatal(err)
			}
			again, err := MeasureWAV(b)
			if err != nil || again != f || !f.OnTarget() {
				t.Errorf("%+v, measured again %+v, %v", f, again, err)
			}
			if off := math.Abs(f.Loudness - Target); off > 0.5 {
				t.Errorf("%.2f LUFS", f.Loudness)
			}
		})
	}
}

// withClick presses the button: 10 ms at full scale, long before the words.
func withClick(s Sound) Sound {
	for i := range s.Rate / 100 {
		s.Samples[s.Rate/10+i] = math.Sin(float64(i))
	}
	return s
}

func TestTheEndsAreTrimmedToABreath(t *testing.T) {
	b, _, err := Keep(speech(16000, -20, 1.5, 2, 1.5, -90))
	if err != nil {
		t.Fatal(err)
	}
	if f, _ := MeasureWAV(b); f.Length < 2*time.Second || f.Length > 2300*time.Millisecond || f.Head > 100*time.Millisecond || f.Tail > 280*time.Millisecond {
		t.Errorf("%+v", f)
	}
}

func TestNothingIsNotKept(t *testing.T) {
	for name, s := range map[string]Sound{
		"no samples": {Rate: 8000}, "zeros": {8000, make([]float64, 8000)}, "five milliseconds": speech(8000, -10, 0, 0.005, 0, -90),
		"an even hum": {8000, sine(8000, 50, -60, 2)},
	} {
		if _, f, err := Keep(s); err == nil {
			t.Errorf("%s is kept: %+v", name, f)
		} else if no := new(Refusal); !errors.As(err, &no) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNothingFoldsBack: a tone that the telephone cannot carry is gone, one that it can is as loud as before.
func TestNothingFoldsBack(t *testing.T) {
	for _, hz := range []float64{300, 1000, 3400} {
		near(t, "power of a tone within", decibels(power(middle(Resample(Sound{48000, sine(48000, hz, -20, 1)}, Rate))))/2, -23.01, 0.1)
	}
	for _, hz := range []float64{4100, 5000, 7000, 9000, 12000, 20000} {
		if l := decibels(power(middle(Resample(Sound{48000, sine(48000, hz, -20, 1)}, Rate)))) / 2; l > -90 {
			t.Errorf("%.0f Hz comes back at %.1f dB", hz, l)
		}
	}
}

// middle leaves out where the tone begins and ends.
func middle(s Sound) []float64 { return s.Samples[s.Rate/4 : 3*s.Rate/4] }

// TestEveryCodeOfALawComesBack: what is decoded and coded again is the same.
func TestEveryCodeOfALawComesBack(t *testing.T) {
	for c := range 256 {
		if got := toALaw(fromALaw(byte(c))); got != byte(c) {
			t.Errorf("%#x becomes %#x", c, got)
		}
	}
	for v, want := range map[float64]byte{0: 0xd5, 1: 0xaa, 2: 0xaa, -1: 0x2a, -5: 0x2a} {
		if got := toALaw(v); got != want {
			t.Errorf("%v becomes %#x, expected %#x", v, got, want)
		}
	}
}
