package webhook

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
)

// The example of RFC 7515, appendix A.1.
const (
	rfcKey   = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
	rfcToken = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
)

func TestTokensUnderASharedSecret(t *testing.T) {
	key, err := base64.RawURLEncoding.DecodeString(rfcKey)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := SignHS256("secret", map[string]any{"cty": "stringee-api;v=1"}, map[string]any{"iss": "joe"})
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(rfcToken, ".")
	none := b64.EncodeToString([]byte(`{"alg":"none"}`)) + "." + parts[1]
	under := func(head string) string { // rightly signed, whatever the head says
		unsigned := b64.EncodeToString([]byte(head)) + "." + parts[1]
		return unsigned + "." + b64.EncodeToString(hs256("secret", unsigned))
	}
	for name, c := range map[string]struct {
		secret, token string
		ok            bool
	}{
		"the standard's example":        {string(key), rfcToken, true},
		"our own":                       {"secret", ours, true},
		"another secret":                {"Secret", ours, false},
		"another body":                  {string(key), parts[0] + "." + b64.EncodeToString([]byte(`{"iss":"jim"}`)) + "." + parts[2], false},
		"no signature":                  {string(key), parts[0] + "." + parts[1] + ".", false},
		"no way of signing":             {string(key), none + ".", false},
		"signed, and says it is not":    {"secret", under(`{"alg":"none"}`), false},
		"signed, and says another way":  {"secret", under(`{"alg":"RS256"}`), false},
		"a head that is no JSON":        {"secret", under(`HS256`), false},
		"two parts":                     {"secret", "a.b", false},
		"nothing":                       {"", "", false},
		"a signature that is no base64": {"secret", parts[0] + "." + parts[1] + ".***", false},
	} {
		var claims struct{ Iss string }
		err := ReadHS256(c.secret, c.token, &claims)
		if (err == nil) != c.ok || c.ok && claims.Iss != "joe" {
			t.Errorf("%s: %v, %+v", name, err, claims)
		}
	}
}

func TestTokensUnderAPrivateKey(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	token, err := SignRS256(key, map[string]any{"application_id": "app"})
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(token, ".")
	signature, err := b64.DecodeString(parts[2])
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, sum[:], signature); err != nil {
		t.Error(err)
	}
	var header map[string]string
	head, err := b64.DecodeString(parts[0])
	if err != nil || json.Unmarshal(head, &header) != nil || header["alg"] != "RS256" || header["typ"] != "JWT" {
		t.Errorf("%s %v", head, err)
	}
}
