package ivr

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const missedNumber = "+842363111333"

func newMissedDesk(t *testing.T) *desk {
	return newDesk(t, func(o *OutgoingOptions) {
		o.Missed = Missed{Numbers: []string{"02363111333"}, Ring: 8 * time.Second}
		o.Own = []string{"0905000111"}
	})
}

// misses rings the number of the missed-call service.
func (d *desk) misses(from string) {
	d.t.Helper()
	d.calls++
	in := Incoming{Provider: "test", SID: fmt.Sprintf("MC%d", d.calls), From: from, To: missedNumber}
	for range 2 { // announced twice
		r, err := d.Start(d.t.Context(), in)
		if err != nil {
			d.t.Fatal(err)
		}
		if len(r.Actions) != 1 || r.Actions[0].Reject == nil || r.Actions[0].Reject.Ring != 8*time.Second {
			d.t.Fatalf("a call to ring back was answered %+v", r.Actions)
		}
	}
}

func TestWhoRingsAndHangsUpIsRungBack(t *testing.T) {
	d := newMissedDesk(t)
	night := time.Date(2026, 8, 27, 19, 0, 0, 0, time.UTC) // two in the morning: who rings is awake
	d.at(night)
	d.misses("0" + strings.TrimPrefix(mobile, "+84"))
	d.none()
	d.at(night.Add(lineFree))
	p := d.one()
	if p.To != mobile {
		t.Fatalf("rang %s", p.To)
	}
	l := d.takes(p)
	if got := heard(l.reply); got != "goi_lai-1 so-0 so-2 so-3 im_lang so-6 so-3 so-1 im_lang so-1 so-1 so-2 im_lang so-2 so-2 chao ?" {
		t.Errorf("it begins with %s", got)
	}
	if got := l.all("-", "2"); got != "loai_lua_dao ?" {
		t.Errorf("it goes on as any call: %s", got)
	}
	l.press("1")
	l.hangUp()
	if r := l.report(); r == nil || r.Kind != 1 {
		t.Errorf("the report: %+v", r)
	}
	if got := d.column(`select fate from missed_calls`); !slices.Equal(got, []string{"called"}) {
		t.Errorf("fates: %v", got)
	}
}

func TestWhoRingsAgainAndAgainIsRungBackOnceInTenMinutes(t *testing.T) {
	d := newMissedDesk(t)
	var rang []time.Duration
	for at := time.Duration(0); at < 40*time.Minute; at += time.Minute {
		d.at(morning.Add(at))
		if at < 25*time.Minute {
			d.misses(mobile)
		}
		d.at(morning.Add(at + lineFree))
		for _, p := range d.turn() {
			rang = append(rang, at)
			d.takes(p).hangUp()
		}
	}
	if want := []time.Duration{0, 10 * time.Minute, 20 * time.Minute}; !slices.Equal(rang, want) {
		t.Errorf("rung back at %v, expected %v", rang, want)
	}
}

func TestACallbackThatIsNotTakenIsTriedOnceMore(t *testing.T) {
	for o, want := range map[Outcome][]time.Duration{NoAnswer: {0, 10 * time.Minute}, Busy: {0, 10 * time.Minute}, Rejected: {0}} {
		t.Run(string(o), func(t *testing.T) {
			d := newMissedDesk(t)
			d.misses(mobile)
			var rang []time.Duration
			for at := time.Duration(0); at < 2*time.Hour; at += time.Minute {
				d.at(morning.Add(lineFree + at))
				for _, p := range d.turn() {
					rang = append(rang, at)
					d.placed(p, o)
				}
			}
			if !slices.Equal(rang, want) {
				t.Errorf("rung back at %v, expected %v", rang, want)
			}
		})
	}
}

func TestWhoIsNeverRungBack(t *testing.T) {
	d := newMissedDesk(t)
	for from, fate := range map[string]string{
		"": "withheld", "anonymous": "withheld", "+15005550006": "foreign", "19001234": "withheld", "113": "withheld",
		"0905000111": "own", ourNumber: "own", missedNumber: "own",
	} {
		d.misses(from)
		if got := d.column(`select fate from missed_calls order by id desc limit 1`); got[0] != fate {
			t.Errorf("%q is %s, expected %s", from, got[0], fate)
		}
	}
	d.at(morning.Add(time.Minute))
	d.none()
}

func TestACallbackGoesBeforeRemindersThatWait(t *testing.T) {
	d := newDesk(t, func(o *OutgoingOptions) {
		o.Lines[0].Concurrent = 1
		o.Missed = Missed{Numbers: []string{missedNumber}, Ring: 8 * time.Second}
	})
	d.agrees("+84901000001", "+84901000002")
	d.want(Wanted{To: "+84901000001"})
	d.want(Wanted{To: "+84901000002"})
	first := d.one()
	d.misses(mobile)
	d.at(morning.Add(lineFree))
	d.placed(first, NoAnswer)
	if p := d.one(); p.To != mobile {
		t.Errorf("%s rang first", p.To)
	}
}

// TestACallMissedAtTwoNodesAtOnceIsRungBackOnce: a provider that rings by two ways, or tells it twice.
func TestACallMissedAtTwoNodesAtOnceIsRungBackOnce(t *testing.T) {
	d := newMissedDesk(t)
	var calls sync.WaitGroup
	for i := range 8 {
		calls.Go(func() {
			if _, err := d.Start(t.Context(), Incoming{Provider: "test", SID: fmt.Sprintf("MC%d", i), From: mobile, To: missedNumber}); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	d.at(morning.Add(lineFree))
	d.one()
	d.none()
}

// TestACallBackThatWaitedCountsFromItsRinging: the line was taken when the first was wanted, so that the second falls due soon
// after it.
func TestACallBackThatWaitedCountsFromItsRinging(t *testing.T) {
	d := newMissedDesk(t)
	d.misses(mobile)
	d.at(morning.Add(9 * time.Minute))
	d.takes(d.one()).hangUp()
	d.at(morning.Add(10 * time.Minute))
	d.misses(mobile)
	for _, after := range []time.Duration{11 * time.Minute, 19*time.Minute - time.Second} {
		d.at(morning.Add(after))
		d.none()
	}
	d.at(morning.Add(19 * time.Minute))
	d.one()
}
