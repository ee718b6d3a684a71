package audio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"

	"github.com/hajimehoshi/go-mp3"
)

// looksLikeMP3: tags first, or a frame of MPEG audio, layer III (ISO/IEC 11172-3 §2.4.1.3).
func looksLikeMP3(b []byte) bool {
	return bytes.HasPrefix(b, []byte("ID3")) || len(b) > 4 && b[0] == 0xff && b[1]&0xe6 == 0xe2
}

// readMP3 decodes until the end or the longest that is taken, whichever comes first: a small file may hold hours.
func readMP3(b []byte) (s Sound, err error) {
	defer func() { // the decoder was not written for hostile files
		if p := recover(); p != nil {
			s, err = Sound{}, refuse(Broken, "the decoder gave up: %v", p)
		}
	}()
	d, err := mp3.NewDecoder(struct{ io.Reader }{bytes.NewReader(b)}) // no Seeker: else it reads all of it twice
	if err != nil {
		return Sound{}, refuse(Broken, "%v", err)
	}
	s.Rate = d.SampleRate()
	if s.Rate < lowestRate || s.Rate > highestRate {
		return Sound{}, refuse(Broken, "%d samples a second", s.Rate)
	}
	const frame = 4 // bytes: the decoder always gives two channels of 16 bits
	most := int(longest.Seconds()) * s.Rate
	buf := make([]byte, 4096*frame)
	for {
		n, err := io.ReadFull(d, buf)
		for at := 0; at+frame <= n; at += frame {
			left, right := int16(binary.LittleEndian.Uint16(buf[at:])), int16(binary.LittleEndian.Uint16(buf[at+2:]))
			s.Samples = append(s.Samples, (float64(left)+float64(right))/(1<<16))
		}
		if len(s.Samples) > most {
			return Sound{}, refuse(TooLong, "more than %s", longest)
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return Sound{}, refuse(Broken, "%v", err)
		}
	}
	if len(s.Samples) == 0 {
		return Sound{}, refuse(Broken, "no samples")
	}
	return s, nil
}
