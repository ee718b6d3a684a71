package console

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"canhgiac/reports"
)

const idleTime = 15 * time.Minute

func idleHouse(t *testing.T) *house {
	return newHouse(t, func(o *Options) { o.IdleLock = idleTime })
}

func TestAScreenThatIsLeftAnswersNothingPersonalUntilThePasswordIsGiven(t *testing.T) {
	h := idleHouse(t)
	r := h.report(reports.Draft{Ref: "a", Kind: 1, Money: "about", ScamNumber: "0912345678"})
	b := h.as(Police)
	h.clock.set(idleTime - time.Minute)
	if got := b.get("/reports"); got.status != http.StatusOK {
		t.Fatalf("before the time: %d", got.status)
	}
	h.clock.move(idleTime)
	for _, path := range []string{"/", "/reports/" + r.Code + "?x=1", "/account", "/audit"} {
		if got := b.get(path); got.status != http.StatusSeeOther || !strings.HasPrefix(got.header.Get("Location"), "/locked") || strings.Contains(got.body, "0912345678") {
			t.Errorf("%s: %d %s", path, got.status, got.header.Get("Location"))
		}
	}
	if got := b.get("/live?t=reports"); strings.Contains(got.body, "event: reports") {
		t.Error("the list's stream goes on")
	}
	page := b.get("/locked?next=/reports/" + r.Code)
	if page.status != http.StatusOK || !strings.Contains(page.body, "1 tin gấp") || strings.Contains(page.body, "0912345678") || strings.Contains(page.body, "Giả danh") {
		t.Errorf("the locked page: %d\n%s", page.status, page.body)
	}
	if got := b.post("/locked", "password", "sai"); got.status != http.StatusUnprocessableEntity {
		t.Errorf("a wrong password: %d", got.status)
	}
	if got := b.post("/locked", "password", password, "next", "/reports/"+r.Code); got.header.Get("Location") != "/reports/"+r.Code {
		t.Errorf("the right one: %d %s", got.status, got.header.Get("Location"))
	}
	if got := b.get("/reports/" + r.Code); got.status != http.StatusOK {
		t.Errorf("then: %d", got.status)
	}
	if h.audited("session.lock") != 1 || h.audited("session.unlock") != 1 {
		t.Error("no audit rows")
	}
}

func TestWhatAPageFetchesByItselfKeepsNoScreenOpen(t *testing.T) {
	h := idleHouse(t)
	b := h.as(Police)
	asks := func(headers ...string) answer {
		r, err := http.NewRequest("GET", b.home+"/reports", nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		return b.do(r)
	}
	for is, headers := range map[string][]string{
		"a live part":  {"X-Part", "true", "X-Background", "1", "Sec-Fetch-Mode", "cors"},
		"a script":     {"Sec-Fetch-Mode", "cors"},
		"a picture":    {"Sec-Fetch-Mode", "no-cors"},
		"the old page": {"X-Part", "true", "X-Background", "1"},
	} {
		h.clock.move(idleTime - time.Minute)
		asks(headers...)
		h.clock.move(2 * time.Minute)
		if got := b.get("/"); !strings.HasPrefix(got.header.Get("Location"), "/locked") {
			t.Errorf("%s kept it open: %d", is, got.status)
		}
		b.post("/locked", "password", password)
	}
	for is, headers := range map[string][]string{
		"a page":         {"Sec-Fetch-Mode", "navigate"},
		"a person's tap": {"X-Part", "true", "Sec-Fetch-Mode", "cors"},
	} {
		h.clock.move(idleTime - time.Minute)
		asks(headers...)
		h.clock.move(2 * time.Minute)
		if got := b.get("/"); got.status != http.StatusOK {
			t.Errorf("%s did not keep it open: %d %s", is, got.status, got.header.Get("Location"))
		}
	}
}

func TestAFormThatMeetsTheLockIsKeptAndSentAfter(t *testing.T) {
	h := idleHouse(t)
	r := h.report(reports.Draft{Ref: "a", Kind: 1})
	b := h.as(Police)
	h.clock.set(idleTime)
	note := "Đã gọi lại, <b>chị Lan</b> nhà số 5"
	if got := b.post("/reports/"+r.Code+"/note", "note", note); got.header.Get("Location") != "/locked" {
		t.Fatalf("%d %s", got.status, got.header.Get("Location"))
	}
	if got := b.post("/locked", "password", password); got.header.Get("Location") != "/locked/held" {
		t.Fatalf("%d %s", got.status, got.header.Get("Location"))
	}
	page := b.get("/locked/held")
	if !strings.Contains(page.body, `action="/reports/`+r.Code+`/note"`) || !strings.Contains(page.body, `value="Đã gọi lại, &lt;b&gt;chị Lan&lt;/b&gt; nhà số 5"`) {
		t.Errorf("the form: %s", page.body)
	}
	var kept int
	if err := h.db.QueryRow(`select count(*) from console_sessions where position(convert_to('Lan', 'UTF8') in data) > 0`).Scan(&kept); err != nil || kept != 0 {
		t.Errorf("%d sessions still hold it: %v", kept, err)
	}
	h.clock.move(idleTime)
	b.post("/account/password", "old", password, "new", "x", "again", "x")
	if got := b.post("/locked", "password", password); got.header.Get("Location") != "/" {
		t.Errorf("a form with passwords is kept: %s", got.header.Get("Location"))
	}
}

func TestTheLockIsThrottledAndTwoTabsMayOpenItAtOnce(t *testing.T) {
	h := idleHouse(t)
	b := h.as(Ward)
	if got := b.post("/lock", "next", "/campaigns"); got.header.Get("Location") != "/locked?next=%2Fcampaigns" {
		t.Fatalf("%d %s", got.status, got.header.Get("Location"))
	}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if got := b.post("/locked", "password", password); got.status != http.StatusSeeOther || got.header.Get("Location") != "/" {
				t.Errorf("%d %s", got.status, got.header.Get("Location"))
			}
		})
	}
	wg.Wait()
	if got := b.get("/"); got.status != http.StatusOK || h.audited("session.unlock") != 1 {
		t.Errorf("%d, %d rows", got.status, h.audited("session.unlock"))
	}
	b.post("/lock")
	for range failuresByName {
		b.post("/locked", "password", "sai")
	}
	if got := b.post("/locked", "password", password); got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") == "" {
		t.Errorf("after five wrong ones: %d", got.status)
	}
	if got := b.post("/signout"); got.header.Get("Location") != "/signin" {
		t.Errorf("signing out of a locked screen: %d", got.status)
	}
	if got := b.get("/locked"); got.header.Get("Location") != "/signin?next=%2Flocked" && got.header.Get("Location") != "/signin" {
		t.Errorf("and then: %s", got.header.Get("Location"))
	}
}

func TestACodeOpensTheLockToo(t *testing.T) {
	h := idleHouse(t)
	b, secret, _ := h.withFactor(Police)
	h.clock.set(idleTime)
	if got := b.post("/locked", "password", h.codeNow(secret)); got.status != http.StatusSeeOther {
		t.Fatalf("%d", got.status)
	}
	b.get("/") // locks: nobody acted since
	b.post("/lock")
	if got := b.post("/locked", "password", h.codeNow(secret)); got.status != http.StatusUnprocessableEntity {
		t.Errorf("the same code again: %d", got.status)
	}
}

func TestTheScreenLocksByItselfKeepsTheNoteAndRingsForThePolice(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.IdleLock = idleTime })
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	r := h.report(reports.Draft{Ref: "a", Kind: 8, ScamNumber: "0912345678", Complete: true})
	s := h.screen()
	s.expectFailures() // the stream of a page that locks is refused
	s.signin(Police)
	s.open("/reports")
	s.do(chromedp.Click(chromedp.CSS("[data-sound]")), chromedp.WaitVisible(chromedp.CSS(`[data-sound][aria-pressed=true]`)))
	s.open("/reports/" + r.Code)
	s.do(chromedp.SendKeys(chromedp.CSS("#note"), "đang gõ dở"))

	h.clock.set(idleTime + time.Minute) // nobody acts; the stream finds it out
	s.do(chromedp.WaitVisible(chromedp.CSS(`form[action="/locked"] #password`)))
	if shown := evaluate[bool](s, `document.documentElement.innerHTML.includes('0912345678') || document.documentElement.innerHTML.includes('đang gõ dở')`); shown {
		t.Error("the locked page still holds what was on the screen")
	}
	h.report(reports.Draft{Ref: "b", Kind: 1, Money: "about"})
	s.do(chromedp.WaitVisible(chromedp.CSS(`#waiting [data-item]`+", #waiting strong")), chromedp.WaitReady(chromedp.CSS(`[data-ring][data-rang="1"]`)))
	if title := evaluate[string](s, `document.title`); !strings.HasPrefix(title, "(1) ") {
		t.Errorf("the title is %q", title)
	}
	s.do(chromedp.SendKeys(chromedp.CSS("#password"), password+"\n"), chromedp.WaitVisible(chromedp.CSS("#note")))
	s.do(chromedp.WaitReady(chromedp.Search(`//h2[@id="add-note"]`)))
	if note := evaluate[string](s, `document.querySelector('#note').value`); note != "đang gõ dở" {
		t.Errorf("what was being typed became %q", note)
	}
}

func TestTheScreenLocksByItsOwnClockWhereNothingIsLive(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.IdleLock = 8 * time.Second })
	s := h.screen()
	s.expectFailures()
	s.look(390, false)
	s.signin(Ward)
	s.open("/account/password")
	s.do(chromedp.WaitVisible(chromedp.CSS(`form[action="/locked"]`)))
	s.do(chromedp.SendKeys(chromedp.CSS("#password"), password+"\n"), chromedp.WaitVisible(chromedp.CSS("#old")))
}
