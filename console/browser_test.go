package console

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"canhgiac/reports"
)

// screen is a tab of a real browser.
type screen struct {
	t   *testing.T
	ctx context.Context
	url string
}

func (h *house) screen() *screen {
	h.t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU)
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	h.t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(ctx)
	h.t.Cleanup(closeTab)
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		h.t.Fatalf("start Chromium: %v", err)
	}
	return &screen{h.t, ctx, h.server.URL}
}

func (s *screen) do(steps ...chromedp.Action[chromedp.Void]) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		s.t.Fatal(err)
	}
}

func (s *screen) signin(role Role) {
	s.t.Helper()
	s.do(chromedp.Navigate(s.url+"/signin"), chromedp.SendKeys(chromedp.CSS("#name"), string(role)),
		chromedp.SendKeys(chromedp.CSS("#password"), password+"\n"), chromedp.WaitVisible(chromedp.CSS("[data-home]")))
}

func evaluate[T any](s *screen, js string) T {
	s.t.Helper()
	v, err := chromedp.Run(s.ctx, chromedp.Evaluate[T](js))
	if err != nil {
		s.t.Fatal(err)
	}
	return v
}

func TestAReportAppearsOnTheOpenListAndALostConnectionIsSaid(t *testing.T) {
	h := newHouse(t)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	old := h.report(reports.Draft{Ref: "old", Kind: 8, Complete: true})

	s := h.screen()
	s.signin(Police)
	s.do(chromedp.Navigate(s.url+"/reports"), chromedp.WaitVisible(chromedp.CSS(".desk-item")))
	evaluate[chromedp.Void](s, `window.sameDocument = true; document.addEventListener('securitypolicyviolation', e => { window.violation = e.violatedDirective })`)
	s.do(chromedp.Click(chromedp.CSS("[data-sound]")), chromedp.WaitVisible(chromedp.CSS(`[data-sound][aria-pressed=true]`)))

	urgent := h.report(reports.Draft{Ref: "new", Kind: 1, Money: "about"})
	s.do(chromedp.WaitVisible(chromedp.CSS(`.desk-item.fresh[data-item="` + urgent.Code + `"][data-urgent]`)))
	order := evaluate[string](s, `[...document.querySelectorAll('[data-item]')].map(e => e.dataset.item).join(' ')`)
	if order != urgent.Code+" "+old.Code {
		t.Errorf("the list stands as %s", order)
	}
	if !evaluate[bool](s, `window.sameDocument === true && document.querySelectorAll('.fresh').length === 1`) {
		t.Error("the page was loaded anew, or the old report is marked as new")
	}

	s.do(chromedp.Navigate(s.url+"/reports/"+urgent.Code), chromedp.SetValue(chromedp.CSS("#note"), "đang gõ dở"))
	evaluate[chromedp.Void](s, `document.addEventListener('securitypolicyviolation', e => { window.violation = e.violatedDirective })`)
	h.report(reports.Draft{Ref: "new", Kind: 1, Money: "lost", Band: 4})
	s.do(chromedp.WaitVisible(chromedp.Search(`//dd[contains(., "Từ 200 triệu đồng trở lên")]`)))
	if note := evaluate[string](s, `document.querySelector('#note').value`); note != "đang gõ dở" {
		t.Errorf("what was being typed became %q", note)
	}
	if v := evaluate[string](s, `window.violation || ''`); v != "" {
		t.Errorf("the page broke its own policy: %s", v)
	}

	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	h.server.Close()
	s.do(chromedp.WaitVisible(chromedp.CSS("#live-lost")))
}

func TestNoPageBreaksOutOfASmallScreen(t *testing.T) {
	h := newHouse(t)
	long := strings.Repeat("dài", 60)
	r := h.report(reports.Draft{Ref: long, Reporter: "+84901234567", Kind: 1, ScamNumber: "0912345678", Channel: 3, Money: "lost", When: "earlier", Band: 3, Complete: true})
	h.log(r.ID, reports.Entry{At: h.Now(), Node: long, Key: long, Raw: long})
	h.as(Police).post("/reports/"+r.Code+"/note", "note", long)
	h.texted("+84901234567", long, "unknown")
	s := h.screen()
	s.do(chromedp.EmulateViewport(390, 844))
	fits := func(path string) {
		t.Helper()
		s.do(chromedp.Navigate(s.url+path), chromedp.WaitVisible(chromedp.CSS("h1")))
		if over := evaluate[int](s, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
			t.Errorf("%s is %d px too wide", path, over)
		}
	}
	fits("/signin")
	s.signin(Police)
	for _, path := range []string{"/", "/reports", "/reports/" + r.Code, "/reports/export", "/inbox", "/audit"} {
		fits(path)
	}
	s.do(chromedp.Click(chromedp.CSS(".user-menu > summary")), chromedp.Click(chromedp.CSS(`form[action="/signout"] button`)), chromedp.WaitVisible(chromedp.CSS("#password")))
	s.signin(Operator)
	fits("/audit")
}
