package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestWhichProvidersPlaceCalls: the one key that a dialect needs for nothing else says so.
func TestWhichProvidersPlaceCalls(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for form, block := range map[string]*pem.Block{
		"PKCS1": {Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}, "PKCS8": {Type: "PRIVATE KEY", Bytes: pkcs8},
	} {
		file := filepath.Join(t.TempDir(), "vonage.pem")
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := loadConfig(write(t, `
voice:
  providers:
  - {name: hears, account: AC1, secret: 0123456789abcdef}
  - {name: twilio, account: AC1, secret: 0123456789abcdef, caller_id: "+842473000001", max_calls: 7}
  - {name: listens, dialect: stringee, secret: 0123456789abcdef, caller_id: "842473000001"}
  - {name: stringee, dialect: stringee, secret: 0123456789abcdef, caller_id: "842473000001", api_key: SK1, api_secret: s, calls_per_second: 2}
  - {name: silent, dialect: ncco, account: app-1, secret: 0123456789abcdef, caller_id: "842473000001"}
  - {name: vonage, dialect: ncco, account: app-1, secret: 0123456789abcdef, caller_id: "842473000001", private_key: `+file+`}
`), nil)
		if err != nil {
			t.Fatalf("%s: %v", form, err)
		}
		lines, err := webhookLines(c, time.Now, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		type line struct {
			Provider, CallerID string
			Most               int
			PerSecond          float64
		}
		var got []line
		for _, l := range lines {
			got = append(got, line{l.Provider, l.CallerID, l.Concurrent, l.PerSecond})
		}
		want := []line{{"twilio", "+842473000001", 7, 1}, {"stringee", "842473000001", 30, 2}, {"vonage", "842473000001", 30, 1}}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", form, d)
		}
	}
}
