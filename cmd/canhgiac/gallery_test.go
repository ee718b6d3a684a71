package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image/png"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

var gallery = flag.String("gallery", "", "keep pictures of the demo's pages, and a README of them, in this folder")

// view is one picture: whose page, in which window.
type view struct {
	name, says string
	path       string // or a selector of the link to it, on the page before, after a "> "
	narrow     bool
	dark       bool
	first      func(b *browser) // what is done before
}

// views are in the order in which they are made: what is done for one is there for those after it.
var views = []struct {
	who   string // "": nobody has signed in
	title string
	of    []view
}{
	{"", "Before signing in", []view{
		{name: "signin", says: "Sign-in", path: "/signin"},
		{name: "invitation", says: "Taking up an invitation", path: "/invitation"},
	}},
	{"quantri", "Operator", []view{
		{name: "home-operator", says: "Home of the operator: what has to be done", path: "/"},
		{name: "system", says: "Links, queues, nodes, disks, certificates, backup, errors", path: "/system", first: (*browser).hidePlaces},
		{name: "users", says: "Accounts", path: "/users"},
		{name: "user-new", says: "Inviting somebody", path: "/users/new"},
		{name: "audit", says: "Audit log", path: "/audit"},
		{name: "statistics-operator", says: "Statistics of the operator", path: "/statistics"},
		{name: "design", says: "The parts that all pages are made of", path: "/design"},
		{name: "handset", says: "The virtual handset, during a call to the hotline", path: "/handset", first: (*browser).openPhone},
		{name: "ussd-390", says: "The same report by USSD", path: "", narrow: true, first: (*browser).dialCode},
	}},
	{"congan", "Ward police", []view{
		{name: "home-police", says: "Home of the police: urgent now, deadlines, new, numbers named by several people", path: "/"},
		{name: "home-police-dark", says: "The same at night", path: "/", dark: true},
		{name: "home-police-390", says: "The same on a telephone", path: "/", narrow: true},
		{name: "reports", says: "Reports, the most urgent first", path: "/reports"},
		{name: "reports-390", says: "The same on a telephone", path: "/reports", narrow: true},
		{name: "report", says: "One report with its record", path: "> .desk-item a"},
		{name: "report-390", says: "The same on a telephone", path: "> =", narrow: true},
		{name: "report-dark", says: "The same at night", path: "> =", dark: true},
		{name: "reports-due", says: "Reports by their deadlines", path: "/reports?sort=due&due=overdue"},
		{name: "report-export", says: "Export, for a reason", path: "/reports/export"},
		{name: "inbox", says: "Texts that no keyword answered", path: "/inbox"},
		{name: "statistics-police", says: "Statistics of the police", path: "/statistics"},
		{name: "account", says: "One's own account: password, second factor, open sessions", path: "/account"},
	}},
	{"canbo", "Ward office", []view{
		{name: "home-ward", says: "Home of the ward office: what goes out, what waits, who is not reached", path: "/"},
		{name: "home-ward-390", says: "The same on a telephone", path: "/", narrow: true},
		{name: "residents", says: "Residents", path: "/residents"},
		{name: "resident", says: "One resident", path: "> a[href^=\"/residents/\"]:not([href$=port])"},
		{name: "import", says: "A list is tried before it is kept", path: "/residents/import", first: (*browser).tryList},
		{name: "residents-export", says: "Export of the list, for a reason", path: "/residents/export"},
		{name: "campaigns", says: "Campaigns", path: "/campaigns"},
		{name: "campaign", says: "A campaign and its coverage by groups", path: "/campaigns/4"},
		{name: "campaign-dark", says: "The same at night", path: "/campaigns/4", dark: true},
		{name: "campaign-390", says: "The same on a telephone", path: "/campaigns/4", narrow: true},
		{name: "campaign-edit", says: "Writing one: parts, cost, when, to whom", path: "/campaigns/%draft%/edit"},
		{name: "statistics-ward", says: "Statistics of the ward office", path: "/statistics"},
		{name: "jobs", says: "Work that takes long", path: "/jobs"},
		{name: "first-day", says: "The guided first day, with a ward to practise on", path: "/first-day"},
		{name: "key-card", says: "The key card for residents, to print", path: "/key-card"},
		{name: "glossary", says: "Words of the law, explained", path: "/glossary"},
	}},
	{"lanhdao", "Ward office, who approves", []view{
		{name: "campaign-approve", says: "A campaign that waits for approval", path: "/campaigns/%waiting%"},
	}},
}

// TestEveryPageOfTheDemo looks at each page as somebody finds it who starts the demo: none is broken or empty, none is
// wider than its window, and each stands in the gallery.
func TestEveryPageOfTheDemo(t *testing.T) {
	w := townOf(t, demoScript(), "standard", func(c Config, passwords map[string]string) {
		if err := loadPast(context.Background(), c, slog.New(slog.DiscardHandler), passwords, time.Now()); err != nil {
			t.Fatal(err)
		}
	})
	if err := w.node.loadDemo(t.Context(), w.passwords); err != nil {
		t.Fatal(err)
	}
	ids := strings.NewReplacer("%draft%", w.campaign("draft"), "%waiting%", w.campaign("submitted"))
	var readme strings.Builder
	readme.WriteString("# Every page\n\nThe demo as it is after its first start, by `make screens`. All people and numbers are made up.\n")
	for _, role := range views {
		fmt.Fprintf(&readme, "\n## %s\n", role.title)
		b := w.window()
		if role.who != "" {
			b = w.browser(role.who)
		}
		for _, v := range role.of {
			v.path = ids.Replace(v.path)
			b.look(v)
			fmt.Fprintf(&readme, "\n%s\n\n![%s](%s.png)\n", v.says, v.says, v.name)
		}
	}
	if *gallery != "" {
		if err := os.WriteFile(filepath.Join(*gallery, "README.md"), []byte(readme.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(filepath.Join("..", "..", "docs", "screens", "README.md"))
	if err != nil || string(kept) != readme.String() {
		t.Errorf("docs/screens is not what `make screens` would make: %v", err)
	}
}

func (w *town) campaign(state string) (id string) {
	w.t.Helper()
	if err := w.node.db.QueryRow(`select id from campaigns where state = $1 order by id limit 1`, state).Scan(&id); err != nil {
		w.t.Fatalf("a campaign that is %s: %v", state, err)
	}
	return id
}

// look opens a page and judges it.
func (b *browser) look(v view) {
	b.t.Helper()
	width, scheme := int64(1440), "light"
	if v.narrow {
		width = 390
	}
	if v.dark {
		scheme = "dark"
	}
	b.do("a window", chromedp.EmulateViewport(width, 900), func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
		return chromedp.Void{}, err
	})
	switch link, isLink := strings.CutPrefix(v.path, "> "); {
	case link == "=", v.path == "":
	case isLink:
		b.press(link, "h1")
	default:
		b.open(v.path)
	}
	if v.first != nil {
		v.first(b)
	}
	const judged = `(function () {
		var h1 = document.querySelector('h1')
		if (!h1 || !h1.innerText.trim()) return 'no heading'
		if (document.querySelector('main > .problem')) return document.querySelector('main > .problem').innerText
		var wide = document.documentElement.scrollWidth - window.innerWidth
		return wide > 0 ? wide + ' px too wide' : ''
	})()`
	said, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](judged))
	if err != nil || said != "" {
		b.t.Errorf("%s: %s, %v", v.name, said, err)
	}
	if *gallery != "" {
		if err := b.keepPicture(filepath.Join(*gallery, v.name+".png"), width); err != nil {
			b.t.Errorf("picture of %s: %v", v.name, err)
		}
	}
}

// tallest is how much of a long page a picture shows.
const tallest = 1700

// drawn is the page's height once it has been drawn in its window.
const drawn = `new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(document.documentElement.scrollHeight))))`

func (b *browser) keepPicture(file string, width int64) error {
	if _, err := chromedp.Run(b.ctx, chromedp.EmulateViewport(width, tallest)); err != nil { // what is below a window is not drawn
		return err
	}
	height, err := chromedp.Run(b.ctx, chromedp.Evaluate[float64](drawn, chromedp.EvalAwaitPromise))
	if err != nil {
		return err
	}
	beyond := true
	shot, err := chromedp.Run(b.ctx, func(ctx context.Context, t *chromedp.Target) ([]byte, error) {
		r, err := cdp.Call(ctx, t, page.CaptureScreenshot, page.CaptureScreenshotParams{CaptureBeyondViewport: &beyond,
			Clip: &page.Viewport{Width: float64(width), Height: min(max(height, 500), tallest), Scale: 1}})
		if err != nil {
			return nil, err
		}
		return r.Data, nil
	})
	if err != nil {
		return err
	}
	picture, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		return err
	}
	var small bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, fewColours(picture)); err != nil {
		return err
	}
	return os.WriteFile(file, small.Bytes(), 0o644)
}
