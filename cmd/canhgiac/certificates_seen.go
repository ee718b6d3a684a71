package main

import (
	"context"
	"crypto/tls"
	"sync"

	"canhgiac/gateway"
	"canhgiac/internal/certs"
	"canhgiac/internal/nodes"
)

// seenCertificates gives when the certificates end that matter to this node: those it serves, and those that the carriers
// have shown it. It has the carriers' links note what they are shown, so it is called before they are used.
func seenCertificates(carriers []gateway.Carrier, served certs.Source) func(context.Context) ([]nodes.Certificate, error) {
	var mu sync.Mutex
	shown := map[string]nodes.Certificate{}
	for _, r := range carriers {
		if r.Link.TLS == nil {
			continue
		}
		r.Link.TLS.VerifyConnection = func(s tls.ConnectionState) error {
			if len(s.PeerCertificates) > 0 {
				mu.Lock()
				defer mu.Unlock()
				shown[r.Name] = nodes.Certificate{Of: r.Name, Name: s.ServerName, NotAfter: s.PeerCertificates[0].NotAfter}
			}
			return nil // whether it is to be trusted was asked before
		}
	}
	return func(ctx context.Context) ([]nodes.Certificate, error) {
		var all []nodes.Certificate
		if served != nil {
			ends, err := served.Expiry(ctx)
			if err != nil {
				return nil, err
			}
			for _, e := range ends {
				all = append(all, nodes.Certificate{Of: "http", Name: e.Name, NotAfter: e.NotAfter})
			}
		}
		mu.Lock()
		defer mu.Unlock()
		for _, r := range carriers {
			if c, ok := shown[r.Name]; ok {
				all = append(all, c)
			}
		}
		return all, nil
	}
}
