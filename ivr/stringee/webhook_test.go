package stringee

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"canhgiac/ivr"
	"canhgiac/ivr/prompts"
	"canhgiac/ivr/webhook"
)

// TestSignatures: the address is the one in Stringee's reference; the sums are openssl's (dgst -sha1 -hmac).
func TestSignatures(t *testing.T) {
	for name, c := range map[string]struct{ method, uri, body, want string }{
		"the reference's Request-URI": {"GET", "/test/answer_url-from_internal.php?from=user_1&to=user_2&fromInternal=true&userId=user_1&projectId=22512&callId=call-vn-1-ABCDWXKUQM-1542377678921&custom=", "ignored", "tr4KntTHAYfpPM1Pbj65sJ/cquQ="},
		"a space in a Request-URI":    {"GET", "/a?x=b c", "", "ZWFZbHRhZa8x1StcKKPvPcPMy6A="},
		"a body":                      {"POST", "/ignored", `{"call_status":"ended"}`, "knmBc64C+TKuUhrhms2LraqaR+Y="},
	} {
		if got := base64.StdEncoding.EncodeToString(sign(signingKey, c.method, c.uri, []byte(c.body))); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestBadWebhooks: each with the status and the words that it gets. None leaves a trace in the database.
func TestBadWebhooks(t *testing.T) {
	l := newLine(t, account())
	const call = "/voice/stringee/call?from=84901234567&to=842473000001&uuid=u1&fromInternal=false"
	good := body(t, "keys", "DTMF", "1", "FIELD", "", "TIMEOUT", "false")
	step := address("step", "call", "u1", "n", "1")
	for name, c := range map[string]struct {
		method, uri, body, signature string
		status                       int
		says                         string
	}{
		"unknown provider":              {"GET", "/voice/nobody/call", "", "", 404, "unknown provider"},
		"a call posted":                 {"POST", "/voice/stringee/call", good, "", 405, "fetched"},
		"an event fetched":              {"GET", "/voice/stringee/status", "", "", 405, "posted"},
		"no signature":                  {"GET", call, "", "none", 401, "missing X-STRINGEE-SIGNATURE"},
		"a forged signature":            {"GET", call, "", "tr4KntTHAYfpPM1Pbj65sJ/cquQ=", 403, "does not match"},
		"a signature that is no base64": {"GET", call, "", "***", 403, "does not match"},
		"another address's signature":   {"GET", call, "", base64.StdEncoding.EncodeToString(sign(signingKey, "GET", call+"1", nil)), 403, "does not match"},
		"a call without a name":         {"GET", "/voice/stringee/call?from=1&to=2", "", "", 400, "uuid"},
		"a call without a caller":       {"GET", "/voice/stringee/call?to=2&uuid=u1", "", "", 400, "missing from"},
		"a name that is a novel":        {"GET", "/voice/stringee/call?from=1&uuid=" + strings.Repeat("u", 65), "", "", 400, "64"},
		"a body too large":              {"POST", "/voice/stringee/status", strings.Repeat(" ", webhook.BodyLimit+1), "", 413, "65536 bytes"},
		"a body that is no JSON":        {"POST", "/voice/stringee/status", "call_status=ended", "", 400, "JSON"},
		"an array":                      {"POST", "/voice/stringee/status", "[]", "", 400, "JSON"},
		"a state that is a number":      {"POST", "/voice/stringee/status", `{"call_id":"c","call_status":7}`, "", 400, "JSON"},
		"a duration that is a word":     {"POST", "/voice/stringee/status", `{"call_id":"c","call_status":"ended","answerDuration":"long"}`, "", 400, "JSON"},
		"a state of no call":            {"POST", "/voice/stringee/status", `{"call_status":"ended"}`, "", 400, "call_id"},
		"no state":                      {"POST", "/voice/stringee/status", `{"call_id":"c"}`, "", 400, "call_status"},
		"the end of an unknown call":    {"POST", "/voice/stringee/status", body(t, "ended"), "", 404, "unknown call"},
		"an unknown call of ours":       {"POST", "/voice/stringee/status", body(t, "ended", `"answerDuration":98`, `"answerDuration":0`), "", 404, "unknown call"},
		"keys at an address not ours":   {"POST", "/voice/stringee/step?n=1&call=u1", good, "", 403, "not one that we gave"},
		"keys at another step's seal":   {"POST", strings.Replace(step, "n=1", "n=2", 1), good, "", 403, "not one that we gave"},
		"keys at another call's seal":   {"POST", strings.Replace(step, "u1", "u2", 1), good, "", 403, "not one that we gave"},
		"keys at another hook's seal":   {"POST", strings.Replace(step, "/step", "/dialed", 1), good, "", 403, "not one that we gave"},
		"a call that comes back unsealed": {"POST", "/voice/stringee/call?try=1&from=84901234567&call=u1", good, "", 403,
			"not one that we gave"},
		"keys of an unknown call":         {"POST", step, good, "", 404, "unknown call"},
		"keys that are a number":          {"POST", step, `{"call_id":"c","dtmf":1}`, "", 400, "JSON"},
		"no keys":                         {"POST", step, `{"call_id":"c"}`, "", 400, "missing dtmf"},
		"keys that no telephone has":      {"POST", step, `{"call_id":"c","dtmf":"1'; --"}`, "", 400, "dtmf"},
		"keys without end":                {"POST", step, `{"call_id":"c","dtmf":"` + strings.Repeat("1", 65) + `"}`, "", 400, "dtmf"},
		"a step of no number":             {"POST", address("step", "call", "u1"), good, "", 400, "number of a step"},
		"an officer's nothing":            {"POST", address("dialed", "call", "u1", "n", "1"), `{"call_id":"c"}`, "", 400, "call_status"},
		"a message without its address":   {"POST", address("recorded", "call", "u1", "n", "1"), `{"call_id":"c","url":"javascript:1"}`, "", 400, "address of the message"},
		"somebody took a call not ours":   {"GET", "/voice/stringee/answer?from=1&to=2&uuid=u9&ref=7-1", "", "", 404, "unknown call"},
		"somebody took a call without us": {"GET", "/voice/stringee/answer?from=1&to=2&uuid=u9", "", "", 404, "unknown call"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, c.uri, strings.NewReader(c.body))
			switch c.signature {
			case "":
				r.Header.Set("X-STRINGEE-SIGNATURE", base64.StdEncoding.EncodeToString(sign(signingKey, c.method, c.uri, []byte(c.body))))
			case "none":
			default:
				r.Header.Set("X-STRINGEE-SIGNATURE", c.signature)
			}
			w := httptest.NewRecorder()
			l.ServeHTTP(w, r)
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
}

// address is one of ours, sealed as we seal it.
func address(hook string, query ...string) string {
	q := url.Values{}
	for i := 0; i < len(query); i += 2 {
		q.Set(query[i], query[i+1])
	}
	path := "/voice/stringee/" + hook
	q.Set("k", webhook.Seal([]byte(signingKey), path, q))
	return path + "?" + q.Encode()
}

func TestAStepFromTheFuture(t *testing.T) {
	l := newLine(t, account())
	l.rings("84901234567")
	uri := address("step", "call", "890ccbe2-f9a6-11e7-be7b-b7890f26c79d", "n", "2")
	if w := l.send("POST", uri, body(t, "keys", "DTMF", "1", "FIELD", "", "TIMEOUT", "false")); w.Code != http.StatusConflict {
		t.Errorf("%d %s", w.Code, w.Body)
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
	a := webhook.At("https://canhgiac.vn", "stringee", sound)
	const wav = "https://canhgiac.vn/voice/sounds/trung/pcm/"
	spoken := account()
	spoken.Text, spoken.Voice = true, "female"
	for name, c := range map[string]struct {
		account Account
		actions []ivr.Action
		want    string
	}{
		"lines one after the other are one sound that no key stops": {account(), []ivr.Action{{Play: "so-1"}, {Play: "so-2"}, {Hangup: true}},
			`[{"action":"stream","fileName":"` + wav + `so-1~so-2.wav","bargeIn":false}]`},
		"words, with a comma where a digit group ends": {spoken, []ivr.Action{{Play: "so-1"}, {Play: prompts.Gap}, {Play: "so-2"}},
			`[{"action":"talk","text":"một, hai","voice":"female","bargeIn":false}]`},
		"one key: time enough for words and wait": {account(), []ivr.Action{{Gather: &ivr.Gather{Play: []string{"so-1"}, One: true, First: 9 * time.Second}}},
			`[{"action":"stream","fileName":"` + wav + `so-1.wav","bargeIn":true},` +
				`{"action":"input","eventUrl":"https://canhgiac.vn/voice/stringee/step?n=3","timeOut":10,"timeout":10,"submitOnHash":false,"maxDigits":1}]`},
		"a number": {account(), []ivr.Action{{Gather: &ivr.Gather{First: 15 * time.Second, Between: 4 * time.Second}}},
			`[{"action":"input","eventUrl":"https://canhgiac.vn/voice/stringee/step?n=3","timeOut":15,"timeout":15,"submitOnHash":true,"customField":"number"}]`},
		"an officer, and the way back after the talk": {account(), []ivr.Action{{Dial: &ivr.Dial{Number: "+842363000001", Ring: 25 * time.Second}}},
			`[{"action":"connect","from":{"type":"external","number":"842473000001","alias":"842473000001"},"to":{"type":"external","number":"842363000001","alias":"842363000001"},` +
				`"timeout":25,"continueOnFail":true,"onFailEventUrl":"https://canhgiac.vn/voice/stringee/dialed?n=3","peerToPeerCall":false},` +
				`{"action":"input","eventUrl":"https://canhgiac.vn/voice/stringee/dialed?n=3","timeOut":1,"timeout":1,"submitOnHash":false}]`},
		"a message": {account(), []ivr.Action{{Record: &ivr.Record{Max: 180 * time.Second, Silence: 8 * time.Second}}},
			`[{"action":"recordMessage","eventUrl":"https://canhgiac.vn/voice/stringee/recorded?n=3","beepStart":true,"timeout":180000,"format":"wav","silenceThresh":12,"silenceTimeout":8000},` +
				`{"action":"input","eventUrl":"https://canhgiac.vn/voice/stringee/step?n=3","timeOut":8,"timeout":8,"submitOnHash":false}]`},
		"a call that is not answered": {account(), []ivr.Action{{Reject: &ivr.Reject{Ring: time.Second}}}, `[]`},
	} {
		if got := string(New(c.account, time.Now).Render(a, ivr.Reply{Step: 3, Actions: c.actions})); got != c.want {
			t.Errorf("%s:\n%s, expected\n%s", name, got, c.want)
		}
	}
	failure := string(New(account(), time.Now).Failure(a, []ivr.Action{{Play: "so-1"}, {Dial: &ivr.Dial{Number: "113", Ring: 30 * time.Second}}, {Hangup: true}}))
	if strings.Contains(failure, "Url\"") || !strings.Contains(failure, `"number":"113"`) {
		t.Errorf("failure %s", failure)
	}
}
