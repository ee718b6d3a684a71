package main

import (
	"crypto/x509"
	"database/sql"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"time"

	"canhgiac/internal/certs"
)

// certificates is where the public address has its certificate from; nil: it speaks plain HTTP, and a proxy in front has it.
func certificates(c HTTPConfig, db *sql.DB, now func() time.Time, log *slog.Logger) (certs.Source, error) {
	switch {
	case c.TLS.Cert != "":
		return certs.FromFiles(c.TLS.Cert, c.TLS.Key, log)
	case len(c.ACME.Domains) > 0:
		roots, err := c.ACME.roots()
		if err != nil {
			return nil, err
		}
		return certs.ByACME(certs.Options{DB: db, Now: now, Domains: c.ACME.Domains, Email: c.ACME.Email, Directory: c.ACME.Directory, Roots: roots}), nil
	}
	return nil, nil
}

// roots is nil for the authorities that the system trusts.
func (c ACMEConfig) roots() (*x509.CertPool, error) {
	if c.DirectoryCA == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(c.DirectoryCA)
	if err != nil {
		return nil, fmt.Errorf("read http.acme.directory_ca: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("read http.acme.directory_ca: no certificate in %s", c.DirectoryCA)
	}
	return roots, nil
}

func (k *check) http(c HTTPConfig) {
	u, err := url.Parse(c.PublicURL)
	secure := err == nil && u.Scheme == "https"
	files, acme := c.TLS.Cert != "" || c.TLS.Key != "", len(c.ACME.Domains) > 0
	k.that(!files || c.TLS.Cert != "", "http.tls.cert", "a file, since http.tls.key is set", c.TLS.Cert)
	k.that(!files || c.TLS.Key != "", "http.tls.key", "a file, since http.tls.cert is set", c.TLS.Key)
	k.that(!files || !acme, "http.acme.domains", "nothing, since http.tls is set", c.ACME.Domains)
	k.that(!files && !acme || secure, "http.public_url", "an https address, since http.tls or http.acme is set", c.PublicURL)
	if acme {
		k.that(u != nil && slices.Contains(c.ACME.Domains, u.Hostname()), "http.acme.domains", "the name in http.public_url among them", c.ACME.Domains)
		for i, d := range c.ACME.Domains {
			k.that(domainForm.MatchString(d), fmt.Sprintf("http.acme.domains[%d]", i), "a name like canhgiac.example.vn, in small letters", d)
		}
		k.that(isHTTPURL(c.ACME.Directory), "http.acme.directory", "the address of an ACME directory", c.ACME.Directory)
		_, err := c.ACME.roots()
		k.that(err == nil, "http.acme.directory_ca", "a file of certificates in PEM, or nothing", c.ACME.DirectoryCA)
	}
	if c.PlainAddr != "" {
		k.addr("http.plain_addr", c.PlainAddr)
		k.that(files || acme, "http.plain_addr", "nothing, since neither http.tls nor http.acme is set", c.PlainAddr)
	}
	for i, p := range c.TrustedProxies {
		_, err := proxyNetwork(p)
		k.that(err == nil, fmt.Sprintf("http.trusted_proxies[%d]", i), "an address or a network, like 10.0.0.0/8", p)
	}
}

// proxyNetwork reads an address, or a network in CIDR form.
func proxyNetwork(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	return p.Masked(), err
}
