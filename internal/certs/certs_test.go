package certs

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"canhgiac/internal/peers"
	"canhgiac/internal/postgres/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// serve answers TLS on ln as source says, until the test ends.
func serve(t *testing.T, ln net.Listener, source Source) {
	t.Helper()
	srv := &http.Server{Handler: http.NotFoundHandler(), TLSConfig: source.TLS(), ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	served := make(chan error, 1)
	go func() { served <- srv.ServeTLS(ln, "", "") }()
	t.Cleanup(func() {
		_ = srv.Close()
		<-served
	})
}

func listen(t *testing.T) (net.Listener, int) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	return ln, ln.Addr().(*net.TCPAddr).Port
}

// shown is the certificate that a visitor of name at ln is shown and finds good by roots.
func shown(ln net.Listener, name string, roots *x509.CertPool) (*x509.Certificate, error) {
	dialer := tls.Dialer{NetDialer: &net.Dialer{Timeout: time.Minute}, Config: &tls.Config{ServerName: name, RootCAs: roots, NextProtos: []string{"h2"}}}
	conn, err := dialer.Dial("tcp", ln.Addr().String())
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	state := conn.(*tls.Conn).ConnectionState()
	if state.NegotiatedProtocol != "h2" {
		return nil, fmt.Errorf("speaks %q", state.NegotiatedProtocol)
	}
	return state.PeerCertificates[0], nil
}

func TestTwoNodesHaveOneCertificateOfARealAuthority(t *testing.T) {
	t.Parallel() // it waits for the authority
	db := pgtest.New(t)
	first, port := listen(t)
	second, _ := listen(t) // the authority comes to the first node alone
	_, plain := listen(t)
	pebble := peers.StartPebble(t, port, plain)
	options := Options{DB: db, Now: time.Now, Domains: []string{"canhgiac.example", "www.canhgiac.example"}, Directory: pebble.Directory, Roots: pebble.Roots}
	nodes := []net.Listener{first, second}
	sources := []*ACME{ByACME(options), ByACME(options)}
	for i, ln := range nodes {
		serve(t, ln, sources[i])
	}
	if e, err := sources[0].Expiry(t.Context()); err != nil || len(e) != 2 || !e[0].NotAfter.IsZero() {
		t.Errorf("before the first visitor: %v, %v", e, err)
	}

	serials := make([]string, 6)
	var visitors sync.WaitGroup
	for i := range serials {
		visitors.Go(func() {
			cert, err := shown(nodes[i%2], "canhgiac.example", pebble.Issued)
			if err != nil {
				t.Error(err)
				return
			}
			serials[i] = cert.SerialNumber.String()
		})
	}
	visitors.Wait()
	for _, s := range serials[1:] {
		if s != serials[0] {
			t.Errorf("certificates %v, not one", serials)
			break
		}
	}
	e, err := sources[1].Expiry(t.Context())
	if err != nil || time.Until(e[0].NotAfter) < 80*24*time.Hour {
		t.Errorf("the certificate's end: %v, %v", e, err)
	}
	if _, err := shown(first, "evil.example", pebble.Issued); err == nil {
		t.Error("a name that is not ours got a certificate")
	}
	var names int
	if err := db.QueryRow(`select count(*) from acme_cache where name like '%evil%'`).Scan(&names); err != nil || names != 0 {
		t.Errorf("%d rows of a name that is not ours, %v", names, err)
	}
}

func TestTheAuthorityMayAskByPlainHTTP(t *testing.T) {
	t.Parallel()
	ln, _ := listen(t)
	plain, httpPort := listen(t)
	_, dead := listen(t) // where tls-alpn-01 finds nobody who knows the challenge
	pebble := peers.StartPebble(t, dead, httpPort)
	source := ByACME(Options{DB: pgtest.New(t), Now: time.Now, Domains: []string{"canhgiac.example"}, Directory: pebble.Directory, Roots: pebble.Roots})
	serve(t, ln, source)
	srv := &http.Server{Handler: source.Plain()}
	go func() { _ = srv.Serve(plain) }() // ends by Close
	t.Cleanup(func() { _ = srv.Close() })
	if _, err := shown(ln, "canhgiac.example", pebble.Issued); err != nil {
		t.Fatal(err)
	}
}

func TestAReplacedFileIsTakenOverAndAWrongOneIsNot(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	cert, key := peers.SelfSigned(t, dir, "canhgiac.example")
	var log bytes.Buffer
	files, err := FromFiles(cert, key, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	serial := func() string { return files.current().Leaf.SerialNumber.String() }
	was := serial()

	newCert, newKey := peers.SelfSigned(t, other, "canhgiac.example")
	move := func(from, to string) {
		t.Helper()
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	move(newCert, cert)
	if serial() != was {
		t.Error("a certificate without its key was taken over")
	}
	if !strings.Contains(log.String(), "certificate not taken over") {
		t.Errorf("the log says %q", log.String())
	}
	move(newKey, key)
	if serial() == was {
		t.Error("the new pair was not taken over")
	}
	now := serial()
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	if serial() != now {
		t.Error("without its file the certificate was dropped")
	}
	if e, err := files.Expiry(t.Context()); err != nil || e[0].Name != "canhgiac.example" || e[0].NotAfter.IsZero() {
		t.Errorf("its end: %v, %v", e, err)
	}
	if _, err := FromFiles(cert, key, nil); err == nil {
		t.Error("a start without the key went well")
	}
}

func TestWhoComesWithoutTLSIsSentToIt(t *testing.T) {
	tests := []struct {
		name, method, target, host, location string
		status                               int
	}{
		{"a page with its query", "GET", "/reports?kind=1", "canhgiac.example:80", "https://canhgiac.example/reports?kind=1", http.StatusFound},
		{"a form that was read by the line already", "POST", "/signin", "canhgiac.example", "", http.StatusBadRequest},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			r, err := http.NewRequest(tt.method, tt.target, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Host = tt.host
			(&Files{}).Plain().ServeHTTP(w, r)
			if w.Code != tt.status || w.Header().Get("Location") != tt.location {
				t.Errorf("%d to %q", w.Code, w.Header().Get("Location"))
			}
		})
	}
}
