package twiml

import (
	"net/http"
	"testing"
	"time"

	"canhgiac/internal/postgres/pgtest"
	"canhgiac/ivr/webhook"
	"canhgiac/ivr/webhook/webhooktest"
)

func TestASpokenMessageIsBroughtHereFromTwilio(t *testing.T) {
	x := webhooktest.NewRecordings(t, func(r *http.Request) bool {
		user, password, _ := r.BasicAuth()
		return user == "SK1" && password == "key's secret"
	})
	dialect := New(Account{SID: account, Token: secret, API: x.URL, Key: "SK1", KeySecret: "key's secret"})
	w := webhooktest.New(t, pgtest.Shared(t), "twilio", func(func() time.Time) webhook.Dialect { return dialect })
	b := &bench{Handler: w, t: t, db: w.DB, log: w.Log}
	b.document("/voice/twilio/call", form())
	b.document("/voice/twilio/step?n=1", form())
	b.document("/voice/twilio/step?n=2", form("Digits", "0"))
	b.document("/voice/twilio/dialed?n=3", form("DialCallStatus", "busy"))
	b.document("/voice/twilio/dialed?n=4", form("DialCallStatus", "no-answer"))
	w.KeepsWhatWasSpoken(t, x, "twilio", dialect, func(address string) {
		b.document("/voice/twilio/recorded?n=5", form("RecordingSid", "RE1", "RecordingUrl", address, "RecordingDuration", "12"))
	})
}
