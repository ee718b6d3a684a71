package ncco

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"canhgiac/internal/postgres/pgtest"
	"canhgiac/ivr/webhook"
	"canhgiac/ivr/webhook/webhooktest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

const (
	secret = "0123456789abcdef0123456789abcdef"
	sid    = "aaaaaaaa-bbbb-cccc-dddd-0123456789ab"
)

// bodies are what Vonage posts, as its webhook reference has them; every number is made up.
//
//go:embed testdata
var bodies embed.FS

func account() Account {
	return Account{Application: "app-1", Secret: secret, Number: "842473000001", API: "https://api.vonage.example"}
}

// line is one call as Vonage carries it: it knows of us only what our documents say.
type line struct {
	*webhooktest.Bench
	t       *testing.T
	actions []action
}

func newLine(t *testing.T, a Account) *line {
	t.Helper()
	return &line{t: t, Bench: webhooktest.New(t, pgtest.Shared(t), "vonage", func(now func() time.Time) webhook.Dialect { return New(a, now) })}
}

func body(t *testing.T, name string, replace ...string) string {
	t.Helper()
	b, err := bodies.ReadFile("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer(replace...).Replace(strings.TrimSpace(string(b)))
}

// token is that of a signed webhook, with claims laid over the right ones.
func (l *line) token(body string, claims map[string]any) string {
	l.t.Helper()
	sum := sha256.Sum256([]byte(body))
	all := map[string]any{"iss": "Vonage", "iat": l.Now.Unix(), "jti": "1", "application_id": "app-1", "payload_hash": hex.EncodeToString(sum[:])}
	for k, v := range claims {
		all[k] = v
	}
	token, err := webhook.SignHS256(secret, nil, all)
	if err != nil {
		l.t.Fatal(err)
	}
	return token
}

func (l *line) send(method, address, body, authorization string) *httptest.ResponseRecorder {
	l.t.Helper()
	r := httptest.NewRequest(method, strings.TrimPrefix(address, webhooktest.Public), strings.NewReader(body))
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	w := httptest.NewRecorder()
	l.ServeHTTP(w, r)
	return w
}

// ask sends a webhook on whose answer the call goes on; tell one whose answer nobody waits for.
func (l *line) ask(address, body string) {
	l.t.Helper()
	w := l.send("POST", address, body, "Bearer "+l.token(body, nil))
	l.actions = nil
	if w.Code != 200 || json.Unmarshal(w.Body.Bytes(), &l.actions) != nil {
		l.t.Fatalf("%s: %d %s", address, w.Code, w.Body)
	}
}

func (l *line) tell(address, body string) {
	l.t.Helper()
	if w := l.send("POST", address, body, "Bearer "+l.token(body, nil)); w.Code != http.StatusNoContent {
		l.t.Fatalf("%s: %d %s", address, w.Code, w.Body)
	}
}

// find gives the address of the document's action of that name.
func (l *line) find(name string) string {
	l.t.Helper()
	for _, a := range l.actions {
		if a.Action == name {
			return a.EventURL[0]
		}
	}
	l.t.Fatalf("no %s in %+v", name, l.actions)
	return ""
}

func (l *line) rings(from string) {
	l.t.Helper()
	l.ask("/voice/vonage/call", body(l.t, "answer", "FROM", from))
}

func (l *line) does(what string) {
	l.t.Helper()
	switch what {
	case "-":
		l.ask(l.find("input"), body(l.t, "keys", "DIGITS", "", "TIMEDOUT", "true"))
	case "busy", "timeout", "rejected":
		l.ask(l.find("connect"), body(l.t, "officer", "STATUS", what))
	case "the officer answers":
		for _, status := range []string{"started", "ringing", "answered", "answered"} { // the last one twice
			l.tell(l.find("connect"), body(l.t, "officer", "STATUS", status))
		}
	case "the officer hangs up":
		l.tell(l.find("connect"), body(l.t, "officer", "STATUS", "completed"))
		l.ask(l.find("notify"), body(l.t, "free"))
	case "speaks": // the sound is told of while the line waits
		sound := l.find("record")
		l.ask(l.find("notify"), body(l.t, "free"))
		l.tell(sound, body(l.t, "recorded"))
		l.ask(l.find("notify"), body(l.t, "free"))
	case "speaks, and the sound comes late":
		sound := l.find("record")
		for range 5 {
			l.ask(l.find("notify"), body(l.t, "free"))
		}
		l.tell(sound, body(l.t, "recorded"))
	case "hangs up":
		l.tell("/voice/vonage/status", body(l.t, "ended", "STATUS", "completed"))
	default:
		l.ask(l.find("input"), body(l.t, "keys", "DIGITS", strings.TrimSuffix(what, "#"), "TIMEDOUT", "false"))
	}
}

func TestWholeCalls(t *testing.T) {
	const report = `select kind || ' ' || scam_number || ' ' || officer || ' ' || (select coalesce(sum(seconds), 0) from report_messages m where m.report_id = r.id) from reports r`
	for _, c := range []struct {
		is    string
		from  string
		steps []string
		want  []string
	}{
		{"silences and a wrong key", "84901234567", []string{"-", "8", "2", "-", "3", "hangs up"}, []string{"3   0"}},
		{"a number that # ends", "84901234567", []string{"1", "2", "3", "0905123456#", "1", "hangs up"}, []string{"3 0905123456  0"}},
		{"# alone skips the number", "84901234567", []string{"1", "2", "3", "#", "2", "hangs up"}, []string{"3   0"}},
		{"nobody answers, a message", "84901234567", []string{"-", "0", "busy", "timeout", "speaks", "hangs up"}, []string{"0  missed 12"}},
		{"a message told of late", "84901234567", []string{"-", "0", "busy", "rejected", "speaks, and the sound comes late", "hangs up"}, []string{"0  missed 12"}},
		{"the officer talks and hangs up first", "84901234567", []string{"-", "2", "1", "0", "the officer answers", "the officer hangs up", "hangs up"}, []string{"1  met 0"}},
		{"the officer talks until the caller hangs up", "84901234567", []string{"-", "2", "1", "0", "the officer answers", "hangs up"}, []string{"1  met 0"}},
		{"hung up while the officer's telephone rang", "84901234567", []string{"-", "2", "1", "0", "hangs up"}, []string{"1  missed 0"}},
		{"a withheld number", "Private", []string{"-", "2", "1", "hangs up"}, []string{"1   0"}},
	} {
		for _, how := range []string{"sound", "text"} {
			t.Run(c.is+", by "+how, func(t *testing.T) {
				a := account()
				a.Text = how == "text"
				l := newLine(t, a)
				l.rings(c.from)
				for _, step := range c.steps {
					l.does(step)
				}
				l.does("hangs up") // told twice
				if d := cmp.Diff(c.want, l.Column(t, report)); d != "" {
					t.Errorf("reports (-want +got):\n%s", d)
				}
				if got := l.Column(t, `select end_status from calls`); !cmp.Equal(got, []string{"completed"}) {
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
	l.does("-")
	at := l.find("input")
	l.does("2")
	want := l.actions
	for _, again := range []string{"2", "5"} {
		l.ask(at, body(t, "keys", "DIGITS", again, "TIMEDOUT", "false"))
		if d := cmp.Diff(want, l.actions); d != "" {
			t.Errorf("key %s again:\n%s", again, d)
		}
	}
}

// TestADatabaseThatIsAway: Vonage is asked to come back, and its key counts.
func TestADatabaseThatIsAway(t *testing.T) {
	l := &line{t: t, Bench: webhooktest.New(t, pgtest.New(t), "vonage", func(now func() time.Time) webhook.Dialect { return New(account(), now) })}
	away := func(from, to string) {
		t.Helper()
		if _, err := l.DB.Exec(`alter table ` + from + ` rename to ` + to); err != nil {
			t.Fatal(err)
		}
	}
	away("calls", "away")
	l.rings("84901234567")
	away("away", "calls")
	l.ask(l.find("notify"), body(t, "free"))
	l.does("-")
	away("calls", "away")
	l.does("2")
	away("away", "calls")
	l.ask(l.find("notify"), body(t, "free"))
	if got := l.Column(t, `select from_phone || ' ' || node from calls`); !cmp.Equal(got, []string{"+84901234567 loai_lua_dao"}) {
		t.Errorf("calls %v", got)
	}
}
