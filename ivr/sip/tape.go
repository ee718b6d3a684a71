package sip

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/pion/rtp"

	"canhgiac/ivr"
)

const (
	tapeChannels = 2                // the caller on the left, whoever speaks with them on the right
	tapeMax      = time.Hour        // of one call; what comes after is not kept
	tapeBehind   = 5                // frames that one side may lie behind before its silences are cut short
	tapeFarthest = 10 * 8000        // samples that wait for their turn; a peer that sends faster than sound is not kept whole
	tapePatience = 30 * time.Second // for the database: an hour is some 60 MB
)

// tape writes both sides of a call, frame by frame on the call's clock. Its file has a header from the start and is flushed
// twice a second, so that what a dead process leaves is a sound.
type tape struct {
	sid  string
	laws *laws

	mu      sync.Mutex
	file    *os.File
	w       *bufio.Writer
	caller  heardSide
	hotline []byte // A-law, said and not written yet
	frames  int
	left    int // frames until it is full
	err     error
}

// heardSide are the caller's packets, put in order.
type heardSide struct {
	waiting    []byte // A-law
	begun      bool
	ssrc, last uint32
}

func startTape(path, sid string, t *laws) (*tape, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("record a call: %w", err)
	}
	if _, err := f.Write(header(0, tapeChannels)); err != nil {
		return nil, fmt.Errorf("record a call: %w", errors.Join(err, f.Close()))
	}
	return &tape{sid: sid, laws: t, file: f, w: bufio.NewWriterSize(f, 2*flushFrames*frameSamples*tapeChannels), left: frames(tapeMax)}, nil
}

// heard adds a packet of the caller's. One that comes late, or twice, is left.
func (r *tape) heard(p *rtp.Packet, from law) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := &r.caller
	if c.begun && p.SSRC == c.ssrc && int32(p.Timestamp-c.last) <= 0 {
		return
	}
	c.begun, c.ssrc, c.last = true, p.SSRC, p.Timestamp
	if len(c.waiting) < tapeFarthest {
		c.waiting = append(c.waiting, r.laws.convert(p.Payload, from, aLaw)...)
	}
}

// said adds what the caller was sent.
func (r *tape) said(samples []byte, from law) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.hotline) < tapeFarthest {
		r.hotline = append(r.hotline, r.laws.convert(samples, from, aLaw)...)
	}
}

// tick writes the next 20 ms of both; a side of which nothing came is silent in it.
func (r *tape) tick() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.left == 0 || r.err != nil {
		return
	}
	r.left--
	r.frames++
	var both [tapeChannels * frameSamples]byte
	r.put(both[:], 0, &r.caller.waiting)
	r.put(both[:], 1, &r.hotline)
	if _, r.err = r.w.Write(both[:]); r.err == nil && r.frames%flushFrames == 0 {
		r.err = r.w.Flush()
	}
}

// put interleaves a frame of one side. A side that fell behind, by packets that came in a burst, catches up in its silences.
func (r *tape) put(both []byte, channel int, side *[]byte) {
	for len(*side) > tapeBehind*frameSamples && r.laws.loudness((*side)[:frameSamples], aLaw) <= voice {
		*side = (*side)[frameSamples:]
	}
	n := min(frameSamples, len(*side))
	for i := range frameSamples {
		b := aLaw.hush()
		if i < n {
			b = (*side)[i]
		}
		both[tapeChannels*i+channel] = b
	}
	*side = append((*side)[:0], (*side)[n:]...)
}

// close sets the header right and leaves the file on the disk.
func (r *tape) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.left = 0
	err := errors.Join(r.err, r.w.Flush())
	_, werr := r.file.WriteAt(header(r.frames*frameSamples, tapeChannels), 0)
	return errors.Join(err, werr, r.file.Sync(), r.file.Close())
}

// beginTape records the call from now on. Where it cannot, the call goes on all the same.
func (c *call) beginTape() {
	if c.s.spool == nil || c.leg.tape.Load() != nil {
		return
	}
	l, err := c.s.spool.begin(c.in, time.Now(), true)
	if err == nil {
		var r *tape
		if r, err = startTape(c.s.spool.path(l.SID, ".wav"), l.SID, c.s.laws); err == nil {
			c.leg.tape.Store(r)
			c.taped = &l
			return
		}
		err = errors.Join(err, c.s.spool.forget(l.SID))
		c.s.spool.hold(l.SID, false)
	}
	c.log.Error("call not recorded", "err", err)
}

// endTape brings the recording to the database. What fails here stays in the spool, and is brought later.
func (c *call) endTape() {
	r := c.leg.tape.Swap(nil)
	if r == nil {
		return
	}
	defer c.s.spool.hold(r.sid, false)
	if err := r.close(); err != nil {
		c.log.Error("recording of the call not whole", "recording", r.sid, "err", err)
	}
	if err := c.s.keepTape(context.WithoutCancel(c.ctx), *c.taped); err != nil {
		c.log.Error("recording of the call stays in the spool", "recording", r.sid, "err", err)
	}
}

// keepTape brings a recording from the spool; one without a sound in it is let go.
func (s *Server) keepTape(ctx context.Context, l label) error {
	wav, seconds, err := readSpooled(s.spool.path(l.SID, ".wav"), tapeChannels)
	if errors.Is(err, os.ErrNotExist) || err == nil && len(wav) == wavHeader {
		return s.spool.forget(l.SID)
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, tapePatience)
	defer cancel()
	err = s.o.Spoken.KeepTape(ctx, l.In.Provider, ivr.Tape{SID: l.SID, CallSID: l.CallSID, At: l.At, Seconds: seconds, Sound: ivr.Sound{Type: "audio/wav", Data: wav}})
	if err != nil {
		return err
	}
	return s.spool.forget(l.SID)
}
