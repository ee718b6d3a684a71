package sip

import (
	"net"
	"time"
)

// firstWords is how long a connection may be silent at first, its TLS handshake included: a scan, or who opens thousands.
const firstWords = 10 * time.Second

// speaking is a listener whose connections must say something soon.
type speaking struct{ net.Listener }

func (l speaking) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &newcomer{Conn: c, until: time.Now().Add(firstWords)}, nil
}

type newcomer struct {
	net.Conn
	until time.Time // zero: it has spoken. One goroutine reads.
}

func (c *newcomer) Read(b []byte) (int, error) {
	if c.until.IsZero() {
		return c.Conn.Read(b)
	}
	if err := c.SetReadDeadline(c.until); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.until = time.Time{}
		if err := c.SetReadDeadline(c.until); err != nil {
			return n, err
		}
	}
	return n, err
}
