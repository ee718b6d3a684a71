package ivr

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// tallied gives what was counted, once the conversations so far are over and counted.
func (b *bench) tallied() []string {
	b.t.Helper()
	*b.clock = b.clock.Add(tallySettles + time.Second)
	if err := b.Tally(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	return b.column(`select concat_ws(' ', origin, node, outcome, nullif(key, ''), n, 'heard', heard) from menu_stays order by 1`)
}

func (l *line) after(d time.Duration, keys string) {
	l.t.Helper()
	*l.clock = l.clock.Add(d)
	l.press(keys)
}

func TestEachAskingIsCountedOnceAsWhatCameOfIt(t *testing.T) {
	b := newBench(t)
	l := b.ring(mobile)
	l.after(2*time.Second, "5") // the greeting pressed away
	l.after(time.Minute, "7")   // not a key of the menu
	l.press("-")
	l.after(3*time.Second, "2")
	l.after(time.Second, "*")
	l.after(time.Minute, "1")
	*b.clock = b.clock.Add(time.Second)
	l.hangUp() // before the words that ask for the number had ended
	b.ring(mobile)
	want := []string{"hotline chao on 1 heard 0", "hotline hoi_so_ke_gian left 1 heard 0", "hotline loai_lua_dao again 1 heard 0",
		"hotline loai_lua_dao key 1 1 heard 1", "hotline menu_chinh key 2 1 heard 0", "hotline menu_chinh silent 1 heard 1", "hotline menu_chinh wrong 1 heard 1"}
	if got := b.tallied(); !slices.Equal(got, want) {
		t.Errorf("counted\n%s\nnot\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	comings := []string{"chao 1 0 0 0 0", "hoi_so_ke_gian 1 1 0 0 1", "loai_lua_dao 1 0 0 0 0", "menu_chinh 1 0 0 1 1"}
	if got := b.column(`select concat_ws(' ', node, n, left_at, failed, wrong, astray) from menu_comings order by node`); !slices.Equal(got, comings) {
		t.Errorf("came %q, want %q", got, comings)
	}
	if got := b.tallied(); !slices.Equal(got, want) {
		t.Errorf("counted again: %q", got)
	}
	*b.clock = b.clock.Add(tallyGivesUp) // nobody told of the other call's end
	if got := b.tallied(); !slices.Contains(got, "hotline chao left 1 heard 0") {
		t.Errorf("a call without an end is not counted: %q", got)
	}
}

func TestTwoNodesCountEachCallOnce(t *testing.T) {
	b := newBench(t)
	const calls = 60
	for range calls {
		l := b.ring(mobile)
		l.press("5")
		l.hangUp()
	}
	*b.clock = b.clock.Add(time.Hour)
	other := b.otherNode()
	var nodes errgroup.Group
	for _, node := range []*bench{b, other, b, other} {
		nodes.Go(func() error { return node.Tally(t.Context()) })
	}
	if err := nodes.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := b.column(`select sum(n) from menu_comings where node = 'menu_chinh'`)[0]; got != fmt.Sprint(calls) {
		t.Errorf("%s of %d calls are counted at the menu", got, calls)
	}
}

// TestWhatIsCountedIsWhatTheMenuDid takes callers who press anything through the menu and compares the counts with what the
// engine answered: a wrong key was told to be one, and the third failure rang an officer.
func TestWhatIsCountedIsWhatTheMenuDid(t *testing.T) {
	b := newBench(t, "101")
	dice := rand.New(rand.NewPCG(5, 9))
	wrong, failed := 0, 0
	for range 80 {
		l := b.ring(mobile)
		for range 12 {
			said, pressed := heard(l.reply), ""
			switch {
			case strings.HasSuffix(said, "hangup"):
			case strings.Contains(said, "dial "):
				l.press("dial:no-answer")
			case strings.HasSuffix(said, "record"):
				l.press([]string{"message", "-"}[dice.IntN(2)])
			case l.asksNumber():
				pressed = []string{"-", "#", "0", "0905123456", "123456789012345678901", "12*"}[dice.IntN(6)]
				l.press(pressed)
			default:
				pressed = []string{"-", "1", "2", "3", "6", "8", "*", "#", "7", "-"}[dice.IntN(10)]
				l.press(pressed)
			}
			if said := heard(l.reply); strings.HasPrefix(said, "sai_phim") {
				wrong++
			} else if strings.HasPrefix(said, "qua_3_lan") {
				failed++
				if pressed != "-" { // the third wrong key is not told to be one
					wrong++
				}
			}
			*b.clock = b.clock.Add(3 * time.Second)
		}
		l.hangUp()
	}
	b.tallied()
	gotWrong := b.column(`select sum(n) filter (where outcome = 'wrong') from menu_stays`)[0]
	gotFailed := b.column(`select sum(failed) from menu_comings`)[0]
	if wrong == 0 || failed == 0 {
		t.Fatalf("the callers made no mistakes: %d wrong keys, %d failures", wrong, failed)
	}
	if last := b.column(`select count(*) from calls where not counted`)[0]; last != "0" {
		t.Errorf("%s calls are not counted", last)
	}
	if gotFailed != fmt.Sprint(failed) {
		t.Errorf("%s calls are counted as given to an officer after three failures, the engine gave %d", gotFailed, failed)
	}
	if gotWrong != fmt.Sprint(wrong) {
		t.Errorf("%s wrong keys are counted, the engine met %d", gotWrong, wrong)
	}
}

func TestScreensAreCountedLikeQuestions(t *testing.T) {
	b := newBench(t)
	s := &stepwise{bench: b, d: Dialogue{Provider: "test", Session: "S1", From: mobile, Code: "*8088#"}}
	if _, err := s.dial(); err != nil {
		t.Fatal(err)
	}
	for _, typed := range []string{"7", "2.", "1", "123456", "2", "0905123456"} {
		if _, err := s.answer(typed); err != nil {
			t.Fatal(err)
		}
	}
	if got := b.tallied(); len(got) > 0 {
		t.Fatalf("a session that goes on is counted: %q", got)
	}
	*b.clock = b.clock.Add(time.Hour)
	want := []string{"ussd da_mat_tien left 1 heard 1", "ussd hoi_lai_so key 2 1 heard 1", "ussd loai key 1 1 heard 1",
		"ussd menu_chinh key 2 1 heard 1", "ussd menu_chinh wrong 1 heard 1", "ussd nhap_so key 2 heard 2"}
	if got := b.tallied(); !slices.Equal(got, want) {
		t.Errorf("counted\n%s\nnot\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestTheWayToAReportIsReadOutOfTheMenu(t *testing.T) {
	b := newBench(t)
	m := b.menus.base
	for _, c := range []struct {
		of   string
		got  []string
		want string
	}{
		{"calls", m.callSpine(), "chao menu_chinh loai_lua_dao hoi_so_ke_gian kenh_lien_lac hoi_mat_tien dong_y_goi_lai doc_lai_tin_bao da_gui"},
		{"USSD", m.ussdSpine(), "menu_chinh loai nhap_so da_mat_tien goi_lai xac_nhan xong"},
	} {
		if got := strings.Join(c.got, " "); got != c.want {
			t.Errorf("%s: %s, want %s", c.of, got, c.want)
		}
	}
}

func TestTheMedianIsReadBetweenEdges(t *testing.T) {
	at := func(seconds ...float64) []int64 {
		waited := make([]int64, len(waitEdges)+1)
		for _, s := range seconds {
			waited[waitBucket(time.Duration(s*float64(time.Second)))]++
		}
		return waited
	}
	for name, c := range map[string]struct {
		waited []int64
		want   time.Duration
	}{
		"nothing":                          {at(), 0},
		"one in the middle of its part":    {at(5), 5 * time.Second},
		"the middle one of three":          {at(0.5, 7, 59), 7 * time.Second},
		"what has no end is its beginning": {at(100, 200), time.Minute},
		"half before and half after":       {at(0.5, 0.5, 9, 9), time.Second},
	} {
		if got := median(c.waited); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
