package sip

import (
	"net/netip"
	"sync"
	"time"
)

// Trunk is one line to the telephone network. A call belongs to the trunk that it came from by address; who stands on no
// trunk's list is not even read.
type Trunk struct {
	Name      string
	Addresses []netip.Prefix // from where its calls come; the addresses of Server are added
	Server    string         // host or host:port where our calls and registrations go; "": none
	Transport string         // udp, tcp or tls, to Server
	User      string         // registers with Server; "": known there by our address
	Password  string
	Expires   time.Duration // asked for
	CallerID  string        // the number that our calls show
	MaxCalls  int           // at a time, both ways
	SRTP      bool          // sound in the clear is refused, and not offered
	Numbers   Form          // of those that we dial over it

	Officers bool // officers are rung over it; without any so marked, over the first that has a Server
}

// Form is how a trunk wants Vietnamese numbers written.
type Form string

const (
	National Form = "national" // 0905123456
	E164     Form = "e164"     // +84905123456
	Plain    Form = "plain"    // 84905123456
)

// trunk is a Trunk at work.
type trunk struct {
	Trunk

	mu       sync.Mutex
	calls    int
	unheard  []*seat // whose ACK has not come, by their age
	resolved []netip.Addr
}

// take counts one more call, unless the trunk is full.
func (t *trunk) take() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.calls >= t.MaxCalls {
		return false
	}
	t.calls++
	return true
}

func (t *trunk) release() {
	t.mu.Lock()
	t.calls--
	t.mu.Unlock()
}

// has says whether a packet from there is this trunk's.
func (t *trunk) has(a netip.Addr) bool {
	for _, p := range t.Addresses {
		if p.Contains(a) {
			return true
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, r := range t.resolved {
		if r == a {
			return true
		}
	}
	return false
}

func (s *Server) trunkAt(addr string) *trunk {
	a, err := netip.ParseAddrPort(addr)
	if err != nil {
		return nil
	}
	for _, t := range s.trunks {
		if t.has(a.Addr().Unmap()) {
			return t
		}
	}
	return nil
}
