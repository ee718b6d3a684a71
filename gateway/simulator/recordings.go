package simulator

import (
	"encoding/binary"
	"time"
)

const recordingsKept = 200

// recordings are the lengths of what callers spoke; the sound itself is silence. The oldest give way.
type recordings struct {
	length map[string]time.Duration
	order  []string
}

// keepRecording gives the address at which the recording can be fetched.
func (s *Simulator) keepRecording(id string, d time.Duration) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.records.length == nil {
		s.records.length = make(map[string]time.Duration)
	}
	s.records.length[id] = d
	s.records.order = append(s.records.order, id)
	if len(s.records.order) > recordingsKept {
		delete(s.records.length, s.records.order[0])
		s.records.order = s.records.order[1:]
	}
	host := s.o.HTTPAddr
	if s.httpAddr != nil {
		host = s.httpAddr.String()
	}
	return "http://" + host + "/recordings/" + id
}

func (s *Simulator) recording(id string) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.records.length[id]
	if !ok {
		return nil, false
	}
	return silence(min(d, time.Hour)), true
}

// silence is a WAV of 8 kHz mono G.711 mu-law, in which 0xFF is silence.
func silence(d time.Duration) []byte {
	n := uint32(d * 8000 / time.Second)
	b := make([]byte, 0, 44+n)
	le := binary.LittleEndian
	b = append(b, "RIFF"...)
	b = le.AppendUint32(b, 36+n)
	b = append(b, "WAVEfmt "...)
	b = le.AppendUint32(b, 16)
	b = le.AppendUint16(b, 7) // mu-law
	b = le.AppendUint16(b, 1)
	b = le.AppendUint32(b, 8000)
	b = le.AppendUint32(b, 8000)
	b = le.AppendUint16(b, 1)
	b = le.AppendUint16(b, 8)
	b = append(b, "data"...)
	b = le.AppendUint32(b, n)
	for range n {
		b = append(b, 0xFF)
	}
	return b
}
