package smpp

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"
)

// certify makes a certificate of template and its key, signed by parent, or by itself.
func certify(t *testing.T, template *x509.Certificate, parent *tls.Certificate) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if parent == nil {
		parent = &tls.Certificate{Leaf: template, PrivateKey: key}
	}
	template.SerialNumber, template.NotAfter = big.NewInt(time.Now().UnixNano()), time.Now().Add(time.Hour)
	der, err := x509.CreateCertificate(rand.Reader, template, parent.Leaf, &key.PublicKey, parent.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func authority(t *testing.T) tls.Certificate {
	return certify(t, &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, nil)
}

func TestOverTLS(t *testing.T) {
	ours, other := authority(t), authority(t)
	good := certify(t, &x509.Certificate{DNSNames: []string{"smpp.example.vn"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}, &ours)
	trust := x509.NewCertPool()
	trust.AddCert(ours.Leaf)
	foreign := x509.NewCertPool()
	foreign.AddCert(other.Leaf)
	tests := []struct {
		name   string
		server *tls.Config // nil: no TLS there
		client *tls.Config
		err    string // in the log; empty: it binds
		advice string
	}{
		{"the address is the name where none is set", &tls.Config{Certificates: []tls.Certificate{good}}, &tls.Config{RootCAs: trust}, "", ""},
		{"the name that the certificate bears", &tls.Config{Certificates: []tls.Certificate{good}}, &tls.Config{RootCAs: trust, ServerName: "smpp.example.vn"}, "", ""},
		{"another name", &tls.Config{Certificates: []tls.Certificate{good}}, &tls.Config{RootCAs: trust, ServerName: "smpp.example.com"},
			"certificate is valid for smpp.example.vn, not smpp.example.com", "check the name in addr"},
		{"an authority that is not trusted", &tls.Config{Certificates: []tls.Certificate{good}}, &tls.Config{RootCAs: foreign},
			"certificate signed by unknown authority", "check the name in addr"},
		{"nothing newer than TLS 1.1", &tls.Config{Certificates: []tls.Certificate{good}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11},
			&tls.Config{RootCAs: trust, MinVersion: tls.VersionTLS12}, "protocol version not supported", ""},
		{"no TLS at all", nil, &tls.Config{RootCAs: trust}, "does not look like a TLS handshake", "check the port in addr"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ln := listen(t)
			addr := ln.Addr().String()
			if tt.server != nil {
				ln = tls.NewListener(ln, tt.server)
			}
			s := newSMSC()
			during(t, func(ctx context.Context) error { return NewServer(ServerConfig{}, s).Serve(ctx, ln) })
			e, log := newESME(), newLines()
			c := NewClient(ClientConfig{Addr: addr, TLS: tt.client, BackoffMin: time.Millisecond, BackoffMax: time.Millisecond,
				Log: slog.New(slog.NewTextHandler(log, nil))}, e)
			during(t, c.Run)
			if tt.err != "" {
				if line := log.await(t, "error="); !strings.Contains(line, tt.err) || !strings.Contains(line, tt.advice) {
					t.Errorf("the log says %s", line)
				}
				return
			}
			<-e.up
			done := make(chan SubmitResult, 1)
			if err := c.Submit(t.Context(), &SubmitSM{}, func(r SubmitResult) { done <- r }); err != nil {
				t.Fatal(err)
			}
			if r := <-done; r.Err != nil || r.MessageID != "m1" {
				t.Errorf("got %+v", r)
			}
		})
	}
}

func TestAHandshakeThatNeverEnds(t *testing.T) {
	ln := listen(t)
	conns := make(chan net.Conn, 100)
	go func() {
		defer close(conns)
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			conns <- conn // and not a word
		}
	}()
	log := newLines()
	c := NewClient(ClientConfig{Addr: ln.Addr().String(), TLS: &tls.Config{}, DialTimeout: 50 * time.Millisecond, BackoffMin: time.Hour, BackoffMax: time.Hour,
		Log: slog.New(slog.NewTextHandler(log, nil))}, newESME())
	stop := during(t, c.Run)
	if line := log.await(t, "error="); !strings.Contains(line, "TLS handshake") || !strings.Contains(line, "deadline exceeded") {
		t.Errorf("the log says %s", line)
	}
	stop()
	ln.Close()
	for conn := range conns {
		conn.Close()
	}
}

// lines is a log that can be waited for.
type lines chan string

func newLines() lines { return make(lines, 1000) }

func (l lines) Write(b []byte) (int, error) {
	select {
	case l <- string(bytes.Clone(b)):
	default: // nobody reads so much
	}
	return len(b), nil
}

func (l lines) await(t *testing.T, part string) string {
	t.Helper()
	patience := time.After(10 * time.Second)
	for {
		select {
		case line := <-l:
			if strings.Contains(line, part) {
				return line
			}
		case <-patience:
			t.Fatalf("no line with %q", part)
		}
	}
}
