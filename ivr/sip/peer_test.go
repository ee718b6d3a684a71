package sip

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"
)

// peer is a caller that says exactly what a test wants it to, over UDP.
type peer struct {
	conn    net.Conn
	rtp     *net.UDPConn
	sound   *net.UDPAddr // where ours go
	id, tag string
	toTag   string
	cseq    int
	out     rtp.Packet
	answer  string   // SDP
	headers []string // more, of each request
}

// message is what came: the first line, the headers, the body.
type message struct {
	first  string
	header textproto.MIMEHeader
	body   string
}

func (m message) status() int {
	n, _ := strconv.Atoi(strings.Fields(m.first + " 0 0")[1])
	return n
}

func newPeer(addr string) (*peer, error) {
	conn, err := net.Dial("udp", addr)
	if err != nil {
		return nil, err
	}
	sound, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	p := &peer{conn: conn, rtp: sound, id: strconv.FormatUint(rand.Uint64(), 36), tag: strconv.FormatUint(rand.Uint64(), 36), cseq: 1}
	p.out.Header = rtp.Header{Version: 2, SSRC: rand.Uint32(), Timestamp: rand.Uint32()}
	return p, nil
}

// close hangs up where there is a call, so that the server need not find out.
func (p *peer) close() {
	if p.toTag != "" {
		_ = p.send("BYE", "", "")
	}
	_ = p.conn.Close()
	_ = p.rtp.Close()
}

// offer is an SDP with lines behind it; types are its payload types.
func (p *peer) offer(types string, lines ...string) string {
	port := p.rtp.LocalAddr().(*net.UDPAddr).Port
	return fmt.Sprintf("v=0\r\no=- 7 7 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio %d RTP/AVP %s\r\n%s", port, types, strings.Join(append(lines, ""), "\r\n"))
}

func (p *peer) plain() string { return p.offer("8 101", "a=rtpmap:101 telephone-event/8000") }

// send writes a request of this call.
func (p *peer) send(method, kind, body string) error {
	if method != "ACK" && method != "CANCEL" {
		p.cseq++
	}
	to := "<sip:hotline@127.0.0.1>"
	if p.toTag != "" {
		to += ";tag=" + p.toTag
	}
	branch := method
	if method == "ACK" && p.toTag == "" { // of a refusal: it belongs to the INVITE (RFC 3261 §17.1.1.3)
		branch = "INVITE"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s sip:hotline@%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;rport;branch=z9hG4bK%d%s%s\r\nFrom: <sip:0905123456@127.0.0.1>;tag=%s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d %s\r\n",
		method, p.conn.RemoteAddr(), p.conn.LocalAddr(), p.cseq, p.id, branch, p.tag, to, p.id, p.cseq, method)
	fmt.Fprintf(&b, "Contact: <sip:0905123456@%s>\r\nMax-Forwards: 70\r\n", p.conn.LocalAddr())
	for _, h := range p.headers {
		b.WriteString(h + "\r\n")
	}
	if kind != "" {
		fmt.Fprintf(&b, "Content-Type: %s\r\n", kind)
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	_, err := p.conn.Write([]byte(b.String()))
	return err
}

// receive reads the next message.
func (p *peer) receive() (message, error) {
	buf := make([]byte, 4096)
	_ = p.conn.SetReadDeadline(time.Now().Add(within))
	n, err := p.conn.Read(buf)
	if err != nil {
		return message{}, err
	}
	r := textproto.NewReader(bufio.NewReader(bytes.NewReader(buf[:n])))
	var m message
	if m.first, err = r.ReadLine(); err != nil {
		return m, err
	}
	if m.header, err = r.ReadMIMEHeader(); err != nil {
		return m, err
	}
	_, m.body, _ = strings.Cut(string(buf[:n]), "\r\n\r\n")
	return m, nil
}

// final sends a request and waits for its final answer.
func (p *peer) final(method, kind, body string) (message, error) {
	if err := p.send(method, kind, body); err != nil {
		return message{}, err
	}
	for {
		m, err := p.receive()
		if err != nil || strings.HasPrefix(m.first, "SIP/2.0 ") && m.status() >= 200 && strings.HasSuffix(m.header.Get("Cseq"), " "+method) {
			return m, err
		}
	}
}

// call rings and is answered. late: the offer is the other side's.
func (p *peer) call(offer string, late bool) (message, error) {
	kind, body := "application/sdp", offer
	if late {
		kind, body = "", ""
	}
	m, err := p.final("INVITE", kind, body)
	if err != nil || m.status() != 200 {
		if err == nil {
			err = p.send("ACK", "", "")
		}
		return m, err
	}
	_, p.toTag, _ = strings.Cut(m.header.Get("To"), ";tag=")
	p.answer = m.body
	for line := range strings.Lines(m.body) {
		if rest, ok := strings.CutPrefix(line, "m=audio "); ok {
			port, _ := strconv.Atoi(strings.Fields(rest)[0])
			p.sound = &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}
		}
	}
	if late {
		return m, p.send("ACK", "application/sdp", offer)
	}
	return m, p.send("ACK", "", "")
}

// speak sends one packet of a payload type.
func (p *peer) speak(kind uint8, marker bool, payload []byte) error {
	p.out.PayloadType, p.out.Marker, p.out.Payload = kind, marker, payload
	p.out.SequenceNumber++
	b, err := p.out.Marshal()
	if err != nil {
		return err
	}
	_, err = p.rtp.WriteToUDP(b, p.sound)
	return err
}

// press sends a key by RFC 4733: marked, once more, and the end three times.
func (p *peer) press(kind uint8, key rune) error {
	event := byte(strings.IndexRune(keyNames, key))
	p.out.Timestamp += 1600
	for i, flags := range []byte{10, 10, 0x8a, 0x8a, 0x8a} {
		if err := p.speak(kind, i == 0, []byte{event, flags, byte(i * 160 >> 8), byte(i * 160)}); err != nil {
			return err
		}
	}
	return nil
}

func callTo(t *testing.T, addr, offer string) *peer {
	t.Helper()
	p, err := newPeer(addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	if offer == "" {
		offer = p.plain()
	}
	m, err := p.call(offer, false)
	if err != nil || m.status() != 200 {
		t.Fatalf("%v %s", err, m.first)
	}
	return p
}

// reply answers a request that came.
func (p *peer) reply(m message, status int) error {
	var b strings.Builder
	fmt.Fprintf(&b, "SIP/2.0 %d .\r\n", status)
	for _, name := range []string{"Via", "From", "To", "Call-Id", "Cseq"} {
		for _, v := range m.header.Values(name) {
			fmt.Fprintf(&b, "%s: %s\r\n", strings.NewReplacer("Call-Id", "Call-ID", "Cseq", "CSeq").Replace(name), v)
		}
	}
	b.WriteString("Content-Length: 0\r\n\r\n")
	_, err := p.conn.Write([]byte(b.String()))
	return err
}
