package peers

import (
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// Cable is a TCP connection's way between an ESME and its SMSC, which a test can pinch and cut.
type Cable struct {
	Port int // where the ESME finds the SMSC

	t      testing.TB
	target string

	mu      sync.Mutex
	pinched bool
	held    []uint32 // command_ids of the ESME's frames that were kept from the SMSC
	more    chan struct{}
	conns   map[net.Conn]bool
	ends    sync.WaitGroup
}

// NewCable lays a cable to the SMSC at addr until the test ends.
func NewCable(t testing.TB, addr string) *Cable {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &Cable{t: t, target: addr, Port: ln.Addr().(*net.TCPAddr).Port, more: make(chan struct{}, 1), conns: map[net.Conn]bool{}}
	c.ends.Go(func() {
		for {
			esme, err := ln.Accept()
			if err != nil {
				return
			}
			c.ends.Go(func() { c.carry(esme) })
		}
	})
	t.Cleanup(func() {
		ln.Close()
		c.Cut()
		c.ends.Wait()
	})
	return c
}

func (c *Cable) carry(esme net.Conn) {
	smsc, err := net.Dial("tcp", c.target)
	if err != nil {
		esme.Close()
		return
	}
	c.mu.Lock()
	c.conns[esme], c.conns[smsc] = true, true
	c.mu.Unlock()
	var down sync.WaitGroup
	down.Go(func() { io.Copy(esme, smsc); esme.Close() })
	c.up(esme, smsc)
	smsc.Close()
	down.Wait()
	c.mu.Lock()
	delete(c.conns, esme)
	delete(c.conns, smsc)
	c.mu.Unlock()
}

// up carries the ESME's frames one by one, but keeps them while the cable is pinched.
func (c *Cable) up(esme, smsc net.Conn) {
	for {
		frame := make([]byte, 16, 1024)
		if _, err := io.ReadFull(esme, frame); err != nil {
			return
		}
		body := make([]byte, max(16, binary.BigEndian.Uint32(frame))-16)
		if _, err := io.ReadFull(esme, body); err != nil {
			return
		}
		c.mu.Lock()
		pinched := c.pinched
		if pinched {
			c.held = append(c.held, binary.BigEndian.Uint32(frame[4:]))
		}
		c.mu.Unlock()
		if pinched {
			select {
			case c.more <- struct{}{}:
			default:
			}
		} else if _, err := smsc.Write(append(frame, body...)); err != nil {
			return
		}
	}
}

// Pinch keeps from the SMSC what the ESME sends from now on, and loses it.
func (c *Cable) Pinch() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pinched, c.held = true, nil
}

// AwaitHeld waits until n frames with the command_id have been kept since Pinch.
func (c *Cable) AwaitHeld(command uint32, n int) {
	c.t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		have := 0
		c.mu.Lock()
		for _, id := range c.held {
			if id == command {
				have++
			}
		}
		c.mu.Unlock()
		if have >= n {
			return
		}
		select {
		case <-c.more:
		case <-limit.C:
			c.t.Fatalf("the ESME sent %d frames of %#x, not %d", have, command, n)
		}
	}
}

// Cut ends every connection at once; the next is whole again.
func (c *Cable) Cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pinched = false
	for conn := range c.conns {
		conn.Close()
	}
}
