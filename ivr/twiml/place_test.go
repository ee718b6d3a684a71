package twiml

import (
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"canhgiac/internal/postgres/pgtest"
	"canhgiac/ivr"
	"canhgiac/ivr/webhook"
	"canhgiac/ivr/webhook/webhooktest"
)

// TestCallsOfOurs: Twilio is asked for a call, and tells what became of it, in any order and more than once.
func TestCallsOfOurs(t *testing.T) {
	const attempt = `select coalesce(outcome, 'open') || ' ' || (answered_at is not null) from outgoing_attempts`
	status := func(s string, more ...string) url.Values { return form(append([]string{"CallStatus", s}, more...)...) }
	for _, c := range []struct {
		is    string
		steps func(b *bench, answer, placed string)
		want  string
	}{
		{"taken and heard to the end", func(b *bench, answer, placed string) {
			if doc := b.document(answer, status("in-progress", "AnsweredBy", "human")); !strings.Contains(doc, "goi_lai") {
				b.t.Errorf("the person hears %s", doc)
			}
			b.document("/voice/twilio/step?n=1", form("Digits", "1"))
			b.tells(placed, status("completed"))
		}, "answered true"},
		{"busy", func(b *bench, _, placed string) { b.tells(placed, status("busy")) }, "busy false"},
		{"nobody answers, told twice, and a late word of ringing", func(b *bench, _, placed string) {
			b.tells(placed, status("no-answer"))
			b.tells(placed, status("failed"))
			b.tells(placed, status("ringing"))
		}, "no_answer false"},
		{"a machine takes it", func(b *bench, answer, placed string) {
			if doc := b.document(answer, status("in-progress", "AnsweredBy", "machine_start")); doc != head+"<Hangup></Hangup></Response>" {
				b.t.Errorf("the machine hears %s", doc)
			}
			b.tells(placed, status("completed", "AnsweredBy", "machine_start"))
		}, "machine false"},
		{"taken, and we never heard of it", func(b *bench, _, placed string) { b.tells(placed, status("completed")) }, "failed false"},
	} {
		t.Run(c.is, func(t *testing.T) {
			x := webhooktest.NewExchange(t, http.StatusCreated, `{"sid":"CA1","status":"queued"}`)
			a := Account{SID: account, Token: secret, API: x.URL, Key: "SK1", KeySecret: "key's secret", DetectMachines: true}
			w := webhooktest.New(t, pgtest.Shared(t), "twilio", func(func() time.Time) webhook.Dialect { return New(a) }, ivr.Line{
				Provider: "twilio", CallerID: "+842473000001", PerSecond: 10, Concurrent: 1,
				Dialer: webhook.NewDialer(webhook.Provider{Name: "twilio", Dialect: New(a)}, webhooktest.Public, nil, slog.New(slog.DiscardHandler)),
			})
			asked := w.Dial(t, x, "+84901234567")
			user, password, _ := asked.BasicAuth()
			if asked.URL.Path != "/2010-04-01/Accounts/AC1/Calls.json" || user != "SK1" || password != "key's secret" {
				t.Errorf("%s as %s", asked.URL, user)
			}
			got, err := url.ParseQuery(string(asked.Body))
			if err != nil {
				t.Fatal(err)
			}
			answer, placed := got.Get("Url"), got.Get("StatusCallback")
			if d := cmp.Diff(url.Values{"To": {"+84901234567"}, "From": {"+842473000001"}, "Url": {answer}, "Method": {"POST"}, "StatusCallback": {placed},
				"StatusCallbackMethod": {"POST"}, "StatusCallbackEvent": {"completed"}, "Timeout": {"30"}, "MachineDetection": {"Enable"}}, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			b := &bench{Handler: w, t: t, db: w.DB, log: w.Log}
			c.steps(b, strings.TrimPrefix(answer, webhooktest.Public), strings.TrimPrefix(placed, webhooktest.Public))
			if got := w.Column(t, attempt); len(got) != 1 || got[0] != c.want {
				t.Errorf("attempt %v, expected %s", got, c.want)
			}
		})
	}
}

// tells sends what nobody waits for.
func (b *bench) tells(path string, f url.Values) {
	b.t.Helper()
	if w := b.post(path, f); w.Code != http.StatusNoContent {
		b.t.Errorf("%s %v: %d %s", path, f, w.Code, w.Body)
	}
}
