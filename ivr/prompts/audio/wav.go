package audio

import (
	"encoding/binary"
	"math"
)

// Format tags of a WAV's fmt chunk.
const (
	formatPCM        = 1
	formatFloat      = 3
	formatALaw       = 6
	formatULaw       = 7
	formatExtensible = 0xfffe // the tag stands further behind
)

const (
	lowestRate, highestRate = 8000, 96000
	mostChannels            = 8
	endless                 = 0x7ffff000 // from here on a length says that the writer did not know it (a pipe)
)

// wave is what a WAV says about itself, with its samples as they stand in the file.
type wave struct {
	format, channels, bits int
	rate                   int
	data                   []byte
}

// readWAV reads a RIFF/WAVE file: PCM of 8 to 32 bits, floats, A-law, µ-law; several channels become one. Files come from any
// studio's program and from anybody, so every length is distrusted, and nothing is reserved by what a header claims.
func readWAV(b []byte) (Sound, error) {
	w, err := parseWAV(b)
	if err != nil {
		return Sound{}, err
	}
	if err := w.readable(); err != nil {
		return Sound{}, err
	}
	size := w.bits / 8
	frame := size * w.channels
	n := len(w.data) / frame
	if n == 0 {
		return Sound{}, refuse(Broken, "no samples")
	}
	if n > int(longest.Seconds())*w.rate {
		return Sound{}, refuse(TooLong, "%d s", n/w.rate)
	}
	s := Sound{w.rate, make([]float64, n)}
	for i := range s.Samples {
		sum := 0.0
		for c := range w.channels {
			at := i*frame + c*size
			sum += w.sample(w.data[at : at+size])
		}
		if math.IsNaN(sum) || math.IsInf(sum, 0) {
			return Sound{}, refuse(Broken, "sample %d is no number", i)
		}
		// A float beyond any loudspeaker is no sound, and its square would be infinite.
		s.Samples[i] = max(-16, min(16, sum/float64(w.channels)))
	}
	return s, nil
}

func parseWAV(b []byte) (wave, error) {
	var w wave
	le := binary.LittleEndian
	described := false
	for at := 12; at+8 <= len(b); {
		id, n := string(b[at:at+4]), int64(le.Uint32(b[at+4:]))
		at += 8
		rest := int64(len(b) - at)
		if n > rest && (id != "data" || n < endless) {
			return w, refuse(CutOff, "its %q chunk says %d bytes, %d follow", id, n, rest)
		}
		body := b[at : at+int(min(n, rest))]
		switch id {
		case "fmt ":
			if len(body) < 16 {
				return w, refuse(Broken, "its fmt chunk has %d bytes", len(body))
			}
			w.format, w.channels, w.rate, w.bits = int(le.Uint16(body)), int(le.Uint16(body[2:])), int(le.Uint32(body[4:])), int(le.Uint16(body[14:]))
			if w.format == formatExtensible && len(body) >= 26 {
				w.format = int(le.Uint16(body[24:])) // the first octets of the sub-format's GUID
			}
			described = true
		case "data":
			w.data = body
		}
		at += int(min(n, rest)) + int(n&1) // chunks are padded to even
	}
	if !described || len(w.data) == 0 {
		return w, refuse(Broken, "no fmt chunk or no samples")
	}
	return w, nil
}

func (w wave) readable() error {
	known := false
	switch w.format {
	case formatPCM:
		known = w.bits == 8 || w.bits == 16 || w.bits == 24 || w.bits == 32
	case formatFloat:
		known = w.bits == 32 || w.bits == 64
	case formatALaw, formatULaw:
		known = w.bits == 8
	}
	switch {
	case !known:
		return refuse(Broken, "format %d of %d bits", w.format, w.bits)
	case w.channels < 1 || w.channels > mostChannels:
		return refuse(Broken, "%d channels", w.channels)
	case w.rate < lowestRate || w.rate > highestRate:
		return refuse(Broken, "%d samples a second", w.rate)
	}
	return nil
}

// sample reads one: 8 bits are unsigned, more are signed, both as RIFF has it.
func (w wave) sample(b []byte) float64 {
	le := binary.LittleEndian
	switch {
	case w.format == formatALaw:
		return fromALaw(b[0])
	case w.format == formatULaw:
		return fromULaw(b[0])
	case w.format == formatFloat && w.bits == 64:
		return math.Float64frombits(le.Uint64(b))
	case w.format == formatFloat:
		return float64(math.Float32frombits(le.Uint32(b)))
	case w.bits == 8:
		return (float64(b[0]) - 128) / 128
	case w.bits == 16:
		return float64(int16(le.Uint16(b))) / (1 << 15)
	case w.bits == 24:
		return float64(int32(b[0])<<8|int32(b[1])<<16|int32(b[2])<<24) / (1 << 31)
	}
	return float64(int32(le.Uint32(b))) / (1 << 31)
}
