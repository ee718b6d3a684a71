package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"canhgiac/internal/peers"
	"canhgiac/internal/postgres/pgtest"
)

func TestANodeSpeaksTLSByFilesAndSendsPlainVisitorsThere(t *testing.T) {
	cert, key := peers.SelfSigned(t, t.TempDir(), "127.0.0.1")
	c := defaultConfig()
	c.HTTP.Addr, c.HTTP.PlainAddr, c.Admin.Addr = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	c.HTTP.PublicURL, c.HTTP.TLS = "https://127.0.0.1", TLSConfig{Cert: cert, Key: key}
	n, err := newNode(c, pgtest.New(t), slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if err := n.listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- n.servePublic(ctx) }()

	pem, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}}
	get := func(url string) *http.Response {
		t.Helper()
		resp, err := client.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			t.Fatal(err)
		}
		return resp
	}
	page := get("https://" + n.public.Addr().String() + "/signin")
	if page.StatusCode != http.StatusOK || page.ProtoMajor != 2 {
		t.Errorf("the page answers %s over %s", page.Status, page.Proto)
	}
	if hsts := page.Header.Get("Strict-Transport-Security"); !strings.HasPrefix(hsts, "max-age=") {
		t.Errorf("HSTS: %q", hsts)
	}
	sent := get("http://" + n.plain.Addr().String() + "/reports")
	if sent.StatusCode != http.StatusFound || sent.Header.Get("Location") != "https://127.0.0.1/reports" {
		t.Errorf("a plain visitor is sent to %q with %s", sent.Header.Get("Location"), sent.Status)
	}
	client.CloseIdleConnections()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := n.admin.Close(); err != nil {
		t.Error(err)
	}
}
