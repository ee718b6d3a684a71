// Package stringee speaks with Stringee, a voice provider of Vietnam: documents are SCCO, arrays of actions in JSON.
//
// What its public reference says was read in September 2026 and is marked so where it is used; "not verified" marks what we
// could not read there and took from its samples and from others' integrations. Try those with a number of your own before
// you rely on them.
//
// In Stringee's console: the number's answer URL is /voice/NAME/call, its event URL /voice/NAME/status, and the project's
// "Signing secret key" is the secret.
package stringee

import (
	"crypto/hmac"
	"crypto/sha1" // the provider's scheme, not our choice
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"canhgiac/ivr/webhook"
)

// Account is what we have at Stringee.
type Account struct {
	SigningKey string // of the project; signs its webhooks
	Number     string // ours at Stringee, which calls of ours and calls to officers come from
	Text       bool   // its own voice speaks our words; else it plays our sounds
	Voice      string // whose, where Text
	API        string // https://api.stringee.com
	KeySID     string // of the API; "" places no calls
	KeySecret  string
}

// New gives the dialect of one account.
func New(a Account, now func() time.Time) webhook.Dialect { return dialect{a, now} }

type dialect struct {
	account Account
	now     func() time.Time
}

// Manner: a POST's signature covers its body alone, so the addresses carry a seal. What is fetched has its address signed.
func (d dialect) Manner() webhook.Manner {
	return webhook.Manner{ContentType: "application/json; charset=utf-8", Seal: []byte(d.account.SigningKey), TwoNames: true,
		Get: []webhook.Hook{webhook.Call, webhook.Answer}}
}

// sign gives X-STRINGEE-SIGNATURE (reference, "Validating requests"): HMAC-SHA1 over the body of a POST, or over the
// Request-URI of a GET with each space as %20.
func sign(key, method, uri string, body []byte) []byte {
	mac := hmac.New(sha1.New, []byte(key))
	if method == http.MethodGet {
		mac.Write([]byte(strings.ReplaceAll(uri, " ", "%20")))
	} else {
		mac.Write(body)
	}
	return mac.Sum(nil)
}

// Verify checks the signature in constant time.
func (d dialect) Verify(r webhook.Request) error {
	signature := r.Header.Get("X-STRINGEE-SIGNATURE")
	if signature == "" {
		return webhook.Refuse(http.StatusUnauthorized, "missing X-STRINGEE-SIGNATURE")
	}
	given, err := base64.StdEncoding.DecodeString(signature)
	if err != nil || !hmac.Equal(given, sign(d.account.SigningKey, r.Method, r.URI, r.Body)) {
		return webhook.Refuse(http.StatusForbidden, "X-STRINGEE-SIGNATURE does not match")
	}
	return nil
}
