package twiml

import (
	"crypto/hmac"
	"crypto/sha1" // the providers' scheme, not our choice
	"encoding/base64"
	"net"
	"net/url"
	"slices"
	"strings"
)

// sign gives X-Twilio-Signature of a form posted to address: HMAC-SHA1 over the address, then every key with its value,
// keys sorted. Of a key that repeats, each different value counts once, sorted, as the providers' own libraries do.
func sign(secret, address string, form url.Values) []byte {
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write([]byte(address))
	keys := make([]string, 0, len(form))
	for k := range form {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		values := slices.Sorted(slices.Values(form[k]))
		for _, v := range slices.Compact(values) {
			mac.Write([]byte(k + v))
		}
	}
	return mac.Sum(nil)
}

// signed says whether signature is that of the form, in constant time. Providers disagree on whether the port belongs to
// the address that is signed, so both are tried, always both.
func signed(secret, address string, form url.Values, signature string) bool {
	given, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		return false
	}
	with, without := ports(address)
	a := hmac.Equal(given, sign(secret, with, form))
	b := hmac.Equal(given, sign(secret, without, form))
	return a || b
}

// ports gives the address with its port, the scheme's own if it names none, and without.
func ports(address string) (with, without string) {
	u, err := url.Parse(address)
	if err != nil {
		return address, address
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	scheme, rest, _ := strings.Cut(address, "://")
	path := rest[len(u.Host):]
	return scheme + "://" + net.JoinHostPort(u.Hostname(), port) + path, scheme + "://" + strings.TrimSuffix(u.Host, ":"+u.Port()) + path
}
