package webhook

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// lineRate is the samples a second of a telephone line.
const lineRate = 8000

// appendSamples adds a WAV's sound to samples, as the line has it: 8000 samples a second. The sounds were checked as they
// were read in; another form is an error all the same, never a noise in somebody's ear.
func appendSamples(samples []int16, wav []byte) ([]int16, error) {
	form, data, err := chunks(wav)
	if err != nil {
		return nil, err
	}
	var all []int16
	switch {
	case form.tag == 1 && form.bits == 16:
		all = make([]int16, len(data)/2)
		for i := range all {
			all[i] = int16(binary.LittleEndian.Uint16(data[2*i:]))
		}
	case form.tag == 6 && form.bits == 8:
		all = decode(data, fromALaw)
	case form.tag == 7 && form.bits == 8:
		all = decode(data, fromULaw)
	default:
		return nil, fmt.Errorf("format %d of %d bits, expected PCM of 16, A-law or µ-law", form.tag, form.bits)
	}
	if form.channels != 1 || form.rate < lineRate {
		return nil, fmt.Errorf("%d channels of %d samples a second, expected one of at least %d", form.channels, form.rate, lineRate)
	}
	return append(samples, slower(all, form.rate)...), nil
}

type waveForm struct{ tag, channels, rate, bits int }

var errWAV = errors.New("not a WAV file")

func chunks(b []byte) (form waveForm, data []byte, err error) {
	if len(b) < 12 || string(b[:4]) != "RIFF" || string(b[8:12]) != "WAVE" {
		return form, nil, errWAV
	}
	le := binary.LittleEndian
	for b = b[12:]; len(b) >= 8; {
		id, n := string(b[:4]), int(le.Uint32(b[4:]))
		b = b[8:]
		if n < 0 || n > len(b) {
			return form, nil, errWAV
		}
		switch {
		case id == "fmt " && n >= 16:
			form = waveForm{int(le.Uint16(b)), int(le.Uint16(b[2:])), int(le.Uint32(b[4:])), int(le.Uint16(b[14:]))}
		case id == "data" && form.rate > 0:
			return form, b[:n], nil
		}
		b = b[min(n+n&1, len(b)):] // chunks lie on even bytes
	}
	return form, nil, errWAV
}

// slower brings samples to the line's rate: each of its samples is the mean of those that fall into its time.
func slower(all []int16, rate int) []int16 {
	if rate == lineRate {
		return all
	}
	out := make([]int16, len(all)*lineRate/rate)
	for i := range out {
		from, to := i*rate/lineRate, min((i+1)*rate/lineRate, len(all))
		sum := 0
		for _, v := range all[from:to] {
			sum += int(v)
		}
		out[i] = int16(sum / max(1, to-from))
	}
	return out
}

func decode(data []byte, law func(byte) int16) []int16 {
	all := make([]int16, len(data))
	for i, b := range data {
		all[i] = law(b)
	}
	return all
}

// fromALaw and fromULaw expand a byte of G.711 (ITU-T G.711, tables 1 and 2) to 16 bits.
func fromALaw(b byte) int16 {
	b ^= 0x55
	v := int16(b&0x0f)<<4 + 8
	if exponent := b >> 4 & 7; exponent > 0 {
		v = (v + 0x100) << (exponent - 1)
	}
	if b&0x80 == 0 {
		return -v
	}
	return v
}

func fromULaw(b byte) int16 {
	b = ^b
	v := (int16(b&0x0f)<<3+0x84)<<(b>>4&7) - 0x84
	if b&0x80 != 0 {
		return -v
	}
	return v
}

// writeWAV is a WAV file of one channel of 16-bit samples.
func writeWAV(samples []int16) []byte {
	le := binary.LittleEndian
	n := uint32(2 * len(samples))
	b := append(make([]byte, 0, 44+n), "RIFF"...)
	b = append(le.AppendUint32(b, 36+n), "WAVEfmt "...)
	b = le.AppendUint32(b, 16)
	b = le.AppendUint16(b, 1)
	b = le.AppendUint16(b, 1)
	b = le.AppendUint32(b, lineRate)
	b = le.AppendUint32(b, 2*lineRate)
	b = le.AppendUint16(b, 2)
	b = append(le.AppendUint16(b, 16), "data"...)
	b = le.AppendUint32(b, n)
	for _, v := range samples {
		b = le.AppendUint16(b, uint16(v))
	}
	return b
}
