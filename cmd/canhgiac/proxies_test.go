package main

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

func TestWhoTheVisitorIsBehindProxies(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	tests := []struct {
		name, peer string
		forwarded  []string
		want       string
	}{
		{"nobody in between", "203.0.113.5:4000", nil, "203.0.113.5:4000"},
		{"a stranger who claims to be a proxy", "203.0.113.5:4000", []string{"198.51.100.1"}, "203.0.113.5:4000"},
		{"a proxy", "10.1.2.3:4000", []string{"198.51.100.1"}, "198.51.100.1:0"},
		{"a proxy behind a proxy", "10.1.2.3:4000", []string{"198.51.100.1, 10.9.9.9"}, "198.51.100.1:0"},
		{"a visitor who wrote a header of their own", "10.1.2.3:4000", []string{"1.1.1.1, 198.51.100.1"}, "198.51.100.1:0"},
		{"the visitor's own and the proxy's as two headers", "10.1.2.3:4000", []string{"1.1.1.1", "198.51.100.1"}, "198.51.100.1:0"},
		{"words where an address belongs", "10.1.2.3:4000", []string{"198.51.100.1, unknown"}, "10.1.2.3:4000"},
		{"an empty header", "10.1.2.3:4000", []string{""}, "10.1.2.3:4000"},
		{"IPv6", "[::1]:4000", []string{"2001:db8::7"}, "[2001:db8::7]:0"},
		{"IPv4 written as IPv6", "[::ffff:10.1.2.3]:4000", []string{"::ffff:198.51.100.1"}, "198.51.100.1:0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr = tt.peer
			r.Header["X-Forwarded-For"] = tt.forwarded
			var got string
			behindProxies(trusted, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.RemoteAddr })).ServeHTTP(httptest.NewRecorder(), r)
			if got != tt.want {
				t.Errorf("the visitor is %s, want %s", got, tt.want)
			}
		})
	}
}
