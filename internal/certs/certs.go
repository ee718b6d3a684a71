// Package certs gives the public address its TLS certificate: from two files that may change under a running node, or by
// ACME (RFC 8555), where all nodes on one database share one certificate. It owns acme_cache.
package certs

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// Source is where certificates come from.
type Source interface {
	// TLS is for a listener. It offers HTTP/2.
	TLS() *tls.Config
	// Plain answers what comes without TLS: the authority's challenges, and everybody else is sent to https.
	Plain() http.Handler
	// Expiry tells until when each name's certificate holds, for whoever watches over it. A name without one yet has a zero time.
	Expiry(ctx context.Context) ([]Expiry, error)
}

// Expiry is the end of one certificate.
type Expiry struct {
	Name     string
	NotAfter time.Time
}

// toHTTPS sends a visitor to the same page over TLS. Only what may be repeated is sent on: a form that was posted in the
// clear has already been read by the line.
func toHTTPS(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(w, "use https", http.StatusBadRequest)
		return
	}
	w.Header().Set("Connection", "close")
	http.Redirect(w, r, "https://"+bare(r.Host)+r.URL.RequestURI(), http.StatusFound)
}

func bare(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return host
}
