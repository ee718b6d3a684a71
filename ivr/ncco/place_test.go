package ncco

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"canhgiac/internal/postgres/pgtest"
	"canhgiac/ivr"
	"canhgiac/ivr/webhook"
	"canhgiac/ivr/webhook/webhooktest"
)

// TestCallsOfOurs: Vonage is asked for a call in the application's name, and tells what became of it.
func TestCallsOfOurs(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		is    string
		steps func(l *line, answer, event string)
		want  string
	}{
		{"taken and hung up", func(l *line, answer, event string) {
			l.ask(answer, body(t, "answer", "FROM", "842473000001", `"to":"842473000001"`, `"to":"84901234567"`))
			l.does("1")
			l.tell(event, body(t, "ended", "STATUS", "completed"))
		}, "answered true"},
		{"busy, after it rang", func(l *line, _, event string) {
			l.tell(event, body(t, "ended", "STATUS", "ringing"))
			l.tell(event, body(t, "ended", "STATUS", "busy"))
		}, "busy false"},
		{"nobody answers, told twice", func(l *line, _, event string) {
			l.tell(event, body(t, "ended", "STATUS", "timeout"))
			l.tell(event, body(t, "ended", "STATUS", "completed"))
		}, "no_answer false"},
		{"declined", func(l *line, _, event string) { l.tell(event, body(t, "ended", "STATUS", "rejected")) }, "rejected false"},
		{"a machine", func(l *line, _, event string) {
			l.tell(event, body(t, "ended", "STATUS", "machine"))
			l.tell(event, body(t, "ended", "STATUS", "completed"))
		}, "machine false"},
	} {
		t.Run(c.is, func(t *testing.T) {
			x := webhooktest.NewExchange(t, http.StatusCreated, `{"uuid":"`+sid+`","status":"started","direction":"outbound","conversation_uuid":"CON-1"}`)
			a := account()
			a.API, a.Key, a.DetectMachines = x.URL, key, true
			dialect := func(now func() time.Time) webhook.Dialect { return New(a, now) }
			b := webhooktest.New(t, pgtest.Shared(t), "vonage", dialect, ivr.Line{Provider: "vonage", CallerID: a.Number, PerSecond: 10, Concurrent: 1,
				Dialer: webhook.NewDialer(webhook.Provider{Name: "vonage", Dialect: dialect(time.Now)}, webhooktest.Public, nil, slog.New(slog.DiscardHandler))})
			l := &line{Bench: b, t: t}
			asked := b.Dial(t, x, "+84901234567")
			token := strings.Split(strings.TrimPrefix(asked.Header.Get("Authorization"), "Bearer "), ".")
			signature, err := base64.RawURLEncoding.DecodeString(token[2])
			sum := sha256.Sum256([]byte(token[0] + "." + token[1]))
			if err != nil || rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, sum[:], signature) != nil {
				t.Errorf("token %v, %v", token, err)
			}
			var got map[string]any
			if err := json.Unmarshal(asked.Body, &got); err != nil {
				t.Fatal(err)
			}
			address := func(field string) string { return got[field].([]any)[0].(string) }
			to := map[string]any{"type": "phone", "number": "84901234567"}
			from := map[string]any{"type": "phone", "number": "842473000001"}
			if d := cmp.Diff(map[string]any{"to": []any{to}, "from": from, "ringing_timer": 30.0, "answer_url": []any{address("answer_url")}, "answer_method": "POST",
				"event_url": []any{address("event_url")}, "event_method": "POST", "machine_detection": "hangup"}, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			c.steps(l, address("answer_url"), address("event_url"))
			if got := b.Column(t, `select coalesce(outcome, 'open') || ' ' || (answered_at is not null) from outgoing_attempts`); !cmp.Equal(got, []string{c.want}) {
				t.Errorf("attempt %v, expected %s\n%s", got, c.want, b.Log)
			}
		})
	}
}

func TestWhatVonageSaysToACall(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		sid    string
		err    error
	}{
		"placed":         {201, `{"uuid":"u1"}`, "u1", nil},
		"a wrong number": {400, `{"title":"Bad Request","invalid_parameters":[{"name":"to[0].number","reason":"Must be a number"}]}`, "", ivr.ErrNumber},
		"a wrong caller": {400, `{"title":"Bad Request","invalid_parameters":[{"name":"from.number","reason":"Must be ours"}]}`, "", ivr.ErrRefused},
		"too many":       {429, `{"title":"Rate Limit Hit"}`, "", ivr.ErrRefused},
	} {
		if sid, err := New(account(), time.Now).Placed(c.status, []byte(c.body)); sid != c.sid || !errors.Is(err, c.err) {
			t.Errorf("%s: %q, %v", name, sid, err)
		}
	}
	if _, err := New(account(), time.Now).Placed(503, nil); err == nil || errors.Is(err, ivr.ErrRefused) || errors.Is(err, ivr.ErrNumber) {
		t.Errorf("no doubt: %v", err)
	}
}
