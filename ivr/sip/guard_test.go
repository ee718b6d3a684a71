package sip

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"
)

// The two packets that end a process of the bare library, and more of their kind.
var killers = map[string]struct{ method, kind, body string }{
	"INFO without Content-Type":    {"INFO", "", "Signal=1"},
	"NOTIFY without Content-Type":  {"NOTIFY", "", "x"},
	"REFER without anything":       {"REFER", "", ""},
	"SDP with a repeated rtpmap":   {"INVITE", "application/sdp", "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 101\r\na=rtpmap:101 telephone-event/8000\r\na=rtpmap:101 telephone-event/8000\r\n"},
	"SDP with an empty line":       {"INVITE", "application/sdp", "\nv=0\r\n\n"},
	"SDP with a short c= line":     {"INVITE", "application/sdp", "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n"},
	"SDP with a crypto of nothing": {"INVITE", "application/sdp", "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/SAVP 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:\r\n"},
}

func TestNoPacketEndsTheProcess(t *testing.T) {
	t.Parallel()
	h := newScript()
	s := serve(t, h, newOneLine(t))
	inside := callTo(t, s.Addr("udp"), "")
	for name, k := range killers {
		t.Run(name, func(t *testing.T) {
			p, err := newPeer(s.Addr("udp"))
			if err != nil {
				t.Fatal(err)
			}
			defer p.close()
			m, err := p.final(k.method, k.kind, k.body)
			if err != nil || m.status() < 400 || m.status() >= 500 {
				t.Errorf("a stranger's: %v %q", err, m.first)
			}
			if k.method == "INVITE" {
				return // in a call it is a new offer; refused, the call goes on
			}
			if m, err := inside.final(k.method, k.kind, k.body); err != nil || m.status() < 400 {
				t.Errorf("in a call: %v %q", err, m.first)
			}
		})
	}
	if m, err := inside.final("INVITE", "application/sdp", killers["SDP with a repeated rtpmap"].body); err != nil || m.status() != 488 {
		t.Errorf("%v %q", err, m.first)
	}
	if err := inside.press(101, '7'); err != nil {
		t.Fatal(err)
	}
	h.until(t, "a key in the call that went on", func() bool { return h.all() == "7" })
}

func TestWhoStandsOnNoTrunkIsNotRead(t *testing.T) {
	t.Parallel()
	s := serve(t, newScript(), newOneLine(t), func(o *Options) {
		o.Trunks[0].Addresses = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	})
	if data, err := s.filter(propsFrom("127.0.0.1:5060"), []byte("INVITE")); err != nil || data != nil {
		t.Errorf("%q, %v", data, err)
	}
	if data, err := s.filter(propsFrom("192.0.2.9:5060"), []byte("INVITE")); err != nil || data == nil {
		t.Errorf("%q, %v", data, err)
	}
}

func TestTelephoneEventOfAnyUsualType(t *testing.T) {
	t.Parallel()
	for _, n := range eventTypes {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			h := newScript()
			s := serve(t, h, newOneLine(t))
			p, err := newPeer(s.Addr("udp"))
			if err != nil {
				t.Fatal(err)
			}
			defer p.close()
			m, err := p.call(p.offer(fmt.Sprintf("0 8 %d", n), fmt.Sprintf("a=rtpmap:%d telephone-event/8000", n)), false)
			if err != nil || m.status() != 200 {
				t.Fatalf("%v %q", err, m.first)
			}
			if !strings.Contains(m.body, fmt.Sprintf("a=rtpmap:%d telephone-event/8000", n)) || strings.Contains(m.body, "opus") {
				t.Errorf("answered\n%s", m.body)
			}
			if err := p.press(uint8(n), '4'); err != nil {
				t.Fatal(err)
			}
			h.until(t, "the key", func() bool { return h.all() == "4" })
		})
	}
}

func TestAnINVITEWithoutAnOffer(t *testing.T) {
	t.Parallel()
	h := newScript()
	s := serve(t, h, newOneLine(t))
	p, err := newPeer(s.Addr("udp"))
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	if m, err := p.call(p.plain(), true); err != nil || m.status() != 200 || !strings.Contains(m.body, "m=audio") {
		t.Fatalf("%v %q\n%s", err, m.first, m.body)
	}
	buf := make([]byte, 1500)
	_ = p.rtp.SetReadDeadline(time.Now().Add(within))
	if _, err := p.rtp.Read(buf); err != nil {
		t.Errorf("no sound: %v", err)
	}
	if err := p.press(101, '3'); err != nil {
		t.Fatal(err)
	}
	h.until(t, "the key", func() bool { return h.all() == "3" })
}

func TestSoundGoesBackToWhereItComesFrom(t *testing.T) {
	t.Parallel()
	s := serve(t, newScript(), newOneLine(t))
	p, err := newPeer(s.Addr("udp"))
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	offer := strings.Replace(p.plain(), "c=IN IP4 127.0.0.1", "c=IN IP4 192.0.2.77", 1) // a phone behind NAT names an address that is not its own
	if m, err := p.call(offer, false); err != nil || m.status() != 200 {
		t.Fatalf("%v %q", err, m.first)
	}
	if err := p.speak(8, true, make([]byte, 160)); err != nil {
		t.Fatal(err)
	}
	_ = p.rtp.SetReadDeadline(time.Now().Add(within))
	if _, err := p.rtp.Read(make([]byte, 1500)); err != nil {
		t.Errorf("no sound: %v", err)
	}
}

func TestAVideoPhoneAndAHeldCall(t *testing.T) {
	t.Parallel()
	s := serve(t, newScript(), newOneLine(t))
	p, err := newPeer(s.Addr("udp"))
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	m, err := p.call(p.plain()+"m=video 9 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n", false)
	if err != nil || m.status() != 200 || !strings.Contains(m.body, "m=video 0 RTP/AVP 96") {
		t.Fatalf("%v %q\n%s", err, m.first, m.body)
	}
	if _, err := p.rtp.Read(make([]byte, 1500)); err != nil { // before the first sound it would cross our own answer: 491
		t.Fatal(err)
	}
	for offered, want := range map[string]string{"sendonly": "recvonly", "inactive": "inactive", "sendrecv": "sendrecv"} {
		m, err := p.final("INVITE", "application/sdp", p.offer("8", "a="+offered))
		if err != nil || m.status() != 200 || !strings.Contains(m.body, "a="+want) {
			t.Errorf("%s: %v %q\n%s", offered, err, m.first, m.body)
		}
		if err := p.send("ACK", "", ""); err != nil {
			t.Fatal(err)
		}
	}
	if m, err := p.final("UPDATE", "", ""); err != nil || m.status() != 200 {
		t.Errorf("UPDATE: %v %q", err, m.first)
	}
	if m, err := p.final("BYE", "", ""); err != nil || m.status() != 200 {
		t.Errorf("BYE: %v %q", err, m.first)
	}
}

func TestKeysByINFO(t *testing.T) {
	t.Parallel()
	h := newScript()
	s := serve(t, h, newOneLine(t))
	p := callTo(t, s.Addr("udp"), "")
	for _, c := range [][2]string{{"application/dtmf-relay", "Signal=1\r\nDuration=160\r\n"}, {"application/dtmf", "2"}} {
		if m, err := p.final("INFO", c[0], c[1]); err != nil || m.status() != 200 {
			t.Errorf("%v %q", err, m.first)
		}
	}
	h.until(t, "both keys", func() bool { return h.all() == "12" })
	if m, err := p.final("INFO", "text/plain", "1"); err != nil || m.status() != 415 {
		t.Errorf("%v %q", err, m.first)
	}
}

func TestAFullTrunkSaysWhenToComeAgain(t *testing.T) {
	t.Parallel()
	s := serve(t, newScript(), newOneLine(t), func(o *Options) { o.Trunks[0].MaxCalls = 1 })
	first := callTo(t, s.Addr("udp"), "")
	second, err := newPeer(s.Addr("udp"))
	if err != nil {
		t.Fatal(err)
	}
	defer second.close()
	if m, err := second.call(second.plain(), false); err != nil || m.status() != 503 || m.header.Get("Retry-After") == "" {
		t.Errorf("%v %q %v", err, m.first, m.header)
	}
	if m, err := first.final("BYE", "", ""); err != nil || m.status() != 200 {
		t.Errorf("%v %q", err, m.first)
	}
}

// sipp's captures of keys begin with a duration of 0, which the library's reader loses.
func TestTheKeysOfSIPpsCaptures(t *testing.T) {
	t.Parallel()
	h := newScript()
	s := serve(t, h, newOneLine(t))
	p := callTo(t, s.Addr("udp"), "")
	want := ""
	for _, name := range []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "star", "pound", "1", "1"} {
		for _, payload := range capture(t, "/usr/share/sip-tester/dtmf_2833_"+name+".pcap") {
			if _, err := p.rtp.WriteToUDP(payload, p.sound); err != nil {
				t.Fatal(err)
			}
		}
		want += map[string]string{"star": "*", "pound": "#"}[name]
		if len(name) == 1 {
			want += name
		}
		h.until(t, "key "+name, func() bool { return len(h.all()) >= len(want) })
		time.Sleep(lateCopies + ms20) // as the same capture again is told from a copy of it: by the time between
	}
	if got := h.all(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// capture gives the UDP payloads of a pcap of Ethernet frames.
func capture(t *testing.T, path string) (all [][]byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	le := binary.LittleEndian
	for b = b[24:]; len(b) > 16; {
		n := int(le.Uint32(b[8:]))
		frame := b[16 : 16+n]
		b = b[16+n:]
		if len(frame) < 42 || frame[23] != 17 {
			continue
		}
		all = append(all, frame[42:])
	}
	if len(all) == 0 {
		t.Fatalf("no packets in %s", path)
	}
	return all
}

func TestADatabaseThatIsAwayLeavesNobodyInSilence(t *testing.T) {
	t.Parallel()
	h := newScript()
	h.fail = errors.New("the database is away")
	s := serve(t, h, newOneLine(t), faster(20))
	p := callTo(t, s.Addr("udp"), "")
	for { // the failure's line, the request for a message, then BYE
		m, err := p.receive()
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(m.first, "BYE ") {
			break
		}
	}
}
