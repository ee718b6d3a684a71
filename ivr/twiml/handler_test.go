package twiml

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"canhgiac/internal/peers"
	"canhgiac/internal/postgres/pgtest"
	"canhgiac/ivr"
	"canhgiac/ivr/prompts"
	"canhgiac/ivr/webhook"
	"canhgiac/reports"
	"canhgiac/residents"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

const (
	public  = "https://canhgiac.example.vn"
	secret  = "12345"
	account = "AC1"
)

type noTexts struct{}

func (noTexts) SendText(context.Context, *sql.Tx, residents.Phone, string, string) error { return nil }

// bench is the handler on a database of its own, or one emptied for it.
type bench struct {
	http.Handler
	t   *testing.T
	db  *sql.DB
	log *strings.Builder
	now time.Time
}

func newBench(t *testing.T) *bench {
	t.Helper()
	return benchOn(t, pgtest.Shared(t))
}

func benchOn(t *testing.T, db *sql.DB) *bench {
	t.Helper()
	b := &bench{t: t, db: db, log: &strings.Builder{}, now: time.Date(2026, 8, 27, 7, 5, 0, 0, time.UTC)}
	now := func() time.Time { return b.now }
	words, err := prompts.Load()
	if err != nil {
		t.Fatal(err)
	}
	sound, err := prompts.OpenSound(words, "")
	if err != nil {
		t.Fatal(err)
	}
	h, err := ivr.NewHotline(db, now, words, residents.NewStore(db, now), reports.NewStore(db, now), noTexts{},
		ivr.Options{Brand: "CATHANHKHEX", Hotline: "02363111222", Officer: []string{"+842363000001", "+842363000002"}, Length: sound.Length})
	if err != nil {
		t.Fatal(err)
	}
	b.Handler = webhook.Handler(webhook.Options{Hotline: h, Sound: sound, Providers: []webhook.Provider{{Name: "twilio", Dialect: New(Account{SID: account, Token: secret})}},
		PublicURL: public + "/", Now: now, Log: slog.New(slog.NewTextHandler(b.log, nil))})
	return b
}

// form is what a provider always sends, and more.
func form(more ...string) url.Values {
	f := url.Values{"CallSid": {"CA1"}, "AccountSid": {account}, "From": {"+84901234567"}, "To": {"+842363111222"}, "CallStatus": {"in-progress"}}
	for i := 0; i < len(more); i += 2 {
		f.Set(more[i], more[i+1])
	}
	return f
}

// post sends a form to path, signed as the provider signs it.
func (b *bench) post(path string, f url.Values) *httptest.ResponseRecorder {
	b.t.Helper()
	r := httptest.NewRequest("POST", path, strings.NewReader(f.Encode()))
	r.Host = "attacker.example" // what a request says of its host must not matter
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Twilio-Signature", base64.StdEncoding.EncodeToString(sign(secret, public+path, f)))
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	return w
}

func (b *bench) document(path string, f url.Values) string {
	b.t.Helper()
	w := b.post(path, f)
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/xml; charset=utf-8" {
		b.t.Fatalf("%s: %d %s %s", path, w.Code, w.Header().Get("Content-Type"), w.Body)
	}
	return w.Body.String()
}

const head = xml.Header + "<Response>"

// TestDocumentsOfOneCall follows a call through every kind of document, each written out.
func TestDocumentsOfOneCall(t *testing.T) {
	b := newBench(t)
	const voice = public + "/voice/"
	key := func(n, wait, line string) string {
		return head + `<Gather input="dtmf" numDigits="1" finishOnKey="" timeout="` + wait + `" action="` + voice + `twilio/step?n=` + n + `" method="POST">` +
			`<Play>` + voice + `sounds/trung/` + line + `.wav</Play></Gather><Redirect method="POST">` + voice + `twilio/step?n=` + n + `</Redirect></Response>`
	}
	for _, s := range []struct {
		what, path string
		form       url.Values
		want       string
	}{
		{"the greeting", "call", form(), key("1", "1", "chao")},
		{"silence after the greeting", "step?n=1", form(), key("2", "10", "menu_chinh")},
		{"the redirect again", "step?n=1", form(), key("2", "10", "menu_chinh")},
		{"report", "step?n=2", form("Digits", "2"), key("3", "10", "loai_lua_dao")},
		{"a kind: the number may take 15 s to begin and 10 s between digits", "step?n=3", form("Digits", "1"),
			head + `<Gather input="dtmf" finishOnKey="#" timeout="10" action="` + voice + `twilio/step?n=4" method="POST">` +
				`<Play>` + voice + `sounds/trung/hoi_so_ke_gian.wav</Play><Pause length="5"></Pause></Gather>` +
				`<Redirect method="POST">` + voice + `twilio/step?n=4</Redirect></Response>`},
		{"0 alone", "step?n=4", form("Digits", "0"),
			head + `<Play>` + voice + `sounds/trung/dang_noi_may.wav</Play>` +
				`<Dial action="` + voice + `twilio/dialed?n=5" method="POST" timeout="25"><Number>+842363000001</Number></Dial></Response>`},
		{"the first officer is busy", "dialed?n=5", form("DialCallStatus", "busy"),
			head + `<Dial action="` + voice + `twilio/dialed?n=6" method="POST" timeout="25"><Number>+842363000002</Number></Dial></Response>`},
		{"nobody answers", "dialed?n=6", form("DialCallStatus", "no-answer"),
			head + `<Play>` + voice + `sounds/trung/khong_co_nguoi_truc.wav</Play>` +
				`<Record action="` + voice + `twilio/recorded?n=7" method="POST" maxLength="180" timeout="8" finishOnKey="#" playBeep="true"></Record>` +
				`<Redirect method="POST">` + voice + `twilio/step?n=7</Redirect></Response>`},
		{"a message", "recorded?n=7", form("RecordingSid", "RE1", "RecordingUrl", "https://api.example/RE1", "RecordingDuration", "12"),
			head + `<Play>` + voice + `sounds/trung/tam_biet.wav</Play><Hangup></Hangup></Response>`},
	} {
		got := b.document("/voice/twilio/"+s.path, s.form)
		if got != s.want {
			t.Fatalf("%s:\n%s, expected\n%s", s.what, got, s.want)
		}
		peers.Valid(t, schema, got)
	}
	for range 2 { // told twice
		if w := b.post("/voice/twilio/status", form("CallStatus", "completed")); w.Code != http.StatusNoContent {
			t.Fatalf("status: %d %s", w.Code, w.Body)
		}
	}
	var url, end string
	var seconds int
	if err := b.db.QueryRow(`select url, seconds, end_status from report_messages m join calls c using (report_id)`).Scan(&url, &seconds, &end); err != nil ||
		url != "https://api.example/RE1" || seconds != 12 || end != "completed" {
		t.Errorf("recording %s of %d s, end %q, %v", url, seconds, end, err)
	}
}

// TestHowANumberEnds: each provider tells of # in its own way; none makes the caller wait or loses the number.
func TestHowANumberEnds(t *testing.T) {
	b := newBench(t)
	for name, c := range map[string]struct {
		form  url.Values
		after time.Duration // from the question to the webhook
		want  string
	}{
		"digits, # left out":                       {form("Digits", "0905123456"), 9 * time.Second, "doc_lai_so-1"},
		"digits, # beside them":                    {form("Digits", "0905123456", "FinishedOnKey", "#"), 9 * time.Second, "doc_lai_so-1"},
		"digits, # among them":                     {form("Digits", "0905123456#"), 9 * time.Second, "doc_lai_so-1"},
		"digits, # among them and beside them":     {form("Digits", "0905123456#", "FinishedOnKey", "#"), 9 * time.Second, "doc_lai_so-1"},
		"digits, and keys pressed ahead":           {form("Digits", "0905123456#113111"), 9 * time.Second, "doc_lai_so-1"},
		"digits that a silence ended":              {form("Digits", "0905123456", "FinishedOnKey", ""), 9 * time.Second, "doc_lai_so-1"},
		"no digits at once: it was #":              {form(), time.Second, "kenh_lien_lac"},
		"no digits while the words may still play": {form(), 20 * time.Second, "kenh_lien_lac"},
		"no digits after words and wait":           {form(), 30 * time.Second, "het_gio"},
		"no digits long after, but # is named":     {form("Digits", "", "FinishedOnKey", "#"), time.Minute, "kenh_lien_lac"},
		"a lone # among the digits, long after":    {form("Digits", "#"), time.Minute, "kenh_lien_lac"},
	} {
		t.Run(name, func(t *testing.T) {
			b.t = t
			send := func(path string, f url.Values) string {
				f.Set("CallSid", name)
				return b.document("/voice/twilio/"+path, f)
			}
			f := form()
			f.Set("From", "anonymous") // who rings again is offered to go on with the call before
			send("call", f)
			send("step?n=1", form())
			send("step?n=2", form("Digits", "2"))
			send("step?n=3", form("Digits", "1"))
			b.now = b.now.Add(c.after)
			if got := send("step?n=4", c.form); !strings.Contains(got, "/"+c.want+".wav") {
				t.Errorf("expected %s, got %s", c.want, got)
			}
		})
	}
}

// TestBadWebhooks: each with the status and the words that it gets. None leaves a trace in the database.
func TestBadWebhooks(t *testing.T) {
	b := newBench(t)
	type request struct {
		method, path string
		form         url.Values
		body         string // instead of the form
		signature    string // instead of the right one; "none" leaves it out
	}
	without := func(field string) url.Values { f := form(); f.Del(field); return f }
	const forged = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
	for name, c := range map[string]struct {
		request
		status int
		says   string
	}{
		"unknown provider":                   {request{path: "/voice/nobody/call"}, 404, "unknown provider"},
		"unknown address":                    {request{path: "/voice/twilio/hello"}, 404, "no such address"},
		"wrong method":                       {request{method: "GET", path: "/voice/twilio/call"}, 405, "webhooks are posted"},
		"no signature":                       {request{path: "/voice/twilio/call", signature: "none"}, 401, "missing X-Twilio-Signature"},
		"a forged signature":                 {request{path: "/voice/twilio/call", signature: forged}, 403, "does not match"},
		"a signature that is not base64":     {request{path: "/voice/twilio/call", signature: "***"}, 403, "does not match"},
		"an empty-handed signature":          {request{path: "/voice/twilio/call", signature: "="}, 403, "does not match"},
		"another account":                    {request{path: "/voice/twilio/call", form: form("AccountSid", "AC2")}, 403, "AccountSid"},
		"no CallSid":                         {request{path: "/voice/twilio/call", form: without("CallSid")}, 400, "missing CallSid"},
		"no From":                            {request{path: "/voice/twilio/call", form: without("From")}, 400, "missing From"},
		"a CallSid that cannot be kept":      {request{path: "/voice/twilio/call", form: form("CallSid", "CA\x00")}, 400, "missing CallSid"},
		"a CallSid that is a novel":          {request{path: "/voice/twilio/call", form: form("CallSid", strings.Repeat("C", 65))}, 400, "missing CallSid"},
		"a body too large":                   {request{path: "/voice/twilio/call", body: "x=" + strings.Repeat("y", webhook.BodyLimit)}, 413, "65536 bytes"},
		"a body that is no form":             {request{path: "/voice/twilio/call", body: "a=%zz"}, 400, "not a form"},
		"a step of an unknown call":          {request{path: "/voice/twilio/step?n=1"}, 404, "unknown call"},
		"the end of an unknown call":         {request{path: "/voice/twilio/status", form: form("CallStatus", "completed")}, 404, "unknown call"},
		"a step without a number":            {request{path: "/voice/twilio/step"}, 400, "number of a step"},
		"step 0":                             {request{path: "/voice/twilio/step?n=0"}, 400, "number of a step"},
		"a step that is no number":           {request{path: "/voice/twilio/step?n=x"}, 400, "number of a step"},
		"digits that no telephone has":       {request{path: "/voice/twilio/step?n=1", form: form("Digits", "1'; --")}, 400, "Digits"},
		"digits without end":                 {request{path: "/voice/twilio/step?n=1", form: form("Digits", strings.Repeat("1", 65))}, 400, "Digits"},
		"dialed without a result":            {request{path: "/voice/twilio/dialed?n=1"}, 400, "DialCallStatus"},
		"recorded without a recording":       {request{path: "/voice/twilio/recorded?n=1"}, 400, "RecordingSid"},
		"a status that is none":              {request{path: "/voice/twilio/status", form: form("CallStatus", "asleep")}, 400, "CallStatus"},
		"a sound that is not there":          {request{method: "GET", path: "/voice/sounds/trung/nothing.wav"}, 404, "no such sound"},
		"the text of one that is not there":  {request{method: "GET", path: "/voice/sounds/trung/nothing.txt"}, 404, "no such sound"},
		"a sound of no sound's name":         {request{method: "GET", path: "/voice/sounds/trung/go.mod"}, 404, "no such address"},
		"a sound posted to":                  {request{path: "/voice/sounds/trung/chao.wav"}, 405, "GET"},
		"signed for another address of ours": {request{path: "/voice/twilio/status", signature: base64.StdEncoding.EncodeToString(sign(secret, public+"/voice/twilio/call", form()))}, 403, "does not match"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.method == "" {
				c.method = "POST"
			}
			if c.form == nil {
				c.form = form()
			}
			if c.body == "" {
				c.body = c.form.Encode()
			}
			if c.signature == "" {
				c.signature = base64.StdEncoding.EncodeToString(sign(secret, public+c.path, c.form))
			}
			r := httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if c.signature != "none" {
				r.Header.Set("X-Twilio-Signature", c.signature)
			}
			w := httptest.NewRecorder()
			b.ServeHTTP(w, r)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.says) {
				t.Errorf("%d %q, expected %d with %q", w.Code, w.Body, c.status, c.says)
			}
			if !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
				t.Errorf("content type %q", w.Header().Get("Content-Type"))
			}
		})
	}
	var calls int
	if err := b.db.QueryRow(`select count(*) from calls`).Scan(&calls); err != nil || calls != 0 {
		t.Errorf("%d calls, %v", calls, err)
	}
	if strings.Contains(b.log.String(), "901234567") {
		t.Errorf("a number in the log:\n%s", b.log)
	}
}

// TestWhoCalls: the forms in which providers give a caller's number, withheld ones among them.
func TestWhoCalls(t *testing.T) {
	b := newBench(t)
	for from, want := range map[string]string{
		"+84901234567": "+84901234567 mobile", "0901234567": "+84901234567 mobile", "sip:+84901234567@trunk.vn": "+84901234567 mobile",
		"+842363822333": "+842363822333 landline", "+15005550006": "+15005550006 foreign",
		"anonymous": " ", "": " ", "+266696687": " ", "sip:anonymous@anonymous.invalid": " ",
	} {
		sid := "CA" + from
		b.document("/voice/twilio/call", form("CallSid", sid, "From", from))
		var got string
		if err := b.db.QueryRow(`select from_phone || ' ' || from_kind from calls where sid = $1`, sid).Scan(&got); err != nil || got != want {
			t.Errorf("%q is %q, %v; expected %q", from, got, err, want)
		}
	}
}

// Behind a garbled number stands a caller all the same.
func TestGarbledFieldsTurnNobodyAway(t *testing.T) {
	b := newBench(t)
	for i, garbled := range []string{"\x00+84901234567", "\xff\xfe", strings.Repeat("9", 20_000), "\u202e+84901234567"} {
		sid := fmt.Sprint("CA", i)
		if doc := b.document("/voice/twilio/call", form("CallSid", sid, "From", garbled, "To", garbled)); !strings.Contains(doc, "chao.wav") {
			t.Errorf("From %.20q: %s", garbled, doc)
		}
	}
	doc := b.document("/voice/twilio/recorded?n=1", form("CallSid", "CA0", "RecordingSid", "RE\x00", "RecordingUrl", "https://api.example/\xff"))
	if strings.Contains(doc, "try=") {
		t.Errorf("a recording is lost: %s", doc)
	}
}

func TestAStepThatNobodyAskedFor(t *testing.T) {
	b := newBench(t)
	b.document("/voice/twilio/call", form())
	if w := b.post("/voice/twilio/step?n=2", form("Digits", "1")); w.Code != http.StatusConflict {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestADatabaseThatIsAway: the provider is asked to come back with its keys, then the caller is told and given to an
// officer; when the database is back in time, the key counts.
func TestADatabaseThatIsAway(t *testing.T) {
	b := benchOn(t, pgtest.New(t))
	b.document("/voice/twilio/call", form())
	b.document("/voice/twilio/step?n=1", form())
	rename := func(from, to string) {
		t.Helper()
		if _, err := b.db.Exec(`alter table ` + from + ` rename to ` + to); err != nil {
			t.Fatal(err)
		}
	}
	rename("calls", "away")
	doc := b.document("/voice/twilio/step?n=2", form("Digits", "1"))
	next := "/voice/twilio/step?in=keys&keys=1&n=2&try=1"
	if want := head + `<Pause length="2"></Pause><Redirect method="POST">` + public + strings.ReplaceAll(next, "&", "&amp;") + `</Redirect></Response>`; doc != want {
		t.Fatalf("first trouble: %s", doc)
	}
	if doc = b.document(next, form()); !strings.Contains(doc, "try=2") {
		t.Fatalf("second trouble: %s", doc)
	}
	doc = b.document("/voice/twilio/step?in=keys&keys=1&n=2&try=2", form())
	if want := head + `<Play>` + public + `/voice/sounds/trung/loi_he_thong.wav</Play><Dial timeout="30"><Number>+842363000001</Number>` +
		`<Number>+842363000002</Number></Dial><Hangup></Hangup></Response>`; doc != want {
		t.Fatalf("third trouble: %s", doc)
	}
	if w := b.post("/voice/twilio/status", form("CallStatus", "completed")); w.Code != http.StatusServiceUnavailable {
		t.Errorf("the end of the call: %d", w.Code)
	}
	rename("away", "calls")
	if doc = b.document(next, form()); !strings.Contains(doc, "mat_tien_khan") {
		t.Errorf("the key was lost: %s", doc)
	}
}

func TestSoundsAndTheirTexts(t *testing.T) {
	b := newBench(t)
	get := func(path string) (*http.Response, string) {
		w := httptest.NewRecorder()
		b.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		body, err := io.ReadAll(w.Result().Body)
		if err != nil {
			t.Fatal(err)
		}
		return w.Result(), string(body)
	}
	if r, body := get("/voice/sounds/trung/so-4.wav"); r.StatusCode != 200 || r.Header.Get("Content-Type") != "audio/wav" || !strings.HasPrefix(body, "RIFF") {
		t.Errorf("%d %s", r.StatusCode, r.Header.Get("Content-Type"))
	}
	if r, body := get("/voice/sounds/trung/so-4.txt"); r.StatusCode != 200 || r.Header.Get("Content-Type") != "text/plain; charset=utf-8" || body != "bốn\n" {
		t.Errorf("%d %q", r.StatusCode, body)
	}
}
