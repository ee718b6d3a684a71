package sip

import (
	"net"
	"net/netip"
	"sync/atomic"
)

// path is the socket of one leg's sound: who may be heard on it, and where our sound goes. Its ports are guessed easily, so
// that anybody may send there: a stranger who is heard presses keys in another's call, and takes away its sound.
//
// Heard are the address that the SDP names and, from a telephone behind NAT, the first other one of an address that the SDP or
// the trunk has. That one may change once nothing came for a second: a gateway that moves does not always say so.
type path struct {
	*net.UDPConn
	known func(netip.Addr) bool // whether the trunk has it

	named atomic.Pointer[netip.AddrPort] // by the SDP
	from  atomic.Pointer[netip.AddrPort] // where sound came from; nil: none has
	stale atomic.Bool                    // another may be heard

	heard     atomic.Bool  // since it was looked at
	strangers atomic.Int64 // packets of whom we do not know
}

// name tells of the address in an SDP. The same again changes nothing: what NAT made of it is known by now.
func (p *path) name(a netip.AddrPort) {
	if old := p.named.Swap(&a); old == nil || *old != a {
		p.from.Store(nil)
	}
}

func (p *path) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := p.ReadFromUDPAddrPort(b)
		if err != nil {
			return n, nil, err
		}
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		if !p.admits(from) {
			continue
		}
		p.heard.Store(true)
		return n, net.UDPAddrFromAddrPort(from), nil
	}
}

func (p *path) admits(a netip.AddrPort) bool {
	if from := p.from.Load(); from != nil && *from == a {
		return true
	}
	switch {
	case p.isNamed(a):
	case !p.trusts(a.Addr()):
		p.strangers.Add(1)
		return false
	case p.from.Load() != nil && !p.stale.Load():
		return false
	}
	p.from.Store(&a)
	p.stale.Store(false)
	return true
}

func (p *path) isNamed(a netip.AddrPort) bool {
	n := p.named.Load()
	return n != nil && *n == a
}

func (p *path) trusts(a netip.Addr) bool {
	n := p.named.Load()
	return n != nil && n.Addr() == a || p.known(a)
}

// WriteTo sends to where sound comes from, and before any came to the address of the SDP. 0.0.0.0 is nobody's: an old way to
// put a call on hold (RFC 2543 §B.5).
func (p *path) WriteTo(b []byte, to net.Addr) (int, error) {
	if from := p.from.Load(); from != nil {
		return p.WriteToUDPAddrPort(b, *from)
	}
	if n := p.named.Load(); n != nil && n.Addr().IsUnspecified() {
		return len(b), nil
	}
	return p.UDPConn.WriteTo(b, to)
}

// control is the socket of a leg's RTCP. Nothing in it is used but that it came.
type control struct {
	*net.UDPConn
	path *path
}

// listen takes RTCP until the socket is closed.
func (c control) listen() {
	b := make([]byte, 64)
	for {
		_, from, err := c.ReadFromUDPAddrPort(b)
		switch {
		case err == nil && c.path.trusts(from.Addr().Unmap()):
			c.path.heard.Store(true)
		case err != nil:
			return
		}
	}
}
