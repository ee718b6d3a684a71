package console

import (
	"bytes"
	"context"
	"database/sql"
	"regexp"
	"strings"
	"testing"

	"canhgiac/campaigns"
	"canhgiac/gateway"
	"canhgiac/internal/postgres/pgtest"
	"canhgiac/internal/practice"
	"canhgiac/reports"
	"canhgiac/residents"
	"canhgiac/schedules"
)

// withPractice gives a house a practice ward, as cmd does. What it holds is told through db.
func withPractice(t *testing.T, db **sql.DB) func(*Options) {
	return func(o *Options) {
		*db = pgtest.Beside(t, o.DB, practice.Open)
		rooms := *o
		rooms.DB, rooms.Reports, rooms.Residents = *db, reports.NewStore(*db, o.Now), residents.NewStore(*db, o.Now)
		rooms.Gateway = gateway.NewStore(*db, o.Now, gateway.StoreOptions{Routes: []gateway.Route{{Carrier: "viettel"}}})
		rooms.Campaigns = campaigns.NewStore(*db, o.Now, rooms.Gateway, rooms.Residents, schedules.NewStore(*db, o.Now), campaigns.Options{})
		o.Practice = &Practice{Store: practice.NewStore(o.DB, o.Now), Rooms: rooms}
	}
}

var codeInPage = regexp.MustCompile(`/practice/reports/(\d{4}-\d{4})"`)

func TestAPolicemansFirstDayIsDoneOnPracticeReportsAlone(t *testing.T) {
	var db *sql.DB
	h := newHouse(t, withPractice(t, &db))
	b := h.as(Police)
	if got := b.get("/"); !strings.Contains(got.body, `href="/first-day"`) {
		t.Error("home does not offer the first day")
	}
	if got := b.get("/practice/reports"); got.header.Get("Location") != "/first-day" {
		t.Errorf("practice before anybody began: %d to %q", got.status, got.header.Get("Location"))
	}
	if got := b.post("/first-day/begin"); got.status != 303 {
		t.Fatalf("begin: %d\n%s", got.status, got.body)
	}
	list := b.get("/practice/reports")
	codes := codeInPage.FindAllStringSubmatch(list.body, -1)
	if len(codes) != 3 || !strings.Contains(list.body, "practice-bar") {
		t.Fatalf("the list has %d practice reports:\n%s", len(codes), list.body)
	}
	if strings.Contains(list.body, `href="/reports`) || strings.Contains(list.body, `data-part="/reports`) {
		t.Error("a practice page leads to real reports")
	}
	if real := b.get("/reports"); strings.Contains(real.body, codes[0][1]) || strings.Contains(real.body, "practice-bar") {
		t.Error("practice shows on the real list")
	}
	report := "/practice/reports/" + codes[0][1]
	b.get(report)
	if got := b.post(report + "/receive"); got.header.Get("Location") != report {
		t.Errorf("receive leads to %q: %s", got.header.Get("Location"), got.body)
	}
	b.post(report+"/note", "note", "Đã gọi ngân hàng")
	if got := b.post(report+"/reveal", "reason", "tập gọi lại"); !strings.Contains(got.body, "0900 000 001") && !strings.Contains(got.body, "0900000001") {
		t.Errorf("reveal: %d", got.status)
	}
	if day := b.get("/first-day"); strings.Count(day.body, `class="done"`) != 5 || !strings.Contains(day.body, `aria-current="step"`) {
		t.Errorf("%d steps are done before the export", strings.Count(day.body, `class="done"`))
	}
	h.works()
	job := b.post("/practice/reports/export", "reason", "tập xuất").header.Get("Location")
	if !strings.HasPrefix(job, "/practice/jobs/") {
		t.Fatalf("the export leads to %q", job)
	}
	b.ended(job)
	if got := b.get(job + "/file"); !strings.Contains(got.header.Get("Content-Disposition"), "TAP-HUAN-") {
		t.Errorf("the file is called %q (%d)", got.header.Get("Content-Disposition"), got.status)
	}
	b.get("/first-day")
	if got := b.get("/"); strings.Contains(got.body, `id="home-first_day"`) {
		t.Error("a finished first day still stands on the home page")
	}

	if got := b.get("/first-day/remove"); !strings.Contains(got.body, `action="/first-day/remove"`) {
		t.Errorf("remove asks nothing: %d", got.status)
	}
	b.post("/first-day/remove")
	if got := b.get("/practice/reports"); got.header.Get("Location") != "/first-day" {
		t.Errorf("after the removal practice answers %d", got.status)
	}
	var left, audited int
	if err := h.db.QueryRow(`select (select count(*) from reports) + (select count(*) from report_events), (select count(*) from audit_log where object like 'practice/report:%')`).Scan(&left, &audited); err != nil {
		t.Fatal(err)
	}
	if left != 0 || audited < 4 {
		t.Errorf("%d rows of practice among the real, %d in the audit log", left, audited)
	}
}

func TestAPracticeCampaignIsHeldAtTheGateAndTheListIsOfNoUseElsewhere(t *testing.T) {
	var db *sql.DB
	h := newHouse(t, withPractice(t, &db))
	ctx := context.Background()
	b := h.as(Ward)
	b.post("/first-day/begin")
	if got := b.get("/first-day/list.csv"); !strings.Contains(got.header.Get("Content-Disposition"), "TAP-HUAN") || !strings.Contains(got.body, "Tập huấn Một") {
		t.Errorf("the practice list: %d", got.status)
	}
	imported, err := residents.NewImporter(db, h.Now).Import(ctx, bytes.NewReader(residents.PracticeList), residents.ImportOptions{FileName: "tap-huan.csv", By: "ward", Role: "ward"})
	if err != nil {
		t.Fatal(err)
	}
	if imported.Imported != 6 || imported.Merged != 1 || len(imported.Rejects.Rows) != 5 {
		t.Errorf("the practice list gives %+v", imported)
	}
	if _, err := h.Residents.LoadWard(ctx, "Thanh Khê", 3); err != nil {
		t.Fatal(err)
	}
	if real, err := residents.NewImporter(h.db, h.Now).Import(ctx, bytes.NewReader(residents.PracticeList), residents.ImportOptions{FileName: "tap-huan.csv"}); err != nil || real.Imported != 0 {
		t.Errorf("the real ward took %d people of the practice list: %v", real.Imported, err)
	}

	rooms := h.Practice.Rooms
	ward, err := rooms.Residents.Ward(ctx)
	if err != nil {
		t.Fatal(err)
	}
	c := rooms.Campaigns.Blank()
	c.Name, c.Units, c.Cron = "Tập huấn", []int64{ward.ID}, "0 8 * * 1"
	c.Contents = []campaigns.Content{{Text: "Tin tập huấn.", Plain: "Tin tap huan."}}
	id, err := rooms.Campaigns.Create(ctx, c, campaigns.User{Name: "ward", Role: "ward"})
	if err != nil {
		t.Fatal(err)
	}
	page := "/practice/campaigns/1"
	if got := b.post(page + "/submit"); got.header.Get("Location") != page {
		t.Fatalf("submit campaign %d: %d to %q\n%s", id, got.status, got.header.Get("Location"), got.body)
	}
	if err := rooms.Campaigns.Approve(ctx, id, campaigns.User{Name: "lanhdao", Role: "ward"}); err != nil {
		t.Fatal(err)
	}
	b.post(page + "/start")
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if err := rooms.Campaigns.Fire(ctx, tx, id, h.Now(), 1); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if n, err := h.Gateway.HoldPractice(ctx); n != 0 || err != nil {
		t.Errorf("the real gate held %d: %v", n, err)
	}
	held, err := rooms.Gateway.HoldPractice(ctx)
	if err != nil || held != 4 {
		t.Errorf("held %d of the 4 who agreed and have a mobile phone: %v", held, err)
	}
	var real, other int
	if err := h.db.QueryRow(`select (select count(*) from messages) + (select count(*) from campaigns) + (select count(*) from residents),
		(select count(*) from practice.sent where state <> 'suppressed' or error <> 'practice')`).Scan(&real, &other); err != nil {
		t.Fatal(err)
	}
	if real != 0 || other != 0 {
		t.Errorf("%d rows of practice among the real; %d messages got past the gate", real, other)
	}
	if got := b.get(page); !strings.Contains(got.body, "Tập huấn: không gửi thật") {
		t.Error("the campaign does not say that nothing was really sent")
	}
	day := b.get("/first-day").body
	if got := strings.Count(day, `class="done"`); got != 7 || !strings.Contains(day, "/practice/residents/import") {
		t.Errorf("%d of 8 steps are done; the refused rows were not looked at", got)
	}
}
