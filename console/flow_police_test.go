package console

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"canhgiac/reports"
)

func TestAReportIsReceivedNotedRevealedGivenATermAndExported(t *testing.T) {
	h := newHouse(t)
	h.runLive()
	h.works()
	h.byEveryHand(t, func(t *testing.T, tab func() *screen, nth int) {
		r := h.report(reports.Draft{Ref: fmt.Sprint("CA", nth), Reporter: "+84901234567", Kind: 1, ScamNumber: "0912345678", Money: "about", Callback: "yes", Complete: true})
		s := tab()
		s.enter("police", password)
		s.press(`[data-home="police"] a[href="/reports/` + r.Code + `"]`)
		do := func(act string) string { return `form[action="/reports/` + r.Code + `/` + act + `"] .btn` }
		s.press(do("receive"))
		s.show(".toast")
		s.write("#note", "Đã gọi lại, bà con chưa chuyển tiền.")
		s.press(do("note"))
		s.show(".event.note")
		s.write("#reason-reveal", "gọi lại cho người báo")
		s.press(do("reveal"))
		s.show(".phone-large")
		if got := strings.ReplaceAll(s.text(".phone-large"), " ", ""); got != "0901234567" {
			t.Errorf("the number revealed is %s", got)
		}
		s.press("details:has(#term) > summary")
		s.pick(`#term option:not(:checked), #term option`)
		s.write("#term-reason", "vụ việc phức tạp")
		s.press(do("term"))
		s.says("vụ việc phức tạp")

		s.open("/reports")
		s.press(`a[href="/reports/export"]`)
		s.write("#reason-export", "báo cáo tuần")
		s.press(`form[action="/reports/export"] .btn`)
		if got := s.file("a[download]"); !strings.Contains(got, r.Code) {
			t.Errorf("the file holds %q", got)
		}
	})
	for _, act := range []string{"report.receive", "report.note", "report.reveal", "report.term", "report.export"} {
		if n := h.audited(act); n != len(everyHands) {
			t.Errorf("%s stands %d times in the audit log", act, n)
		}
	}
}

func TestFiguresWordsCardLanguageAndColours(t *testing.T) {
	h := newHouse(t)
	h.report(reports.Draft{Ref: "CA", Kind: 1, Money: "about", Complete: true})
	h.byEveryHand(t, func(t *testing.T, tab func() *screen, _ int) {
		s := tab()
		s.enter("police", password)
		s.show(`[data-home="police"]`)
		s.open("/statistics")
		s.press("#reports-kinds .chart-data > summary")
		s.show("#reports-kinds tbody th")
		if got := s.file("#reports-kinds a[download]"); !strings.Contains(got, ";1\r\n") {
			t.Errorf("the file holds %q", got)
		}
		s.press(".periods a:not([aria-current])")
		s.show(".periods a[aria-current]")

		s.open("/reports")
		s.press(`button[popovertarget="term-tin_bao"]`)
		s.show("#term-tin_bao")
		s.do(chromedp.KeyEvent(kb.Escape), chromedp.WaitNotVisible(chromedp.CSS("#term-tin_bao")))
		s.press(".foot a[href='/glossary']")
		s.show("#tin_bao")
		s.press(".foot a[href='/key-card']")
		s.show(".sheet .card")

		s.menu(`button[value="dark"]`)
		s.do(chromedp.WaitReady(chromedp.CSS(`meta[name="color-scheme"][content="dark"]`)))
		s.menu(`button[value="en"]`)
		s.do(chromedp.WaitReady(chromedp.CSS(`html[lang="en"]`)))
		if at := evaluate[string](s, `location.pathname`); at != "/key-card" {
			t.Errorf("the choice of a language leads to %s", at)
		}
		s.menu(`button[value="vi"]`)
		s.do(chromedp.WaitReady(chromedp.CSS(`html[lang="vi"] meta[name="color-scheme"][content="dark"]`)))
	})
}
