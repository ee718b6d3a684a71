package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// Options says from whom to have certificates, and for which names.
type Options struct {
	DB        *sql.DB
	Now       func() time.Time
	Domains   []string
	Email     string         // whom the authority may warn; may be ""
	Directory string         // the authority's ACME directory
	Roots     *x509.CertPool // that the directory itself is trusted by; nil: the system's
}

// ACME has certificates made and renewed by an authority. It accepts the authority's terms of service.
type ACME struct {
	Options
	manager *autocert.Manager
	cache   cache

	mu    sync.Mutex
	ready map[string]bool // names that this node has a certificate for
}

func ByACME(o Options) *ACME {
	a := &ACME{Options: o, cache: cache{o.DB, o.Now}, ready: map[string]bool{}}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: o.Roots, MinVersion: tls.VersionTLS12}
	a.manager = &autocert.Manager{
		Prompt:     autocert.AcceptTOS,
		Cache:      a.cache,
		HostPolicy: autocert.HostWhitelist(o.Domains...),
		Email:      o.Email,
		Client:     &acme.Client{DirectoryURL: o.Directory, HTTPClient: &http.Client{Transport: transport, Timeout: 30 * time.Second}},
	}
	return a
}

func (a *ACME) TLS() *tls.Config {
	c := a.manager.TLSConfig() // offers acme-tls/1 too: the challenge of RFC 8737 comes to the same port
	c.MinVersion = tls.VersionTLS12
	c.GetCertificate = a.certificate
	return c
}

// certificate has one node at a time ask the authority for a name's first certificate: authorities count such requests, and
// a second node then finds the first one's answer. Renewals look into the cache by themselves.
func (a *ACME) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	name := hello.ServerName
	if !slices.Contains(a.Domains, name) || a.has(name) || slices.Contains(hello.SupportedProtos, acme.ALPNProto) {
		return a.manager.GetCertificate(hello)
	}
	ctx, cancel := context.WithTimeout(hello.Context(), 2*time.Minute)
	defer cancel()
	conn, err := a.DB.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("certificate of %s: %w", name, err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, `select pg_advisory_lock(hashtextextended('acme ' || $1, 0))`, name); err != nil {
		return nil, fmt.Errorf("certificate of %s: %w", name, err)
	}
	defer func() { // the connection goes back to the pool: the lock must not go with it
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), `select pg_advisory_unlock(hashtextextended('acme ' || $1, 0))`, name)
	}()
	certificate, err := a.manager.GetCertificate(hello)
	if err == nil {
		a.mu.Lock()
		a.ready[name] = true
		a.mu.Unlock()
	}
	return certificate, err
}

func (a *ACME) has(name string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ready[name]
}

// Plain asks autocert by the bare name: it takes none with a port, which stands there when port 80 is led to another.
func (a *ACME) Plain() http.Handler {
	h := a.manager.HTTPHandler(http.HandlerFunc(toHTTPS))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Host = bare(r.Host)
		h.ServeHTTP(w, r)
	})
}

// Expiry reads the certificates that the nodes share; it asks the authority for nothing.
func (a *ACME) Expiry(ctx context.Context) ([]Expiry, error) {
	var all []Expiry
	for _, name := range a.Domains {
		e := Expiry{Name: name}
		data, err := a.cache.Get(ctx, name) // autocert keeps its ECDSA certificate by the bare name
		if err != nil && !errors.Is(err, autocert.ErrCacheMiss) {
			return nil, fmt.Errorf("certificate of %s: %w", name, err)
		}
		if err == nil {
			if e.NotAfter, err = notAfter(data); err != nil {
				return nil, fmt.Errorf("certificate of %s: %w", name, err)
			}
		}
		all = append(all, e)
	}
	return all, nil
}

// notAfter reads the first certificate of a key and its chain in PEM.
func notAfter(data []byte) (time.Time, error) {
	pair, err := tls.X509KeyPair(data, data)
	if err != nil {
		return time.Time{}, err
	}
	return pair.Leaf.NotAfter, nil
}

// cache keeps what autocert hands it in acme_cache.
type cache struct {
	db  *sql.DB
	now func() time.Time
}

const getSQL = `select data from acme_cache where name = $1`

func (c cache) Get(ctx context.Context, name string) ([]byte, error) {
	var data []byte
	err := c.db.QueryRowContext(ctx, getSQL, name).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, autocert.ErrCacheMiss
	}
	if err != nil {
		return nil, fmt.Errorf("acme cache: %w", err)
	}
	return data, nil
}

const putSQL = `
insert into acme_cache (name, data, updated_at) values ($1, $2, $3)
on conflict (name) do update set data = excluded.data, updated_at = excluded.updated_at`

func (c cache) Put(ctx context.Context, name string, data []byte) error {
	if _, err := c.db.ExecContext(ctx, putSQL, name, data, c.now().UTC()); err != nil {
		return fmt.Errorf("acme cache: %w", err)
	}
	return nil
}

const deleteSQL = `delete from acme_cache where name = $1`

func (c cache) Delete(ctx context.Context, name string) error {
	if _, err := c.db.ExecContext(ctx, deleteSQL, name); err != nil {
		return fmt.Errorf("acme cache: %w", err)
	}
	return nil
}
