package sip

import (
	"bufio"
	"errors"
	"fmt"
	"os"

	"github.com/pion/rtp"
)

// voice is the loudness above which a frame counts as spoken: the hiss of a bad line lies under it, a whisper above.
const voice = 200

// longestGap is how many samples of silence are put in where packets are missing: a source that sends nothing while nobody
// speaks leaves gaps of any length.
const longestGap = 10 * 8000

// flushFrames is how often what was said goes to the file: a process that dies takes no more than this.
const flushFrames = 25

// recording writes what a caller says after the tone. The file has a header from the start, so that what a dead process
// leaves is a sound.
type recording struct {
	laws *laws
	file *os.File
	w    *bufio.Writer

	max, silence int // frames

	length, quiet int // frames since the tone, and since somebody spoke
	spoken        bool
	heard         bool // since the last frame

	begun      bool
	ssrc, next uint32 // the timestamp that goes on where the last packet ended
	samples    int
	err        error
}

func startRecording(path string, t *laws, max, silence int) (*recording, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("record a message: %w", err)
	}
	r := &recording{laws: t, file: f, w: bufio.NewWriterSize(f, 2*flushFrames*frameSamples), max: max, silence: silence}
	if _, err := f.Write(header(0, 1)); err != nil {
		return nil, fmt.Errorf("record a message: %w", errors.Join(err, f.Close()))
	}
	return r, nil
}

// take adds a packet: missing ones before it become silence, one that comes late is left.
func (r *recording) take(p *rtp.Packet, from law) {
	if r.laws.loudness(p.Payload, from) > voice {
		r.heard, r.spoken = true, true
	}
	gap := int32(p.Timestamp - r.next)
	switch {
	case !r.begun || p.SSRC != r.ssrc || gap > longestGap || gap < -longestGap:
	case gap < 0:
		return
	default:
		for range gap {
			r.write(aLaw.hush())
		}
	}
	r.begun, r.ssrc, r.next = true, p.SSRC, p.Timestamp+uint32(len(p.Payload))
	for _, b := range r.laws.convert(p.Payload, from, aLaw) {
		r.write(b)
	}
}

func (r *recording) write(b byte) {
	if r.err == nil {
		r.err = r.w.WriteByte(b)
		r.samples++
	}
}

// tick counts a frame: over at the longest message, after a silence, or when the file cannot be written. silence: nobody
// has spoken at all.
func (r *recording) tick() (over, silence bool) {
	r.length++
	r.quiet++
	if r.heard {
		r.quiet, r.heard = 0, false
	}
	if r.length%flushFrames == 0 && r.err == nil {
		r.err = r.w.Flush()
	}
	return r.length >= r.max || r.quiet >= r.silence || r.err != nil, !r.spoken
}

// close sets the header right and leaves the file on the disk.
func (r *recording) close() error {
	err := errors.Join(r.err, r.w.Flush())
	_, werr := r.file.WriteAt(header(r.samples, 1), 0)
	return errors.Join(err, werr, r.file.Sync(), r.file.Close())
}
