package api_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"canhgiac/api"
	"canhgiac/campaigns"
	"canhgiac/gateway"
	"canhgiac/internal/postgres/pgtest"
	"canhgiac/reports"
	"canhgiac/residents"
	"canhgiac/residents/sample"
	"canhgiac/schedules"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// office is the API over a ward with its stores, and a token that may do everything.
type office struct {
	*testing.T
	db      *sql.DB
	handler http.Handler
	rooms   api.Options
	ward    residents.Unit
	secret  string

	mu    sync.Mutex
	clock time.Time
}

func (o *office) now() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.clock
}

func (o *office) later(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.clock = o.clock.Add(d)
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{T: t, db: pgtest.New(t), clock: time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)}
	quiet := slog.New(slog.NewTextHandler(t.Output(), nil)) // what fails here shows with the failed test
	rs := residents.NewStore(o.db, o.now)
	gw := gateway.NewStore(o.db, o.now, gateway.StoreOptions{Routes: []gateway.Route{{Carrier: "viettel"}}})
	hours, err := schedules.ParseHours("07:00-22:00")
	if err != nil {
		t.Fatal(err)
	}
	o.rooms = api.Options{DB: o.db, Now: o.now, Log: quiet, Gateway: gw, Residents: rs, Importer: residents.NewImporter(o.db, o.now),
		Campaigns: campaigns.NewStore(o.db, o.now, gw, rs, schedules.NewStore(o.db, o.now), campaigns.Options{Log: quiet, Hours: hours}),
		Reports:   reports.NewStore(o.db, o.now)}
	o.handler = api.New(o.rooms)
	if o.ward, err = rs.LoadWard(t.Context(), "Thanh Khê", 60); err != nil {
		t.Fatal(err)
	}
	o.secret = o.token("all", api.Scopes()...)
	return o
}

func (o *office) token(name string, scopes ...api.Scope) string {
	o.Helper()
	secret, err := api.NewTokens(o.db, o.now).Add(o.Context(), name, scopes, "test")
	if err != nil {
		o.Fatal(err)
	}
	return secret
}

type reply struct {
	status int
	header http.Header
	raw    string
	body   map[string]any
}

func (o *office) do(method, path, body string, edit ...func(*http.Request)) reply {
	o.Helper()
	r := httptest.NewRequestWithContext(o.Context(), method, "/api/v1"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+o.secret)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, e := range edit {
		e(r)
	}
	w := httptest.NewRecorder()
	o.handler.ServeHTTP(w, r)
	text, _ := io.ReadAll(w.Result().Body)
	out := reply{status: w.Code, header: w.Header(), raw: string(text)}
	if strings.Contains(w.Header().Get("Content-Type"), "json") {
		if err := json.Unmarshal(text, &out.body); err != nil {
			o.Fatalf("%s %s: %v in %s", method, path, err, text)
		}
	}
	c, err := readContract()
	if err != nil {
		o.Fatal(err)
	}
	c.holds(o.T, method, path, out)
	return out
}

func key(k string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Idempotency-Key", k) }
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func (o *office) count(query string, args ...any) (n int) {
	o.Helper()
	if err := o.db.QueryRowContext(o.Context(), query, args...).Scan(&n); err != nil {
		o.Fatal(err)
	}
	return n
}

const hello = `{"to":"0901 234 567","text":"Chào bà con"}`

func TestMessageIsQueuedAndFollowed(t *testing.T) {
	o := newOffice(t)
	sent := o.do("POST", "/messages", hello, key("a"))
	id, _ := sent.body["id"].(string)
	if sent.status != 202 || id == "" || sent.header.Get("Location") != "/api/v1/messages/"+id {
		t.Fatalf("%d %s", sent.status, sent.raw)
	}
	got := o.do("GET", "/messages/"+id, "")
	if got.status != 200 || got.body["to"] != "+84901234567" || got.body["state"] != "queued" || got.body["encoding"] != "gsm7" && got.body["encoding"] != "ucs2" ||
		got.body["parts"] != 1.0 || len(got.body["history"].([]any)) != 1 {
		t.Errorf("%d %s", got.status, got.raw)
	}
	if n := o.count(`select count(*) from audit_log where who = 'token:all' and act = 'message.send' and object = $1`, "message:"+id); n != 1 {
		t.Errorf("%d audit rows", n)
	}
	for _, gone := range []string{"12345", "abc", "-1", "99999999999999999999"} {
		if r := o.do("GET", "/messages/"+gone, ""); r.status != 404 || r.body["code"] != "not_found" {
			t.Errorf("%s: %d %s", gone, r.status, r.raw)
		}
	}
}

func TestWhoReportedIsNotReadAsAMessage(t *testing.T) {
	o := newOffice(t)
	sender := header("Authorization", "Bearer "+o.token("sender", api.Messages))
	for _, c := range []struct {
		purpose gateway.Purpose
		status  int
	}{{gateway.API, 200}, {gateway.Alert, 200}, {gateway.Receipt, 404}, {gateway.Reply, 404}} {
		tx, err := o.db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		id, err := o.rooms.Gateway.Send(t.Context(), tx, gateway.Single{To: "+84901234567", Text: "a", Purpose: c.purpose})
		if err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		if r := o.do("GET", "/messages/"+id.String(), "", sender); r.status != c.status {
			t.Errorf("%s to a sender's token: %d %s", c.purpose, r.status, r.raw)
		}
		if r := o.do("GET", "/messages/"+id.String(), ""); r.status != 200 { // it may read reports too
			t.Errorf("%s to a token for reports: %d %s", c.purpose, r.status, r.raw)
		}
	}
}

func TestRequestSentAgain(t *testing.T) {
	o := newOffice(t)
	first := o.do("POST", "/messages", hello, key("a"))
	again := o.do("POST", "/messages", hello, key("a"))
	if again.status != 202 || again.raw != first.raw || again.header.Get("Idempotency-Replayed") != "true" || again.header.Get("Location") != first.header.Get("Location") {
		t.Errorf("again: %d %s, first %s", again.status, again.raw, first.raw)
	}
	if r := o.do("POST", "/messages", strings.Replace(hello, "Chào", "Gửi", 1), key("a")); r.status != 422 || r.body["code"] != "idempotency_key_reused" {
		t.Errorf("another body: %d %s", r.status, r.raw)
	}
	bad := o.do("POST", "/messages", `{"to":"113","text":"a"}`, key("b"))
	if r := o.do("POST", "/messages", `{"to":"113","text":"a"}`, key("b")); r.status != bad.status || r.raw != bad.raw || r.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("a refusal sent again: %d %s", r.status, r.raw)
	}
	other := o.token("other", api.Messages)
	if r := o.do("POST", "/messages", hello, key("a"), header("Authorization", "Bearer "+other)); r.raw == first.raw {
		t.Error("two tokens share a key")
	}
	if n := o.count(`select count(*) from singles`); n != 2 {
		t.Errorf("%d messages, want one a token", n)
	}
	o.later(25 * time.Hour)
	if r := o.do("POST", "/messages", hello, key("c")); r.status != 202 {
		t.Errorf("a day later: %d", r.status)
	}
	if n := o.count(`select count(*) from api_requests`); n != 1 {
		t.Errorf("%d answers kept after a day", n)
	}
}

// A node that dies between the work and its answer leaves the key claimed.
func TestRequestLostWithItsNodeIsDoneOnce(t *testing.T) {
	o := newOffice(t)
	first := o.do("POST", "/messages", hello, key("a"))
	if _, err := o.db.Exec(`update api_requests set status = null`); err != nil {
		t.Fatal(err)
	}
	if r := o.do("POST", "/messages", hello, key("a")); r.status != 409 || r.body["code"] != "in_progress" {
		t.Errorf("at once: %d %s", r.status, r.raw)
	}
	o.later(10 * time.Minute)
	if r := o.do("POST", "/messages", hello, key("a")); r.status != 202 || r.raw != first.raw {
		t.Errorf("later: %d %s, want %s", r.status, r.raw, first.raw)
	}
	if n := o.count(`select count(*) from singles`); n != 1 {
		t.Errorf("%d messages, want 1", n)
	}
}

func TestManyAtOnceWithOneKeySendOnce(t *testing.T) {
	o := newOffice(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if r := o.do("POST", "/messages", hello, key("a")); r.status != 202 && r.status != 409 {
				t.Errorf("%d %s", r.status, r.raw)
			}
		})
	}
	wg.Wait()
	if n := o.count(`select count(*) from singles`); n != 1 {
		t.Errorf("%d messages, want 1", n)
	}
}

func TestATextThatNoCarrierTakesIsRefused(t *testing.T) {
	o := newOffice(t)
	o.rooms.Gateway = gateway.NewStore(o.db, o.now, gateway.StoreOptions{Routes: []gateway.Route{
		{Carrier: "viettel", Prefixes: []string{"098"}, TextRules: gateway.TextRules{Forbidden: "&%"}}, {Carrier: "vina", TextRules: gateway.TextRules{GSM7Only: true}}}})
	o.handler = api.New(o.rooms)
	for _, c := range []struct{ name, to, text, detail string }{
		{"letters", "0981234567", "Loi 100% & hon", "Nhà mạng viettel không nhận ký tự: % &. Xin viết bằng chữ (% → phần trăm, & → và) hoặc bỏ đi."},
		{"marks", "0901234567", "Cảnh báo", "Nhà mạng vina không nhận chữ có dấu hay ký hiệu này: ả á. Xin viết không dấu."},
		{"marks to a number whose carrier takes them", "0981234567", "Cảnh báo", ""},
		{"letters to a number whose carrier takes them", "0901234567", "Loi 100% & hon", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := o.do("POST", "/messages", fmt.Sprintf(`{"to":%q,"text":%q}`, c.to, c.text), key("carrier "+c.name))
			if c.detail == "" {
				if r.status != http.StatusAccepted {
					t.Errorf("%d %s", r.status, r.raw)
				}
				return
			}
			var p struct {
				Errors []struct{ Field, Code, Detail string }
			}
			if err := json.Unmarshal([]byte(r.raw), &p); err != nil {
				t.Fatal(err)
			}
			if r.status != http.StatusUnprocessableEntity || len(p.Errors) != 1 || p.Errors[0].Field != "text" || p.Errors[0].Detail != c.detail {
				t.Errorf("%d %+v", r.status, p)
			}
		})
	}
}

func TestBadRequests(t *testing.T) {
	o := newOffice(t)
	narrow := o.token("narrow", api.Numbers)
	ended := o.token("ended", api.Messages)
	if err := api.NewTokens(o.db, o.now).Revoke(t.Context(), "ended", "test"); err != nil {
		t.Fatal(err)
	}
	as := func(secret string) func(*http.Request) { return header("Authorization", "Bearer "+secret) }
	for n, c := range []struct {
		name, method, path, body string
		edit                     func(*http.Request)
		status                   int
		code, field              string
	}{
		{"no token", "GET", "/campaigns", "", header("Authorization", ""), 401, "unauthorised", ""},
		{"another scheme", "GET", "/campaigns", "", header("Authorization", "Basic YTpi"), 401, "unauthorised", ""},
		{"a token that never was", "GET", "/campaigns", "", as("cg_x"), 401, "unauthorised", ""},
		{"a revoked token", "GET", "/campaigns", "", as(ended), 401, "unauthorised", ""},
		{"a token without the scope", "GET", "/reports", "", as(narrow), 403, "scope", ""},
		{"no key", "POST", "/messages", hello, key(""), 400, "idempotency_key", ""},
		{"an endless key", "POST", "/messages", hello, key(strings.Repeat("k", 256)), 400, "idempotency_key", ""},
		{"another type of body", "POST", "/messages", hello, header("Content-Type", "text/plain"), 415, "media_type", ""},
		{"an empty body", "POST", "/messages", "", header("Content-Type", "application/json"), 400, "body", ""},
		{"no JSON", "POST", "/messages", "to=1", nil, 400, "body", ""},
		{"JSON that breaks off", "POST", "/messages", `{"to":`, nil, 400, "body", ""},
		{"two values", "POST", "/messages", hello + hello, nil, 400, "body", ""},
		{"an array", "POST", "/messages", `[]`, nil, 400, "body", ""},
		{"a wrong type", "POST", "/messages", `{"to":84901234567}`, nil, 400, "body", ""},
		{"an unknown field", "POST", "/messages", `{"to":"0901234567","text":"a","colour":"red"}`, nil, 400, "body", ""},
		{"bytes that are no UTF-8", "POST", "/messages", "{\"to\":\"0901234567\",\"text\":\"\xff\"}", nil, 400, "body", ""},
		{"a time that is none", "POST", "/messages", `{"to":"0901234567","text":"a","send_by":"tomorrow"}`, nil, 400, "body", ""},
		{"too much", "POST", "/messages", `{"text":"` + strings.Repeat("a", 1<<20) + `"}`, nil, 413, "too_large", ""},
		{"no number", "POST", "/messages", `{"text":"a"}`, nil, 422, "invalid", "to"},
		{"no phone number", "POST", "/messages", `{"to":"113","text":"a"}`, nil, 422, "invalid", "to"},
		{"a landline", "POST", "/messages", `{"to":"02363111222","text":"a"}`, nil, 422, "invalid", "to"},
		{"no text", "POST", "/messages", `{"to":"0901234567"}`, nil, 422, "invalid", "text"},
		{"a link", "POST", "/messages", `{"to":"0901234567","text":"xem https://a.vn"}`, nil, 422, "invalid", "text"},
		{"a question for a code", "POST", "/messages", `{"to":"0901234567","text":"Hãy đọc mã OTP"}`, nil, 422, "invalid", "text"},
		{"too late already", "POST", "/messages", `{"to":"0901234567","text":"a","send_by":"2026-11-23T01:00:00Z"}`, nil, 422, "invalid", "send_by"},
		{"too far away", "POST", "/messages", `{"to":"0901234567","text":"a","send_by":"2027-11-23T01:00:00Z"}`, nil, 422, "invalid", "send_by"},
		{"a file that is no list", "POST", "/residents/import", "a,b\n1,2\n", header("Content-Type", "text/csv"), 422, "file_unreadable", ""},
		{"a ward that is not", "POST", "/residents/import?unit=Hoa+Vang", "a,b\n", nil, 422, "file_unreadable", ""},
		{"a query that cannot be read, which would drop dry_run", "POST", "/residents/import?dry_run=true;x", "a,b\n", nil, 400, "query", ""},
		{"a query with a broken escape", "GET", "/coverage?unit=%zz", "", nil, 400, "query", ""},
		{"dry_run=maybe", "POST", "/residents/import?dry_run=maybe", "a,b\n", nil, 400, "query", ""},
		{"a campaign without a name", "POST", "/campaigns", `{"contents":[{"text":"a","plain":"a"}],"units":[1]}`, nil, 422, "invalid", "name"},
		{"hours backwards", "POST", "/campaigns", `{"name":"a","hours":"22:00-07:00"}`, nil, 422, "invalid", "hours"},
		{"a campaign that is not", "POST", "/campaigns/77/submit", "", nil, 404, "not_found", ""},
		{"a campaign by another name", "GET", "/campaigns/abc", "", nil, 404, "not_found", ""},
		{"an act that is none", "POST", "/campaigns/77/explode", "", nil, 404, "no_route", ""},
		{"a code misheard", "GET", "/reports/1234-5678", "", nil, 404, "not_found", ""},
		{"a state that is none", "GET", "/reports?state=refused", "", nil, 400, "query", ""},
		{"too many rows", "GET", "/reports?limit=1000", "", nil, 400, "query", ""},
		{"an unknown parameter", "GET", "/reports?colour=red", "", nil, 400, "query", ""},
		{"a number that is none", "GET", "/numbers/113", "", nil, 422, "invalid", "phone"},
		{"a unit that is not", "GET", "/coverage?unit=99999", "", nil, 404, "not_found", ""},
		{"a ward by another name", "GET", "/coverage?unit=Hoa+Vang", "", nil, 404, "not_found", ""},
		{"a body on a GET", "GET", "/campaigns", "{}", nil, 413, "too_large", ""},
		{"no such route", "GET", "/nothing", "", nil, 404, "no_route", ""},
		{"another method", "DELETE", "/messages", "", nil, 405, "method", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			edits := []func(*http.Request){key("bad-" + string(rune('A'+n)))}
			if c.edit != nil {
				edits = append(edits, c.edit)
			}
			r := o.do(c.method, c.path, c.body, edits...)
			if r.status != c.status || r.body["code"] != c.code || r.header.Get("Content-Type") != "application/problem+json" || r.body["status"] != float64(c.status) {
				t.Fatalf("%d %s, want %d %s", r.status, r.raw, c.status, c.code)
			}
			if c.field != "" && !strings.Contains(r.raw, `{"field":"`+c.field+`"`) {
				t.Errorf("%s does not name %s", r.raw, c.field)
			}
		})
	}
	if n := o.count(`select count(*) from singles`); n != 0 {
		t.Errorf("bad requests sent %d messages", n)
	}
}

// heardSQL: of two numbers of the unit $1 one heard the calls of two runs, one the call of one. A third hung up.
const heardSQL = `
with c as (
	insert into campaigns (name, contents, form, units, channel, cron, hours, cap_day, cap_week, urgent, urgent_reason, resend, state, author, created_at, updated_at)
	values ('x', '[]', 'plain', '{}', 'call', '0 8 * * *', '07:00-21:00', 0, 0, false, '', false, 'running', 'lan', now(), now()) returning id
), runs as (
	insert into campaign_runs (campaign_id, nth, due_at, created_at) select id, n, now() + n * interval '1 day', now() from c, generate_series(1, 2) n returning id, nth
), who as (
	select phone, row_number() over (order by phone) as n from residents
	where unit_id = $1 and wants_call and phone_kind = 'mobile' and consent_at is not null group by phone order by phone limit 3
)
insert into campaign_calls (run_id, phone, unit_id, wanted_at, result)
select runs.id, phone, $1, now(), case n when 3 then 'unheard' else 'heard' end from runs, who where nth = 1 or n = 1`

func TestImportAndCoverage(t *testing.T) {
	o := newOffice(t)
	csv := header("Content-Type", "text/csv")
	dry := o.do("POST", "/residents/import?dry_run=true&file_name=list.csv&unit=Thanh+Khê", string(sample.Residents), key("dry"), csv)
	if dry.status != 200 || dry.body["imported"] != 2707.0 || dry.body["dry_run"] != true {
		t.Fatalf("%d %.200s", dry.status, dry.raw)
	}
	r := o.do("POST", "/residents/import", string(sample.Residents), key("real"), csv)
	if r.status != 200 || r.body["imported"] != 2707.0 || len(r.body["rejects"].([]any)) != 205 {
		t.Fatalf("%d %.200s", r.status, r.raw)
	}
	all := o.do("GET", "/coverage?unit=Thanh+Khe", "")
	units, _ := all.body["units"].([]any)
	if all.status != 200 || all.body["residents"] != 2707.0 || len(units) != 61 || all.body["reached"] != 0.0 || all.body["reachable"].(float64) < 1500 {
		t.Fatalf("%d %.300s", all.status, all.raw)
	}
	// A number counts once, however many calls of ours it heard (and messages: campaigns' own test).
	var unit int64
	if err := o.db.QueryRow(`select id from units where name = 'Tổ 1'`).Scan(&unit); err != nil {
		t.Fatal(err)
	}
	if _, err := o.db.Exec(heardSQL, unit); err != nil {
		t.Fatal(err)
	}
	all = o.do("GET", "/coverage", "")
	one := o.do("GET", "/coverage?unit="+string(json.RawMessage(mustJSON(t, unit))), "")
	if all.body["reached"] != 2.0 || one.body["reached"] != 2.0 || all.body["counted_at"] == nil || one.body["name"] != "Tổ 1" || len(one.body["units"].([]any)) != 1 {
		t.Errorf("%.200s\n%s", all.raw, one.raw)
	}
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCampaignNeedsTwo(t *testing.T) {
	o := newOffice(t)
	body := mustJSON(t, map[string]any{"name": "Nhắc", "contents": []any{map[string]any{"text": "Cảnh giác", "plain": "Canh giac"}},
		"units": []int64{o.ward.ID}, "cron": "0 8 * * 1", "hours": "07:00-21:00"})
	made := o.do("POST", "/campaigns", string(body), key("make"))
	if made.status != 201 || made.body["state"] != "draft" || made.body["author"] != "token:all" || made.body["hours"] != "07:00-21:00" {
		t.Fatalf("%d %s", made.status, made.raw)
	}
	at := strings.TrimPrefix(made.header.Get("Location"), "/api/v1")
	second := header("Authorization", "Bearer "+o.token("second", api.Campaigns))
	for _, step := range []struct {
		act    string
		second bool
		status int
		state  string
	}{
		{"start", false, 409, ""},
		{"submit", false, 200, "submitted"},
		{"approve", false, 403, ""},
		{"approve", true, 200, "approved"},
		{"start", false, 200, "running"},
		{"pause", false, 200, "paused"},
		{"resume", false, 200, "running"},
		{"cancel", false, 200, "cancelled"},
	} {
		edits := []func(*http.Request){key(step.act + string(mustJSON(t, step.second)) + step.state)}
		body := ""
		if step.second {
			edits = append(edits, second)
		}
		if step.act == "cancel" {
			body = `{"reason":"thử"}`
		}
		r := o.do("POST", at+"/"+step.act, body, edits...)
		if r.status != step.status || step.state != "" && r.body["state"] != step.state {
			t.Fatalf("%s: %d %s", step.act, r.status, r.raw)
		}
	}
	list := o.do("GET", "/campaigns?state=cancelled", "")
	if list.status != 200 || len(list.body["campaigns"].([]any)) != 1 {
		t.Errorf("%d %s", list.status, list.raw)
	}
	if n := o.count(`select count(*) from audit_log where who like 'token:%' and act like 'campaign.%'`); n != 7 {
		t.Errorf("%d audit rows, want one for each of seven acts", n)
	}
}

// report is the code of a new one.
func (o *office) report() string {
	o.Helper()
	tx, err := o.db.Begin()
	if err != nil {
		o.Fatal(err)
	}
	r, err := o.rooms.Reports.Save(o.Context(), tx, reports.Draft{Origin: "call", Ref: "1", Reporter: "+84905000001", Kind: 1, ScamNumber: "0901234567", Money: "lost", When: "today", Complete: true})
	if err != nil {
		o.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		o.Fatal(err)
	}
	return r.Code
}

func TestReportsAreReadAndEachReadingIsKept(t *testing.T) {
	o := newOffice(t)
	code := o.report()
	list := o.do("GET", "/reports?state=new", "")
	if list.status != 200 || list.body["total"] != 1.0 || !strings.Contains(list.raw, "090•••0001") || strings.Contains(list.raw, "905000001") {
		t.Errorf("%d %s", list.status, list.raw)
	}
	one := o.do("GET", "/reports/"+strings.ReplaceAll(code, "-", ""), "")
	if one.status != 200 || one.body["code"] != code || one.body["kind"] != 1.0 || one.body["record_intact"] != true {
		t.Errorf("%d %s", one.status, one.raw)
	}
	for _, c := range []struct {
		number   string
		reported bool
	}{{"0901234567", true}, {"+84 901 234 567", true}, {"0901234568", false}} {
		r := o.do("GET", "/numbers/"+strings.ReplaceAll(c.number, " ", "%20"), "")
		if r.status != 200 || r.body["reported"] != c.reported {
			t.Errorf("%s: %d %s", c.number, r.status, r.raw)
		}
	}
	for act, want := range map[string]int{"report.list": 1, "report.read": 1, "number.read": 3} {
		if n := o.count(`select count(*) from audit_log where who = 'token:all' and act = $1`, act); n != want {
			t.Errorf("%s: %d audit rows, want %d", act, n, want)
		}
	}
}

func TestTokensAreRefused(t *testing.T) {
	o := newOffice(t)
	tokens := api.NewTokens(o.db, o.now)
	for _, c := range []struct {
		name, token string
		scopes      []api.Scope
	}{
		{"no name", "", []api.Scope{api.Messages}},
		{"a name with spaces", "a b", []api.Scope{api.Messages}},
		{"no scope", "a", nil},
		{"an unknown scope", "a", []api.Scope{"everything"}},
		{"a name that is taken", "all", []api.Scope{api.Messages}},
	} {
		if _, err := tokens.Add(t.Context(), c.token, c.scopes, "test"); err == nil {
			t.Errorf("%s was taken", c.name)
		}
	}
	if err := tokens.Revoke(t.Context(), "nobody", "test"); err == nil {
		t.Error("revoked a token that is not")
	}
	secrets := o.count(`select count(*) from api_tokens where encode(sha256, 'escape') like '%cg_%'`)
	if secrets != 0 || slices.Contains([]string{"", "cg_"}, o.secret) || bytes.Contains([]byte(o.secret), []byte("=")) {
		t.Error("a secret is kept, or looks wrong")
	}
}
