package console

import (
	"fmt"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"canhgiac/reports"
)

// stop is what has the focus: its words, where it stands on the page, and whether the focus can be seen.
type stop struct {
	Name    string
	Address string // of a link, or where its form goes
	Y, X    float64
	Seen    bool
	InHead  bool
}

const stopJS = `(() => {
	const e = document.activeElement, at = e.getBoundingClientRect(), look = getComputedStyle(e);
	if (e === document.body) return { Name: '', Address: '', Y: 0, X: 0, Seen: true, InHead: true };
	const label = e.labels && e.labels[0] ? e.labels[0].textContent : '';
	return { Name: (label || e.getAttribute('aria-label') || e.textContent || e.tagName).trim(), Address: e.getAttribute('href') || (e.type === 'submit' && e.form ? e.form.getAttribute('action') : ''),
		Y: at.y + scrollY, X: at.x, Seen: at.width > 0 && at.bottom > 0 && at.top < innerHeight && (look.outlineStyle !== 'none' || look.boxShadow !== 'none'),
		InHead: !!e.closest('header, .skip') };
})()`

// tabs presses Tab and tells where that led.
func (s *screen) tabs() stop {
	s.t.Helper()
	s.do(chromedp.KeyEvent(kb.Tab))
	return evaluate[stop](s, stopJS)
}

// until presses Tab until the focus is on what is named so or leads there; each stop on the way must be seen.
func (s *screen) until(name string) {
	s.t.Helper()
	for range 60 {
		at := s.tabs()
		if !at.Seen {
			s.t.Errorf("the focus on %q cannot be seen", at.Name)
		}
		if at.Name == name || at.Address == name {
			return
		}
	}
	s.t.Fatalf("Tab does not lead to %q", name)
}

// TestAnOfficerNeedsNoMouse signs in, skips to the list, opens a report, receives it and writes a note, by the keyboard alone.
func TestAnOfficerNeedsNoMouse(t *testing.T) {
	h := newHouse(t)
	r := h.report(reports.Draft{Ref: "CA1", Reporter: "+84901234567", Kind: 1, ScamNumber: "0912345678", Complete: true})
	s := h.screen()
	s.look(1440, false)
	s.open("/signin")
	s.until("Tên đăng nhập")
	s.do(chromedp.KeyEvent("police"))
	s.until("Mật khẩu")
	s.do(chromedp.KeyEvent(password+kb.Enter), chromedp.WaitVisible(chromedp.CSS("[data-home]")))
	s.until("Tin báo")
	s.do(chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(chromedp.CSS(".desk-item")))

	if first := s.tabs(); first.Name != "Đến nội dung chính" || !first.Seen {
		t.Errorf("the first stop is %+v, not the way past the head", first)
	}
	s.do(chromedp.KeyEvent(kb.Enter))
	if next := s.tabs(); next.InHead {
		t.Errorf("past the head, Tab leads to %q in it", next.Name)
	}
	s.until("/reports/" + r.Code)
	s.do(chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(chromedp.CSS("#note")))
	s.until("/reports/" + r.Code + "/receive")
	s.do(chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(chromedp.CSS(".flash")))
	s.until("Nội dung ghi chú")
	s.do(chromedp.KeyEvent("Đã gọi lại."))
	s.until("/reports/" + r.Code + "/note")
	s.do(chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(chromedp.CSS(".event.note")))
}

// TestTabGoesThroughAPageOnceInReadingOrder: no trap, nothing twice, and down the page: within the head from left to right,
// below it never far back up.
func TestTabGoesThroughAPageOnceInReadingOrder(t *testing.T) {
	h := filledHouse(t)
	s := h.screen()
	s.look(390, false) // one column: the order on the screen is the order of the page
	s.signin(Operator)
	s.open("/design")
	want := evaluate[int](s, `[...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')]
		.filter(e => e.checkVisibility({ checkVisibilityCSS: true }) && !e.disabled && e.tabIndex >= 0 && !(e.type === 'radio' && !e.checked)).length`)
	var stops []stop
	for {
		at := s.tabs()
		if at.Name == "" || slices.Contains(stops, at) { // out of the page, or around it
			break
		}
		stops = append(stops, at)
		if n := len(stops); n > 1 && at.Y < stops[n-2].Y-40 && !stops[n-2].InHead {
			t.Errorf("from %q Tab jumps up to %q", stops[n-2].Name, at.Name)
		}
		if !at.Seen {
			t.Errorf("the focus on %q cannot be seen", at.Name)
		}
	}
	if len(stops) != want {
		t.Errorf("Tab stopped at %d of %d: %s", len(stops), want, fmt.Sprint(stops))
	}
}
