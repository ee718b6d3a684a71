package conversations

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp"
)

const (
	frameSamples = 160
	pcma         = 8   // G.711 A-law
	events       = 101 // telephone-event, as we offer it
)

// message is a SIP message: its first line, headers and body.
type message struct {
	first  string
	header textproto.MIMEHeader
	body   string
	from   net.Addr
}

func readMessage(b []byte, from net.Addr) (m message, err error) {
	r := textproto.NewReader(bufio.NewReader(bytes.NewReader(b)))
	if m.first, err = r.ReadLine(); err != nil {
		return m, err
	}
	if m.header, err = r.ReadMIMEHeader(); err != nil {
		return m, err
	}
	_, m.body, _ = strings.Cut(string(b), "\r\n\r\n")
	m.from = from
	return m, nil
}

// answers says whether m answers a request finally.
func (m message) answers(method string) bool {
	return strings.HasPrefix(m.first, "SIP/2.0 ") && !strings.HasPrefix(m.first, "SIP/2.0 1") && strings.HasSuffix(m.header.Get("Cseq"), " "+method)
}

// reply writes the answer to a request.
func (m message) reply(to net.PacketConn, status int, tag, contact, body string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "SIP/2.0 %d .\r\n", status)
	for _, via := range m.header.Values("Via") {
		fmt.Fprintf(&b, "Via: %s\r\n", via)
	}
	called := m.header.Get("To")
	if tag != "" && !strings.Contains(called, ";tag=") {
		called += ";tag=" + tag
	}
	fmt.Fprintf(&b, "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %s\r\n", m.header.Get("From"), called, m.header.Get("Call-Id"), m.header.Get("Cseq"))
	if contact != "" {
		fmt.Fprintf(&b, "Contact: <%s>\r\n", contact)
	}
	if body != "" {
		b.WriteString("Content-Type: application/sdp\r\n")
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	_, err := to.WriteTo([]byte(b.String()), m.from)
	return err
}

// sdp offers or answers A-law and keys at a socket.
func sdp(sound *net.UDPConn) string {
	return fmt.Sprintf("v=0\r\no=- 7 7 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio %d RTP/AVP %d %d\r\na=rtpmap:%d telephone-event/8000\r\n",
		sound.LocalAddr().(*net.UDPAddr).Port, pcma, events, events)
}

func listenUDP(t *testing.T) *net.UDPConn {
	t.Helper()
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// ear is what a telephone has heard: the names of lines in the order in which they were said.
type ear struct {
	mu    sync.Mutex
	lines []string
	now   string // the last frame: a line's name, "tone", or "" for quiet
	quiet int    // frames of quiet since
	toned bool   // a tone came after the last line
	more  chan struct{}
}

// withoutSilence leaves out the zeroes of A-law behind a name.
func withoutSilence(samples []byte) []byte {
	for len(samples) > 0 && samples[len(samples)-1] == 0xd5 {
		samples = samples[:len(samples)-1]
	}
	return samples
}

func (e *ear) hear(samples []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.quiet++
	switch name, named := bytes.CutPrefix(samples, []byte(saysLine)); {
	case named:
		e.now = string(withoutSilence(name))
		e.lines, e.toned, e.quiet = append(e.lines, e.now), false, 0
	case len(withoutSilence(samples)) == 0:
		e.now = ""
	default:
		e.now, e.toned, e.quiet = "tone", true, 0
	}
	e.tell()
}

func (e *ear) tell() {
	select {
	case e.more <- struct{}{}:
	default:
	}
}

func (e *ear) until(t *testing.T, what string, done func() bool) {
	t.Helper()
	limit := time.NewTimer(within)
	defer limit.Stop()
	for {
		e.mu.Lock()
		yes := done()
		e.mu.Unlock()
		if yes {
			return
		}
		select {
		case <-e.more:
		case <-limit.C:
			t.Fatalf("never heard: %s; heard %v", what, e.take())
		}
	}
}

func (e *ear) take() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	lines := e.lines
	e.lines, e.toned = nil, false
	return lines
}

// phone is a caller's telephone for one call.
type phone struct {
	sip, sound *net.UDPConn
	server     *net.UDPAddr
	from       string
	id, tag    string
	to         string // with the other's tag, once there is one
	sounds     *net.UDPAddr
	out        rtp.Packet
	ear        *ear
	finals     chan message
	byes       chan struct{}
}

func newPhone(t *testing.T, server, from string) *phone {
	t.Helper()
	addr, err := net.ResolveUDPAddr("udp", server)
	if err != nil {
		t.Fatal(err)
	}
	p := &phone{sip: listenUDP(t), sound: listenUDP(t), server: addr, id: strconv.FormatUint(rand.Uint64(), 36), tag: strconv.FormatUint(rand.Uint64(), 36),
		from: "<sip:" + from + "@127.0.0.1>", to: "<sip:" + ours + "@127.0.0.1>", ear: &ear{more: make(chan struct{}, 1)},
		finals: make(chan message, 16), byes: make(chan struct{}, 16)}
	if from == "anonymous" {
		p.from = "<sip:anonymous@anonymous.invalid>"
	}
	p.out.Header = rtp.Header{Version: 2, SSRC: rand.Uint32(), Timestamp: rand.Uint32()}
	go p.talk()
	go p.listen()
	t.Cleanup(p.close)
	return p
}

func (p *phone) close() {
	_ = p.sip.Close()
	_ = p.sound.Close()
}

// talk takes what comes by SIP until the socket is closed.
func (p *phone) talk() {
	buf := make([]byte, 8192)
	for {
		n, from, err := p.sip.ReadFrom(buf)
		if err != nil {
			return
		}
		m, err := readMessage(buf[:n], from)
		switch {
		case err != nil:
		case strings.HasPrefix(m.first, "BYE "):
			_ = m.reply(p.sip, 200, "", "", "") // comes again where it is lost
			p.byes <- struct{}{}
		case m.answers("INVITE"), m.answers("BYE"):
			p.finals <- m
		}
	}
}

func (p *phone) listen() {
	buf := make([]byte, 2048)
	for {
		n, err := p.sound.Read(buf)
		if err != nil {
			return
		}
		var in rtp.Packet
		if in.Unmarshal(buf[:n]) == nil && in.PayloadType == pcma {
			p.ear.hear(in.Payload)
		}
	}
}

func (p *phone) request(t *testing.T, method string, cseq int, body string) {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "%s sip:%s@%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;rport;branch=z9hG4bK%s%s\r\nFrom: %s;tag=%s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d %s\r\nContact: <sip:phone@%s>\r\nMax-Forwards: 70\r\n",
		method, ours, p.server, p.sip.LocalAddr(), p.id, method, p.from, p.tag, p.to, p.id, cseq, method, p.sip.LocalAddr())
	if body != "" {
		b.WriteString("Content-Type: application/sdp\r\n")
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	if _, err := p.sip.WriteTo([]byte(b.String()), p.server); err != nil {
		t.Fatal(err)
	}
}

// call rings and is answered.
func (p *phone) call(t *testing.T) {
	t.Helper()
	p.request(t, "INVITE", 1, sdp(p.sound))
	m := await(t, p.finals, "an answer to INVITE")
	if !strings.HasPrefix(m.first, "SIP/2.0 200") {
		t.Fatal(m.first)
	}
	p.to = m.header.Get("To")
	for line := range strings.Lines(m.body) {
		if rest, ok := strings.CutPrefix(line, "m=audio "); ok {
			port, _ := strconv.Atoi(strings.Fields(rest)[0])
			p.sounds = &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}
		}
	}
	p.request(t, "ACK", 1, "")
}

// bye hangs up.
func (p *phone) bye(t *testing.T) {
	t.Helper()
	p.request(t, "BYE", 2, "")
	for {
		if await(t, p.finals, "an answer to BYE").answers("BYE") {
			return
		}
	}
}

// send speaks one packet, after a time in samples.
func (p *phone) send(t *testing.T, kind uint8, marker bool, after uint32, payload []byte) {
	t.Helper()
	p.out.PayloadType, p.out.Marker, p.out.Payload = kind, marker, payload
	p.out.SequenceNumber++
	p.out.Timestamp += after
	b, err := p.out.Marshal()
	if err == nil {
		_, err = p.sound.WriteTo(b, p.sounds)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// press is one key by RFC 4733: its first packet marked, once more, and the end three times.
func (p *phone) press(t *testing.T, key rune) {
	t.Helper()
	event := byte(strings.IndexRune("0123456789*#", key))
	for i, flags := range []byte{10, 10, 0x8a, 0x8a, 0x8a} {
		after := uint32(0)
		if i == 0 {
			after = 1600
		}
		p.send(t, events, i == 0, after, []byte{event, flags, byte(i * frameSamples >> 8), byte(i * frameSamples)})
	}
}
