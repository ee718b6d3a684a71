package console

import (
	"context"
	"database/sql"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/mux"

	"canhgiac/campaigns"
	"canhgiac/internal/jobs"
	"canhgiac/reports"
)

// filledHouse is a house in which each page has something to show: a ward with people, a campaign in each state that looks
// different, reports, texts that nobody acted on, and a simulator. Who adds a page that shows something new puts it here:
// the tests of every page then read it.
func filledHouse(t *testing.T) *house {
	t.Helper()
	ctx := context.Background()
	h, _ := withHandsets(t, "")
	if _, err := h.users.Add(ctx, "huy", Standing{Role: Ward}, password); err != nil {
		t.Fatal(err)
	}
	by, approver := campaigns.User{Name: "ward", Role: "ward"}, campaigns.User{Name: "huy", Role: "ward"}
	running, err := h.Campaigns.LoadSample(ctx, campaigns.SampleOptions{Contents: []campaigns.Content{
		{Text: "Ai dọa bắt, bà con tắt máy.", Plain: "Ai doa bat, ba con tat may."}, {Text: "Đừng đọc mã OTP.", Plain: "Dung doc ma OTP."}}, Author: by, Approver: approver})
	if err != nil {
		t.Fatal(err)
	}
	tx, err := h.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Campaigns.Fire(ctx, tx, running, time.Now(), 1); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	ward := h.as(Ward)
	for _, name := range []string{"Bản nháp", "Chờ duyệt"} {
		if got := ward.post("/campaigns/new", goodForm("name", name)...); got.status != http.StatusSeeOther {
			t.Fatalf("write %s: %d\n%s", name, got.status, got.body)
		}
	}
	ward.post("/campaigns/3/submit")
	if got := ward.say(chao+"/sound", h.voiceOf("chao"), "speaker", "Chị Hoa", "agreed", "1"); got.status != http.StatusSeeOther {
		t.Fatalf("record a line: %d\n%s", got.status, got.body)
	}
	r := h.report(reports.Draft{Ref: "CA1", Reporter: "+84901234567", Kind: 1, ScamNumber: "0912345678", Channel: 1, Money: "lost", When: "today", Band: 2, Callback: "yes", Complete: true})
	h.report(reports.Draft{Ref: "CA2", Kind: 8, ScamNumber: "0912345678"})
	long := strings.Repeat("dài", 60) // a word without an end must not push a page sideways
	h.log(r.ID, reports.Entry{At: h.Now(), Node: "bao_tin", Key: "1", Raw: "1"})
	h.log(r.ID, reports.Entry{At: h.Now(), Node: long, Key: long, Raw: long})
	police := h.as(Police)
	police.post("/reports/" + r.Code + "/receive")
	police.post("/reports/"+r.Code+"/note", "note", "Đã gọi lại, bà con chưa chuyển tiền. "+long)
	verified := h.report(reports.Draft{Ref: "CA3", Kind: 3, ScamNumber: "0912345679", Complete: true})
	police.post("/reports/" + verified.Code + "/receive")
	police.post("/reports/"+verified.Code+"/move", "to", "verifying")
	h.texted("+84901234567", "toi bi lua mat tien roi", "unknown")
	h.texted("+84907654321", "[…] hết tiền trong tài khoản", "broken")
	h.texted("+84907654321", long, "unknown")
	h.filledJobs(ward)
	h.unclaimed(1)
	h.filledMenu(ward)
	return h
}

// filledMenu leaves a version of the menu that waits, with something changed in each part.
func (h *house) filledMenu(ward *browser) {
	ward.post("/menu/new")
	ward.post("/menu/1/edit", "do", "save", "part", "call", "revision", "1", "name", "chao", "text", "Dạ, kính chào ông bà. "+strings.Repeat("dài", 60))
	ward.post("/menu/1/edit", "do", "save", "part", "hours", "revision", "2", "day_mon", "7h30-11h30", "holidays", "01/01/2027 Tết Dương lịch")
}

// filledJobs leaves each role a job that runs on, and the ward a list that was tried and has rows to put right.
func (h *house) filledJobs(ward *browser) {
	running := map[Role]jobs.Kind{Ward: residentsExport, Police: reportsExport, Operator: auditExport}
	h.works(func(w map[jobs.Kind]jobs.Work) {
		for _, kind := range running {
			w[kind] = waits(nil)
		}
	})
	ward.ended(ward.upload("/residents/import", strings.Repeat("dài", 30)+".csv", list).header.Get("Location"))
	h.in(func(tx *sql.Tx) error {
		for role, kind := range running {
			if _, err := h.Jobs.Add(context.Background(), tx, jobs.New{Kind: kind, By: string(role), Role: string(role)}); err != nil {
				return err
			}
		}
		return nil
	})
}

// walked is one page that a role can reach, with its HTML.
type walked struct{ path, pattern, body string }

var (
	linkOnPage = regexp.MustCompile(`\s(?:href|data-part)="(/[^"]*)"`)
	formOnPage = regexp.MustCompile(`<form[^>]* method="get" action="(/[^"]*)"`)
)

// notPages are addresses that no link of a filled house leads to, and why no test of every page misses them.
var notPages = map[string]string{
	"/reports/{code}/calls/{nth}":                                   "a sound",
	"/reports/{code}/messages/{nth}":                                "sends the browser to the provider's recording",
	"/handset/{number}/events":                                      "a stream that handset.js opens",
	"/jobs/{id:[0-9]+}/file":                                        "a file to keep",
	"/prompts/{voice:trung|bac}/{line:[a-z0-9_-]+}/playing.wav":     "a sound that its page plays",
	"/prompts/{voice:trung|bac}/{line:[a-z0-9_-]+}/{id:[0-9]+}.wav": "a sound that its page plays",
	"/home/{section}":                                               "a part of the home page, of those sections that are live",
}

// walk finds the pages of role as a person does: from the home page by links, and every address that needs no more than
// itself. Three of a kind are enough. "" is somebody who did not sign in.
func (h *house) walk(t *testing.T, role Role) []walked {
	t.Helper()
	sub := *h
	sub.t = t
	b := sub.as(role)
	todo := []string{"/"}
	mine := map[string]bool{}
	for _, r := range h.routes {
		if r.Method == http.MethodGet && (len(r.Roles) == 0 || has(r.Roles, role)) && (role == "" || len(r.Roles) > 0) {
			mine[r.Path] = false
			if !strings.Contains(r.Path, "{") {
				todo = append(todo, r.Path)
			}
		}
	}
	var pages []walked
	seen, kinds := map[string]bool{}, map[string]int{}
	for len(todo) > 0 {
		path := todo[0]
		todo = todo[1:]
		bare, _, _ := strings.Cut(path, "?")
		var match mux.RouteMatch
		r, err := http.NewRequest("GET", b.home+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if seen[bare] || strings.HasPrefix(path, "/static/") || !h.router.Match(r, &match) || match.Route == nil {
			continue
		}
		seen[bare] = true
		pattern, err := match.Route.GetPathTemplate()
		if err != nil {
			t.Fatal(err)
		}
		if kinds[pattern]++; kinds[pattern] > 3 {
			continue
		}
		got := b.page(r)
		if got.status >= 500 {
			t.Errorf("GET %s: %d", path, got.status)
		}
		if _, ok := mine[pattern]; ok {
			mine[pattern] = true
		}
		if strings.Contains(got.body, "<!doctype html>") && got.status == http.StatusOK {
			pages = append(pages, walked{path, pattern, got.body})
		}
		for _, links := range []*regexp.Regexp{linkOnPage, formOnPage} {
			for _, m := range links.FindAllStringSubmatch(got.body, -1) {
				todo = append(todo, html.UnescapeString(m[1]))
			}
		}
	}
	for pattern, reached := range mine {
		if _, known := notPages[pattern]; !reached && !known {
			t.Errorf("no link of a filled house leads %s to %s: fill the house for it (filledHouse), or say why it is no page (notPages)", role, pattern)
		}
	}
	return pages
}

// page is get without waiting for the end of a stream.
func (b *browser) page(r *http.Request) answer {
	b.t.Helper()
	resp, err := b.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	if !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		resp.Body.Close()
		return answer{resp.StatusCode, resp.Header, ""}
	}
	return read(b.t, resp)
}
