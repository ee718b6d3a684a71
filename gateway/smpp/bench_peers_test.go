package smpp

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
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

// kannelSubmits has Kannel's own batch sender hand the messages to bearerbox, and lets it bind once it has them all.
func kannelSubmits(b *testing.B, c *tally, window int) {
	dir := b.TempDir()
	smsbox := freePort(b)
	conf := fmt.Sprintf(`group = core
admin-port = %d
admin-interface = 127.0.0.1
admin-password = bench
smsbox-port = %d
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1
box-deny-ip = *.*.*.*
log-level = 3

group = smsbox
bearerbox-host = 127.0.0.1

group = smsc
smsc = smpp
smsc-id = sink
host = 127.0.0.1
port = %d
transceiver-mode = true
smsc-username = ward
smsc-password = pw
system-type = ""
max-pending-submits = %d
source-addr-ton = 5
source-addr-npi = 0
`, freePort(b), smsbox, c.port, window)
	receivers := strings.Repeat("84901234567\n", benchCount)
	for name, text := range map[string]string{"kannel.conf": conf, "text": benchLetters, "receivers": receivers} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	start(b, dir, "bearerbox", "-v", "3", "kannel.conf")
	awaitPort(b, smsbox)
	batch := start(b, dir, "mtbatch", "-v", "3", "-p", fmt.Sprint(smsbox), "-f", "CATHANHKHEX", "text", "receivers")
	<-batch
	c.release()
}

func freePort(b *testing.B) int {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port
}

func awaitPort(b *testing.B, port int) {
	for limit := time.Now().Add(10 * time.Second); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
		if conn, err := net.Dial("tcp", fmt.Sprint("127.0.0.1:", port)); err == nil {
			conn.Close()
			return
		}
	}
	b.Fatalf("nobody listens on %d", port)
}

// start runs one of Kannel's programs, which Debian keeps in sbin, until it or the benchmark ends.
func start(b *testing.B, dir, name string, args ...string) (ended <-chan struct{}) {
	path, err := exec.LookPath(name)
	if err != nil {
		path = filepath.Join("/usr/sbin", name)
	}
	cmd := exec.Command(path, args...)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	gone := make(chan struct{})
	go func() {
		cmd.Wait()
		close(gone)
	}()
	b.Cleanup(func() {
		cmd.Process.Kill()
		<-gone
	})
	return gone
}
