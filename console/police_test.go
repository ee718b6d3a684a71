package console

import (
	"context"
	"database/sql"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"canhgiac/reports"
)

func (h *house) report(d reports.Draft) reports.Report {
	h.t.Helper()
	if d.Origin == "" {
		d.Origin = "call"
	}
	tx, err := h.db.Begin()
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	r, err := h.Reports.Save(context.Background(), tx, d)
	if err != nil {
		h.t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		h.t.Fatal(err)
	}
	return r
}

func (h *house) log(id int64, e reports.Entry) {
	h.t.Helper()
	tx, err := h.db.Begin()
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := h.Reports.Log(context.Background(), tx, id, e); err != nil {
		h.t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		h.t.Fatal(err)
	}
}

func TestWhatCannotBeKeptIsNoForm(t *testing.T) {
	h := newHouse(t)
	r := h.report(reports.Draft{Ref: "CA1", Reporter: "+84901234567", Kind: 1})
	police, ward, operator := h.as(Police), h.as(Ward), h.as(Operator)
	for _, bad := range []string{"\x00", "a\xff"} {
		q := "?" + url.Values{"state": {bad}, "q": {bad}, "standing": {bad}, "lang": {bad}, "who": {bad}}.Encode()
		for path, b := range map[string]*browser{"/reports" + q: police, "/reports/rows" + q: police, "/residents" + q: ward, "/audit" + q: operator, "/signin" + q: h.browser()} {
			if a := b.get(path); a.status != http.StatusBadRequest {
				t.Errorf("GET %s: %d", path, a.status)
			}
		}
		for path, field := range map[string]string{"/reports/" + r.Code + "/note": "note", "/reports/" + r.Code + "/reveal": "reason", "/reports/export": "reason"} {
			if a := police.post(path, field, bad); a.status != http.StatusBadRequest {
				t.Errorf("POST %s: %d", path, a.status)
			}
		}
	}
}

func TestAnOfficerWorksOnAReport(t *testing.T) {
	h := newHouse(t)
	r := h.report(reports.Draft{Ref: "CA1", Reporter: "+84901234567", Kind: 1, ScamNumber: "0912345678", Channel: 1, Money: "about", Callback: "yes", Complete: true})
	h.log(r.ID, reports.Entry{At: h.Now(), Node: "loai_lua_dao", Key: "1", Raw: "Digits=1&From=84901234567&Caller=0901234567"})
	b := h.as(Police)

	list := b.get("/reports")
	for _, want := range []string{r.Code, "Giả công an, cán bộ", "Sắp chuyển tiền", "0912345678", "090•••4567", "Mới ghi nhận"} {
		if !strings.Contains(list.body, want) {
			t.Errorf("the list shows no %q", want)
		}
	}
	for _, path := range []string{"/reports", "/reports/" + r.Code} {
		// The digits alone: a plus sign stands as &#43; in a page.
		if body := b.get(path).body; strings.Contains(body, "901234567") {
			t.Errorf("%s shows the reporter's whole number", path)
		}
	}
	if got := b.post("/reports/" + r.Code + "/receive"); got.status != http.StatusSeeOther {
		t.Fatal(got.status)
	}
	if got := b.post("/reports/"+r.Code+"/note", "note", "Đã gọi ngân hàng."); got.status != http.StatusSeeOther {
		t.Fatal(got.status)
	}
	page := b.get("/reports/" + strings.ReplaceAll(r.Code, "-", "")) // as somebody types it
	for _, want := range []string{"Đã thêm ghi chú.", "Đã tiếp nhận", "Đã gọi ngân hàng.", "<kbd>1</kbd>", "Digits=1", "Nguyên vẹn", `class="code-large">` + r.Code} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the report shows no %q", want)
		}
	}
	if got := b.post("/reports/" + r.Code + "/receive"); got.status != http.StatusConflict || !strings.Contains(got.body, "đã được tiếp nhận trước đó") {
		t.Errorf("received again: %d", got.status)
	}
	if got := b.post("/reports/"+r.Code+"/note", "note", " "); got.status != http.StatusUnprocessableEntity {
		t.Errorf("an empty note: %d", got.status)
	}
	if got := b.post("/reports/"+r.Code+"/reveal", "reason", ""); got.status != http.StatusUnprocessableEntity || strings.Contains(got.body, "0901234567") {
		t.Errorf("revealed without a reason: %d", got.status)
	}
	if got := b.post("/reports/"+r.Code+"/reveal", "reason", "gọi lại"); !strings.Contains(got.body, "0901234567") || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("the number was not revealed: %d", got.status)
	}
	for act, want := range map[string]int{"report.list": 2, "report.receive": 1, "report.note": 1, "report.reveal": 1} {
		if n := h.audited(act); n != want {
			t.Errorf("%s: %d audit rows, want %d", act, n, want)
		}
	}
	if n := h.audited("report.read"); n < 3 {
		t.Errorf("%d rows of reading", n)
	}
}

func TestTheListRefreshesItselfWithoutFurtherAuditRows(t *testing.T) {
	h := newHouse(t)
	r := h.report(reports.Draft{Ref: "1", Kind: 2})
	b := h.as(Police)
	b.get("/reports")
	if got := b.get("/reports/rows"); !strings.Contains(got.body, r.Code) || strings.Contains(got.body, "<html") || !strings.Contains(got.body, "Chưa gửi xong") {
		t.Errorf("the rows: %s", got.body)
	}
	if n := h.audited("report.list"); n != 1 {
		t.Errorf("%d rows", n)
	}
}

func TestAnotherReportThatMovesIsNoReadingOfThisOne(t *testing.T) {
	h := newHouse(t)
	b := h.as(Police)
	r := h.report(reports.Draft{Ref: "1", Kind: 2})
	live := func() answer { return b.get("/reports/" + r.Code + "/live?at=" + revision(t, h.db, r.Code)) }
	h.report(reports.Draft{Ref: "2", Kind: 3})
	if got := live(); got.status != http.StatusNoContent || h.audited("report.read") != 0 {
		t.Errorf("%d", got.status)
	}
	at := revision(t, h.db, r.Code)
	h.report(reports.Draft{Ref: "1", Kind: 2, Money: "lost"})
	if got := b.get("/reports/" + r.Code + "/live?at=" + at); got.status != http.StatusOK || !strings.Contains(got.body, "Vừa mất tiền") || h.audited("report.read") != 1 {
		t.Errorf("%d", got.status)
	}
}

func revision(t *testing.T, db *sql.DB, code string) (n string) {
	t.Helper()
	if err := db.QueryRow(`select revision from reports where code = $1`, code).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestReportPagesTellWhatIsWrong(t *testing.T) {
	h := newHouse(t)
	b := h.as(Police)
	for is, c := range map[string]struct {
		path string
		want int
		text string
	}{
		"a mistyped code":       {"/reports/2608-0418", http.StatusNotFound, "Mã tin báo chưa đúng"},
		"a code to find":        {"/reports/find?code=12", http.StatusNotFound, "Mã tin báo chưa đúng"},
		"a kind that is none":   {"/reports?kind=9", http.StatusBadRequest, "chưa đúng"},
		"a kind in words":       {"/reports?kind=x", http.StatusBadRequest, "chưa đúng"},
		"a page below the last": {"/reports?page=7", http.StatusOK, "Chưa có tin báo nào"},
		"no such page":          {"/reports/1/2/3", http.StatusNotFound, "Không có trang này"},
	} {
		if got := b.get(c.path); got.status != c.want || !strings.Contains(got.body, c.text) {
			t.Errorf("%s: %d", is, got.status)
		}
	}
}

func TestWhatPeopleTypeStaysText(t *testing.T) {
	h := newHouse(t)
	b := h.as(Police)
	const evil = `<script>alert(1)</script><img src=x onerror="alert(2)">`
	r := h.report(reports.Draft{Ref: evil, Kind: 1})
	h.log(r.ID, reports.Entry{At: h.Now(), Node: evil, Key: evil, Raw: evil})
	b.post("/reports/"+r.Code+"/note", "note", evil)
	b.post("/reports/"+r.Code+"/reveal", "reason", evil)
	operator := h.as(Operator)
	for _, got := range []answer{b.get("/reports/" + r.Code), b.get("/reports?state=" + evil), operator.get("/audit"), operator.get("/audit?who=" + `%22%3E%3Cscript%3E`),
		h.browser().post("/signin", "name", evil, "next", evil)} {
		if strings.Contains(got.body, "<script>") || strings.Contains(got.body, "<img src=x") || strings.Contains(got.body, `"><script`) {
			t.Errorf("typed text became markup:\n%s", got.body)
		}
	}
}

func TestExportPage(t *testing.T) {
	h := newHouse(t)
	h.works()
	b := h.as(Police)
	h.report(reports.Draft{Ref: "1", Reporter: "+84901234567", Kind: 1, Channel: 3, Money: "lost", When: "today", Band: 2, Callback: "no", Complete: true})
	if got := b.post("/reports/export", "reason", " "); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, "Xin ghi lý do") || h.audited("report.export") != 0 {
		t.Errorf("without a reason: %d", got.status)
	}
	page := b.post("/reports/export", "reason", "theo công văn 12").header.Get("Location")
	b.ended(page)
	got := b.get(page + "/file")
	if got.status != http.StatusOK || !strings.HasPrefix(got.header.Get("Content-Type"), "text/csv") || !strings.Contains(got.header.Get("Content-Disposition"), "tin-bao-") {
		t.Fatalf("%d %v", got.status, got.header)
	}
	for _, want := range []string{"\ufeffMã tin báo,", "0901 234 567", "Giả công an", "Từ 2 đến dưới 50 triệu đồng", "Hôm nay", "Qua Zalo hoặc Facebook", "Vừa mất tiền", "Đã gửi xong", "Gặp cán bộ trực"} {
		if !strings.Contains(got.body, want) {
			t.Errorf("the file has no %q:\n%s", want, got.body)
		}
	}
	if h.audited("report.export") != 1 {
		t.Error("no audit row")
	}
}

// TestEveryValueOfAReportHasItsWords guards the keys that templates and export make of values.
func TestEveryValueOfAReportHasItsWords(t *testing.T) {
	var keys []string
	add := func(family string, values ...string) {
		for _, v := range values {
			keys = append(keys, "reports."+family+"."+v)
		}
	}
	for _, s := range reports.States() {
		add("state", string(s))
	}
	add("urgency", "1", "2", "3", "4", "5")
	add("sent", "sent", "partial", "cancelled")
	add("origin", "call", "sms", "ussd", "api")
	add("origin_low", "call", "sms", "ussd", "api")
	add("channel", "1", "2", "3", "4", "5")
	add("money", "none", "lost", "about")
	add("when", "today", "yesterday", "earlier", "before")
	add("when_low", "today", "yesterday", "earlier", "before")
	add("band", "1", "2", "3", "4", "5")
	add("callback", "yes", "no")
	add("officer", "missed", "met")
	add("left", "partial", "cancelled", "message", "missed", "met")
	add("left_long", "message", "message_met", "missed", "met")
	add("left_long.partial", "call", "sms", "ussd", "api")
	add("step", "silence", "dialed", "recorded", "start", "pressed", "ended", "bao_tin", "tin_nhan", "ussd_start", "ussd_end") // what the hotline logs that is no key
	add("event", "opened", "sent", "cancelled", "note")
	add("column", reports.ExportColumns()...)
	known := keysOf(t, "vi")
	for _, k := range keys {
		if _, ok := known[k]; !ok {
			t.Errorf("no words for %s", k)
		}
	}
}
