package sip

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// answers rings as an honest caller does, and is heard.
func answers(t *testing.T, h *script, addr string) {
	t.Helper()
	p := callTo(t, addr, "")
	h.mu.Lock()
	before := strings.Count(h.all(), "9")
	h.mu.Unlock()
	if err := p.press(101, '9'); err != nil {
		t.Fatal(err)
	}
	h.until(t, "the honest caller's key", func() bool { return strings.Count(h.all(), "9") == before+1 })
	if m, err := p.final("BYE", "", ""); err != nil || m.status() != 200 {
		t.Errorf("BYE: %v %q", err, m.first)
	}
}

// TestINVITEsWithoutACKKeepNobodyOut: whoever forges a trunk's address sends INVITEs and hears none of our answers.
func TestINVITEsWithoutACKKeepNobodyOut(t *testing.T) {
	t.Parallel()
	h := newScript()
	s := serve(t, h, newOneLine(t), func(o *Options) { o.Trunks[0].MaxCalls = 5 })
	for range 50 {
		p, err := newPeer(s.Addr("udp"))
		if err != nil {
			t.Fatal(err)
		}
		if err := p.send("INVITE", "application/sdp", p.plain()); err != nil {
			t.Fatal(err)
		}
		if _, err := p.receive(); err != nil { // paced by our answers, so that none is lost on the way
			t.Fatal(err)
		}
		p.close()
	}
	w := &ward{t: t, server: s}
	w.until("the last of them is old enough", func() bool {
		tr := s.trunks[0]
		tr.mu.Lock()
		defer tr.mu.Unlock()
		return len(tr.unheard) == 5 && time.Since(tr.unheard[4].since) >= unheard
	})
	for range 5 {
		answers(t, h, s.Addr("udp"))
	}
	tr := s.trunks[0]
	w.until("the honest callers' places are free again", func() bool {
		tr.mu.Lock()
		defer tr.mu.Unlock()
		return tr.calls == len(tr.unheard)
	})
}

func TestAPlaceIsGivenAwayOnceAndOnlyWithoutAnACK(t *testing.T) {
	tr := &trunk{Trunk: Trunk{MaxCalls: 2}}
	at := time.Unix(0, 0)
	silent, honest := tr.sit(at), tr.sit(at)
	silent.answered(at)
	honest.answered(at)
	if !honest.heard() {
		t.Fatal("the honest one lost its place")
	}
	if tr.sit(at.Add(unheard-1)) != nil {
		t.Error("the place was given away too soon")
	}
	next := tr.sit(at.Add(unheard))
	if next == nil || silent.heard() || !silent.taken() {
		t.Fatal("the silent one kept its place")
	}
	if tr.sit(at.Add(time.Hour)) != nil {
		t.Error("a place was given away twice")
	}
	for _, st := range []*seat{silent, honest, next} {
		st.leave()
	}
	if tr.calls != 0 || len(tr.unheard) != 0 {
		t.Errorf("%d calls, %d unheard", tr.calls, len(tr.unheard))
	}
}

// TestNothingMakesUsRingAnybody: what toll fraud tries. The trunk's server hears of every call that we would place.
func TestNothingMakesUsRingAnybody(t *testing.T) {
	t.Parallel()
	victim, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer victim.Close()
	there := victim.LocalAddr().String()
	h := newScript()
	s := serve(t, h, newOneLine(t), func(o *Options) { o.Trunks[0].Server = there })
	inside := callTo(t, s.Addr("udp"), "")
	premium := "sip:+9005551234@" + there
	for _, extra := range [][]string{
		{"Refer-To: <" + premium + ">"}, {"Refer-To: <" + premium + "?Replaces=1%3Bto-tag%3D2%3Bfrom-tag%3D3>", "Referred-By: <sip:a@b>"},
		{"Route: <sip:" + there + ";lr>"}, {"Refer-To: "}, {"Event: refer", "Subscription-State: active"},
	} {
		for _, method := range []string{"REFER", "NOTIFY", "SUBSCRIBE", "MESSAGE", "PUBLISH", "REGISTER", "PRACK", "INFO", "OPTIONS"} {
			for _, p := range []*peer{inside, stranger(t, s)} {
				p.headers = extra
				m, err := p.final(method, "message/sipfrag", premium)
				if err != nil || m.status() >= 300 == (method == "OPTIONS") {
					t.Errorf("%s %q: %v %q", method, extra, err, m.first)
				}
			}
		}
	}
	inside.headers = nil
	for _, headers := range [][]string{{"Route: <sip:" + there + ";lr>"}, {"Diversion: <" + premium + ">"}, {"Replaces: 1;to-tag=2;from-tag=3"}, {"Join: 1;to-tag=2;from-tag=3"}} {
		p := stranger(t, s)
		p.headers = headers
		if _, err := p.call(p.plain(), false); err != nil {
			t.Errorf("%q: %v", headers, err)
		}
	}
	answers(t, h, s.Addr("udp"))
	_ = victim.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	buf := make([]byte, 1500)
	if n, _, err := victim.ReadFrom(buf); err == nil {
		t.Errorf("somebody was rung:\n%s", buf[:n])
	}
}

func stranger(t *testing.T, s *Server) *peer {
	t.Helper()
	p, err := newPeer(s.Addr("udp"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	return p
}

// TestStormsInACallAndBesideIt: new offers without pause, a huge SDP, keys that are none, sound from strangers.
func TestStormsInACallAndBesideIt(t *testing.T) {
	t.Parallel()
	h := newScript()
	s := serve(t, h, newOneLine(t))
	p := callTo(t, s.Addr("udp"), "")
	for n := range 200 {
		m, err := p.final("INVITE", "application/sdp", p.offer("8 101", "a=rtpmap:101 telephone-event/8000", fmt.Sprintf("a=x-%d", n)))
		if err != nil || m.status() != 200 && m.status() != 491 {
			t.Fatalf("offer %d: %v %q", n, err, m.first)
		}
		if err := p.send("ACK", "", ""); err != nil {
			t.Fatal(err)
		}
		if m, err := p.final("INFO", "application/dtmf-relay", strings.Repeat("Signal=", n)+"\x00\xff"); err != nil || m.status() < 200 {
			t.Fatalf("junk %d: %v %q", n, err, m.first)
		}
	}
	huge := p.plain() + strings.Repeat("a=candidate:1 1 UDP 1 192.0.2.1 9 typ host\r\n", 400)
	if m, err := p.final("INVITE", "application/sdp", huge); err != nil || m.status() < 200 {
		t.Errorf("a huge offer: %v %q", err, m.first)
	}
	if err := p.send("ACK", "", ""); err != nil {
		t.Fatal(err)
	}
	other, err := net.DialUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 2)}, p.sound)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	for range 50 {
		_, _ = other.Write([]byte("no RTP at all"))
	}
	h.mu.Lock()
	keys := h.all()
	h.mu.Unlock()
	if keys != "" {
		t.Errorf("keys out of nothing: %q", keys)
	}
	if err := p.press(101, '9'); err != nil {
		t.Fatal(err)
	}
	h.until(t, "the caller's own key", func() bool { return h.all() == "9" })
	answers(t, h, s.Addr("udp"))
}

// TestConnectionsThatSayNothingAreClosed, before and after the TLS handshake.
func TestConnectionsThatSayNothingAreClosed(t *testing.T) {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	silent := &newcomer{Conn: ours, until: time.Now()}
	if _, err := silent.Read(make([]byte, 1)); err == nil {
		t.Error("it was waited for")
	}
	ours, theirs = net.Pipe()
	defer theirs.Close()
	spoken := &newcomer{Conn: ours, until: time.Now().Add(within)}
	go func() { _, _ = theirs.Write([]byte("IN")) }()
	buf := make([]byte, 1)
	for range 2 {
		if _, err := spoken.Read(buf); err != nil {
			t.Error(err)
		}
	}
	if !spoken.until.IsZero() {
		t.Error("it has spoken and is still timed")
	}
}

// TestHalfOpenConnectionsKeepNobodyOut: two hundred that never finish the TLS handshake, and a telephone that does.
func TestHalfOpenConnectionsKeepNobodyOut(t *testing.T) {
	t.Parallel()
	h := newScript()
	s := serve(t, h, newOneLine(t), func(o *Options) { o.Listen, o.TLS = []Listen{{"tls", "127.0.0.1:0"}}, ownCertificate(t) })
	for n := range 200 {
		c, err := net.Dial("tcp", s.Addr("tls"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if n%2 == 0 {
			_, _ = c.Write([]byte{22, 3, 1, 2, 0, 1})
		}
	}
	p := newPhone(t, phoneOptions{account: "transport=tls"})
	p.do("dial", "sip:hotline@"+s.Addr("tls")+";transport=tls")
	p.await("CALL_ESTABLISHED")
	p.press("7")
	h.until(t, "the key", func() bool { return h.all() == "7" })
	p.do("hangup", "")
	p.await("CALL_CLOSED")
}
