package conversations

import (
	"fmt"
	"net"
	"strings"
	"testing"
)

// dutyPhone is the officers' telephone: all of them are reached at one address.
type dutyPhone struct {
	sip, sound *net.UDPConn
	invites    chan message
	acks       chan struct{}
	ends       chan struct{} // a CANCEL or BYE from the hotline
	answered   chan message  // our BYE
	ringing    message
	state      string // "", ringing, talking
}

func newDutyPhone(t *testing.T) *dutyPhone {
	t.Helper()
	d := &dutyPhone{sip: listenUDP(t), sound: listenUDP(t), invites: make(chan message, 16), acks: make(chan struct{}, 16), ends: make(chan struct{}, 16), answered: make(chan message, 16)}
	go d.serve()
	t.Cleanup(func() {
		_ = d.sip.Close()
		_ = d.sound.Close()
	})
	return d
}

func (d *dutyPhone) addr() string { return d.sip.LocalAddr().String() }

const dutyTag = "duty"

// serve answers what comes until the socket is closed. A request that is repeated is answered again.
func (d *dutyPhone) serve() {
	buf := make([]byte, 8192)
	var invite message
	for {
		n, from, err := d.sip.ReadFrom(buf)
		if err != nil {
			return
		}
		m, err := readMessage(buf[:n], from)
		method, _, _ := strings.Cut(m.first, " ")
		switch {
		case err != nil:
		case method == "INVITE" && m.header.Get("Call-Id") == invite.header.Get("Call-Id"):
		case method == "INVITE":
			invite = m
			_ = m.reply(d.sip, 180, dutyTag, "sip:duty@"+d.addr(), "")
			d.invites <- m
		case method == "ACK":
			d.acks <- struct{}{}
		case method == "CANCEL":
			_ = m.reply(d.sip, 200, dutyTag, "", "")
			_ = invite.reply(d.sip, 487, dutyTag, "", "")
			d.ends <- struct{}{}
		case method == "BYE":
			_ = m.reply(d.sip, 200, "", "", "")
			d.ends <- struct{}{}
		case m.answers("BYE"):
			d.answered <- m
		}
	}
}

func (d *dutyPhone) rung(t *testing.T) {
	t.Helper()
	d.ringing, d.state = await(t, d.invites, "the officer's telephone"), "ringing"
}

func (d *dutyPhone) refuses(t *testing.T, status int) {
	t.Helper()
	d.final(t, status, "")
	d.state = ""
}

func (d *dutyPhone) answers(t *testing.T) {
	t.Helper()
	d.final(t, 200, sdp(d.sound))
	d.state = "talking"
}

func (d *dutyPhone) final(t *testing.T, status int, body string) {
	t.Helper()
	if d.state != "ringing" {
		t.Fatal("no officer's telephone rings")
	}
	if err := d.ringing.reply(d.sip, status, dutyTag, "sip:duty@"+d.addr(), body); err != nil {
		t.Fatal(err)
	}
	await(t, d.acks, "ACK of the officer's answer")
}

// hangsUp ends the talk with the caller.
func (d *dutyPhone) hangsUp(t *testing.T) {
	t.Helper()
	h := d.ringing.header
	target := strings.Trim(h.Get("Contact"), "<> ")
	if i := strings.IndexByte(h.Get("Contact"), '<'); i >= 0 {
		target, _, _ = strings.Cut(h.Get("Contact")[i+1:], ">")
	}
	for n := 1; ; n++ { // a BYE in the very moment of the ACK finds no dialog yet: who hangs up does it again
		bye := fmt.Sprintf("BYE %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;rport;branch=z9hG4bK%sbye%d\r\nFrom: %s;tag=%s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d BYE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
			target, d.addr(), h.Get("Call-Id"), n, h.Get("To"), dutyTag, h.Get("From"), h.Get("Call-Id"), n)
		if _, err := d.sip.WriteTo([]byte(bye), d.ringing.from); err != nil {
			t.Fatal(err)
		}
		m := await(t, d.answered, "the end of the officer's talk")
		if strings.HasPrefix(m.first, "SIP/2.0 200") {
			break
		}
		if !strings.HasPrefix(m.first, "SIP/2.0 481") || n == 1000 {
			t.Fatal(m.first)
		}
	}
	d.state = ""
}

// free waits for the hotline to let go of the telephone, where it rang or was in use as the caller hung up.
func (d *dutyPhone) free(t *testing.T) {
	t.Helper()
	switch d.state {
	case "ringing":
		await(t, d.ends, "CANCEL")
		await(t, d.acks, "ACK of the cancelled call")
	case "talking":
		await(t, d.ends, "BYE to the officer")
	}
	d.state = ""
}
