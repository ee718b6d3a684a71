package sip

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
)

// wavHeader is the length of what stands before the samples: RIFF, fmt of 18 bytes with its empty extension, fact, and data.
// The fact chunk belongs to every format but PCM.
const wavHeader = 12 + 8 + 18 + 12 + 8

// header is a WAV of n samples of A-law, 8 kHz, in each of so many channels.
func header(n, channels int) []byte {
	le := binary.LittleEndian
	h := make([]byte, 0, wavHeader)
	h = append(h, "RIFF"...)
	h = le.AppendUint32(h, uint32(wavHeader-8+n*channels))
	h = append(h, "WAVEfmt "...)
	h = le.AppendUint32(h, 18)
	h = le.AppendUint16(h, 6) // A-law
	h = le.AppendUint16(h, uint16(channels))
	h = le.AppendUint32(h, 8000)
	h = le.AppendUint32(h, uint32(8000*channels))
	h = le.AppendUint16(h, uint16(channels))
	h = le.AppendUint16(h, 8)
	h = le.AppendUint16(h, 0)
	h = append(h, "fact"...)
	h = le.AppendUint32(h, 4)
	h = le.AppendUint32(h, uint32(n))
	h = append(h, "data"...)
	return le.AppendUint32(h, uint32(n*channels))
}

// readSpooled gives a recording whole, its header set right: one that a dead process left says that it has no samples.
func readSpooled(path string, channels int) (wav []byte, seconds int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	wav, err = io.ReadAll(f)
	if err != nil {
		return nil, 0, err
	}
	if len(wav) < wavHeader {
		return nil, 0, fmt.Errorf("recording %s: %d bytes are less than a header", path, len(wav))
	}
	n := (len(wav) - wavHeader) / channels
	copy(wav, header(n, channels))
	return wav[:wavHeader+n*channels], (n + 7999) / 8000, nil
}
