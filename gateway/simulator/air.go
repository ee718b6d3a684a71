package simulator

import (
	"net"
	"sync"
	"sync/atomic"
)

// air is what lies between the SMSC and the gateways: it can be cut, and it can be held so that nothing comes through
// although every connection stands.
type air struct {
	net.Listener
	cut  atomic.Bool          // who connects is sent away
	held atomic.Pointer[hold] // nil: octets flow
}

type hold struct{ over chan struct{} }

// stall keeps octets from flowing until flow. Who is connected meanwhile notices nothing but silence.
func (a *air) stall() {
	a.held.CompareAndSwap(nil, &hold{make(chan struct{})})
}

func (a *air) flow() {
	if h := a.held.Swap(nil); h != nil {
		close(h.over)
	}
}

func (a *air) Accept() (net.Conn, error) {
	for {
		c, err := a.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if a.cut.Load() {
			_ = c.Close()
			continue
		}
		return &wire{TCPConn: c.(*net.TCPConn), air: a, closed: make(chan struct{})}, nil
	}
}

// wire is one connection through the air.
type wire struct {
	*net.TCPConn
	air    *air
	once   sync.Once
	closed chan struct{}
}

func (w *wire) Read(b []byte) (int, error) {
	w.wait()
	n, err := w.TCPConn.Read(b)
	w.wait() // what arrived while the air was held was not heard
	return n, err
}

func (w *wire) Write(b []byte) (int, error) {
	w.wait()
	return w.TCPConn.Write(b)
}

func (w *wire) Close() error {
	w.once.Do(func() { close(w.closed) })
	return w.TCPConn.Close()
}

func (w *wire) wait() {
	for h := w.air.held.Load(); h != nil; h = w.air.held.Load() {
		select {
		case <-h.over:
		case <-w.closed:
			return
		}
	}
}
