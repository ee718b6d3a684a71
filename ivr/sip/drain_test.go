package sip

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// A node that stops turns new calls away, lets the running ones go on, and at its end says sorry before it hangs up.
func TestANodeThatStops(t *testing.T) {
	t.Parallel()
	h := newScript()
	s, err := Open(t.Context(), Options{Listen: []Listen{{"udp", "127.0.0.1:0"}}, Trunks: []Trunk{loopback()}, Hotline: h, Sounds: newOneLine(t),
		Frame: frame / 20, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	door, shut := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	p := callTo(t, s.Addr("udp"), "")
	shut()
	if err := s.Door(door); err != nil {
		t.Fatal(err)
	}
	other, err := newPeer(s.Addr("udp"))
	if err != nil {
		t.Fatal(err)
	}
	defer other.close()
	if m, err := other.call(other.plain(), false); err != nil || m.status() != 503 {
		t.Errorf("a new call: %v %q", err, m.first)
	}
	if err := p.press(101, '5'); err != nil {
		t.Fatal(err)
	}
	h.until(t, "a key of the call that goes on", func() bool { return h.all() == "5" })
	stop()
	for {
		m, err := p.receive()
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(m.first, "BYE ") {
			if err := p.reply(m, 200); err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(within):
		t.Fatal("it does not end")
	}
	h.until(t, "the end", func() bool {
		for _, status := range h.ended {
			return status == statusStopped
		}
		return false
	})
}
