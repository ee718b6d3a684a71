package main

import (
	"cmp"
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
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"

	"canhgiac/console"
)

// watchTasks notes the end of each task that kept the page from answering for 50 ms or longer.
const watchTasks = `window.busyUntil = 0; new PerformanceObserver(l => { for (const e of l.getEntries()) window.busyUntil = Math.max(window.busyUntil, e.startTime + e.duration) }).observe({type: 'longtask', buffered: true})`

// interactive is when the page is loaded, its scripts have run and no long task followed for 200 ms, counted from the click.
const interactive = `new Promise(done => { const look = () => {
	const n = performance.getEntriesByType('navigation')[0], at = Math.max(n.loadEventEnd, window.busyUntil);
	if (!(n.loadEventEnd > 0 && performance.now() > at + 200)) { setTimeout(look, 20); return }
	const all = [n, ...performance.getEntriesByType('resource')]
	done({at, server: n.responseEnd - n.requestStart, parse: n.domInteractive - n.responseEnd, scripts: n.domContentLoadedEventEnd - n.domInteractive,
		rest: at - n.domContentLoadedEventEnd, kb: all.reduce((sum, e) => sum + e.transferSize, 0) / 1024, files: all.length})
}; look() })`

// opened is how one opening of a page went, in milliseconds; the four parts follow one another.
type opened struct {
	At      float64 // until one can type or press
	Server  float64 // from the request to the last byte of the page
	Parse   float64 // then, until it is a document: with its styles, where they are not there yet
	Scripts float64 // then, until its scripts have run
	Rest    float64 // then, until pictures are there and the first layout is done
	KB      float64 // over the wire, with all that it loads
	Files   float64
}

// nearlyNothing is a page without styles, scripts or questions to the database: what it takes is the browser's and the machine's.
const nearlyNothing = `<!doctype html><html lang="vi"><meta charset="utf-8"><title>Cảnh Giác</title><link rel="icon" href="data:,"><h1>Cảnh Giác</h1></html>`

// BenchmarkInteractive opens each page on a processor four times slower than this one, with nothing of it in the browser's
// cache and again with everything: milliseconds until one can type or press, and what they are made of, medians of five.
// Beside each stands the floor, the same for nearly nothing, opened in turn with the page; and the work: the processor time of
// the page's thread at full speed, warm, which hardly changes with what else the machine does.
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
	pages := w.server.Config.Handler
	w.server.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/nearly-nothing" {
			pages.ServeHTTP(rw, r)
			return
		}
		rw.Header().Set("Cross-Origin-Opener-Policy", "same-origin") // as the pages: else the browser changes processes between them
		rw.Header().Set("Cache-Control", "no-store")
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(rw, nearlyNothing)
	})
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
		tabs[u.Role] = tab
	}
	for _, v := range visits.all {
		whole, err := wholePage(v)
		try(b, err)
		if !whole || strings.Contains(v.path, "?") {
			continue
		}
		b.Run(string(v.role)+strings.ReplaceAll(v.path, "/", "_"), func(b *testing.B) {
			tab := tabs[v.role]
			var floor, cold, warm []opened
			for range 5 {
				floor = append(floor, untilInteractive(b, tab, w.server.URL+"/nearly-nothing"))
				told(b, tab, network.ClearBrowserCache, cdp.Empty{})
				cold = append(cold, untilInteractive(b, tab, v.url))
				warm = append(warm, untilInteractive(b, tab, v.url))
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(workOf(b, tab, v.url), "ms-work")
			for name, all := range map[string][]opened{"floor": floor, "cold": cold, "warm": warm} {
				slices.SortFunc(all, func(a, b opened) int { return cmp.Compare(a.At, b.At) })
				median := all[len(all)/2]
				b.ReportMetric(median.At, "ms-"+name)
				if name == "floor" {
					continue
				}
				b.ReportMetric(median.Server, "ms-"+name+"-server")
				b.ReportMetric(median.Parse, "ms-"+name+"-parse")
				b.ReportMetric(median.Scripts, "ms-"+name+"-scripts")
				b.ReportMetric(median.Rest, "ms-"+name+"-rest")
				b.ReportMetric(median.KB, "KB-"+name)
				b.ReportMetric(median.Files, "files-"+name)
			}
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

// workOf opens a page five times and gives the median processor time of its thread, in milliseconds.
func workOf(b *testing.B, tab context.Context, url string) float64 {
	b.Helper()
	told(b, tab, performance.Enable, performance.EnableParams{TimeDomain: "threadTicks"})
	defer told(b, tab, performance.Disable, cdp.Empty{})
	var all []float64
	for range 5 {
		opening(b, tab, url)
		m, err := chromedp.Call(tab, performance.GetMetrics, cdp.Empty{})
		try(b, err)
		for _, one := range m.Metrics {
			if one.Name == "TaskDuration" {
				all = append(all, one.Value*1000)
			}
		}
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// untilInteractive slows the processor only while the page opens: Chrome does so by spinning in the page's thread, and a
// tab that stands by would take the processor from the one that is measured.
func untilInteractive(b *testing.B, tab context.Context, url string) opened {
	b.Helper()
	told(b, tab, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: 4})
	defer told(b, tab, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: 1})
	return opening(b, tab, url)
}

func opening(b *testing.B, tab context.Context, url string) opened {
	b.Helper()
	ctx, cancel := context.WithTimeout(tab, 30*time.Second)
	defer cancel()
	try(b, chromedp.Do(ctx, chromedp.Navigate(url)))
	at, err := chromedp.Run(ctx, chromedp.Evaluate[opened](interactive, chromedp.EvalAwaitPromise))
	try(b, err)
	return at
}
