package sip

import (
	"strings"
	"testing"
	"time"
)

func TestSessionTimers(t *testing.T) {
	t.Parallel()
	s := serve(t, newScript(), newOneLine(t))
	for _, c := range []struct {
		name    string
		headers []string
		status  int
		agreed  string // Session-Expires of the answer
	}{
		{"nobody speaks of timers", nil, 200, ""},
		{"the caller renews", []string{"Supported: timer", "Session-Expires: 1800;refresher=uac"}, 200, "1800;refresher=uac"},
		{"in compact form, and nobody said who renews", []string{"k: 100rel, timer", "x: 600"}, 200, "600;refresher=uac"},
		{"we are to renew: no timer", []string{"Supported: timer", "Session-Expires: 1800; refresher=uas"}, 200, ""},
		{"a proxy asks for what the caller does not know", []string{"Session-Expires: 1800"}, 200, ""},
		{"too brief", []string{"Supported: timer", "Session-Expires: 30", "Min-SE: 30"}, 422, ""},
		{"nonsense", []string{"Supported: timer", "Session-Expires: soon"}, 200, ""},
	} {
		p, err := newPeer(s.Addr("udp"))
		if err != nil {
			t.Fatal(err)
		}
		defer p.close()
		p.headers = c.headers
		m, err := p.call(p.plain(), false)
		if err != nil || m.status() != c.status || m.header.Get("Session-Expires") != c.agreed {
			t.Errorf("%s: %v %q %q", c.name, err, m.first, m.header.Get("Session-Expires"))
		}
		if got := m.header.Get("Require"); (got == "timer") != (c.agreed != "") {
			t.Errorf("%s: Require %q", c.name, got)
		}
		if c.status == 422 && m.header.Get("Min-Se") != "90" {
			t.Errorf("%s: %v", c.name, m.header)
		}
	}
}

func TestASessionThatIsNotRenewedEnds(t *testing.T) {
	t.Parallel()
	h := newScript()
	s := serve(t, h, newOneLine(t))
	p, err := newPeer(s.Addr("udp"))
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	p.headers = []string{"Supported: timer", "Session-Expires: 90;refresher=uac"}
	if m, err := p.call(p.plain(), false); err != nil || m.status() != 200 {
		t.Fatalf("%v %q", err, m.first)
	}
	v := onlyLeg(t, s).vigil
	v.pass(55 * time.Second)
	if m, err := p.final("UPDATE", "", ""); err != nil || m.status() != 200 || !strings.HasPrefix(m.header.Get("Session-Expires"), "90") {
		t.Fatalf("%v %q %v", err, m.first, m.header)
	}
	v.pass(55 * time.Second)
	h.mu.Lock()
	ended := len(h.ended)
	h.mu.Unlock()
	if ended != 0 {
		t.Fatal("it ended though it was renewed")
	}
	v.pass(10 * time.Second)
	if m, err := p.request("BYE"); err != nil {
		t.Fatalf("%v %q", err, m.first)
	}
	h.until(t, "the end", func() bool {
		for _, status := range h.ended {
			return status == statusVanished
		}
		return false
	})
}
