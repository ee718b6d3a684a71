package conversations

import (
	"crypto/hmac"
	"crypto/sha1" // the provider's scheme
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"canhgiac/ivr/stringee"
)

const stringeeKey = "0123456789abcdef"

// stringeeLine carries calls as Stringee does. What it posts is what Stringee's own samples are, with this call's names: a
// call comes in under one, and what is told of it later bears another.
type stringeeLine struct {
	*house
	http.Handler
	calls  int
	from   string
	told   bool // of the second name
	doc    []map[string]any
	sample map[string]string
}

func openStringee(t *testing.T, h *house) line {
	d := stringee.New(stringee.Account{SigningKey: stringeeKey, Number: strings.TrimPrefix(ours, "+"), API: "https://api.stringee.example"}, h.now)
	return &stringeeLine{house: h, Handler: h.webhooks("stringee", d), sample: samples(t, "stringee", "keys", "connect_failed", "recorded", "ended")}
}

// samples are a provider's own bodies, by name.
func samples(t *testing.T, provider string, names ...string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range names {
		b, err := os.ReadFile("../" + provider + "/testdata/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		all[name] = strings.TrimSpace(string(b))
	}
	return all
}

func (l *stringeeLine) body(name string, replace ...string) string {
	l.told = l.told || name != "ended"
	own := strings.NewReplacer("call-vn-1-Y8JUX5TVSZ-1787814300779", fmt.Sprint("call-vn-1-", l.calls), "84901234567", strings.TrimPrefix(l.from, "+"))
	return strings.NewReplacer(replace...).Replace(own.Replace(l.sample[name]))
}

func (l *stringeeLine) send(method, address, body string) *httptest.ResponseRecorder {
	uri := strings.TrimPrefix(address, public)
	signed := body
	if method == "GET" {
		signed = uri
	}
	mac := hmac.New(sha1.New, []byte(stringeeKey))
	fmt.Fprint(mac, signed)
	r := httptest.NewRequest(method, uri, strings.NewReader(body))
	r.Header.Set("X-STRINGEE-SIGNATURE", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	w := httptest.NewRecorder()
	l.ServeHTTP(w, r)
	return w
}

// ask sends a webhook on whose answer the call goes on.
func (l *stringeeLine) ask(t *testing.T, method, address, body string) heard {
	t.Helper()
	w := l.send(method, address, body)
	l.doc = nil
	if w.Code != http.StatusOK || json.Unmarshal(w.Body.Bytes(), &l.doc) != nil {
		t.Fatalf("%s %s: %d %s", method, address, w.Code, w.Body)
	}
	now := heard{over: true}
	for _, a := range l.doc {
		if again, is := a["eventUrl"].(string); is && comesBack(again) {
			return l.keys(t, "", true)
		}
		if file, is := a["fileName"].(string); is {
			now.lines = append(now.lines, lineAt(file)...)
		} else {
			now.over = false // no action hangs up: the call ends with the array
		}
	}
	return now
}

func (l *stringeeLine) action(t *testing.T, name string) map[string]any {
	t.Helper()
	for _, a := range l.doc {
		if a["action"] == name {
			return a
		}
	}
	t.Fatalf("no %s in %v", name, l.doc)
	return nil
}

func (l *stringeeLine) rings(t *testing.T, from string) heard {
	t.Helper()
	l.calls++
	l.from, l.told = from, false
	return l.ask(t, "GET", fmt.Sprintf("/voice/stringee/call?from=%s&to=%s&uuid=890ccbe2-%d&fromInternal=false", url.QueryEscape(strings.TrimPrefix(from, "+")), ours[1:], l.calls), "")
}

func (l *stringeeLine) keys(t *testing.T, dtmf string, timeout bool) heard {
	t.Helper()
	in := l.action(t, "input")
	field, _ := in["customField"].(string)
	return l.ask(t, "POST", in["eventUrl"].(string), l.body("keys", "DTMF", dtmf, "FIELD", field, "TIMEOUT", fmt.Sprint(timeout)))
}

// presses: # that ends a number is not among its digits; without it time runs out.
func (l *stringeeLine) presses(t *testing.T, keys string) heard {
	t.Helper()
	if l.action(t, "input")["maxDigits"] == nil {
		digits, ended := strings.CutSuffix(keys, "#")
		return l.keys(t, digits, !ended)
	}
	return l.keys(t, keys, false)
}

func (l *stringeeLine) isSilent(t *testing.T) heard {
	t.Helper()
	l.pass(longSilence)
	return l.keys(t, "", true)
}

func (l *stringeeLine) saysNothing(t *testing.T) heard {
	t.Helper()
	l.action(t, "recordMessage")
	return l.isSilent(t)
}

func (l *stringeeLine) speaks(t *testing.T) heard {
	t.Helper()
	return l.ask(t, "POST", l.action(t, "recordMessage")["eventUrl"].(string), l.body("recorded", "RM1", fmt.Sprint("RM", l.calls)))
}

func (l *stringeeLine) officer(t *testing.T, does string) heard {
	t.Helper()
	to := l.action(t, "connect")
	if does == "talks" {
		return l.keys(t, "", true)
	}
	return l.ask(t, "POST", to["onFailEventUrl"].(string), l.body("connect_failed"))
}

func (l *stringeeLine) officerThenHangsUp(t *testing.T) {
	t.Helper()
	l.action(t, "connect")
	l.ends(t, `"callType":"IVR"`, `"callType":"CALL"`)
}

func (l *stringeeLine) hangsUp(t *testing.T) {
	t.Helper()
	l.ends(t)
}

// ends: of a withheld call that told nothing the end cannot be known by either name.
func (l *stringeeLine) ends(t *testing.T, replace ...string) {
	t.Helper()
	nameless := !l.told && strings.HasPrefix(l.from, "anonymous")
	if w := l.send("POST", "/voice/stringee/status", l.body("ended", replace...)); w.Code != http.StatusNoContent && !(nameless && w.Code == http.StatusNotFound) {
		t.Fatalf("the end: %d %s", w.Code, w.Body)
	}
}
