package sip

import (
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestTwoHundredCallsAtOnce: every key arrives in its call, every call ends, and nothing of them stays. How evenly they
// sound is told and not judged, since other tests run beside it; BenchmarkCalls has the machine for itself.
func TestTwoHundredCallsAtOnce(t *testing.T) {
	const calls, presses, heard = 200, 10, 25
	h := newScript()
	s := serve(t, h, newOneLine(t))
	s.awaitServed(t.Context(), "udp") // its own goroutines run by now
	before := ours()
	peers := make([]*peer, calls)
	var mu sync.Mutex
	var spacings []time.Duration
	var work sync.WaitGroup
	for i := range peers {
		p := callTo(t, s.Addr("udp"), "")
		peers[i] = p
		work.Go(func() {
			buf := make([]byte, 1500)
			_ = p.rtp.SetReadDeadline(time.Now().Add(within))
			var own []time.Duration
			var last time.Time
			for range heard {
				if _, err := p.rtp.Read(buf); err != nil {
					t.Errorf("no sound: %v", err)
					return
				}
				now := time.Now()
				if !last.IsZero() {
					own = append(own, now.Sub(last))
				}
				last = now
			}
			mu.Lock()
			defer mu.Unlock()
			spacings = append(spacings, own...)
		})
		work.Go(func() {
			tick := time.NewTicker(2 * ms20)
			defer tick.Stop()
			for n := range presses {
				<-tick.C
				if err := p.press(101, rune(keyNames[n])); err != nil {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	h.until(t, "every key of every call", func() bool {
		if len(h.keys) != calls {
			return false
		}
		for _, keys := range h.keys {
			if keys != keyNames[:presses] {
				return false
			}
		}
		return true
	})
	for _, p := range peers {
		if m, err := p.final("BYE", "", ""); err != nil || m.status() != 200 {
			t.Errorf("BYE: %v %q", err, m.first)
		}
	}
	h.until(t, "the end of every call", func() bool { return len(h.ended) == calls })
	slices.Sort(spacings)
	t.Logf("%d packets; spacing p50 %s, p99 %s", len(spacings), spacings[len(spacings)/2], spacings[len(spacings)*99/100])
	settled(t, before)
}

// settled waits until no more goroutines of ours run than before. The libraries' own stay for the 32 s in which a request may
// come again (RFC 3261 §17.2).
func settled(t *testing.T, before int) {
	t.Helper()
	tick, timeout := time.NewTicker(ms20), time.After(within)
	defer tick.Stop()
	for ours() > before {
		select {
		case <-tick.C:
		case <-timeout:
			t.Fatalf("%d goroutines of ours, %d before", ours(), before)
		}
	}
}

// ours counts the goroutines in this package.
func ours() (n int) {
	stacks := make([]byte, 1<<24)
	for _, g := range strings.Split(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
		if strings.Contains(g, "canhgiac/ivr/sip.") {
			n++
		}
	}
	return n
}
