package audio

import (
	"encoding/binary"
	"time"
)

// ALaw gives the octets of a kept sound as a telephone line carries them, 8000 a second. Error: a *Refusal for any other file.
func ALaw(wav []byte) ([]byte, error) {
	w, err := parseWAV(wav)
	if err == nil && (w.format != formatALaw || w.channels != 1 || w.rate != Rate || w.bits != 8) {
		err = refuse(Broken, "format %d of %d bits, %d channels at %d; expected A-law of one channel at %d", w.format, w.bits, w.channels, w.rate, Rate)
	}
	return w.data, err
}

// Join plays kept sounds one after the other in a WAV of 16-bit samples, which whoever plays WAV takes.
func Join(wavs ...[]byte) ([]byte, error) {
	var all []byte
	for _, wav := range wavs {
		data, err := ALaw(wav)
		if err != nil {
			return nil, err
		}
		for _, b := range data {
			all = binary.LittleEndian.AppendUint16(all, uint16(int16(fromALaw(b)*(1<<15))))
		}
	}
	return wrap(formatPCM, 16, all), nil
}

// Pause makes a kept sound of nothing.
func Pause(d time.Duration) []byte {
	return wrap(formatALaw, 8, alawOf(make([]float64, samples(d, Rate))))
}

// wrap makes a WAV of one channel at the line's rate. Every format but PCM must have a fact chunk (RIFF, new wave types).
func wrap(format, bits int, data []byte) []byte {
	le := binary.LittleEndian
	b := append(make([]byte, 0, 60+len(data)), "RIFF\x00\x00\x00\x00WAVEfmt "...)
	size := uint32(16)
	if format != formatPCM {
		size = 18
	}
	b = le.AppendUint32(b, size)
	b = le.AppendUint16(b, uint16(format))
	b = le.AppendUint16(b, 1)
	b = le.AppendUint32(b, Rate)
	b = le.AppendUint32(b, uint32(Rate*bits/8))
	b = le.AppendUint16(b, uint16(bits/8))
	b = le.AppendUint16(b, uint16(bits))
	if format != formatPCM {
		b = append(b, 0, 0)
		b = le.AppendUint32(append(b, "fact"...), 4)
		b = le.AppendUint32(b, uint32(len(data)*8/bits))
	}
	b = le.AppendUint32(append(b, "data"...), uint32(len(data)))
	b = append(b, data...)
	if len(data)&1 == 1 {
		b = append(b, 0)
	}
	le.PutUint32(b[4:], uint32(len(b)-8))
	return b
}
