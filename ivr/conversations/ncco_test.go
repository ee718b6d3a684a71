package conversations

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"canhgiac/ivr/ncco"
	"canhgiac/ivr/webhook"
)

const vonageSecret = "0123456789abcdef0123456789abcdef"

// vonage carries calls as Vonage does, with the bodies of its own reference.
type vonage struct {
	*house
	http.Handler
	calls  int
	from   string
	doc    []nccoAction
	sample map[string]string
}

type nccoAction struct {
	Action    string   `json:"action"`
	StreamURL []string `json:"streamUrl"`
	EventURL  []string `json:"eventUrl"`
	DTMF      struct {
		SubmitOnHash bool `json:"submitOnHash"`
	} `json:"dtmf"`
}

func openNCCO(t *testing.T, h *house) line {
	d := ncco.New(ncco.Account{Application: "app-1", Secret: vonageSecret, Number: ours[1:], API: "https://api.vonage.example"}, h.now)
	return &vonage{house: h, Handler: h.webhooks("vonage", d), sample: samples(t, "ncco", "answer", "keys", "officer", "free", "recorded", "ended")}
}

func (l *vonage) body(name string, replace ...string) string {
	own := strings.NewReplacer("aaaaaaaa-bbbb-cccc-dddd-0123456789ab", fmt.Sprint("aaaaaaaa-", l.calls), "84901234567", strings.TrimPrefix(l.from, "+"))
	return strings.NewReplacer(replace...).Replace(own.Replace(l.sample[name]))
}

func (l *vonage) send(t *testing.T, address, body string) *httptest.ResponseRecorder {
	t.Helper()
	sum := sha256.Sum256([]byte(body))
	token, err := webhook.SignHS256(vonageSecret, nil, map[string]any{"iss": "Vonage", "iat": l.now().Unix(), "jti": "1", "application_id": "app-1", "payload_hash": hex.EncodeToString(sum[:])})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", strings.TrimPrefix(address, public), strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	l.ServeHTTP(w, r)
	return w
}

// ask sends a webhook on whose answer the call goes on; tells one whose answer nobody waits for.
func (l *vonage) ask(t *testing.T, address, body string) heard {
	t.Helper()
	w := l.send(t, address, body)
	l.doc = nil
	if w.Code != http.StatusOK || json.Unmarshal(w.Body.Bytes(), &l.doc) != nil {
		t.Fatalf("%s: %d %s", address, w.Code, w.Body)
	}
	now := heard{over: true}
	for _, a := range l.doc {
		if a.Action != "stream" {
			now.over = false // no action hangs up: the call ends with the array
		}
		for _, sound := range a.StreamURL {
			now.lines = append(now.lines, lineAt(sound)...)
		}
	}
	return now
}

func (l *vonage) tells(t *testing.T, address, body string) {
	t.Helper()
	if w := l.send(t, address, body); w.Code != http.StatusNoContent {
		t.Fatalf("%s: %d %s", address, w.Code, w.Body)
	}
}

func (l *vonage) action(t *testing.T, name string) nccoAction {
	t.Helper()
	for _, a := range l.doc {
		if a.Action == name {
			return a
		}
	}
	t.Fatalf("no %s in %+v", name, l.doc)
	return nccoAction{}
}

func (l *vonage) rings(t *testing.T, from string) heard {
	t.Helper()
	l.calls++
	l.from = from
	return l.ask(t, "/voice/vonage/call", l.body("answer", "FROM", strings.TrimPrefix(from, "+")))
}

func (l *vonage) keys(t *testing.T, digits string, timedOut bool) heard {
	t.Helper()
	return l.ask(t, l.action(t, "input").EventURL[0], l.body("keys", "DIGITS", digits, "TIMEDOUT", fmt.Sprint(timedOut)))
}

// presses: # that ends a number is not among its digits; without it time runs out.
func (l *vonage) presses(t *testing.T, keys string) heard {
	t.Helper()
	if l.action(t, "input").DTMF.SubmitOnHash {
		digits, ended := strings.CutSuffix(keys, "#")
		return l.keys(t, digits, !ended)
	}
	return l.keys(t, keys, false)
}

func (l *vonage) isSilent(t *testing.T) heard {
	t.Helper()
	l.pass(longSilence)
	return l.keys(t, "", true)
}

// free: the line has come to the notify, which asks for the next document.
func (l *vonage) free(t *testing.T) heard {
	t.Helper()
	return l.ask(t, l.action(t, "notify").EventURL[0], l.body("free"))
}

// waits is the line that is told to come back until there is something to hear.
func (l *vonage) waits(t *testing.T) heard {
	t.Helper()
	for range 10 {
		if now := l.free(t); l.named(now.lines) != "" {
			return now
		}
	}
	t.Fatal("the line waits for ever")
	return heard{}
}

func (l *vonage) saysNothing(t *testing.T) heard {
	t.Helper()
	l.action(t, "record")
	return l.waits(t)
}

// speaks: the sound is told of while the line waits for it.
func (l *vonage) speaks(t *testing.T) heard {
	t.Helper()
	at := l.action(t, "record").EventURL[0]
	l.free(t)
	l.tells(t, at, l.body("recorded"))
	return l.waits(t)
}

func (l *vonage) officer(t *testing.T, does string) heard {
	t.Helper()
	at := l.action(t, "connect").EventURL[0]
	if does != "talks" {
		return l.ask(t, at, l.body("officer", "STATUS", map[string]string{"busy": "busy", "no_answer": "timeout"}[does]))
	}
	l.answers(t, at)
	l.tells(t, at, l.body("officer", "STATUS", "completed"))
	return l.free(t)
}

func (l *vonage) answers(t *testing.T, at string) {
	t.Helper()
	for _, status := range []string{"started", "ringing", "answered"} {
		l.tells(t, at, l.body("officer", "STATUS", status))
	}
}

func (l *vonage) officerThenHangsUp(t *testing.T) {
	t.Helper()
	l.answers(t, l.action(t, "connect").EventURL[0])
	l.hangsUp(t)
}

func (l *vonage) hangsUp(t *testing.T) {
	t.Helper()
	l.tells(t, "/voice/vonage/status", l.body("ended", "STATUS", "completed"))
}
