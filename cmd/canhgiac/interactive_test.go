package main

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"canhgiac/console"
)

// watchTasks notes the end of each task that kept the page from answering for 50 ms or longer.
const watchTasks = `window.busyUntil = 0; new PerformanceObserver(l => { for (const e of l.getEntries()) window.busyUntil = Math.max(window.busyUntil, e.startTime + e.duration) }).observe({type: 'longtask', buffered: true})`

// interactive is when the page is loaded, its scripts have run and no long task followed for 200 ms, counted from the click.
const interactive = `new Promise(done => { const look = () => {
	const n = performance.getEntriesByType('navigation')[0], at = Math.max(n.loadEventEnd, window.busyUntil);
	n.loadEventEnd > 0 && performance.now() > at + 200 ? done(at) : setTimeout(look, 20)
}; look() })`

// BenchmarkInteractive opens each page on a processor four times slower than this one, with nothing of it in the browser's
// cache and again with everything: milliseconds until one can type or press, medians of five.
func BenchmarkInteractive(b *testing.B) {
	w, err := newBenchWard(context.Background(), bigWard(2000), "", io.Discard)
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := w.close(); err != nil {
			b.Error(err)
		}
	}()
	visits, err := w.visits(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU)
	alloc, stop := chromedp.NewExecAllocator(context.Background(), options...)
	defer stop()
	browser, stop := chromedp.NewContext(alloc)
	defer stop()
	try(b, chromedp.Do(browser, chromedp.Navigate("about:blank")))
	tabs := map[console.Role]context.Context{}
	for _, u := range sampleUsers() {
		if u.Unit != "" {
			continue // sees less than another of the role
		}
		tab, stop := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
		defer stop()
		try(b, chromedp.Do(tab, chromedp.Navigate(w.server.URL+"/signin"), chromedp.SendKeys(chromedp.CSS("#name"), u.Name),
			chromedp.SendKeys(chromedp.CSS("#password"), w.password+"\n"), chromedp.WaitVisible(chromedp.CSS("main h1"))))
		told(b, tab, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: watchTasks})
		told(b, tab, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: 4})
		tabs[u.Role] = tab
	}
	for _, v := range visits.all {
		whole, err := wholePage(v)
		try(b, err)
		if !whole || strings.Contains(v.path, "?") {
			continue
		}
		b.Run(string(v.role)+strings.ReplaceAll(v.path, "/", "_"), func(b *testing.B) {
			var cold, warm []time.Duration
			for range 5 {
				told(b, tabs[v.role], network.ClearBrowserCache, cdp.Empty{})
				cold = append(cold, untilInteractive(b, tabs[v.role], v.url))
				warm = append(warm, untilInteractive(b, tabs[v.role], v.url))
			}
			slices.Sort(cold)
			slices.Sort(warm)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(ms(cold[2]), "ms-cold")
			b.ReportMetric(ms(warm[2]), "ms-warm")
		})
	}
}

// wholePage tells a page from a part of one, a download and a redirect.
func wholePage(v *visit) (bool, error) {
	resp, err := v.client.Get(v.url)
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode == http.StatusOK && strings.Contains(string(body), "</html>"), err
}

func try(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func told[P, R any](b *testing.B, tab context.Context, cmd cdp.Command[P, R], params P) {
	b.Helper()
	_, err := chromedp.Call(tab, cmd, params)
	try(b, err)
}

func untilInteractive(b *testing.B, tab context.Context, url string) time.Duration {
	b.Helper()
	ctx, cancel := context.WithTimeout(tab, 30*time.Second)
	defer cancel()
	try(b, chromedp.Do(ctx, chromedp.Navigate(url)))
	at, err := chromedp.Run(ctx, chromedp.Evaluate[float64](interactive, chromedp.EvalAwaitPromise))
	try(b, err)
	return time.Duration(at * float64(time.Millisecond))
}
