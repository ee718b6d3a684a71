package postgres_test

import (
	"bytes"
	"database/sql"
	"database/sql/driver"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lib/pq"

	"canhgiac/internal/postgres"
)

// dropping is a way to the server that, once armed, answers the next statement that holds "poison" with an ErrorResponse
// and drops the socket.
type dropping struct {
	armed atomic.Bool
	times atomic.Int32
}

func (d *dropping) Dial(network, addr string) (net.Conn, error) {
	return d.DialTimeout(network, addr, 0)
}

func (d *dropping) DialTimeout(network, addr string, timeout time.Duration) (net.Conn, error) {
	c, err := net.DialTimeout(network, addr, timeout)
	return &droppingConn{Conn: c, d: d}, err
}

type droppingConn struct {
	net.Conn
	d    *dropping
	last io.Reader // what is still to be read; nil: the server's
}

func (c *droppingConn) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte("poison")) && c.d.armed.Swap(false) {
		c.d.times.Add(1)
		text := "SERROR\x00VERROR\x00C58000\x00Mthe proxy is leaving\x00\x00"
		c.last = bytes.NewReader(append([]byte{'E', 0, 0, 0, byte(4 + len(text))}, text...))
		_ = c.Conn.Close()
		return len(b), nil
	}
	return c.Conn.Write(b)
}

func (c *droppingConn) Read(b []byte) (int, error) {
	if c.last != nil {
		return c.last.Read(b)
	}
	return c.Conn.Read(b)
}

func TestAPoisonedConnectionIsNotUsedAgain(t *testing.T) {
	s := start(t, folder(t))
	for name, guarding := range map[string]bool{"as lib/pq leaves it": false, "guarded": true} {
		t.Run(name, func(t *testing.T) {
			c, err := pq.NewConnector(s.URL())
			if err != nil {
				t.Fatal(err)
			}
			d := &dropping{}
			c.Dialer(d)
			var connector driver.Connector = c
			if guarding {
				connector = postgres.Guarded(c)
			}
			db := sql.OpenDB(connector)
			defer db.Close()
			db.SetMaxOpenConns(1)
			d.armed.Store(true)
			if _, err := db.Exec(`select 'poison', $1::int`, 1); err == nil || d.times.Load() != 1 {
				t.Fatalf("the socket was to be dropped: %v", err)
			}
			failed := 0
			for range 5 {
				if _, err := db.Exec(`select $1::int`, 1); err != nil {
					failed++
				}
			}
			if guarding && failed > 0 || !guarding && failed != 5 {
				t.Errorf("%d of 5 later queries failed", failed)
			}
		})
	}
}
