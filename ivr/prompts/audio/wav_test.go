package audio

import (
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"testing"
)

// wav writes a file of the given format; data as it stands.
func wav(format, channels, rate, bits int, data []byte) []byte {
	b := append([]byte("RIFF\x00\x00\x00\x00WAVEfmt "), 16, 0, 0, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(format))
	b = binary.LittleEndian.AppendUint16(b, uint16(channels))
	b = binary.LittleEndian.AppendUint32(b, uint32(rate))
	b = binary.LittleEndian.AppendUint32(b, uint32(rate*channels*bits/8))
	b = binary.LittleEndian.AppendUint16(b, uint16(channels*bits/8))
	b = binary.LittleEndian.AppendUint16(b, uint16(bits))
	b = append(b, "data"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	return append(b, data...)
}

// encoded writes samples in a format, the same into each channel.
func encoded(format, channels, rate, bits int, x []float64) []byte {
	var data []byte
	le := binary.LittleEndian
	for _, v := range x {
		for range channels {
			switch {
			case format == formatFloat && bits == 32:
				data = le.AppendUint32(data, math.Float32bits(float32(v)))
			case format == formatFloat:
				data = le.AppendUint64(data, math.Float64bits(v))
			case format == formatALaw:
				data = append(data, toALaw(v))
			case format == formatULaw:
				data = append(data, toULaw(v))
			case bits == 8:
				data = append(data, byte(math.Round(v*127)+128))
			default:
				n := int32(v * (1<<31 - 1))
				all := le.AppendUint32(nil, uint32(n))
				data = append(data, all[4-bits/8:]...)
			}
		}
	}
	return wav(format, channels, rate, bits, data)
}

// toULaw finds the code whose value lies nearest.
func toULaw(v float64) byte {
	best := 0
	for c := range 256 {
		if math.Abs(fromULaw(byte(c))-v) < math.Abs(fromULaw(byte(best))-v) {
			best = c
		}
	}
	return byte(best)
}

func TestEveryFormatOfAStudioIsRead(t *testing.T) {
	x := sine(16000, 440, -6, 0.1)
	for name, c := range map[string]struct {
		format, channels, bits int
		within                 float64
	}{
		"8 bits": {formatPCM, 1, 8, 0.01}, "16 bits": {formatPCM, 1, 16, 1e-4}, "24 bits": {formatPCM, 1, 24, 1e-6}, "32 bits": {formatPCM, 1, 32, 1e-6},
		"stereo": {formatPCM, 2, 16, 1e-4}, "24 bits in stereo": {formatPCM, 2, 24, 1e-6}, "six channels": {formatPCM, 6, 16, 1e-4},
		"float": {formatFloat, 1, 32, 1e-6}, "double": {formatFloat, 2, 64, 1e-9}, "A-law": {formatALaw, 1, 8, 0.02}, "µ-law": {formatULaw, 1, 8, 0.02},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Read(encoded(c.format, c.channels, 16000, c.bits, x))
			if err != nil || s.Rate != 16000 || len(s.Samples) != len(x) {
				t.Fatalf("%d samples at %d, %v", len(s.Samples), s.Rate, err)
			}
			for i := range x {
				if math.Abs(s.Samples[i]-x[i]) > c.within {
					t.Fatalf("sample %d is %.6f, expected %.6f", i, s.Samples[i], x[i])
				}
			}
		})
	}
}

func TestAnExtensibleHeaderIsRead(t *testing.T) {
	plain := encoded(formatPCM, 1, 16000, 24, sine(16000, 440, -6, 0.1))
	b := append([]byte(nil), plain[:16]...)
	b = append(b, 40, 0, 0, 0)
	b = append(b, plain[20:36]...)
	binary.LittleEndian.PutUint16(b[20:], formatExtensible)
	b = append(b, 22, 0, 24, 0, 4, 0, 0, 0, formatPCM, 0)
	b = append(b, "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"...)
	if s, err := Read(append(b, plain[36:]...)); err != nil || len(s.Samples) != 1600 {
		t.Errorf("%d samples, %v", len(s.Samples), err)
	}
}

// TestHostileFilesAreRefused: each by its reason, and none takes memory by what it claims.
func TestHostileFilesAreRefused(t *testing.T) {
	second := make([]byte, 16000)
	claims := func(n uint32) []byte {
		b := wav(formatPCM, 1, 8000, 16, second)
		binary.LittleEndian.PutUint32(b[40:], n)
		return b
	}
	for name, c := range map[string]struct {
		body []byte
		why  Reason
	}{
		"nothing":                       {nil, NotSound},
		"a picture":                     {[]byte("\x89PNG\r\n\x1a\n0000000000"), NotSound},
		"an Ogg":                        {[]byte("OggS\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00"), NotSound},
		"a page":                        {[]byte("<html><body>ID3</body></html>"), NotSound},
		"a header and nothing behind":   {[]byte("RIFF\x00\x00\x00\x00WAVE"), Broken},
		"an fmt chunk of two bytes":     {[]byte("RIFF\x00\x00\x00\x00WAVEfmt \x02\x00\x00\x00\x01\x00"), Broken},
		"an fmt chunk that is cut":      {[]byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00"), CutOff},
		"its end is missing":            {wav(formatPCM, 1, 8000, 16, second)[:1000], CutOff},
		"a chunk that claims 4 GB":      {append(wav(formatPCM, 1, 8000, 16, second), "LIST\xff\xff\xff\xff"...), CutOff},
		"samples that claim a gigabyte": {claims(1 << 30), CutOff},
		"no samples":                    {wav(formatPCM, 1, 8000, 16, nil), Broken},
		"half a sample":                 {wav(formatPCM, 1, 8000, 16, []byte{1}), Broken},
		"a compressed format":           {wav(85, 1, 8000, 16, second), Broken},
		"12 bits":                       {wav(formatPCM, 1, 8000, 12, second), Broken},
		"no channels":                   {wav(formatPCM, 0, 8000, 16, second), Broken},
		"300 channels":                  {wav(formatPCM, 300, 8000, 16, second), Broken},
		"too coarse":                    {wav(formatPCM, 1, 4000, 16, second), Broken},
		"a rate of nothing":             {wav(formatPCM, 1, 0, 16, second), Broken},
		"four billion samples a second": {wav(formatPCM, 1, 1<<32-1, 16, second), Broken},
		"not a number":                  {encoded(formatFloat, 1, 8000, 32, []float64{math.NaN(), math.NaN()}), Broken},
		"infinite":                      {encoded(formatFloat, 1, 8000, 32, []float64{math.Inf(1), math.Inf(1)}), Broken},
		"hours of 8 bits":               {wav(formatPCM, 1, 8000, 8, make([]byte, 8000*181)), TooLong},
		"larger than is read":           {make([]byte, MaxBytes+1), TooLarge},
		"tags of an MP3 and no more":    {[]byte("ID3\x03\x00\x00\x00\x00\x00\x00"), Broken},
		"a tag that claims 256 MB":      {[]byte("ID3\x03\x00\x00\x7f\x7f\x7f\x7fxxxxxxxx"), Broken},
		"a frame of MP3 and then chaos": {append([]byte{0xff, 0xfb, 0x90, 0x64}, []byte(strings.Repeat("\xff\xfb\x90\x64", 400))...), Broken},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Read(c.body)
			var no *Refusal
			if !errors.As(err, &no) || no.Why != c.why {
				t.Errorf("%d samples, %v; expected %s", len(s.Samples), err, c.why)
			}
		})
	}
}

// TestAPipeDoesNotKnowItsLength: speech programs write a length of their own choice before they know it.
func TestAPipeDoesNotKnowItsLength(t *testing.T) {
	for _, claimed := range []uint32{0x7ffff000, 0x7fffffff, 0x80000000, 0xffffffff} {
		b := wav(formatPCM, 1, 8000, 16, make([]byte, 16000))
		binary.LittleEndian.PutUint32(b[40:], claimed)
		if s, err := Read(b); err != nil || len(s.Samples) != 8000 {
			t.Errorf("%x: %d samples, %v", claimed, len(s.Samples), err)
		}
	}
}

// FuzzRead: whatever comes, it is a sound within its bounds or a refusal.
func FuzzRead(f *testing.F) {
	f.Add(encoded(formatPCM, 2, 16000, 24, sine(16000, 440, -6, 0.01)))
	f.Add(encoded(formatFloat, 1, 48000, 32, sine(48000, 440, -6, 0.01)))
	f.Add(encoded(formatALaw, 1, 8000, 8, sine(8000, 440, -6, 0.01)))
	f.Add([]byte("RIFF\x00\x00\x00\x00WAVEfmt \x02\x00\x00\x00\x01\x00"))
	f.Add([]byte("ID3\x03\x00\x00\x7f\x7f\x7f\x7fxxxxxxxx"))
	f.Add(append([]byte{0xff, 0xfb, 0x90, 0x64}, make([]byte, 413)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Read(b)
		var no *Refusal
		switch {
		case err != nil && !errors.As(err, &no):
			t.Errorf("an error that is no refusal: %v", err)
		case err == nil && (s.Rate < lowestRate || s.Rate > highestRate || len(s.Samples) == 0 || s.Length() > longest+longest/10):
			t.Errorf("%d samples at %d", len(s.Samples), s.Rate)
		case err == nil:
			for i, v := range s.Samples {
				if !(math.Abs(v) <= 16) {
					t.Fatalf("sample %d is %v", i, v)
				}
			}
		}
		if _, err := LengthOf(b); err != nil && !errors.As(err, &no) {
			t.Errorf("an error that is no refusal: %v", err)
		}
	})
}
