package ivr

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"canhgiac/reports"
)

// endings are the ways in which keys of a number come that were never handed in as an answer.
var endings = map[string]func(ctx context.Context, l *line, typed string) error{
	"a line that keeps every key": func(ctx context.Context, l *line, typed string) error {
		for i := range typed {
			if err := l.Pressed(ctx, "test", l.sid, Input{Step: l.reply.Step, Kind: InputKeys, Keys: typed[:i+1]}); err != nil {
				return err
			}
		}
		return l.Ended(ctx, "test", l.sid, "completed")
	},
	"a step that says that the caller is gone": func(ctx context.Context, l *line, typed string) error {
		if _, err := l.Step(ctx, "test", l.sid, Input{Step: l.reply.Step, Kind: InputKeys, Keys: typed, Gone: true}); err != nil {
			return err
		}
		return l.Ended(ctx, "test", l.sid, "completed")
	},
	"a step that comes behind the end": func(ctx context.Context, l *line, typed string) error {
		if err := l.Ended(ctx, "test", l.sid, "completed"); err != nil {
			return err
		}
		_, err := l.Step(ctx, "test", l.sid, Input{Step: l.reply.Step, Kind: InputKeys, Keys: typed})
		return err
	},
	"keys told with the end": func(ctx context.Context, l *line, typed string) error {
		if err := l.PressedLast(ctx, "test", l.sid, typed); err != nil {
			return err
		}
		return l.Ended(ctx, "test", l.sid, "completed")
	},
}

// TestWhoHangsUpWithinANumberHasToldItSoFar: at each key of it, also behind *, by every way that keys may come; told twice it
// changes nothing; who rings again is asked for the number.
func TestWhoHangsUpWithinANumberHasToldItSoFar(t *testing.T) {
	b := newBench(t)
	ways := make([]string, 0, len(endings))
	for way := range endings {
		ways = append(ways, way)
	}
	slices.Sort(ways)
	rapid.Check(t, func(rt *rapid.T) {
		way := rapid.SampledFrom(ways).Draw(rt, "way")
		typed := rapid.StringMatching(`([0-9]{1,12}\*){0,1}[0-9]{0,11}`).Draw(rt, "typed")
		if typed == "2" { // the key that led to the number: keys told with the end may be those of before
			return
		}
		from := fmt.Sprintf("+8490155%04d", b.calls)
		l := b.ring(from)
		l.all("-", "2", "2")
		for range 2 {
			if err := endings[way](t.Context(), l, typed); err != nil {
				rt.Fatal(err)
			}
		}
		want, _ := lastNumber(typed)
		if want == "0" {
			want = ""
		}
		ref := l.id()
		all := l.reportsOf(`where ref = $1`, ref)
		if len(all) != 1 || all[0].Draft != (reports.Draft{Origin: "call", Ref: ref, Reporter: all[0].Reporter, Kind: 2, ScamNumber: want}) {
			rt.Fatalf("%s, %q: report %+v", way, typed, all)
		}
		raws, times := []string{}, 0
		for _, e := range all[0].Events {
			if raws = append(raws, e.Key+" "+e.Raw); e.Key == "pressed" {
				times++
			}
		}
		if typed != "" && (!slices.Contains(raws, "pressed "+typed) || times != 1) {
			rt.Fatalf("%s, %q: the record holds %q", way, typed, raws)
		}
		l = b.ring(from)
		if got := l.all("-", "1"); got != "hoi_so_ke_gian #" {
			rt.Fatalf("%s, %q: who goes on hears %s", way, typed, got)
		}
		if l.press("0905123456#"); l.reportsOf(`where ref = $1`, ref)[0].ScamNumber != "0905123456" {
			rt.Fatalf("%s, %q: the whole number is not kept", way, typed)
		}
	})
}

func TestWhatComesBehindTheEndIsNoSilence(t *testing.T) {
	b := newBench(t, "101")
	l := b.ring(mobile)
	l.all("-", "2", "1", "-", "-")
	l.hangUp()
	l.press("-")
	if d := l.report(); d == nil || l.left != "partial" {
		t.Errorf("three silences, the last because nobody was there any more: %+v, left %q", d, l.left)
	}
}

// TestKeysPressedBeforeACarefulQuestionDoNotAnswerIt: an impatient second press, while the first is still on its way, must not
// send the report unheard.
func TestKeysPressedBeforeACarefulQuestionDoNotAnswerIt(t *testing.T) {
	b := newBench(t)
	l := b.ring(mobile)
	asked := l.all("-", "2", "1", "0905123456#", "1", "1", "1", "1")
	if !strings.HasPrefix(asked, "doc_lai_tin_bao-1") {
		t.Fatalf("heard %s", asked)
	}
	ahead := func(keys string) string {
		reply, err := l.Step(t.Context(), "test", l.sid, Input{Step: l.reply.Step, Kind: InputAhead, Keys: keys})
		if err != nil {
			t.Fatal(err)
		}
		l.reply = reply
		return heard(reply)
	}
	for range 4 {
		if got := ahead("1"); got != asked {
			t.Errorf("heard %s", got)
		}
	}
	if d := l.report(); d.Complete {
		t.Error("sent by keys pressed before the question")
	}
	l.press("2")
	if got := ahead("3"); got != "hoi_so_ke_gian #" {
		t.Errorf("at a question that is not careful the key is taken, yet heard %s", got)
	}
	if d := l.report(); d.Kind != 3 {
		t.Errorf("kind %d", d.Kind)
	}
}
