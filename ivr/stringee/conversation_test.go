package stringee

import (
	"embed"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"canhgiac/internal/postgres/pgtest"
	"canhgiac/ivr"
	"canhgiac/ivr/webhook"
	"canhgiac/ivr/webhook/webhooktest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

const signingKey = "0123456789abcdef"

// bodies are what Stringee posts, as its reference and its samples have them; every number is made up.
//
//go:embed testdata
var bodies embed.FS

func account() Account {
	return Account{SigningKey: signingKey, Number: "842473000001", API: "https://api.stringee.example", KeySID: "SK.0.made-up", KeySecret: "made-up-secret"}
}

// line is one call as Stringee carries it: it knows of us only what our documents say.
type line struct {
	*webhooktest.Bench
	t       *testing.T
	actions []map[string]any // of the last document
}

func newLine(t *testing.T, a Account, lines ...ivr.Line) *line {
	t.Helper()
	return &line{t: t, Bench: webhooktest.New(t, pgtest.Shared(t), "stringee", func(now func() time.Time) webhook.Dialect { return New(a, now) }, lines...)}
}

func body(t *testing.T, name string, replace ...string) string {
	t.Helper()
	b, err := bodies.ReadFile("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer(replace...).Replace(strings.TrimSpace(string(b)))
}

// send sends a webhook, signed, and gives the answer.
func (l *line) send(method, address, body string) *httptest.ResponseRecorder {
	l.t.Helper()
	uri := strings.TrimPrefix(address, webhooktest.Public)
	r := httptest.NewRequest(method, uri, strings.NewReader(body))
	r.Header.Set("X-STRINGEE-SIGNATURE", base64.StdEncoding.EncodeToString(sign(signingKey, method, uri, []byte(body))))
	w := httptest.NewRecorder()
	l.ServeHTTP(w, r)
	return w
}

// ask sends a webhook on whose answer the call goes on.
func (l *line) ask(method, address, body string) {
	l.t.Helper()
	w := l.send(method, address, body)
	l.actions = nil
	if w.Code != 200 || w.Header().Get("Content-Type") != "application/json; charset=utf-8" || json.Unmarshal(w.Body.Bytes(), &l.actions) != nil {
		l.t.Fatalf("%s %s: %d %s", method, address, w.Code, w.Body)
	}
}

// find gives the document's action of that name.
func (l *line) find(action string) map[string]any {
	l.t.Helper()
	for _, a := range l.actions {
		if a["action"] == action {
			return a
		}
	}
	l.t.Fatalf("no %s in %v", action, l.actions)
	return nil
}

func (l *line) rings(from string) {
	l.t.Helper()
	l.ask("GET", "/voice/stringee/call?from="+url.QueryEscape(from)+"&to=842473000001&uuid=890ccbe2-f9a6-11e7-be7b-b7890f26c79d&fromInternal=false", "")
}

// does is what the caller does: keys, with # where they end a number, "-" for silence; or what happens on the line.
func (l *line) does(what string) {
	l.t.Helper()
	switch what {
	case "-":
		in := l.find("input")
		l.ask("POST", in["eventUrl"].(string), body(l.t, "keys", "DTMF", "", "FIELD", text(in["customField"]), "TIMEOUT", "true"))
	case "nobody answers":
		l.ask("POST", l.find("connect")["onFailEventUrl"].(string), body(l.t, "connect_failed"))
	case "the officer hangs up":
		l.ask("POST", l.find("input")["eventUrl"].(string), body(l.t, "keys", "DTMF", "", "FIELD", "", "TIMEOUT", "true"))
	case "speaks":
		l.ask("POST", l.find("recordMessage")["eventUrl"].(string), body(l.t, "recorded"))
	case "hangs up":
		l.tells("ended")
	case "hangs up after a talk":
		l.tells("ended", `"callType":"IVR"`, `"callType":"CALL"`)
	default:
		in := l.find("input")
		digits, _ := strings.CutSuffix(what, "#")
		if digits == "" {
			digits = what
		}
		l.ask("POST", in["eventUrl"].(string), body(l.t, "keys", "DTMF", digits, "FIELD", text(in["customField"]), "TIMEOUT", "false"))
	}
}

func (l *line) tells(name string, replace ...string) {
	l.t.Helper()
	if w := l.send("POST", "/voice/stringee/status", body(l.t, name, replace...)); w.Code != http.StatusNoContent {
		l.t.Fatalf("%s: %d %s", name, w.Code, w.Body)
	}
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// TestWholeCalls are calls as Stringee would bring them, and what stays of them. The call's two names are always different.
func TestWholeCalls(t *testing.T) {
	const report = `select kind || ' ' || scam_number || ' ' || money || ' ' || officer || ' ' || (select count(*) from report_messages m where m.report_id = r.id) from reports r`
	for _, c := range []struct {
		is    string
		from  string
		steps []string
		want  []string
	}{
		{"silences and a wrong key", "84901234567", []string{"-", "8", "2", "-", "3", "hangs up"}, []string{"3    0"}},
		{"a number that # ends", "84901234567", []string{"1", "2", "3", "0905123456#", "1", "hangs up"}, []string{"3 0905123456   0"}},
		{"# alone skips the number", "84901234567", []string{"1", "2", "3", "#", "2", "hangs up"}, []string{"3    0"}},
		{"nobody answers, a message", "84901234567", []string{"-", "0", "nobody answers", "nobody answers", "speaks", "hangs up"}, []string{"0   missed 1"}},
		{"the officer talks and hangs up first", "84901234567", []string{"-", "2", "1", "0", "the officer hangs up", "hangs up"}, []string{"1   met 0"}},
		{"the officer talks until the caller hangs up", "84901234567", []string{"-", "2", "1", "0", "hangs up after a talk"}, []string{"1   met 0"}},
		{"hung up while the officer's telephone rang", "84901234567", []string{"-", "2", "1", "0", "hangs up"}, []string{"1   missed 0"}},
		{"hung up at once: the end bears a name never heard", "84901234567", []string{"hangs up"}, nil},
		{"a withheld number", "anonymous", []string{"-", "2", "1", "hangs up"}, []string{"1    0"}},
	} {
		for _, how := range []string{"sound", "text"} {
			t.Run(c.is+", by "+how, func(t *testing.T) {
				a := account()
				a.Text = how == "text"
				l := newLine(t, a)
				l.tells("started")
				l.rings(c.from)
				for _, step := range c.steps {
					l.does(step)
				}
				l.tells("ended") // told twice
				if d := cmp.Diff(c.want, l.Column(t, report)); d != "" {
					t.Errorf("reports (-want +got):\n%s", d)
				}
				if got := l.Column(t, `select end_status from calls`); !cmp.Equal(got, []string{"USER_END_CALL"}) {
					t.Errorf("end %v", got)
				}
			})
		}
	}
}

// TestAnAnswerThatNeverArrived: the same key comes again, then another one at the same place. It counts once.
func TestAnAnswerThatNeverArrived(t *testing.T) {
	l := newLine(t, account())
	l.rings("84901234567")
	first := l.actions
	l.rings("84901234567")
	if d := cmp.Diff(first, l.actions); d != "" {
		t.Errorf("the call announced again:\n%s", d)
	}
	l.does("-")
	at := l.find("input")["eventUrl"].(string)
	l.does("2")
	want := l.actions
	for _, again := range []string{"2", "5"} {
		l.ask("POST", at, body(t, "keys", "DTMF", again, "FIELD", "", "TIMEOUT", "false"))
		if d := cmp.Diff(want, l.actions); d != "" {
			t.Errorf("key %s again:\n%s", again, d)
		}
	}
	if got := l.Column(t, `select raw from call_events where input = 'keys'`); !cmp.Equal(got, []string{"2"}) {
		t.Errorf("keys on record %v", got)
	}
}

// TestADatabaseThatIsAway: Stringee is asked to come back, and its key counts; after some tries the officers are rung.
func TestADatabaseThatIsAway(t *testing.T) {
	l := &line{t: t, Bench: webhooktest.New(t, pgtest.New(t), "stringee", func(now func() time.Time) webhook.Dialect { return New(account(), now) })}
	away := func(from, to string) {
		t.Helper()
		if _, err := l.DB.Exec(`alter table ` + from + ` rename to ` + to); err != nil {
			t.Fatal(err)
		}
	}
	away("calls", "away")
	l.rings("84901234567") // who calls is told only once
	away("away", "calls")
	l.does("-")
	if got := l.Column(t, `select from_phone || ' ' || to_number from calls`); !cmp.Equal(got, []string{"+84901234567 +842473000001"}) {
		t.Errorf("calls %v", got)
	}
	l.does("-")
	away("calls", "away")
	l.does("2")
	l.does("-")
	l.does("9") // a key that nobody asked for: what was pressed before counts
	if to := l.find("connect")["to"].(map[string]any)["number"]; to != "842363000001" || len(l.actions) != 3 {
		t.Errorf("after three tries %v", l.actions)
	}
	if w := l.send("POST", "/voice/stringee/status", body(t, "ended")); w.Code != http.StatusServiceUnavailable {
		t.Errorf("the end: %d", w.Code)
	}
	away("away", "calls")
	l.rings("84901234567")
	l.does("-")
	away("calls", "away")
	l.does("2")
	away("away", "calls")
	l.does("-")
	if name := l.find("stream")["fileName"].(string); !strings.HasSuffix(name, "/loai_lua_dao.wav") {
		t.Errorf("the key was lost: %s", name)
	}
}
