package console

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"canhgiac/internal/peers"
	"canhgiac/reports"
)

// chromium is the one browser of this package's tests. Each screen is a tab in a context of its own: no cookie of another test
// is in it.
var chromium struct {
	once sync.Once
	ctx  context.Context
	stop func()
	err  error
}

func startChromium() {
	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), peers.Browser(chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true))...) // its microphone beeps
	ctx, stop := chromedp.NewContext(alloc)
	chromium.ctx, chromium.stop = ctx, func() { stop(); stopAlloc() }
	chromium.err = chromedp.Do(ctx, chromedp.Navigate("about:blank"))
}

// screen is a tab of a real browser. Whatever its console says in red, a request that fails and what the page's policy
// forbids fail the test, unless it was told to expect them.
type screen struct {
	t   *testing.T
	ctx context.Context
	url string
	how hands

	mu       sync.Mutex
	wrong    []string
	expected bool
}

func (h *house) screen() *screen {
	h.t.Helper()
	return h.tab(h.t)
}

// tab is a screen of a test within the house's own.
func (h *house) tab(t *testing.T) *screen {
	t.Helper()
	chromium.once.Do(startChromium)
	if chromium.err != nil {
		t.Fatalf("start Chromium: %v", chromium.err)
	}
	s := &screen{t: t, url: h.server.URL}
	var closeTab func()
	s.ctx, closeTab = chromedp.NewContext(chromium.ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(s.hear))
	t.Cleanup(func() {
		closeTab()
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, w := range s.wrong {
			t.Errorf("in the browser: %s", w)
		}
	})
	call(s, network.Enable, network.EnableParams{})
	call(s, log.Enable, cdp.Empty{})
	call(s, runtime.Enable, cdp.Empty{})
	return s
}

func call[P, R any](s *screen, cmd cdp.Command[P, R], params P) {
	s.t.Helper()
	if _, err := chromedp.Call(s.ctx, cmd, params); err != nil {
		s.t.Fatal(err)
	}
}

// expectFailures is for a test that itself breaks the connection or asks for what is refused.
func (s *screen) expectFailures() {
	s.mu.Lock()
	s.expected = true
	s.mu.Unlock()
}

func (s *screen) hear(event any) {
	said := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		if said = e.ExceptionDetails.Text; e.ExceptionDetails.Exception != nil {
			said += " " + e.ExceptionDetails.Exception.Description
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" || e.Type == "assert" {
			for _, a := range e.Args {
				said += fmt.Sprintf("console.%s %s %s ", e.Type, a.Value, a.Description)
			}
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == "error" && e.Entry.Source != "network" { // the network's own events below know more
			said = fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL)
		}
	case *network.EventResponseReceived:
		if e.Response.Status >= 400 && e.Type != "Document" { // a form that is wrong answers 422 with itself
			said = fmt.Sprintf("%d for %s", e.Response.Status, e.Response.URL)
		}
	case *network.EventLoadingFailed:
		if !e.Canceled && e.ErrorText != "net::ERR_ABORTED" { // a page that is left closes its own stream
			said = fmt.Sprintf("%s: %s %s", e.Type, e.ErrorText, e.BlockedReason)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if said != "" && !s.expected {
		s.wrong = append(s.wrong, said)
	}
}

func (s *screen) do(steps ...chromedp.Action[chromedp.Void]) {
	s.t.Helper()
	if err := s.try(steps...); err != nil {
		s.t.Fatal(err)
	}
}

func (s *screen) try(steps ...chromedp.Action[chromedp.Void]) error {
	ctx, cancel := context.WithTimeout(s.ctx, 30*time.Second)
	defer cancel()
	return chromedp.Do(ctx, steps...)
}

// open goes to a page and waits until its scripts have run.
func (s *screen) open(path string) {
	s.t.Helper()
	s.do(chromedp.Navigate(s.url+path), chromedp.WaitReady(chromedp.CSS("h1")))
}

// follow clicks what leads to another page and waits until that one is loaded, where the page left may have what comes next too.
func (s *screen) follow(selector string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, 30*time.Second)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
		s.t.Fatalf("follow %s: %v", selector, err)
	}
}

// look sets the size of the window in CSS pixels; dark is what the screen asks for.
func (s *screen) look(width int64, dark bool) {
	s.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	s.do(chromedp.EmulateViewport(width, 900))
	call(s, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
}

// withoutScripts makes the tab one whose scripts are switched off, as some offices' are.
func (s *screen) withoutScripts() {
	s.t.Helper()
	call(s, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
}

func (s *screen) signin(role Role) {
	s.t.Helper()
	s.do(chromedp.Navigate(s.url+"/signin"), chromedp.SendKeys(chromedp.CSS("#name"), string(role)),
		chromedp.SendKeys(chromedp.CSS("#password"), password+"\n"), chromedp.WaitVisible(chromedp.CSS("[data-home]")))
}

func evaluate[T any](s *screen, js string) T {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, 30*time.Second)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](js, chromedp.EvalAwaitPromise))
	if err != nil {
		s.t.Fatal(err)
	}
	return v
}

func TestAReportAppearsOnTheOpenList(t *testing.T) {
	h := newHouse(t)
	h.runLive()
	old := h.report(reports.Draft{Ref: "old", Kind: 8, Complete: true})

	s := h.screen()
	s.signin(Police)
	s.do(chromedp.Navigate(s.url+"/reports"), chromedp.WaitVisible(chromedp.CSS(".desk-item")))
	evaluate[chromedp.Void](s, `window.sameDocument = true`)
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
	h.report(reports.Draft{Ref: "new", Kind: 1, Money: "lost", Band: 4})
	s.do(chromedp.WaitVisible(chromedp.Search(`//dd[contains(., "Từ 200 triệu đồng trở lên")]`)))
	if note := evaluate[string](s, `document.querySelector('#note').value`); note != "đang gõ dở" {
		t.Errorf("what was being typed became %q", note)
	}

	evaluate[chromedp.Void](s, `const ask = window.askPart; window.askPart = (...all) => ask(...all).then(text => { window.answered = text; return text })`)
	h.report(reports.Draft{Ref: "another", Kind: 8, Complete: true})
	s.do(chromedp.Poll[chromedp.Void](`window.answered === null`, chromedp.WithPollingInterval(50*time.Millisecond)))
	if !evaluate[bool](s, `document.querySelector('#facts') !== null`) {
		t.Error("the report left its page when another one came")
	}
}
