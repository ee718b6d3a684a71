package console

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"canhgiac/internal/peers"
)

// TestEveryPageIsForEverybody opens every page of every role in a filled house, on a wide and a narrow screen, light and
// dark: axe-core finds nothing to object to, nothing stands out sideways, and whatever can be pressed takes the keyboard's
// focus and shows it. The screen itself fails the test on what its console says.
func TestEveryPageIsForEverybody(t *testing.T) {
	h := filledHouse(t)
	axe := peers.Script(t, "axe-core/axe.min.js")
	for _, role := range append([]Role{""}, everyone...) {
		t.Run("role "+string(role), func(t *testing.T) {
			t.Parallel()
			pages := h.walk(t, role)
			s := h.tab(t)
			if role != "" {
				s.signin(role)
			}
			for _, p := range pages {
				s.open(p.path)
				s.judge(p.path, axe)
			}
		})
	}
}

// judge looks at the page that is open.
func (s *screen) judge(path, axe string) {
	s.t.Helper()
	evaluate[string](s, axe+";''")
	for _, width := range []int64{1440, 390} {
		for _, dark := range []bool{false, true} {
			s.look(width, dark)
			for _, complaint := range evaluate[[]string](s, fmt.Sprintf(judgeJS, dark)) {
				s.t.Errorf("%s at %d px, dark %t: %s", path, width, dark, complaint)
			}
		}
	}
}

// judgeJS opens what is folded, since it can be read too; the menus, which would lie over the page, are opened on the first
// page alone. What a dark screen changes is colours, so only these are asked for again.
const judgeJS = `(async dark => {
	const complaints = [];
	document.querySelectorAll('details').forEach(d => { d.open = !d.matches('.menu') || location.pathname === '/'; });
	const over = document.documentElement.scrollWidth - innerWidth;
	if (over > 0) complaints.push(over + ' px too wide');
	const run = dark ? { runOnly: { type: 'rule', values: ['color-contrast', 'link-in-text-block'] } }
		: { runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] } };
	const found = await axe.run(document, { ...run, resultTypes: ['violations'], elementRef: false });
	for (const v of found.violations) for (const n of v.nodes.slice(0, 3))
		complaints.push('axe ' + v.id + ': ' + n.target.join(' ') + ' ' + n.html.slice(0, 160) + ' ' + (n.any[0] ? n.any[0].message : ''));
	if (dark) return complaints;
	const was = document.activeElement;
	for (const e of document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]')) {
		if (!e.checkVisibility({ checkVisibilityCSS: true }) || e.disabled || e.getAttribute('tabindex') === '-1') continue;
		const name = e.outerHTML.slice(0, 120);
		if (e.tabIndex > 0) complaints.push('out of the reading order: ' + name);
		e.focus({ focusVisible: true, preventScroll: true });
		if (document.activeElement !== e) { complaints.push('takes no focus: ' + name); continue; }
		const seen = getComputedStyle(e);
		if (seen.outlineStyle === 'none' && seen.boxShadow === 'none') complaints.push('shows no focus: ' + name);
	}
	if (was && was.focus) was.focus({ preventScroll: true }); else document.activeElement.blur();
	return complaints;
})(%t)`

// pageLimit is what a page may weigh before its images: HTML, style and script as they are before any compression.
const pageLimit = 150_000

var loadedByPage = regexp.MustCompile(`(?:href|src)="/static/([a-z0-9_.-]+\.(?:css|js))\?v=`)

func TestEveryPageIsLight(t *testing.T) {
	h := filledHouse(t)
	size := map[string]int{}
	for _, role := range append([]Role{""}, everyone...) {
		for _, p := range h.walk(t, role) {
			sum, had := len(p.body), map[string]bool{}
			for _, m := range loadedByPage.FindAllStringSubmatch(p.body, -1) {
				if had[m[1]] {
					continue
				}
				had[m[1]] = true
				file, is := h.static[m[1]]
				if !is {
					t.Fatalf("%s loads %s, which is not there", p.path, m[1])
				}
				sum += len(file.whole)
			}
			if len(had) < 2 {
				t.Errorf("%s loads only %v: is this test reading the layout's links?", p.path, had)
			}
			if size[p.pattern] = max(size[p.pattern], sum); sum > pageLimit {
				t.Errorf("%s weighs %d bytes, more than %d", p.path, sum, pageLimit)
			}
		}
	}
	var patterns []string
	for p := range size {
		patterns = append(patterns, p)
	}
	slices.SortFunc(patterns, func(a, b string) int { return size[b] - size[a] })
	var said strings.Builder
	for _, p := range patterns[:min(5, len(patterns))] {
		fmt.Fprintf(&said, " %s %d,", p, size[p])
	}
	t.Logf("the heaviest of %d pages, in bytes:%s", len(patterns), strings.TrimSuffix(said.String(), ","))
}
