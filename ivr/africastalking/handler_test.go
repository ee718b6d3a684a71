package africastalking

import (
	"bytes"
	"context"
	"database/sql"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"canhgiac/internal/postgres/pgtest"
	"canhgiac/ivr"
	"canhgiac/ivr/prompts"
	"canhgiac/reports"
	"canhgiac/residents"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

const key = "0123456789abcdef"

type noTexts struct{}

func (noTexts) SendText(context.Context, *sql.Tx, residents.Phone, string, string) error { return nil }

type bench struct {
	http.Handler
	t   *testing.T
	db  *sql.DB
	log bytes.Buffer
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, db: pgtest.Shared(t)}
	now := func() time.Time { return time.Date(2026, 8, 27, 7, 5, 0, 0, time.UTC) }
	words, err := prompts.Load()
	if err != nil {
		t.Fatal(err)
	}
	sound, err := prompts.OpenSound(words, "")
	if err != nil {
		t.Fatal(err)
	}
	h, err := ivr.NewHotline(b.db, now, words, residents.NewStore(b.db, now), reports.NewStore(b.db, now), noTexts{},
		ivr.Options{Brand: "CATHANHKHEX", Hotline: "02363111222", Length: sound.Length})
	if err != nil {
		t.Fatal(err)
	}
	b.Handler = Handler(h, []Provider{{Name: "at", Secret: key}, {Name: "other", Secret: key + "0"}}, slog.New(slog.NewTextHandler(&b.log, nil)))
	return b
}

// form is as Africa's Talking sends it.
func form(text string) url.Values {
	return url.Values{"sessionId": {"ATUid_4f3b"}, "serviceCode": {"*8088#"}, "phoneNumber": {"+84901234567"}, "networkCode": {"99999"}, "text": {text}}
}

func (b *bench) do(method, address, contentType, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, address, strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	return w
}

func (b *bench) post(f url.Values) *httptest.ResponseRecorder {
	return b.do("POST", "/ussd/at?key="+key, "application/x-www-form-urlencoded", f.Encode())
}

func TestASessionFromTheCodeToTheReport(t *testing.T) {
	b := newBench(t)
	for _, s := range []struct{ text, begins string }{
		{"", "CON CONG AN PHUONG - PHONG LUA DAO\n1. Vua bi mat tien\n"},
		{"1", "CON LAM NGAY:\n"},
		{"1*1", "CON Ke gian lam gi?\n"},
		{"1*1*2", "CON Nhap so dien thoai"},
		{"1*1*2*0905123456", "CON Ba con chuyen tien luc nao?"},
		{"1*1*2*0905123456*1", "CON So tien da chuyen?"},
		{"1*1*2*0905123456*1*9", "CON So nay khong co trong bang. Xin chon lai.\nSo tien da chuyen?"},
		{"1*1*2*0905123456*1*9*3", "CON Cho cong an goi lai so nay khong?"},
		{"1*1*2*0905123456*1*9*3*1", "CON Gui tin bao ve so 0905123456?"},
		{"1*1*2*0905123456*1*9*3*1*1", "END Da nhan tin bao so "},
		{"1*1*2*0905123456*1*9*3*1*1", "END Da nhan tin bao so "},
	} {
		got := b.post(form(s.text))
		if got.Code != http.StatusOK || !strings.HasPrefix(got.Body.String(), s.begins) || got.Header().Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Fatalf("%q: %d %q, expected %q", s.text, got.Code, got.Body, s.begins)
		}
	}
	var origin, reporter, money string
	if err := b.db.QueryRow(`select origin, reporter, money from reports where completed_at is not null`).Scan(&origin, &reporter, &money); err != nil {
		t.Fatal(err)
	}
	if origin != "ussd" || reporter != "+84901234567" || money != "lost" {
		t.Errorf("%s %s %s", origin, reporter, money)
	}
}

func TestWhatIsNoStepIsRefusedInWords(t *testing.T) {
	b := newBench(t)
	without := func(field string) string { f := form("1"); f.Del(field); return f.Encode() }
	with := func(field, v string) string { f := form("1"); f.Set(field, v); return f.Encode() }
	const urlencoded = "application/x-www-form-urlencoded"
	good := "/ussd/at?key=" + key
	for name, c := range map[string]struct {
		method, address, kind, body string
		status                      int
		says                        string
	}{
		"a provider that nobody knows":         {"POST", "/ussd/nobody?key=" + key, urlencoded, form("").Encode(), 404, "unknown provider"},
		"no provider":                          {"POST", "/ussd/?key=" + key, urlencoded, form("").Encode(), 404, "unknown provider"},
		"GET":                                  {"GET", good, "", "", 405, "posted"},
		"no key":                               {"POST", "/ussd/at", urlencoded, form("").Encode(), 403, "key"},
		"a wrong key":                          {"POST", "/ussd/at?key=0123456789abcdeF", urlencoded, form("").Encode(), 403, "key"},
		"another provider's key":               {"POST", "/ussd/other?key=" + key, urlencoded, form("").Encode(), 403, "key"},
		"the key in the body, not the address": {"POST", "/ussd/at", urlencoded, with("key", key), 403, "key"},
		"JSON":                                 {"POST", good, "application/json", `{"sessionId":"1"}`, 400, "missing sessionId"},
		"no form":                              {"POST", good, urlencoded, "%zz", 400, "not a form"},
		"no session":                           {"POST", good, urlencoded, without("sessionId"), 400, "missing sessionId"},
		"no number":                            {"POST", good, urlencoded, without("phoneNumber"), 400, "missing phoneNumber"},
		"a session's name without end":         {"POST", good, urlencoded, with("sessionId", strings.Repeat("x", 129)), 400, "sessionId has more than 128"},
		"a text without end":                   {"POST", good, urlencoded, with("text", strings.Repeat("1*", 1001)), 400, "text has more than 2000"},
		"a body without end":                   {"POST", good, urlencoded, "text=" + strings.Repeat("1", 17<<10), 413, "body has more"},
	} {
		got := b.do(c.method, c.address, c.kind, c.body)
		if got.Code != c.status || !strings.Contains(got.Body.String(), c.says) {
			t.Errorf("%s: %d %q, expected %d %q", name, got.Code, got.Body, c.status, c.says)
		}
		if c.status == 405 && got.Header().Get("Allow") != "POST" {
			t.Errorf("%s: Allow %q", name, got.Header().Get("Allow"))
		}
	}
	var n int
	if err := b.db.QueryRow(`select count(*) from ussd_sessions`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d sessions, %v", n, err)
	}
	if log := b.log.String(); strings.Contains(log, key) || strings.Contains(log, "84901234567") {
		t.Errorf("the log tells a secret or a number:\n%s", log)
	}
}

func TestOddFieldsStillGetAScreen(t *testing.T) {
	for name, change := range map[string]func(url.Values){
		"text left out":                 func(f url.Values) { f.Del("text") },
		"the number without plus":       func(f url.Values) { f.Set("phoneNumber", "84901234567") },
		"the number as people write it": func(f url.Values) { f.Set("phoneNumber", "0901 234 567") },
		"a number that is none":         func(f url.Values) { f.Set("phoneNumber", "anonymous") },
		"no service code":               func(f url.Values) { f.Del("serviceCode") },
		"bytes that are no text": func(f url.Values) {
			f.Set("text", "2*\xff\x00")
			f.Set("sessionId", "a\x00b")
			f.Set("phoneNumber", "\xff")
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			f := form("")
			change(f)
			if got := b.post(f); got.Code != http.StatusOK || !strings.HasPrefix(got.Body.String(), "CON ") {
				t.Errorf("%d %q", got.Code, got.Body)
			}
		})
	}
}

func TestASessionOfAnotherNumberIsRefused(t *testing.T) {
	b := newBench(t)
	b.post(form(""))
	f := form("1")
	f.Set("phoneNumber", "+84909999999")
	if got := b.post(f); got.Code != http.StatusConflict {
		t.Errorf("%d %q", got.Code, got.Body)
	}
}

func TestAStepThatCannotBeKeptIsSaidToThePerson(t *testing.T) {
	b := newBench(t)
	b.post(form(""))
	if _, err := b.db.Exec(`alter table ussd_steps add constraint broken check (step < 1) not valid`); err != nil {
		t.Fatal(err)
	}
	got := b.post(form("1"))
	if got.Code != http.StatusOK || got.Body.String() != "END He thong dang ban. Xin goi 02363111222. Viec gap: goi 113." {
		t.Errorf("%d %q", got.Code, got.Body)
	}
	if log := b.log.String(); !strings.Contains(log, "level=ERROR") || strings.Contains(log, "84901234567") {
		t.Errorf("log:\n%s", log)
	}
}
