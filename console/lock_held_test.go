package console

import (
	"database/sql"
	"net/http"
	"strings"
	"testing"

	"canhgiac/reports"
)

func TestAPracticeFormThatMeetsTheLockIsSentToPracticeAgain(t *testing.T) {
	var db *sql.DB
	h := newHouse(t, func(o *Options) { o.IdleLock = idleTime }, withPractice(t, &db))
	b := h.as(Police)
	b.post("/first-day/begin")
	code := codeInPage.FindStringSubmatch(b.get("/practice/reports").body)[1]
	h.clock.set(idleTime)
	if got := b.get("/practice/reports"); got.header.Get("Location") != "/locked?next=%2Fpractice%2Freports" {
		t.Errorf("the lock leads back to %q", got.header.Get("Location"))
	}
	b.post("/practice/reports/"+code+"/note", "note", "tập ghi chú")
	if got := b.post("/locked", "password", password); got.header.Get("Location") != "/locked/held" {
		t.Fatalf("%d %s", got.status, got.header.Get("Location"))
	}
	if page := b.get("/locked/held"); !strings.Contains(page.body, `action="/practice/reports/`+code+`/note"`) {
		t.Errorf("a practised form would be sent elsewhere: %s", page.body)
	}
}

func TestAFormThatALockedScreenKeptIsNotTheNextPersons(t *testing.T) {
	h := idleHouse(t)
	r := h.report(reports.Draft{Ref: "a", Kind: 1})
	b := h.as(Police)
	h.clock.set(idleTime)
	b.post("/reports/"+r.Code+"/note", "note", "chị Lan nhà số 5")
	b.post("/signin", "name", "ward", "password", password) // on the same machine, from a page that stood open
	if page := b.get("/locked/held"); page.status != http.StatusSeeOther || strings.Contains(page.body, "Lan") {
		t.Errorf("the ward reads what the police typed: %d\n%s", page.status, page.body)
	}
}

func TestAnAddressThatNoBrowserSendsIsNoPage(t *testing.T) {
	h := newHouse(t)
	for _, role := range []Role{Ward, Police} { // who may not see reports leaves an audit row, which must hold the address
		for _, path := range []string{"/reports/%00", "/reports/%ff"} {
			if got := h.as(role).get(path); got.status != http.StatusNotFound {
				t.Errorf("%s as %s: %d", path, role, got.status)
			}
		}
	}
}
