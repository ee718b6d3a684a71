package sip

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"
)

// guarded is a vigil whose clock a test moves frame by frame.
func guarded(limit time.Duration) (*vigil, *error) {
	v := &vigil{path: &path{}, limit: frames(limit)}
	var why error
	v.watch(func(err error) { why = err })
	return v, &why
}

func (v *vigil) pass(d time.Duration) {
	for range frames(d) {
		v.tick()
	}
}

// hears a packet every 20 ms.
func (v *vigil) hears(d time.Duration) {
	for range frames(d) {
		v.path.heard.Store(true)
		v.tick()
	}
}

func TestWhenTheOtherEndIsGone(t *testing.T) {
	const limit = time.Minute
	for _, c := range []struct {
		name string
		do   func(*vigil)
		want error
	}{
		{"nothing ever came", func(v *vigil) { v.pass(limit) }, errVanished},
		{"not before its time", func(v *vigil) { v.pass(limit - frame) }, nil},
		{"packets and then none", func(v *vigil) { v.hears(time.Minute); v.pass(limit) }, errVanished},
		{"a packet a minute is enough", func(v *vigil) { v.pass(limit - frame); v.hears(frame); v.pass(limit - frame) }, nil},
		{"on hold it may be silent", func(v *vigil) { v.hold(true); v.pass(time.Hour) }, nil},
		{"taken back from hold it must speak", func(v *vigil) { v.hold(true); v.pass(time.Hour); v.hold(false); v.pass(limit) }, errVanished},
		{"who pauses may be silent for longer", func(v *vigil) { v.hears(frame); v.pass(2 * time.Second); v.hears(frame); v.pass(4 * limit) }, nil},
		{"but not for ever", func(v *vigil) { v.hears(frame); v.pass(2 * time.Second); v.hears(frame); v.pass(5 * limit) }, errVanished},
		{"comfort noise announces a pause", func(v *vigil) { v.comfort(); v.pass(4 * limit) }, nil},
		{"a session that is not renewed ends, even on hold", func(v *vigil) { v.hold(true); v.renew(90 * time.Second); v.pass(90 * time.Second) }, errExpired},
		{"a session that is renewed goes on", func(v *vigil) {
			v.renew(90 * time.Second)
			v.hears(80 * time.Second)
			v.renew(90 * time.Second)
			v.hears(80 * time.Second)
		}, nil},
	} {
		v, why := guarded(limit)
		c.do(v)
		if !errors.Is(*why, c.want) {
			t.Errorf("%s: %v, want %v", c.name, *why, c.want)
		}
	}
	if v, why := guarded(0); true {
		if v.pass(time.Hour); *why != nil {
			t.Errorf("without a limit: %v", *why)
		}
	}
}

func TestComfortNoiseIsHeard(t *testing.T) {
	g := &leg{vigil: &vigil{path: &path{}}}
	g.heard.Store(&hearing{})
	g.take(&rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: comfortNoise}, Payload: []byte{40}})
	if !g.vigil.spares {
		t.Error("it is not known to pause")
	}
}

func TestACallWhosePeerVanishedEndsAndItsReportStays(t *testing.T) {
	t.Parallel()
	w := newWard(t, nil, func(o *Options) { o.Silent = time.Hour })
	p := callTo(t, w.server.Addr("udp"), "")
	w.node("chao")
	for _, step := range []struct{ keys, node string }{{"5", "menu_chinh"}, {"2", "loai_lua_dao"}, {"1", "hoi_so_ke_gian"}} {
		for _, k := range step.keys {
			if err := p.press(101, k); err != nil {
				t.Fatal(err)
			}
		}
		w.node(step.node)
	}
	onlyLeg(t, w.server).vigil.pass(time.Hour)
	w.until("the end of the call", func() bool {
		return w.count(`select count(*) from calls where end_status = 'vanished' and ended_at is not null`) == 1
	})
	if n := w.count(`select count(*) from reports where completed_at is null and kind <> 0`); n != 1 {
		t.Errorf("%d partial reports", n)
	}
	if m, err := p.request("BYE"); err != nil {
		t.Errorf("%v %q", err, m.first)
	}
}

// request waits for a request of the other side.
func (p *peer) request(method string) (message, error) {
	for {
		m, err := p.receive()
		if err != nil || strings.HasPrefix(m.first, method+" ") {
			return m, err
		}
	}
}

func TestRTCPAloneIsASignOfLife(t *testing.T) {
	t.Parallel()
	s := serve(t, newScript(), newOneLine(t), faster(20))
	p := callTo(t, s.Addr("udp"), "")
	v := onlyLeg(t, s).vigil
	(&ward{t: t}).until("a pause", func() bool { v.mu.Lock(); defer v.mu.Unlock(); return v.silent > pauseFrames })
	receiverReport := []byte{0x80, 201, 0, 1, 0, 0, 0, 7}
	if _, err := p.rtp.WriteToUDP(receiverReport, &net.UDPAddr{IP: p.sound.IP, Port: p.sound.Port + 1}); err != nil {
		t.Fatal(err)
	}
	(&ward{t: t}).until("the report", func() bool { v.mu.Lock(); defer v.mu.Unlock(); return v.spares })
}
