package sip

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The callers of a bench are a process of their own, so that the server's work can be told from theirs.
const (
	callersEnv   = "CANHGIAC_SIP_CALLERS" // host:port to ring: then this program is the callers
	benchCalls   = 200
	benchPresses = 50 // by each: 10,000 keys
)

// heardByAll is what the callers saw: the time between two packets of a call, and the keys that they pressed.
type heardByAll struct {
	Calls, Packets, Keys     int
	P50, P95, P99, Max       time.Duration
	Late                     int // spacings of 30 ms and more
	Begun, Measured, Pressed time.Duration
}

// beCallers rings, listens for some seconds, presses keys all along, and hangs up.
func beCallers(addr string) error {
	seconds := 20 * time.Second
	var mu sync.Mutex
	var spacings []time.Duration
	all := heardByAll{}
	begun := time.Now()
	peers := make([]*peer, 0, benchCalls)
	for range benchCalls {
		p, err := newPeer(addr)
		if err != nil {
			return err
		}
		if m, err := p.call(p.plain(), false); err != nil || m.status() != 200 {
			return fmt.Errorf("call %d: %w %s", len(peers), err, m.first)
		}
		peers = append(peers, p)
	}
	all.Calls, all.Begun = len(peers), time.Since(begun)
	until := time.Now().Add(seconds)
	var work sync.WaitGroup
	for n, p := range peers {
		work.Go(func() {
			var own []time.Duration
			buf := make([]byte, 1500)
			last := time.Time{}
			_ = p.rtp.SetReadDeadline(until)
			for {
				if _, err := p.rtp.Read(buf); err != nil {
					break
				}
				now := time.Now()
				if !last.IsZero() {
					own = append(own, now.Sub(last))
				}
				last = now
			}
			mu.Lock()
			spacings = append(spacings, own[min(10, len(own)):]...)
			mu.Unlock()
		})
		work.Go(func() { // their own sound all the while, keys among it
			tick := time.NewTicker(ms20)
			defer tick.Stop()
			frames, keys := 0, 0
			quiet := make([]byte, frameSamples)
			for now := range tick.C {
				if now.After(until) && keys == benchPresses {
					return
				}
				p.out.Timestamp += frameSamples
				if frames++; frames%19 == n%19 && keys < benchPresses {
					_ = p.press(101, rune(keyNames[keys%10]))
					keys++
					continue
				}
				_ = p.speak(8, false, quiet)
			}
		})
	}
	work.Wait()
	all.Measured, all.Keys, all.Packets = time.Since(begun), benchCalls*benchPresses, len(spacings)
	slices.Sort(spacings)
	at := func(q float64) time.Duration { return spacings[int(q*float64(len(spacings)-1))] }
	all.P50, all.P95, all.P99, all.Max = at(.5), at(.95), at(.99), at(1)
	for _, d := range spacings {
		if d >= 30*time.Millisecond {
			all.Late++
		}
	}
	for _, p := range peers {
		if m, err := p.final("BYE", "", ""); err != nil || m.status() != 200 {
			return fmt.Errorf("BYE: %w %s", err, m.first)
		}
		p.close()
	}
	return json.NewEncoder(os.Stdout).Encode(all)
}

func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkCalls is 200 calls at once with 10,000 keys: what they cost, how evenly they sound, and whether a key is lost.
func BenchmarkCalls(b *testing.B) {
	h := newScript()
	s, err := Open(b.Context(), Options{Listen: []Listen{{"udp", "127.0.0.1:0"}}, Trunks: []Trunk{loopback()}, Hotline: h, Sounds: newOneLine(b), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	ctx := b.Context()
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	for b.Loop() {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), callersEnv+"="+s.Addr("udp"))
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			b.Fatal(err)
		}
		before, at := cpu(), time.Now()
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		var all heardByAll
		if err := json.NewDecoder(bufio.NewReader(out)).Decode(&all); err != nil {
			b.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			b.Fatal(err)
		}
		core := float64(cpu()-before) / float64(time.Since(at))
		h.until(b, "the end of all calls", func() bool { return len(h.ended) == all.Calls })
		got := 0
		for _, keys := range h.keys {
			got += len(keys)
		}
		h.keys, h.ended = map[string]string{}, map[string]string{}
		b.ReportMetric(core, "cores")
		b.ReportMetric(float64(all.P50.Microseconds())/1000, "ms-p50")
		b.ReportMetric(float64(all.P99.Microseconds())/1000, "ms-p99")
		b.ReportMetric(float64(all.Max.Microseconds())/1000, "ms-max")
		b.ReportMetric(float64(all.Keys-got), "keys-lost")
		b.Logf("%d calls, %d packets heard, %d spaced by 30 ms and more; %d keys pressed, %d came", all.Calls, all.Packets, all.Late, all.Keys, got)
	}
}
