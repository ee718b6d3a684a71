package stringee

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"canhgiac/ivr"
	"canhgiac/ivr/webhook"
	"canhgiac/ivr/webhook/webhooktest"
)

// outgoingLine is a bench from which one call of ours has been asked for, and the address that Stringee is to fetch.
func outgoingLine(t *testing.T, answer string) (l *line, answerURL string) {
	t.Helper()
	x := webhooktest.NewExchange(t, http.StatusOK, answer)
	a := account()
	a.API = x.URL
	now := func() time.Time { return time.Date(2026, 8, 27, 7, 5, 0, 0, time.UTC) }
	l = newLine(t, a, ivr.Line{Provider: "stringee", CallerID: a.Number, PerSecond: 10, Concurrent: 1,
		Dialer: webhook.NewDialer(webhook.Provider{Name: "stringee", Dialect: New(a, now)}, webhooktest.Public, nil, slog.New(slog.DiscardHandler))})
	asked := l.Dial(t, x, "+84901234567")
	var call struct {
		From   endpoint   `json:"from"`
		To     []endpoint `json:"to"`
		Answer string     `json:"answer_url"`
	}
	if err := json.Unmarshal(asked.Body, &call); err != nil {
		t.Fatal(err)
	}
	if asked.URL.Path != "/v1/call2/callout" || !cmp.Equal(call.From, outside(a.Number)) || !cmp.Equal(call.To, []endpoint{outside("84901234567")}) {
		t.Errorf("%s %s", asked.URL, asked.Body)
	}
	var claims struct {
		Iss, Jti string
		Exp      int64
		RestAPI  bool `json:"rest_api"`
	}
	if err := webhook.ReadHS256(a.KeySecret, asked.Header.Get("X-STRINGEE-AUTH"), &claims); err != nil || claims.Iss != a.KeySID || !claims.RestAPI ||
		claims.Exp != now().Add(tokenLife).Unix() || !strings.HasPrefix(claims.Jti, a.KeySID+"-") {
		t.Errorf("%+v, %v", claims, err)
	}
	return l, call.Answer
}

// TestCallsOfOurs: Stringee brings no reference back with a call's end, so its name or the person's number says which it is.
func TestCallsOfOurs(t *testing.T) {
	const sid = `"call_id":"call-vn-1-Y8JUX5TVSZ-1787814300779"`
	nobody := []string{`"answerDuration":98`, `"answerDuration":0`, `"number":"84901234567","alias":"84901234567"`, `"number":"842473000001","alias":"842473000001"`,
		`"number":"842473000001","alias":"842473000001"`, `"number":"84901234567","alias":"84901234567"`}
	for _, c := range []struct {
		is, answer string
		steps      func(l *line, answer string)
		want       string
	}{
		{"taken and hung up", `{"r":0,` + sid + `}`, func(l *line, answer string) {
			l.ask("GET", answer+"&from=842473000001&to=84901234567&fromInternal=false&callId=call-vn-1-Y8JUX5TVSZ-1787814300779", "")
			l.does("1")
			l.tells("ended")
		}, "answered true"},
		{"taken under another name", `{"r":0}`, func(l *line, answer string) {
			l.ask("GET", answer+"&from=842473000001&to=84901234567&fromInternal=false&uuid=890ccbe2", "")
			l.does("1")
			l.tells("ended")
		}, "answered true"},
		{"busy", `{"r":0,` + sid + `}`, func(l *line, _ string) { l.tells("ended", append(nobody, "USER_END_CALL", "486 Busy Here")...) }, "busy false"},
		{"nobody answers, and Stringee never named the call", `{"r":0}`, func(l *line, _ string) {
			l.tells("ended", append(nobody, "USER_END_CALL", "480 Temporarily Unavailable")...)
			l.tells("ended", append(nobody, "USER_END_CALL", "486 Busy Here")...)
		}, "no_answer false"},
		{"declined", `{"r":0,` + sid + `}`, func(l *line, _ string) { l.tells("ended", append(nobody, "USER_END_CALL", "603 Decline")...) }, "rejected false"},
	} {
		t.Run(c.is, func(t *testing.T) {
			l, answer := outgoingLine(t, c.answer)
			c.steps(l, answer)
			if got := l.Column(t, `select coalesce(outcome, 'open') || ' ' || (answered_at is not null) from outgoing_attempts`); !cmp.Equal(got, []string{c.want}) {
				t.Errorf("attempt %v, expected %s\n%s", got, c.want, l.Log)
			}
		})
	}
}

// TestWhatStringeeSaysToACall: r tells, whatever the status.
func TestWhatStringeeSaysToACall(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		sid    string
		err    error
	}{
		"placed, with a name": {200, `{"r":0,"call_id":"c1"}`, "c1", nil},
		"placed, without":     {200, `{"r":0}`, "", nil},
		"a wrong number":      {200, `{"r":10,"message":"TO_NUMBER_INVALID_FORMAT"}`, "", ivr.ErrNumber},
		"no money left":       {200, `{"r":8,"message":"NOT_ENOUGH_MONEY"}`, "", ivr.ErrRefused},
		"a wrong key":         {401, `{"r":2,"message":"AUTH"}`, "", ivr.ErrRefused},
	} {
		if sid, err := New(account(), time.Now).Placed(c.status, []byte(c.body)); sid != c.sid || !errors.Is(err, c.err) {
			t.Errorf("%s: %q, %v", name, sid, err)
		}
	}
	for _, body := range []string{"", "<html>", "{}"} {
		if _, err := New(account(), time.Now).Placed(502, []byte(body)); err == nil || errors.Is(err, ivr.ErrRefused) || errors.Is(err, ivr.ErrNumber) {
			t.Errorf("%q is no doubt: %v", body, err)
		}
	}
}
