package twiml

import (
	"encoding/base64"
	"net/url"
	"testing"
)

// vector is the one in Twilio's own documentation.
var vector = struct {
	secret, address, signature string
	form                       url.Values
}{
	"12345", "https://mycompany.com/myapp.php?foo=1&bar=2", "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
	url.Values{"CallSid": {"CA1234567890ABCDE"}, "Caller": {"+14158675309"}, "Digits": {"1234"}, "From": {"+14158675309"}, "To": {"+18005551212"}},
}

func TestSignatures(t *testing.T) {
	sum := func(secret, address string, f url.Values) string {
		return base64.StdEncoding.EncodeToString(sign(secret, address, f))
	}
	twice := url.Values{"A": {"2", "1", "2"}}
	for name, c := range map[string]struct {
		secret, address string
		form            url.Values
		signature       string
		want            bool
	}{
		"the documentation's vector":                {vector.secret, vector.address, vector.form, vector.signature, true},
		"another secret":                            {"12346", vector.address, vector.form, vector.signature, false},
		"another address":                           {vector.secret, vector.address + "3", vector.form, vector.signature, false},
		"a field more":                              {vector.secret, vector.address, url.Values{"CallSid": {"CA1234567890ABCDE"}}, vector.signature, false},
		"signed with the port that we leave out":    {"s", "https://a.vn/x", twice, sum("s", "https://a.vn:443/x", twice), true},
		"signed without the port that we write out": {"s", "https://a.vn:8443/x?n=1", twice, sum("s", "https://a.vn/x?n=1", twice), true},
		"signed with http's port":                   {"s", "http://a.vn/x", twice, sum("s", "http://a.vn:80/x", twice), true},
		"another port":                              {"s", "https://a.vn:8443/x", twice, sum("s", "https://a.vn:9443/x", twice), false},
		"an address in numbers":                     {"s", "http://[::1]:8080/x", twice, sum("s", "http://[::1]:8080/x", twice), true},
		"a field that repeats counts once a value":  {"s", "https://a.vn/x", twice, sum("s", "https://a.vn/x", url.Values{"A": {"1", "2"}}), true},
		"no signature":                              {"s", "https://a.vn/x", twice, "", false},
		"cut short":                                 {vector.secret, vector.address, vector.form, "RSOYDt4T1cUTdK1PDd93/VVr8A==", false},
	} {
		if got := signed(c.secret, c.address, c.form, c.signature); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
