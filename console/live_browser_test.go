package console

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"canhgiac/reports"
)

// hearing makes the page say when a change has reached it, and a moment later what it did with it.
const hearing = `window.heard = new Promise(done => {
	const feed = new EventSource('/live?t=reports');
	let news = 0;
	feed.addEventListener('reports', () => { if (++news === 2) { feed.close(); setTimeout(() => done(true), 300); } });
	window.listening = new Promise(ok => { feed.addEventListener('reports', () => ok(true)); });
}); window.listening`

func TestTheListHoldsStillUnderAPressedPointer(t *testing.T) {
	h := newHouse(t)
	h.runLive()
	old := h.report(reports.Draft{Ref: "old", Kind: 8, Complete: true})
	s := h.screen()
	s.signin(Police)
	s.look(1440, false)
	s.open("/reports")
	at := evaluate[[]float64](s, `(() => { const b = document.querySelector('.desk-item').getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2] })()`)
	evaluate[bool](s, hearing)
	s.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMousePressed, at[0], at[1], chromedp.ButtonLeft, chromedp.ClickCount(1)))
	urgent := h.report(reports.Draft{Ref: "new", Kind: 1, Money: "about"}) // it will stand above the old one
	evaluate[bool](s, `window.heard`)
	if evaluate[int](s, `document.querySelectorAll('.desk-item').length`) != 1 {
		t.Error("the list changed under the pointer")
	}
	s.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseReleased, at[0], at[1], chromedp.ButtonLeft, chromedp.ClickCount(1)), chromedp.WaitVisible(chromedp.CSS("#note")))
	if got := evaluate[string](s, `location.pathname`); got != "/reports/"+old.Code {
		t.Errorf("the click on %s came to %s; %s had come above it", old.Code, got, urgent.Code)
	}
}

func TestANumberThatIsBeingCopiedStaysUntilItIsLetGo(t *testing.T) {
	h := newHouse(t)
	h.runLive()
	h.report(reports.Draft{Ref: "old", Kind: 8, ScamNumber: "0912345678", Complete: true})
	s := h.screen()
	s.signin(Police)
	s.open("/reports")
	evaluate[bool](s, hearing)
	evaluate[chromedp.Void](s, `getSelection().selectAllChildren(document.querySelector('.desk-who .num'))`)
	fresh := h.report(reports.Draft{Ref: "new", Kind: 1, Money: "about"})
	evaluate[bool](s, `window.heard`)
	s.do(chromedp.WaitVisible(chromedp.CSS("#live-waits")))
	if got := evaluate[string](s, `getSelection().toString()`); got != "0912345678" {
		t.Errorf("what was selected became %q", got)
	}
	evaluate[chromedp.Void](s, `getSelection().removeAllRanges()`)
	s.do(chromedp.WaitVisible(chromedp.CSS(`[data-item="`+fresh.Code+`"]`)), chromedp.WaitNotVisible(chromedp.CSS("#live-waits")))
	s.do(chromedp.WaitReady(chromedp.Search(`//p[@id="live-said" and . = "2 tin báo"]`))) // what a screen reader is told
}

func TestAPageThatWasCutOffSaysSinceWhenAndCatchesUp(t *testing.T) {
	h := newHouse(t)
	h.runLive()
	h.report(reports.Draft{Ref: "old", Kind: 8, Complete: true})
	var down atomic.Bool
	handler := h.Handler()
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down.Load() {
			panic(http.ErrAbortHandler)
		}
		handler.ServeHTTP(w, r)
	}))
	defer node.Close()
	defer node.CloseClientConnections() // the open stream would keep Close waiting
	s := h.screen()
	s.url = node.URL
	s.signin(Police)
	s.open("/reports")
	s.do(chromedp.WaitNotVisible(chromedp.CSS("#live-lost")))

	s.expectFailures()
	down.Store(true)
	node.CloseClientConnections()
	s.do(chromedp.WaitVisible(chromedp.CSS("#live-lost")))
	if !evaluate[bool](s, `/\d\d:\d\d/.test(document.querySelector('#live-since').textContent)`) {
		t.Error("the page does not say since when")
	}
	missed := h.report(reports.Draft{Ref: "new", Kind: 1, Money: "about"})
	down.Store(false)
	evaluate[chromedp.Void](s, `document.querySelector('#live-retry').click()`) // the page may be quicker than a hand
	s.do(chromedp.WaitVisible(chromedp.CSS(`[data-item="`+missed.Code+`"]`)), chromedp.WaitNotVisible(chromedp.CSS("#live-lost")))
}

func TestTextsAppearOnTheOpenInbox(t *testing.T) {
	h := newHouse(t)
	h.runLive()
	s := h.screen()
	s.signin(Police)
	s.open("/inbox")
	h.texted("+84901234567", "toi bi lua mat tien roi", "unknown")
	s.do(chromedp.WaitVisible(chromedp.Search(`//p[contains(., "toi bi lua mat tien roi")]`)))
}
