package ncco

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"canhgiac/internal/postgres/pgtest"
	"canhgiac/ivr/webhook"
	"canhgiac/ivr/webhook/webhooktest"
)

func TestASpokenMessageIsBroughtHereFromVonage(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	x := webhooktest.NewRecordings(t, func(r *http.Request) bool {
		token := strings.Split(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), ".")
		if len(token) != 3 {
			return false
		}
		signature, err := base64.RawURLEncoding.DecodeString(token[2])
		sum := sha256.Sum256([]byte(token[0] + "." + token[1]))
		return err == nil && rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, sum[:], signature) == nil
	})
	a := account()
	a.API, a.Key = x.URL, key
	l := &line{t: t, Bench: webhooktest.New(t, pgtest.Shared(t), "vonage", func(now func() time.Time) webhook.Dialect { return New(a, now) })}
	l.rings("84901234567")
	for _, what := range []string{"-", "0", "busy", "timeout"} {
		l.does(what)
	}
	sound := l.find("record")
	l.KeepsWhatWasSpoken(t, x, "vonage", New(a, func() time.Time { return l.Now }), func(address string) {
		l.tell(sound, body(t, "recorded", "https://api.vonage.example/v1/files/RE1", address))
	})
}
