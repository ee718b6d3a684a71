package stringee

import (
	"net/http"
	"testing"
	"time"

	"canhgiac/ivr/webhook"
	"canhgiac/ivr/webhook/webhooktest"
)

func TestASpokenMessageIsBroughtHereFromStringee(t *testing.T) {
	a := account()
	x := webhooktest.NewRecordings(t, func(r *http.Request) bool {
		var claims struct{ Iss string }
		return webhook.ReadHS256(a.KeySecret, r.Header.Get("X-STRINGEE-AUTH"), &claims) == nil && claims.Iss == a.KeySID
	})
	a.API = x.URL
	l := newLine(t, a)
	l.rings("0901234567")
	for _, what := range []string{"-", "0", "nobody answers", "nobody answers"} {
		l.does(what)
	}
	sound := l.find("recordMessage")["eventUrl"].(string)
	l.KeepsWhatWasSpoken(t, x, "stringee", New(a, func() time.Time { return l.Now }), func(address string) {
		l.ask("POST", sound, body(t, "recorded", "https://api.stringee.example/v1/call/recording/RM1", address))
	})
}
