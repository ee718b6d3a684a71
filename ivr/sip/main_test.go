package sip

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	gosip "github.com/emiago/sipgo/sip"

	"canhgiac/internal/postgres/pgtest"
	"canhgiac/ivr"
	"canhgiac/ivr/prompts"
	"canhgiac/reports"
	"canhgiac/residents"
)

func TestMain(m *testing.M) {
	if addr := os.Getenv(callersEnv); addr != "" {
		if err := beCallers(addr); err != nil {
			fmt.Fprintln(os.Stderr, "callers:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(pgtest.Main(m))
}

// ward is a hotline on a database of its own, answered by a server on a free port.
type ward struct {
	t       *testing.T
	db      *sql.DB
	reports *reports.Store
	hotline *ivr.Hotline
	server  *Server
}

// texts are not looked at here.
type texts struct{}

func (texts) SendText(context.Context, *sql.Tx, residents.Phone, string, string) error { return nil }

func newWard(t *testing.T, officers []string, change ...func(*Options)) *ward {
	t.Helper()
	return newWardWhere(t, ivr.Options{Officer: officers}, change...)
}

// newWardWhere has a hotline of o.
func newWardWhere(t *testing.T, o ivr.Options, change ...func(*Options)) *ward {
	t.Helper()
	w := &ward{t: t, db: pgtest.New(t)}
	words, err := prompts.Load()
	if err != nil {
		t.Fatal(err)
	}
	sound, err := prompts.OpenSound(words, "")
	if err != nil {
		t.Fatal(err)
	}
	w.reports = reports.NewStore(w.db, time.Now)
	o.Brand, o.Hotline, o.Form, o.Length = "CATHANHKHEX", "02363888113", prompts.Plain, sound.Length
	w.hotline, err = ivr.NewHotline(w.db, time.Now, words, residents.NewStore(w.db, time.Now), w.reports, texts{}, o)
	if err != nil {
		t.Fatal(err)
	}
	w.server = serve(t, w.hotline, sound, append([]func(*Options){func(o *Options) { o.Spoken, o.Spool, o.Outgoing = w.hotline, t.TempDir(), w.hotline }}, change...)...)
	return w
}

// loopback is a trunk of everything on this machine.
func loopback() Trunk {
	return Trunk{Name: "line", Addresses: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, MaxCalls: 300}
}

func serve(t *testing.T, h Hotline, sounds Sounds, change ...func(*Options)) *Server {
	t.Helper()
	level := slog.LevelWarn
	if testing.Verbose() {
		level = slog.LevelDebug
	}
	o := Options{
		Listen: []Listen{{"udp", "127.0.0.1:0"}}, Trunks: []Trunk{loopback()}, Hotline: h, Sounds: sounds,
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})),
	}
	for _, c := range change {
		c(&o)
	}
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s
}

func propsFrom(addr string) gosip.TransportReadProps {
	return gosip.TransportReadProps{RemoteAddr: net.UDPAddrFromAddrPort(netip.MustParseAddrPort(addr))}
}
