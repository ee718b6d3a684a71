package conversations

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// heard is what a resident hears until the next thing to do: lines or screens by name, and whether that is the end.
type heard struct {
	lines []string
	over  bool
}

// line is a telephone at one peer. Each act gives what is heard then. Whoever hangs up, the peer tells the hotline of it.
type line interface {
	rings(t *testing.T, from string) heard
	presses(t *testing.T, keys string) heard
	isSilent(t *testing.T) heard
	officer(t *testing.T, does string) heard // busy, no_answer, talks
	speaks(t *testing.T) heard
	saysNothing(t *testing.T) heard // after the tone
	officerThenHangsUp(t *testing.T)
	hangsUp(t *testing.T) // the resident; or, once it is over, the hotline
}

// peers are the ways to the hotline. Where time passes in calls, several are held at once, each by a telephone and at a house
// of its own.
var peers = []struct {
	name, by string
	at       int // once
	open     func(*testing.T, *house) line
}{
	{"twilio", "call", 1, openTwiML},
	{"stringee", "call", 1, openStringee},
	{"vonage", "call", 1, openNCCO},
	{"sip", "call", 6, openSIP},
	{"ussd", "ussd", 1, openUSSD},
}

// callers are numbers of each sort; every conversation has one of its own.
var callers = map[string]string{"mobile": "+8490123%04d", "landline": "+8423638%05d", "foreign": "+1500555%04d", "withheld": "anonymous"}

func caller(sort string, n int) string {
	if sort == "withheld" {
		return callers[sort]
	}
	return fmt.Sprintf(callers[sort], n)
}

// TestConversations holds every conversation of the table by every way, and each hung up at every point.
func TestConversations(t *testing.T) {
	t.Parallel()
	all := readTable(t)
	for _, p := range peers {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			var telephones sync.WaitGroup
			defer telephones.Wait()
			for n := range p.at {
				h := newHouse(t)
				l := p.open(t, h)
				telephones.Go(func() {
					for i, c := range talks(all, p.by) {
						if i%p.at != n || c.but[p.name] != "" {
							continue
						}
						if !t.Run(c.is, func(t *testing.T) { check(t, h, l, c, i) }) {
							return // the line may not be free
						}
					}
				})
			}
		})
	}
}

// check holds the i-th talk, and looks at what is kept of it.
func check(t *testing.T, h *house, l line, c talk, i int) {
	h.set(hours[c.hour].Add(time.Duration(i) * time.Second))
	h.reported(t, c.known)
	before := h.mark(t)
	hold(t, h, l, c, caller(c.from, i))
	if d := cmp.Diff(c.want, h.since(t, before), cmpopts.EquateEmpty()); d != "" {
		t.Errorf("kept (-want +got):\n%s", d)
	}
}

// hold goes through a talk.
func hold(t *testing.T, h *house, l line, c talk, from string) {
	t.Helper()
	if l, is := l.(interface{ plan([]move) }); is { // where time passes by itself
		l.plan(c.moves)
	}
	now := l.rings(t, from)
	for i, m := range c.moves {
		if got := h.named(now.lines); got != m.hears && m.hears != "rings" || m.hears == "rings" && got != "" {
			t.Fatalf("%d: heard %q, expected %q; all of it: %v", i+1, got, m.hears, now.lines)
		}
		ends := slices.Contains([]string{"ends", "calls_again", "dials_again"}, m.does) && now.over
		if now.over && !ends {
			t.Fatalf("%d: the hotline hung up at %s", i+1, m.hears)
		}
		switch m.does {
		case "ends":
			if !now.over {
				t.Fatalf("%d: the hotline did not hang up after %s", i+1, m.hears)
			}
			l.hangsUp(t)
		case "hangs_up", "leaves":
			l.hangsUp(t)
		case "calls_again", "dials_again", "calls_again_late", "dials_again_late":
			l.hangsUp(t)
			wait := 5 * time.Minute
			if strings.HasSuffix(m.does, "late") {
				wait = 35 * time.Minute
			}
			h.pass(wait)
			now = l.rings(t, from)
		case "silence":
			now = l.isSilent(t)
		case "busy", "no_answer", "talks":
			now = l.officer(t, m.does)
		case "talks_caller_ends":
			l.officerThenHangsUp(t)
		case "speaks":
			now = l.speaks(t)
		case "says_nothing":
			now = l.saysNothing(t)
		case "hash":
			now = l.presses(t, "#")
		default:
			now = l.presses(t, m.does)
		}
	}
}

// named tells lines by the prompts that they are of, without what fills them: a call's words differ in numbers and codes.
func (h *house) named(lines []string) string {
	var names []string
	for _, line := range lines {
		name := line
		if _, err := h.words.USSD(line); err == nil || line == "sai" {
			names = append(names, name)
			continue
		}
		if whole, err := h.words.Prompt(line); err != nil || whole == "" {
			name, _, _ = strings.Cut(line, "-")
			if _, err := h.words.Prompt(name); err != nil {
				continue
			}
		}
		if strings.HasPrefix(name, "loi_nhac-") {
			name = "loi_nhac"
		}
		if len(names) == 0 || names[len(names)-1] != name {
			names = append(names, name)
		}
	}
	return strings.Join(names, "+")
}

// TestTheTableAgreesWithItself: what each conversation is written to keep is what its words and keys mean.
func TestTheTableAgreesWithItself(t *testing.T) {
	t.Parallel()
	all := readTable(t)
	for _, by := range []string{"call", "ussd"} {
		for _, c := range talks(all, by) {
			if d := cmp.Diff(c.want, keptOf(c, by), cmpopts.EquateEmpty()); d != "" {
				t.Errorf("%s, %s (-written +meant):\n%s", c.is, by, d)
			}
		}
	}
	if len(all) < 60 {
		t.Errorf("%d conversations, 60 were promised", len(all))
	}
}
