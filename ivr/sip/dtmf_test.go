package sip

import (
	"testing"
	"time"
)

// ev is one telephone-event packet.
type ev struct {
	ssrc, stamp uint32
	seq         uint16
	m           bool
	event       byte
	e           bool
	duration    uint16
	after       time.Duration // since the packet before
}

func (e ev) payload() []byte {
	flags := byte(10)
	if e.e {
		flags |= 0x80
	}
	return []byte{e.event, flags, byte(e.duration >> 8), byte(e.duration)}
}

func keysOf(packets []ev) string {
	var r keyReader
	at, got := time.Unix(0, 0), ""
	for _, p := range packets {
		at = at.Add(p.after)
		if key, began := r.read(p.ssrc, p.stamp, p.seq, p.m, p.payload(), at); began {
			got += string(key)
		}
	}
	return got
}

const ms20 = 20 * time.Millisecond

// pressed is a key as RFC 4733 has it: marked, three updates, the end three times.
func pressed(event byte, stamp uint32, seq uint16) []ev {
	return []ev{
		{1, stamp, seq, true, event, false, 160, ms20}, {1, stamp, seq + 1, false, event, false, 320, ms20}, {1, stamp, seq + 2, false, event, false, 480, ms20},
		{1, stamp, seq + 3, false, event, true, 640, ms20}, {1, stamp, seq + 4, false, event, true, 640, 0}, {1, stamp, seq + 5, false, event, true, 640, 0},
	}
}

func TestKeysInPackets(t *testing.T) {
	one, two := pressed(1, 1000, 10), pressed(2, 3000, 20)
	again := pressed(1, 3000, 20)
	zero := pressed(5, 1000, 10)
	zero[0].duration = 0
	later := pressed(1, 1000, 10)
	later[0].after = time.Second
	cat := func(parts ...[]ev) (all []ev) {
		for _, p := range parts {
			all = append(all, p...)
		}
		return all
	}
	for name, c := range map[string]struct {
		packets []ev
		want    string
	}{
		"two keys":                       {cat(one, two), "12"},
		"the same key twice":             {cat(one, again), "11"},
		"a first packet of no duration":  {zero, "5"},
		"an end that is lost":            {cat(one[:3], two), "12"},
		"only the ends arrive":           {cat(one[3:], two[3:]), "12"},
		"all but one packet lost":        {cat(one[2:3], again[5:]), "11"},
		"every packet doubled":           {cat(one[:1], one[:1], one[1:2], one[1:2], one[3:], one[3:]), "1"},
		"packets in reversed order":      {[]ev{one[5], one[4], one[3], one[2], one[1], one[0]}, "1"},
		"an end that comes behind a key": {cat(one[:4], two[:2], one[4:], two[2:]), "12"},
		"one timestamp for all, marked":  {cat(one, []ev{{1, 1000, 30, true, 1, false, 160, ms20}, {1, 1000, 31, false, 1, true, 320, ms20}}), "11"},
		"a capture played twice":         {cat(one, later), "11"},
		"the source changes":             {cat(one, []ev{{9, 1000, 5, false, 1, false, 160, ms20}}), "11"},
		"a key held over a full duration": {[]ev{{1, 1000, 1, true, 4, false, 160, ms20}, {1, 1000, 2, false, 4, false, 0xffff, ms20},
			{1, 1000 + 0xffff, 3, false, 4, false, 160, ms20}, {1, 1000 + 0xffff, 4, false, 4, true, 320, ms20}}, "4"},
		"a flash and a tone are no keys": {[]ev{{1, 1, 1, true, 16, false, 160, 0}, {1, 2, 2, true, 66, false, 160, 0}}, ""},
		"star, hash and letters":         {cat(pressed(10, 1, 1), pressed(11, 2000, 9), pressed(12, 4000, 19)), "*#A"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := keysOf(c.packets); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestAPayloadTooShortIsNoKey(t *testing.T) {
	var r keyReader
	for n := range 4 {
		if _, began := r.read(1, 1, 1, true, make([]byte, n), time.Unix(0, 0)); began {
			t.Errorf("%d bytes were a key", n)
		}
	}
}

func TestKeysInINFO(t *testing.T) {
	for _, c := range []struct{ kind, body, want string }{
		{"application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", "5"},
		{"application/dtmf-relay", "Signal= *\nDuration=160", "*"},
		{"Application/DTMF-Relay; charset=utf-8", "duration=1\r\nSIGNAL=a\r\n", "A"},
		{"application/dtmf-relay", "Signal=11", "#"},
		{"application/dtmf", "7", "7"},
		{"application/dtmf", "#\r\n", "#"},
		{"application/dtmf", "Signal=9\r\n", "9"},
		{"application/dtmf-relay", "Duration=160", ""},
		{"application/dtmf-relay", "Signal=55", ""},
		{"application/dtmf", "!", ""},
		{"application/media_control+xml", "5", ""},
		{"", "", ""},
	} {
		got, ok := infoKey(c.kind, c.body)
		if ok != (c.want != "") || ok && string(got) != c.want {
			t.Errorf("%s %q: got %q", c.kind, c.body, got)
		}
	}
}
