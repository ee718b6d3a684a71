package ncco

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"canhgiac/ivr"
	"canhgiac/ivr/prompts"
	"canhgiac/ivr/webhook"
)

func address(hook string, query ...string) string {
	q := url.Values{}
	for i := 0; i < len(query); i += 2 {
		q.Set(query[i], query[i+1])
	}
	path := "/voice/vonage/" + hook
	q.Set("k", webhook.Seal([]byte(secret), path, q))
	return path + "?" + q.Encode()
}

// TestBadWebhooks: each with the status and the words that it gets. None leaves a trace in the database.
func TestBadWebhooks(t *testing.T) {
	l := newLine(t, account())
	good, keys := body(t, "answer", "FROM", "84901234567"), body(t, "keys", "DIGITS", "1", "TIMEDOUT", "false")
	step := address("step", "call", sid, "n", "1")
	bearer := func(claims map[string]any) string { return "Bearer " + l.token(good, claims) }
	for name, c := range map[string]struct {
		method, uri, body, authorization string
		status                           int
		says                             string
	}{
		"a call fetched":                    {"GET", "/voice/vonage/call", "", "", 405, "posted"},
		"no token":                          {"POST", "/voice/vonage/call", good, "none", 401, "missing the token"},
		"a password instead":                {"POST", "/voice/vonage/call", good, "Basic YTpi", 401, "missing the token"},
		"a forged token":                    {"POST", "/voice/vonage/call", good, bearer(nil) + "x", 403, "does not match"},
		"another body's token":              {"POST", "/voice/vonage/call", good + " ", bearer(nil), 403, "payload_hash"},
		"no hash":                           {"POST", "/voice/vonage/call", good, bearer(map[string]any{"payload_hash": ""}), 403, "payload_hash"},
		"an old token":                      {"POST", "/voice/vonage/call", good, bearer(map[string]any{"iat": l.Now.Add(-6 * time.Minute).Unix()}), 403, "of this time"},
		"a token of tomorrow":               {"POST", "/voice/vonage/call", good, bearer(map[string]any{"iat": l.Now.Add(24 * time.Hour).Unix()}), 403, "of this time"},
		"another application's token":       {"POST", "/voice/vonage/call", good, bearer(map[string]any{"application_id": "app-2"}), 403, "another application"},
		"a body too large":                  {"POST", "/voice/vonage/call", strings.Repeat(" ", webhook.BodyLimit+1), "", 413, "65536 bytes"},
		"a body that is no JSON":            {"POST", "/voice/vonage/call", "from=1", "", 400, "JSON"},
		"an array":                          {"POST", "/voice/vonage/call", "[]", "", 400, "JSON"},
		"a name that is a number":           {"POST", "/voice/vonage/call", `{"uuid":7}`, "", 400, "JSON"},
		"a call without a name":             {"POST", "/voice/vonage/call", `{"from":"1"}`, "", 400, "missing the call's name"},
		"a name that is a novel":            {"POST", "/voice/vonage/call", `{"uuid":"` + strings.Repeat("u", 65) + `"}`, "", 400, "64"},
		"a state that is none":              {"POST", "/voice/vonage/status", `{"uuid":"u","status":"asleep"}`, "", 400, "status"},
		"the end of an unknown call":        {"POST", "/voice/vonage/status", body(t, "ended", "STATUS", "completed"), "", 404, "unknown call"},
		"keys at an address not ours":       {"POST", "/voice/vonage/step?n=1&call=" + sid, keys, "", 403, "not one that we gave"},
		"keys at another step's seal":       {"POST", strings.Replace(step, "n=1", "n=2", 1), keys, "", 403, "not one that we gave"},
		"keys at another call's seal":       {"POST", strings.Replace(step, "aaaaaaaa", "bbbbbbbb", 1), keys, "", 403, "not one that we gave"},
		"keys of an unknown call":           {"POST", step, keys, "", 404, "unknown call"},
		"no keys":                           {"POST", step, `{"uuid":"u"}`, "", 400, "missing dtmf"},
		"keys that are a word":              {"POST", step, `{"uuid":"u","dtmf":"1"}`, "", 400, "JSON"},
		"keys that no telephone has":        {"POST", step, `{"uuid":"u","dtmf":{"digits":"1'; --"}}`, "", 400, "dtmf.digits"},
		"an officer's nothing":              {"POST", address("dialed", "call", sid, "n", "1"), `{"uuid":"u"}`, "", 400, "status"},
		"a message without its sound":       {"POST", address("recorded", "call", sid, "n", "1"), `{"uuid":"u"}`, "", 400, "recording_url"},
		"somebody took a call not ours":     {"POST", address("answer", "ref", "7-1"), good, "", 404, "unknown call"},
		"a call of ours, at no seal":        {"POST", "/voice/vonage/answer?ref=7-1", good, "", 403, "not one that we gave"},
		"nobody took a call that is no one": {"POST", address("placed", "ref", "7-1"), body(t, "ended", "STATUS", "busy"), "", 404, "unknown call"},
	} {
		t.Run(name, func(t *testing.T) {
			authorization := c.authorization
			switch authorization {
			case "":
				authorization = "Bearer " + l.token(c.body, nil)
			case "none":
				authorization = ""
			}
			w := l.send(c.method, c.uri, c.body, authorization)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.says) {
				t.Errorf("%d %q, expected %d with %q", w.Code, w.Body, c.status, c.says)
			}
		})
	}
	if got := l.Column(t, `select count(*) from calls`); got[0] != "0" {
		t.Errorf("%s calls", got[0])
	}
	if strings.Contains(l.Log.String(), "901234567") {
		t.Errorf("a number in the log:\n%s", l.Log)
	}
	l.rings("84901234567")
	if w := l.send("POST", address("step", "call", sid, "n", "2"), keys, "Bearer "+l.token(keys, nil)); w.Code != 409 {
		t.Errorf("a step from the future: %d %s", w.Code, w.Body)
	}
}

// TestDocuments are the actions that carry a reply, each written out.
func TestDocuments(t *testing.T) {
	words, err := prompts.Load()
	if err != nil {
		t.Fatal(err)
	}
	sound, err := prompts.OpenSound(words, "")
	if err != nil {
		t.Fatal(err)
	}
	a := webhook.At("https://canhgiac.vn", "vonage", sound)
	const wav, hook = "https://canhgiac.vn/voice/sounds/trung/pcm/", "https://canhgiac.vn/voice/vonage/"
	pause := strings.TrimSuffix(strings.Repeat(prompts.Gap+"~", len(a.Silence(11*time.Second))), "~")
	for name, c := range map[string]struct {
		actions []ivr.Action
		want    string
	}{
		"lines one after the other": {[]ivr.Action{{Play: "so-1"}, {Play: "so-2"}, {Hangup: true}},
			`[{"action":"stream","streamUrl":["` + wav + `so-1~so-2.wav"]}]`},
		"one key": {[]ivr.Action{{Gather: &ivr.Gather{Play: []string{"so-1"}, One: true, First: 9 * time.Second}}},
			`[{"action":"stream","streamUrl":["` + wav + `so-1.wav"],"bargeIn":true},` +
				`{"action":"input","type":["dtmf"],"dtmf":{"timeOut":9,"maxDigits":1,"submitOnHash":false},"eventUrl":["` + hook + `step?n=3"]}]`},
		"a number: silence that a key stops gives the first one longer": {[]ivr.Action{{Gather: &ivr.Gather{Play: []string{"so-1"}, First: 15 * time.Second, Between: 4 * time.Second}}},
			`[{"action":"stream","streamUrl":["` + wav + `so-1~` + pause + `.wav"],"bargeIn":true},` +
				`{"action":"input","type":["dtmf"],"dtmf":{"timeOut":4,"maxDigits":20,"submitOnHash":true},"eventUrl":["` + hook + `step?n=3"]}]`},
		"an officer": {[]ivr.Action{{Dial: &ivr.Dial{Number: "+842363000001", Ring: 25 * time.Second}}},
			`[{"action":"connect","from":"842473000001","timeout":25,"endpoint":[{"type":"phone","number":"842363000001"}],"eventType":"synchronous","eventUrl":["` + hook + `dialed?n=3"]},` +
				`{"action":"notify","payload":{"line":"free"},"eventUrl":["` + hook + `dialed?n=3"]}]`},
		"a message": {[]ivr.Action{{Record: &ivr.Record{Max: 180 * time.Second, Silence: 8 * time.Second}}},
			`[{"action":"record","format":"wav","endOnSilence":8,"endOnKey":"#","timeOut":180,"beepStart":true,"eventUrl":["` + hook + `recorded?n=3"]},` +
				`{"action":"notify","payload":{"line":"free"},"eventUrl":["` + hook + `held?n=3"]}]`},
		"a call that is not answered": {[]ivr.Action{{Reject: &ivr.Reject{}}}, `[]`},
	} {
		if got := string(New(account(), time.Now).Render(a, ivr.Reply{Step: 3, Actions: c.actions})); got != c.want {
			t.Errorf("%s:\n%s, expected\n%s", name, got, c.want)
		}
	}
	failure := string(New(account(), time.Now).Failure(a, []ivr.Action{{Play: "so-1"}, {Dial: &ivr.Dial{Number: "113", Ring: 30 * time.Second}}, {Hangup: true}}))
	if strings.Contains(failure, "eventUrl") || !strings.Contains(failure, `"number":"113"`) {
		t.Errorf("failure %s", failure)
	}
}
