package main

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// behindProxies gives requests that a trusted proxy brings the address of their visitor: the last one in X-Forwarded-For
// that is no trusted proxy itself. What stands before it the visitor could have written.
func behindProxies(trusted []netip.Prefix, next http.Handler) http.Handler {
	if len(trusted) == 0 {
		return next
	}
	trusts := func(a netip.Addr) bool {
		for _, p := range trusted {
			if p.Contains(a.Unmap()) {
				return true
			}
		}
		return false
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil && trusts(peer.Addr()) {
			hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
			for i := len(hops) - 1; i >= 0; i-- {
				hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
				if err != nil {
					break // not an address: whoever wrote it is not to be believed about what stands before it either
				}
				r.RemoteAddr = net.JoinHostPort(hop.Unmap().String(), "0")
				if !trusts(hop) {
					break
				}
			}
		}
		next.ServeHTTP(w, r)
	})
}
