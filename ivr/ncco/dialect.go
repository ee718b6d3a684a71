// Package ncco speaks with Vonage: documents are NCCO, arrays of actions in JSON.
//
// In Vonage's dashboard: the application's answer URL is /voice/NAME/call with POST, its event URL /voice/NAME/status, signed
// webhooks are on, and the account's signature secret is the secret.
package ncco

import (
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"canhgiac/ivr/webhook"
)

// Account is what we have at Vonage.
type Account struct {
	Application    string // its id
	Secret         string // signs the webhooks
	Number         string // ours, which calls of ours and calls to officers come from
	Text           bool   // Vonage's voice speaks our words; else it plays our sounds
	API            string // https://api.nexmo.com
	Key            *rsa.PrivateKey
	DetectMachines bool
}

// New gives the dialect of one application.
func New(a Account, now func() time.Time) webhook.Dialect { return dialect{a, now} }

type dialect struct {
	account Account
	now     func() time.Time
}

// Manner: a signature covers the body, so nothing is fetched, and the addresses carry a seal.
func (d dialect) Manner() webhook.Manner {
	return webhook.Manner{ContentType: "application/json; charset=utf-8", Seal: []byte(d.account.Secret)}
}

// fresh is how far a token's time may be from ours.
const fresh = 5 * time.Minute

// Verify checks the token of a signed webhook: HS256 under the signature secret, the body's SHA-256 in payload_hash.
func (d dialect) Verify(r webhook.Request) error {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return webhook.Refuse(http.StatusUnauthorized, "missing the token of a signed webhook")
	}
	var claims struct {
		IssuedAt    int64  `json:"iat"`
		PayloadHash string `json:"payload_hash"`
		Application string `json:"application_id"`
	}
	if err := webhook.ReadHS256(d.account.Secret, token, &claims); err != nil {
		return webhook.Refuse(http.StatusForbidden, "the token does not match")
	}
	sum := sha256.Sum256(r.Body)
	switch {
	case subtle.ConstantTimeCompare([]byte(strings.ToLower(claims.PayloadHash)), []byte(hex.EncodeToString(sum[:]))) != 1:
		return webhook.Refuse(http.StatusForbidden, "payload_hash is another body's")
	case r.At.Sub(time.Unix(claims.IssuedAt, 0)).Abs() > fresh:
		return webhook.Refuse(http.StatusForbidden, "the token is not of this time")
	case claims.Application != "" && claims.Application != d.account.Application:
		return webhook.Refuse(http.StatusForbidden, "application_id is another application's")
	}
	return nil
}
