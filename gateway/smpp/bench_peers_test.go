package smpp

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gosmpp "github.com/fiorix/go-smpp/smpp"
	"github.com/fiorix/go-smpp/smpp/pdu/pdufield"
	"github.com/fiorix/go-smpp/smpp/pdu/pdutext"

	"canhgiac/internal/peers"
)

// The other programs submit the same 99 letters to the same sink as BenchmarkSession. They are counted where they arrive,
// from the first to the last, so that starting them costs nothing.

// tally is a sink for other programs.
type tally struct {
	port  int
	want  int64
	got   atomic.Int64
	first atomic.Int64 // unix nanoseconds
	done  chan time.Duration
	open  chan struct{} // binds are answered once it is closed

	release func() // closes open
}

func startTally(b *testing.B, want int) *tally {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	c := &tally{port: ln.Addr().(*net.TCPAddr).Port, want: int64(want), done: make(chan time.Duration, 1), open: make(chan struct{})}
	c.release = sync.OnceFunc(func() { close(c.open) })
	var sinks sync.WaitGroup
	sinks.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			sinks.Go(func() {
				<-c.open
				sink(conn, c.count)
			})
		}
	})
	b.Cleanup(func() {
		ln.Close()
		c.release()
		sinks.Wait() // the peers have ended: cleanups run last first
	})
	return c
}

func (c *tally) count(n int) {
	if n == 0 {
		return
	}
	c.first.CompareAndSwap(0, time.Now().UnixNano())
	if got := c.got.Add(int64(n)); got >= c.want && got-int64(n) < c.want {
		c.done <- time.Duration(time.Now().UnixNano() - c.first.Load())
	}
}

func (c *tally) report(b *testing.B) {
	select {
	case took := <-c.done:
		b.ReportMetric(float64(c.want)/took.Seconds(), "msg/s")
		b.ReportMetric(0, "ns/op")
	case <-time.After(2 * time.Minute):
		b.Fatalf("%d of %d arrived in two minutes", c.got.Load(), c.want)
	}
}

const (
	benchLetters = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	benchCount   = 50_000 // enough for seconds even with the slowest
)

// BenchmarkPeers is to be run with -benchtime 1x: each sends benchCount once.
func BenchmarkPeers(b *testing.B) {
	for name, run := range map[string]func(b *testing.B, c *tally, window int){
		"npm smpp": npmSubmits, "go-smpp": goSMPPSubmits, "kannel": kannelSubmits,
	} {
		for _, window := range []int{10, 100} {
			b.Run(fmt.Sprintf("%s/window%d", strings.ReplaceAll(name, " ", "-"), window), func(b *testing.B) {
				c := startTally(b, benchCount)
				run(b, c, window)
				c.report(b)
			})
		}
	}
}

func npmSubmits(b *testing.B, c *tally, window int) {
	c.release()
	p := peers.Start(b, "esme.js", fmt.Sprint(c.port), "pw")
	p.Await("bound")
	p.Tell(map[string]any{"do": "flood", "source": "CATHANHKHEX", "dest": "84901234567", "text": benchLetters, "count": benchCount, "window": window})
}

func goSMPPSubmits(b *testing.B, c *tally, window int) {
	c.release()
	tx := &gosmpp.Transceiver{Addr: fmt.Sprint("127.0.0.1:", c.port), User: "ward", Passwd: "pw", RespTimeout: 10 * time.Second, WindowSize: uint(window)}
	if status := <-tx.Bind(); status.Status() != gosmpp.Connected {
		b.Fatal(status.Error())
	}
	b.Cleanup(func() { tx.Close() })
	var left atomic.Int64
	left.Store(benchCount)
	var senders sync.WaitGroup
	for range window {
		senders.Go(func() {
			for left.Add(-1) >= 0 {
				_, err := tx.Submit(&gosmpp.ShortMessage{Src: "CATHANHKHEX", Dst: "84901234567", Text: pdutext.Raw(benchLetters), Register: pdufield.FinalDeliveryReceipt})
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	senders.Wait()
}

// kannelSubmits lets bearerbox bind once it has them all.
func kannelSubmits(b *testing.B, c *tally, window int) {
	peers.FloodFromKannel(b, c.port, window, benchCount, benchLetters)
	c.release()
}
