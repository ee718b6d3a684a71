package sip

import (
	"fmt"
	"net"
	"sync"

	"github.com/emiago/diago/media"
	"github.com/emiago/diago/media/sdp"
)

// ports gives each call an even port for RTP and the odd one above for RTCP (RFC 3550 §11), round and round, so that late
// packets of one call do not reach the next. The library's own round gets stuck where its last port is in use.
type ports struct {
	mu          sync.Mutex
	first, last int // 0: whatever the system gives
	next        int
}

func newPorts(first, last int) *ports {
	first += first & 1
	return &ports{first: first, last: last, next: first}
}

// open listens on the next free pair at ip. external is the address to tell others; nil: ip.
func (p *ports) open(ip, external net.IP, secure bool) (*media.MediaSession, error) {
	s := &media.MediaSession{
		Codecs:     []media.Codec{media.CodecAudioAlaw, media.CodecAudioUlaw, media.CodecTelephoneEvent8000},
		Mode:       sdp.ModeSendrecv,
		ExternalIP: external,
		RTPNAT:     media.RTPNATSymetric, // a false c= address behind NAT: answer to where the sound comes from
	}
	if secure {
		s.SecureRTP = 1
	}
	if p.first == 0 {
		s.Laddr = net.UDPAddr{IP: ip}
		if err := s.Init(); err != nil {
			return nil, fmt.Errorf("open an RTP port: %w", err)
		}
		return s, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var last error
	for range (p.last - p.first + 1) / 2 {
		port := p.next
		if p.next += 2; p.next+1 > p.last {
			p.next = p.first
		}
		s.Laddr = net.UDPAddr{IP: ip, Port: port}
		if last = s.Init(); last == nil {
			return s, nil
		}
	}
	return nil, fmt.Errorf("no free RTP port in %d-%d: %w", p.first, p.last, last)
}
