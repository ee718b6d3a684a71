package sip

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"

	"github.com/emiago/diago/media"
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

// open listens on the next free pair at ip. external is the address to tell others; nil: ip. known says who may be heard
// there beside whom the SDP names.
func (p *ports) open(ip, external net.IP, secure bool, known func(netip.Addr) bool) (*media.MediaSession, control, error) {
	sound, c, err := p.pair(ip)
	if err != nil {
		return nil, control{}, fmt.Errorf("open an RTP port: %w", err)
	}
	rtcp := control{c, &path{UDPConn: sound, known: known}}
	s := &media.MediaSession{Codecs: []media.Codec{media.CodecAudioAlaw, media.CodecAudioUlaw, media.CodecTelephoneEvent8000}, ExternalIP: external}
	s.InitWithListeners(rtcp.path, rtcp, &net.UDPAddr{}) // no address: one would pass for an offer that came
	s.Laddr = *sound.LocalAddr().(*net.UDPAddr)
	if secure {
		s.SecureRTP, s.SRTPAlg = 1, secureAlgorithm
	}
	return s, rtcp, nil
}

// systemTries is how often the system is asked for a port whose neighbour is free too.
const systemTries = 10

// pair opens both sockets.
func (p *ports) pair(ip net.IP) (sound, control *net.UDPConn, err error) {
	if p.first == 0 {
		for range systemTries {
			if sound, control, err = pairAt(ip, 0); err == nil {
				break
			}
		}
		return sound, control, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for range (p.last - p.first + 1) / 2 {
		port := p.next
		if p.next += 2; p.next+1 > p.last {
			p.next = p.first
		}
		if sound, control, err = pairAt(ip, port); err == nil {
			return sound, control, nil
		}
	}
	return nil, nil, fmt.Errorf("none is free in %d-%d: %w", p.first, p.last, err)
}

func pairAt(ip net.IP, port int) (sound, control *net.UDPConn, err error) {
	if sound, err = net.ListenUDP("udp", &net.UDPAddr{IP: ip, Port: port}); err != nil {
		return nil, nil, err
	}
	if control, err = net.ListenUDP("udp", &net.UDPAddr{IP: ip, Port: sound.LocalAddr().(*net.UDPAddr).Port + 1}); err != nil {
		return nil, nil, errors.Join(err, sound.Close())
	}
	return sound, control, nil
}
