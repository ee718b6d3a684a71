package prompts

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// Format tags of a WAV's fmt chunk that a voice provider and a browser both play.
const (
	formatPCM  = 1
	formatALaw = 6
	formatULaw = 7
)

// wave is what a WAV says about itself, with its samples where they are G.711 A-law.
type wave struct {
	Format, Channels, Bits int
	Rate                   int // samples a second
	Data                   []byte
}

// readWave parses a RIFF/WAVE file whole. Recordings come from any studio's program, so every length is distrusted.
func readWave(b []byte) (wave, error) {
	var w wave
	if len(b) < 12 || string(b[:4]) != "RIFF" || string(b[8:12]) != "WAVE" {
		return w, errors.New("not a WAV file")
	}
	le := binary.LittleEndian
	haveFmt := false
	for at := 12; at+8 <= len(b); {
		id, n := string(b[at:at+4]), int64(le.Uint32(b[at+4:]))
		at += 8
		if n > int64(len(b)-at) {
			return w, fmt.Errorf("its %q chunk says %d bytes, %d follow", id, n, len(b)-at)
		}
		body := b[at : at+int(n)]
		switch id {
		case "fmt ":
			if n < 16 {
				return w, errors.New("its fmt chunk is too short")
			}
			w.Format, w.Channels, w.Rate, w.Bits = int(le.Uint16(body)), int(le.Uint16(body[2:])), int(le.Uint32(body[4:])), int(le.Uint16(body[14:]))
			haveFmt = true
		case "data":
			w.Data = body
		}
		at += int(n) + int(n&1) // chunks are padded to even
	}
	if !haveFmt || len(w.Data) == 0 {
		return w, errors.New("no fmt chunk or no samples")
	}
	return w, nil
}

// playable refuses what a telephone line or a browser would not play as recorded speech.
func (w wave) playable() error {
	switch {
	case w.Format != formatPCM && w.Format != formatALaw && w.Format != formatULaw:
		return fmt.Errorf("format %d, expected PCM, A-law or µ-law", w.Format)
	case w.Channels != 1:
		return fmt.Errorf("%d channels, expected one", w.Channels)
	case w.Rate < 8000 || w.Rate > 48000:
		return fmt.Errorf("%d samples a second, expected 8000 to 48000", w.Rate)
	case w.Format == formatPCM && w.Bits != 16, w.Format != formatPCM && w.Bits != 8:
		return fmt.Errorf("%d bits a sample, expected 16 for PCM, 8 for A-law and µ-law", w.Bits)
	}
	return nil
}

func (w wave) length() time.Duration {
	samples := len(w.Data) / max(1, w.Channels*w.Bits/8)
	return time.Duration(samples) * time.Second / time.Duration(w.Rate)
}
