package sip

import (
	"net"
	"net/netip"
	"testing"
)

// strangerAt speaks from another address than the trunk's, to a port that it has guessed.
func strangerAt(t *testing.T, p *peer) *peer {
	t.Helper()
	sound, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 2)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sound.Close() })
	return &peer{rtp: sound, sound: p.sound, out: p.out}
}

func onlyFrom(addr string) func(*Options) {
	return func(o *Options) { o.Trunks[0].Addresses = []netip.Prefix{netip.MustParsePrefix(addr)} }
}

func TestAStrangerPressesNoKeysAndHearsNothing(t *testing.T) {
	t.Parallel()
	h := newScript()
	s := serve(t, h, newOneLine(t), onlyFrom("127.0.0.1/32"))
	p := callTo(t, s.Addr("udp"), "")
	stranger := strangerAt(t, p)
	if err := stranger.press(101, '9'); err != nil {
		t.Fatal(err)
	}
	g := onlyLeg(t, s)
	(&ward{t: t}).until("the stranger's packets", func() bool { return g.path.strangers.Load() >= 5 })
	if err := p.press(101, '4'); err != nil {
		t.Fatal(err)
	}
	h.until(t, "the caller's key", func() bool { return h.all() == "4" })
	if from := g.path.from.Load(); from == nil || from.Port() != uint16(p.rtp.LocalAddr().(*net.UDPAddr).Port) {
		t.Errorf("the sound goes to %v", from)
	}
}

// onlyLeg is the sound of the only call.
func onlyLeg(t *testing.T, s *Server) (g *leg) {
	t.Helper()
	(&ward{t: t}).until("a call with sound", func() bool {
		s.talks.Range(func(_, v any) bool {
			k := v.(*talk)
			k.mu.Lock()
			defer k.mu.Unlock()
			g = k.leg
			return true
		})
		return g != nil
	})
	return g
}

func TestWhoIsHeardOnAPath(t *testing.T) {
	at := netip.MustParseAddrPort
	named, behindNAT, other, stranger := at("192.0.2.1:4000"), at("203.0.113.5:7000"), at("203.0.113.6:7000"), at("198.51.100.9:4000")
	p := &path{known: netip.MustParsePrefix("203.0.113.0/24").Contains}
	p.name(named)
	for _, c := range []struct {
		what  string
		do    func()
		from  netip.AddrPort
		heard bool
	}{
		{"a stranger", nil, stranger, false},
		{"the trunk's gateway, behind NAT", nil, behindNAT, true},
		{"a second one of the trunk's, beside it", nil, other, false},
		{"a second one of the trunk's, when the first has stopped", func() { p.stale.Store(true) }, other, true},
		{"the first, come back at once", nil, behindNAT, false},
		{"who the SDP names", nil, named, true},
		{"another port of whom the SDP names, beside it", nil, at("192.0.2.1:4002"), false},
		{"a stranger when all have stopped", func() { p.stale.Store(true) }, stranger, false},
		{"who the SDP names, again", func() { p.name(named) }, named, true},
		{"whom a new SDP names", func() { p.name(stranger) }, stranger, true},
	} {
		if c.do != nil {
			c.do()
		}
		if got := p.admits(c.from); got != c.heard {
			t.Errorf("%s: heard %v", c.what, got)
		}
	}
}
