package console

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// hands are how somebody goes through the pages: how wide the window is, and whether there is a pointer.
type hands struct {
	name  string
	width int64
	keys  bool // no pointer: Tab, the arrows, Space and Enter
}

// everyHands: the desk's keyboard leads through what its pointer would, which other tests of a wide window press.
var everyHands = []hands{{"at a desk by the keyboard alone", 1440, true}, {"as wide as a phone", 390, false}}

// byEveryHand goes one flow through the pages once for each; tab opens a window, as many as there are people in it, and nth
// makes what it writes its own.
func (h *house) byEveryHand(t *testing.T, flow func(t *testing.T, tab func() *screen, nth int)) {
	t.Helper()
	for nth, how := range everyHands {
		t.Run(how.name, func(t *testing.T) {
			flow(t, func() *screen {
				s := h.tab(t)
				s.how = how
				s.look(how.width, false)
				return s
			}, nth)
		})
	}
}

// press clicks what the selector finds, or goes there by Tab and presses it.
func (s *screen) press(selector string) {
	s.t.Helper()
	s.show(selector)
	if !s.how.keys {
		s.do(chromedp.Click(chromedp.CSS(selector)))
		return
	}
	s.reach(selector)
	s.do(chromedp.KeyEvent(kb.Enter))
}

// write puts text in place of what a field holds.
func (s *screen) write(selector, text string) {
	s.t.Helper()
	s.show(selector)
	if s.how.keys {
		s.reach(selector)
	} else {
		s.do(chromedp.Click(chromedp.CSS(selector)))
	}
	evaluate[bool](s, `(document.activeElement.select(), true)`)
	s.do(chromedp.KeyEvent(text))
}

// pick chooses one of several: a radio button, by the arrows from the one that is chosen, or an option of a select.
func (s *screen) pick(selector string) {
	s.t.Helper()
	s.do(chromedp.WaitReady(chromedp.CSS(selector)))
	chosen := fmt.Sprintf(`(() => { const e = document.querySelector(%q); return e.checked || e.selected === true; })()`, selector)
	group := evaluate[string](s, fmt.Sprintf(`(() => { const e = document.querySelector(%q); return e.tagName === 'OPTION' ? '#' + e.closest('select').id : 'input[name="' + e.name + '"]'; })()`, selector))
	switch {
	case s.how.keys:
		s.reach(group)
		for range 30 {
			if evaluate[bool](s, chosen) {
				return
			}
			s.do(chromedp.KeyEvent(kb.ArrowDown))
		}
	case strings.HasPrefix(group, "#"):
		s.do(chromedp.SetValue(chromedp.CSS(group), evaluate[string](s, fmt.Sprintf(`document.querySelector(%q).value`, selector))))
	default:
		s.press(selector)
	}
	if !evaluate[bool](s, chosen) {
		s.t.Fatalf("%s cannot be chosen", selector)
	}
}

// reach presses Tab until what the selector finds has the focus, which must show.
func (s *screen) reach(selector string) {
	s.t.Helper()
	for range 150 {
		if evaluate[bool](s, fmt.Sprintf(`!!document.activeElement && document.activeElement.matches(%q)`, selector)) {
			if at := evaluate[stop](s, stopJS); !at.Seen {
				s.t.Errorf("the focus on %q cannot be seen", at.Name)
			}
			return
		}
		s.do(chromedp.KeyEvent(kb.Tab))
	}
	s.t.Fatalf("Tab does not lead to %s", selector)
}

// show waits until the selector finds something that is seen. Nothing may then stand out sideways.
func (s *screen) show(selector string) {
	s.t.Helper()
	s.see(chromedp.WaitVisible(chromedp.CSS(selector)), selector)
}

// says waits until the page's own part says so.
func (s *screen) says(text string) {
	s.t.Helper()
	s.see(chromedp.WaitVisible(chromedp.Search(fmt.Sprintf(`//main[contains(normalize-space(.), %q)]`, text))), text)
}

func (s *screen) see(wait chromedp.Action[chromedp.Void], what string) {
	s.t.Helper()
	if err := s.try(wait); err != nil {
		where := evaluate[string](s, `location.pathname + ': ' + document.querySelector('main').innerText.slice(0, 1500)`)
		s.t.Fatalf("no %s: %v\n%s", what, err, where)
	}
	if over := s.tooWide(); over > 0 {
		s.t.Errorf("where %s is, the page is %d px too wide", what, over)
	}
}

// tooWide waits for the styles of the page, until which what is to be clicked still moves, and gives how many pixels stand
// out sideways. A page that is left while it is asked is asked again as the next one.
func (s *screen) tooWide() int {
	s.t.Helper()
	ask := chromedp.Evaluate[int](`new Promise(ready => document.readyState === 'complete' ? ready() : addEventListener('load', ready))
		.then(() => document.documentElement.scrollWidth - innerWidth)`, chromedp.EvalAwaitPromise)
	ctx, cancel := context.WithTimeout(s.ctx, 30*time.Second)
	defer cancel()
	over, err := chromedp.Run(ctx, ask)
	for range 3 {
		if err != nil {
			over, err = chromedp.Run(ctx, ask)
		}
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return over
}

// text is what the first that the selector finds says.
func (s *screen) text(selector string) string {
	s.t.Helper()
	return strings.TrimSpace(evaluate[string](s, fmt.Sprintf(`document.querySelector(%q).textContent`, selector)))
}

// file is what a link to a file gives.
func (s *screen) file(selector string) string {
	s.t.Helper()
	s.show(selector)
	return evaluate[string](s, fmt.Sprintf(`fetch(document.querySelector(%q).href).then(r => { if (!r.ok) throw new Error(r.status); return r.text(); })`, selector))
}

// enter signs somebody in as far as their password goes.
func (s *screen) enter(name, password string) {
	s.t.Helper()
	s.open("/signin")
	s.write("#name", name)
	s.write("#password", password)
	s.press(`form[action="/signin"] .btn`)
}

// menu opens the one under the person's name and presses what is in it.
func (s *screen) menu(selector string) {
	s.t.Helper()
	s.press(".user-menu > summary")
	s.press(".user-menu " + selector)
}

// leave signs out.
func (s *screen) leave() {
	s.t.Helper()
	s.menu(`form[action="/signout"] button`)
	s.show(`form[action="/signin"]`)
}
