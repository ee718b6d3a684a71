package sip

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emiago/diago/media"
	"github.com/pion/rtp"
)

const (
	frame        = 20 * time.Millisecond
	frameSamples = 160

	comfortNoise = 13 // RFC 3389 §4
)

// leg is the sound of one dialog, both ways.
type leg struct {
	laws   *laws
	log    *slog.Logger
	events uint8 // payload type of telephone-event here; 0: none was agreed

	sess atomic.Pointer[media.MediaSession] // replaced when the peer offers anew
	law  atomic.Uint32                      // that we send

	rtcp  control
	path  *path
	vigil *vigil

	keys  keyReader
	heard atomic.Pointer[hearing]
	tape  atomic.Pointer[tape] // records both ways; nil: nothing does

	mu    sync.Mutex // of what is sent
	out   rtp.Packet
	relay relayed

	sent atomic.Int64 // packets
}

// hearing is who takes what comes in. Each is called on the leg's reading goroutine and must not keep the packet.
type hearing struct {
	key    func(rune)
	audio  func(p *rtp.Packet, l law)
	events func(p *rtp.Packet) // telephone-event packets as they come, for a bridge
}

// newLeg is the sound of s, to which c belongs. silent is how long its other end may send nothing; 0: any time.
func newLeg(s *media.MediaSession, c control, t *laws, log *slog.Logger, o offer, silent time.Duration) *leg {
	g := &leg{laws: t, log: log, events: uint8(o.events), rtcp: c, path: c.path, vigil: &vigil{path: c.path, limit: frames(silent)}}
	g.out.Header = rtp.Header{Version: 2, SSRC: rand.Uint32(), SequenceNumber: uint16(rand.Uint32()), Timestamp: rand.Uint32()}
	g.heard.Store(&hearing{})
	g.adopt(s, o)
	return g
}

// adopt goes on with a session that was negotiated anew, by o.
func (g *leg) adopt(s *media.MediaSession, o offer) {
	g.path.name(netip.AddrPortFrom(o.addr, uint16(o.port)))
	g.vigil.hold(o.holds())
	old := g.sess.Swap(s)
	chosen := aLaw
	if c, ok := media.CodecAudioFromList(s.CommonCodecs()); ok {
		chosen = law(c.PayloadType)
	}
	g.law.Store(uint32(chosen))
	if old != nil {
		_ = old.StopRTP(1, 0) // wakes the reader, which goes on with the new one
	}
}

func (g *leg) speaks() law { return law(g.law.Load()) }

func (g *leg) hear(h *hearing) { g.heard.Store(h) }

// read takes packets until the session is closed.
func (g *leg) read() {
	go g.rtcp.listen()
	buf := make([]byte, media.RTPBufSize)
	for {
		s := g.sess.Load()
		err := g.readOne(s, buf)
		switch {
		case err == nil:
		case errors.Is(err, net.ErrClosed):
			return
		case errors.Is(err, os.ErrDeadlineExceeded):
			if err := g.sess.Load().StartRTP(1); err != nil {
				return
			}
		default:
			g.log.Debug("RTP packet not taken", "err", err)
		}
	}
}

// readOne takes one packet. Whatever it holds, only it is lost.
func (g *leg) readOne(s *media.MediaSession, buf []byte) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("RTP packet: %v", r)
		}
	}()
	var p rtp.Packet
	if _, err := s.ReadRTP(buf, &p); err != nil {
		return err
	}
	g.take(&p)
	return nil
}

func (g *leg) take(p *rtp.Packet) {
	if p.Version != 2 || len(p.Payload) == 0 {
		return
	}
	h := g.heard.Load()
	sound := p.PayloadType == uint8(aLaw) || p.PayloadType == uint8(uLaw)
	if t := g.tape.Load(); t != nil && sound {
		t.heard(p, law(p.PayloadType))
	}
	switch {
	case p.PayloadType == comfortNoise:
		g.vigil.comfort()
	case p.PayloadType == g.events && g.events != 0:
		if key, began := g.keys.read(p.SSRC, p.Timestamp, p.SequenceNumber, p.Marker, p.Payload, time.Now()); began && h.key != nil {
			h.key(key)
		}
		if h.events != nil {
			h.events(p)
		}
	case h.audio != nil && sound:
		h.audio(p, law(p.PayloadType))
	}
}

// send speaks one frame of A-law; first after a pause is marked (RFC 3551 §4.1).
func (g *leg) send(samples []byte, l law, first bool) error {
	if t := g.tape.Load(); t != nil {
		t.said(samples, l)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	to := g.speaks()
	g.out.PayloadType, g.out.Marker = uint8(to), first
	g.out.Payload = g.laws.convert(samples, l, to)
	g.out.SequenceNumber++
	g.out.Timestamp += uint32(len(samples))
	return g.write()
}

func (g *leg) write() error {
	if err := g.sess.Load().WriteRTP(&g.out); err != nil {
		return err
	}
	g.sent.Add(1)
	return nil
}

// relayed is how the timestamps of a bridged stream lie on ours.
type relayed struct {
	ssrc, offset uint32
	on           bool
}

// pass sends on a packet of the other leg of a bridge, as sound or as keys, at its own pace.
func (g *leg) pass(p *rtp.Packet, from law, event bool) error {
	if t := g.tape.Load(); t != nil && !event {
		t.said(p.Payload, from)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	to := g.speaks()
	if !g.relay.on || g.relay.ssrc != p.SSRC {
		g.relay = relayed{ssrc: p.SSRC, offset: g.out.Timestamp + frameSamples - p.Timestamp, on: true}
	}
	g.out.SequenceNumber++
	g.out.Timestamp, g.out.Marker = p.Timestamp+g.relay.offset, p.Marker
	if event {
		if g.events == 0 {
			return nil
		}
		g.out.PayloadType, g.out.Payload = g.events, p.Payload
	} else {
		g.out.PayloadType, g.out.Payload = uint8(to), g.laws.convert(p.Payload, from, to)
	}
	return g.write()
}

// alone ends a bridge.
func (g *leg) alone() {
	g.mu.Lock()
	g.relay = relayed{}
	g.mu.Unlock()
	g.hear(&hearing{})
}
