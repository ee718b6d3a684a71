package ivr

import (
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"
)

// stranger is a number that nobody registered.
func stranger(n int) string { return fmt.Sprintf("+8490%07d", n) }

func newLimitedDesk(t *testing.T, l CallbackLimits) *desk {
	return newDesk(t, func(o *OutgoingOptions) {
		o.Missed = Missed{Numbers: []string{missedNumber}, Ring: 8 * time.Second, Limits: l}
	})
}

// rings rings the number of the missed-call service, and tells whether it was answered.
func (d *desk) rings(from string) (answered bool) {
	d.t.Helper()
	d.calls++
	r, err := d.Start(d.t.Context(), Incoming{Provider: "test", SID: fmt.Sprintf("MC%d", d.calls), From: from, To: missedNumber})
	if err != nil {
		d.t.Fatal(err)
	}
	return r.Actions[0].Reject == nil
}

// fates counts missed calls by what became of them.
func (d *desk) fates() map[string]int {
	d.t.Helper()
	all := map[string]int{}
	for _, f := range d.column(`select fate from missed_calls`) {
		all[f]++
	}
	return all
}

// TestInventedNumbersMakeUsRingFewPeople: somebody who invents callers' numbers makes us ring as many people as the open half
// allows, and a resident who rings amid it is rung back before them.
func TestInventedNumbersMakeUsRingFewPeople(t *testing.T) {
	d := newLimitedDesk(t, CallbackLimits{PerHour: 10, PerDay: 100})
	d.agrees(mobile)
	for n := range 200 {
		d.rings(stranger(n))
	}
	if d.rings(mobile) {
		t.Error("a resident is not rung back")
	}
	if want := map[string]int{"called": 6, "limit": 195}; !maps.Equal(d.fates(), want) {
		t.Errorf("fates %v, expected %v", d.fates(), want)
	}
	d.at(morning.Add(lineFree))
	rang := d.turn()
	if len(rang) != 6 || rang[0].To != mobile {
		t.Errorf("rang %v", rang)
	}
	st, err := d.outgoing.Status(t.Context())
	want := CallbackStatus{Hour: 6, Day: 6, Limits: CallbackLimits{PerHour: 10, PerDay: 100, PerNumber: 6}, Beyond: 195, BeyondSince: morning}
	if err != nil || st.Callbacks != want {
		t.Errorf("the operator sees %+v %v, expected %+v", st.Callbacks, err, want)
	}
}

// TestWhoRingsBeyondTheLimitIsAnswered: a person who has just lost money is not turned away because somebody else invents numbers.
func TestWhoRingsBeyondTheLimitIsAnswered(t *testing.T) {
	d := newLimitedDesk(t, CallbackLimits{PerHour: 2, PerDay: 100})
	d.rings(stranger(1))
	in := Incoming{Provider: "test", SID: "beyond", From: mobile, To: missedNumber}
	l := &line{bench: d.bench, sid: in.SID}
	for range 2 { // announced twice
		var err error
		if l.reply, err = d.Start(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		if got := heard(l.reply); got != "chao ?" {
			t.Fatalf("heard %s", got)
		}
	}
	l.all("-", "2")
	l.press("1")
	l.hangUp()
	if r := l.report(); r == nil || r.Kind != 1 {
		t.Errorf("the report: %+v", r)
	}
	d.at(morning.Add(time.Hour + lineFree)) // nobody rings back who was answered
	for _, p := range d.turn() {
		if p.To == mobile {
			t.Error("rung back as well")
		}
	}
}

func TestRoomForCallsBackComesAgain(t *testing.T) {
	d := newLimitedDesk(t, CallbackLimits{PerHour: 2, PerDay: 6})
	var called []time.Duration
	for n := range 60 { // somebody new every half hour, for 30 hours
		at := time.Duration(n) * 30 * time.Minute
		d.at(morning.Add(at))
		if !d.rings(stranger(n)) {
			called = append(called, at)
		}
		d.at(morning.Add(at + lineFree))
		for _, p := range d.turn() {
			d.takes(p).hangUp()
		}
	}
	want := []time.Duration{0, 90 * time.Minute, 3 * time.Hour, 24*time.Hour + 30*time.Minute, 26 * time.Hour, 27*time.Hour + 30*time.Minute}
	if fmt.Sprint(called) != fmt.Sprint(want) {
		t.Errorf("called back at %v, expected %v", called, want)
	}
}

// TestOneNumberIsNotRungAllDay: whose number somebody rings with is rung so often a day, tries in vain counted, and no more.
func TestOneNumberIsNotRungAllDay(t *testing.T) {
	d := newLimitedDesk(t, CallbackLimits{PerHour: 100, PerDay: 1000, PerNumber: 3})
	d.agrees(mobile)
	rang := 0
	for at := time.Duration(0); at < 24*time.Hour; at += 5 * time.Minute {
		d.at(morning.Add(at))
		d.rings(mobile)
		d.at(morning.Add(at + lineFree))
		for _, p := range d.turn() {
			rang++
			d.placed(p, NoAnswer)
		}
	}
	if rang != 3 {
		t.Errorf("rang %d times", rang)
	}
	if f := d.fates(); f["often"] == 0 || f["limit"] != 0 {
		t.Errorf("fates %v", f)
	}
	d.at(morning.Add(24*time.Hour + 15*time.Minute))
	if d.rings(mobile) {
		t.Error("not rung back a day later")
	}
}

// TestSecondTriesTakeNoRoomFromWhoRingsNow: six in vain would be tried again ten minutes later; the open half is full by then.
func TestSecondTriesTakeNoRoomFromWhoRingsNow(t *testing.T) {
	d := newLimitedDesk(t, CallbackLimits{PerHour: 6, PerDay: 100})
	var known []string
	for n := range 6 {
		known = append(known, stranger(n))
	}
	d.agrees(known...)
	for _, k := range known {
		d.rings(k)
	}
	rang := 0
	for at := lineFree; at < 2*time.Hour; at += time.Minute {
		d.at(morning.Add(at))
		for _, p := range d.turn() {
			rang++
			if at < 55*time.Minute && rang > 6 {
				t.Errorf("the %dth call back after %v", rang, at)
			}
			d.placed(p, NoAnswer)
		}
	}
	if rang != 6 {
		t.Errorf("%d calls back", rang)
	}
}

func TestMissedCallsAtAllNodesAtOnceKeepTheLimit(t *testing.T) {
	d := newLimitedDesk(t, CallbackLimits{PerHour: 10, PerDay: 100})
	var calls sync.WaitGroup
	for n := range 40 {
		calls.Go(func() {
			if _, err := d.Start(t.Context(), Incoming{Provider: "test", SID: fmt.Sprintf("MC%d", n), From: stranger(n), To: missedNumber}); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	if want := map[string]int{"called": 5, "limit": 35}; !maps.Equal(d.fates(), want) {
		t.Errorf("fates %v, expected %v", d.fates(), want)
	}
}
