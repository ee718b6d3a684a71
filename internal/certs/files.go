package certs

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync"
)

// Files is a certificate chain and its key in PEM. When either file is replaced, the next visitor gets the new one; a pair
// that does not fit is logged, and the old one stays.
type Files struct {
	cert, key string
	log       *slog.Logger

	mu     sync.Mutex
	loaded *tls.Certificate
	seen   [2]os.FileInfo // as they were when last tried
}

// FromFiles reads both files, so that a start with a wrong pair fails.
func FromFiles(cert, key string, log *slog.Logger) (*Files, error) {
	f := &Files{cert: cert, key: key, log: log}
	seen, err := f.stat()
	if err != nil {
		return nil, err
	}
	loaded, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("certificate %s with key %s: %w", cert, key, err)
	}
	f.loaded, f.seen = &loaded, seen
	return f, nil
}

func (f *Files) stat() (seen [2]os.FileInfo, err error) {
	for i, name := range []string{f.cert, f.key} {
		if seen[i], err = os.Stat(name); err != nil {
			return seen, fmt.Errorf("certificate: %w", err)
		}
	}
	return seen, nil
}

func same(a, b os.FileInfo) bool {
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}

// current looks at the files at each handshake: two stats cost nothing beside it.
func (f *Files) current() *tls.Certificate {
	f.mu.Lock()
	defer f.mu.Unlock()
	seen, err := f.stat()
	if err != nil || same(seen[0], f.seen[0]) && same(seen[1], f.seen[1]) {
		return f.loaded // gone for the moment of its replacement, or as it was
	}
	f.seen = seen
	loaded, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		// Between the replacement of the two files they do not fit: the next change is tried again.
		f.log.Warn("certificate not taken over", "error", err)
		return f.loaded
	}
	f.log.Info("certificate taken over", "until", loaded.Leaf.NotAfter)
	f.loaded = &loaded
	return f.loaded
}

func (f *Files) TLS() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return f.current(), nil }}
}

func (f *Files) Plain() http.Handler { return http.HandlerFunc(toHTTPS) }

func (f *Files) Expiry(context.Context) ([]Expiry, error) {
	leaf := f.current().Leaf
	name := leaf.Subject.CommonName
	if len(leaf.DNSNames) > 0 {
		name = leaf.DNSNames[0]
	}
	return []Expiry{{name, leaf.NotAfter}}, nil
}
