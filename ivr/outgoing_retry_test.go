package ivr

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"
)

// TestEachOutcomeHasItsOwnTries: when the telephone rings, counted from its first ringing, and what the campaign is told in
// the end. A try's end does not move the next: half a minute of ringing is part of the quarter of an hour.
func TestEachOutcomeHasItsOwnTries(t *testing.T) {
	const m, h = time.Minute, time.Hour
	for name, c := range map[string]struct {
		outcomes []Outcome // the last one goes on
		rings    []time.Duration
		state    string
		told     Result
	}{
		"nobody at home":                {[]Outcome{NoAnswer}, []time.Duration{0, 15 * m, 60 * m, 25 * h}, "gave_up no_answer", Unreached},
		"talking is tried sooner":       {[]Outcome{Busy}, []time.Duration{0, 5 * m, 20 * m, 65 * m}, "gave_up busy", Unreached},
		"not now means not again":       {[]Outcome{Rejected}, []time.Duration{0}, "gave_up rejected", Declined},
		"the network fails":             {[]Outcome{Failed}, []time.Duration{0, 15 * m, 60 * m, 25 * h}, "gave_up failed", Unreached},
		"a machine gets another day":    {[]Outcome{Machine}, []time.Duration{0, 24 * h}, "gave_up machine", Unheard},
		"busy, then away":               {[]Outcome{Busy, NoAnswer}, []time.Duration{0, 5 * m, 50 * m, 24*h + 50*m}, "gave_up no_answer", Unreached},
		"away, then not now":            {[]Outcome{NoAnswer, Rejected}, []time.Duration{0, 15 * m}, "gave_up rejected", Declined},
		"away, then a machine: no more": {[]Outcome{NoAnswer, Machine}, []time.Duration{0, 15 * m}, "gave_up machine", Unheard},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, nil)
			d.agrees(mobile)
			d.want(Wanted{To: mobile})
			var rings []time.Duration
			for at := time.Duration(0); at < 4*24*h; at += 5 * m {
				d.at(morning.Add(at))
				for _, p := range d.turn() {
					rings = append(rings, at)
					d.at(morning.Add(at + 30*time.Second))
					o := c.outcomes[min(len(rings), len(c.outcomes))-1]
					d.placed(p, o)
					d.placed(p, o)
				}
			}
			if !slices.Equal(rings, c.rings) {
				t.Errorf("it rang at %v, expected %v", rings, c.rings)
			}
			if got := d.state(mobile); got != c.state {
				t.Errorf("it is %q, expected %q", got, c.state)
			}
			if got := d.o.ended[mobile]; got != c.told {
				t.Errorf("the campaign was told %q, expected %q", got, c.told)
			}
			if d.o.open[mobile] != 0 {
				t.Errorf("%d calls that reached nobody count towards the caps", d.o.open[mobile])
			}
		})
	}
}

func TestACallOfWhichNoWordComesIsNotDialledAgainBlindly(t *testing.T) {
	for name, rings := range map[string]bool{"the node died before it dialled": false, "the node died after it dialled": true} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, nil)
			d.agrees(mobile)
			d.want(Wanted{To: mobile})
			p, err := d.outgoing.claim(t.Context(), d.outgoing.o.Lines[0])
			if err != nil {
				t.Fatal(err)
			}
			if rings {
				if _, err := d.x.Place(t.Context(), p); err != nil {
					t.Fatal(err)
				}
			}
			for _, after := range []time.Duration{0, 30 * time.Second, 89 * time.Second} {
				d.at(morning.Add(after))
				d.none()
				if got := d.state(mobile); got != "dialing" {
					t.Fatalf("%v later it is %s", after, got)
				}
			}
			d.at(morning.Add(90 * time.Second))
			d.none()
			if got := d.state(mobile); got != "queued" {
				t.Fatalf("past its ringing it is %s", got)
			}
			d.at(morning.Add(15 * time.Minute))
			second := d.one()
			if second.Ref == p.Ref {
				t.Error("the second attempt bears the name of the first")
			}
			d.placed(p, Rejected) // of the first: late
			if got := d.state(mobile); got != "dialing" {
				t.Errorf("a late word about the first attempt made the second %s", got)
			}
		})
	}
}

func TestWhoTakesACallThatWasGivenUpIsStillAnswered(t *testing.T) {
	d := newDesk(t, nil)
	d.agrees(mobile)
	d.want(Wanted{To: mobile})
	p := d.one()
	d.at(morning.Add(2 * time.Minute))
	d.none() // in doubt, and so queued again
	l := d.takes(p)
	l.press("1")
	d.at(morning.Add(15 * time.Minute))
	d.none()
	l.hangUp()
	if got := d.state(mobile); got != "done" || d.o.ended[mobile] != Heard {
		t.Errorf("it is %s, the campaign was told %q", got, d.o.ended[mobile])
	}
}

func TestAMachineFoundOutAfterItTookTheCall(t *testing.T) {
	d := newDesk(t, nil)
	d.agrees(mobile, landline)
	d.want(Wanted{To: mobile})
	p := d.one()
	d.takes(p)
	d.placed(p, Machine)
	if got := d.state(mobile); got != "queued" {
		t.Errorf("a machine: %s", got)
	}
	d.want(Wanted{To: landline})
	p = d.one()
	l := d.takes(p)
	d.placed(p, Machine) // which it is not
	l.press("1")
	l.hangUp()
	if got := d.state(landline); got != "done" || d.o.ended[landline] != Heard {
		t.Errorf("who pressed 1 is no machine: %s, %q", got, d.o.ended[landline])
	}
}

// TestWhoTookTheCall: what a person does on the line, and what that is to the campaign.
func TestWhoTookTheCall(t *testing.T) {
	for name, c := range map[string]struct {
		keys  []string
		last  string
		state string
		told  Result
		stops bool
	}{
		"hears it":                          {[]string{"1"}, "goi_di_nhac-1 loi_nhac-khong_so goi_di_nhac-2 ?", "done", Heard, false},
		"hears it again with *":             {[]string{"1", "*"}, "goi_di_nhac-1 loi_nhac-khong_so goi_di_nhac-2 ?", "done", Heard, false},
		"asks again with *, then hears":     {[]string{"*", "1"}, "goi_di_nhac-1 loi_nhac-khong_so goi_di_nhac-2 ?", "done", Heard, false},
		"is slow, and hears it":             {[]string{"-", "1"}, "goi_di_nhac-1 loi_nhac-khong_so goi_di_nhac-2 ?", "done", Heard, false},
		"wants no more":                     {[]string{"9"}, "goi_di_ngung ?", "done", Unheard, true},
		"hears it and wants no more":        {[]string{"1", "9"}, "goi_di_ngung ?", "done", Heard, true},
		"wants a person":                    {[]string{"0"}, "dang_noi_may dial 101", "done", Unheard, false},
		"presses what nobody offered":       {[]string{"5"}, "sai_phim goi_di-1 so-0 so-2 so-3 im_lang so-6 so-3 so-1 im_lang so-1 so-1 so-2 im_lang so-2 so-2 goi_di-2 ?", "done", Unheard, false},
		"is lost, and meets a person":       {[]string{"5", "6", "7"}, "qua_3_lan dial 101", "done", Unheard, false},
		"says nothing: nobody or a machine": {[]string{"-", "-"}, "goi_di_tat hangup", "queued", "", false},
		"hangs up at once":                  {nil, "", "queued", "", false},
		"lets it end":                       {[]string{"1", "-"}, "tam_biet hangup", "done", Heard, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, nil)
			d.o.ask = nil
			d.Hotline.o.Officer = []string{"101"}
			d.agrees(mobile)
			d.want(Wanted{To: mobile})
			l := d.takes(d.one())
			if got := l.all(c.keys...); got != c.last {
				t.Errorf("the last words were %s", got)
			}
			l.hangUp()
			if got := d.state(mobile); got != c.state {
				t.Errorf("it is %q, expected %q", got, c.state)
			}
			if got := d.o.ended[mobile]; got != c.told {
				t.Errorf("the campaign was told %q, expected %q", got, c.told)
			}
			stopped := d.column(`select phone || ' ' || channel from opt_outs`)
			if c.stops != (len(stopped) == 1) {
				t.Errorf("opt-outs: %v", stopped)
			}
			proof := d.column(`select act || ' ' || channel || ' ' || key from consents`)
			if c.stops && !slices.Equal(proof, []string{"withdrawn call 9"}) {
				t.Errorf("the proof of it: %v", proof)
			}
		})
	}
}

// TestTheGateAtTheDial: whatever was allowed when the call was wanted, it is asked again when it falls due.
func TestTheGateAtTheDial(t *testing.T) {
	until := morning.Add(3 * time.Hour)
	for name, c := range map[string]struct {
		why   Why
		to    string
		do    func(d *desk)
		state string
	}{
		"opted out meanwhile":         {Reminder, mobile, func(d *desk) { d.exec(`insert into opt_outs values ($1, now(), 'sms', '')`, mobile) }, "suppressed opted out"},
		"consent withdrawn meanwhile": {Reminder, mobile, func(d *desk) { d.exec(`update residents set consent_at = null`) }, "suppressed no consent"},
		"wants no calls any more":     {Reminder, mobile, func(d *desk) { d.exec(`update residents set wants_call = false`) }, "suppressed no consent"},
		"the number is another's now": {Reminder, mobile, func(d *desk) { d.exec(`update residents set phone = '+84901999888' where phone = $1`, mobile) }, "suppressed no consent"},
		"on the Do-Not-Call list":     {Reminder, mobile, func(d *desk) { d.exec(`insert into do_not_call values ($1, now())`, mobile) }, "suppressed do not call"},
		"on that list, and urgent":    {Reminder, mobile, func(d *desk) { d.exec(`insert into do_not_call values ($1, now())`, mobile); d.o.ask = urgently }, "dialing"},
		"the campaign was cancelled":  {Reminder, mobile, func(d *desk) { d.o.ask = func(Wanted, time.Time) Verdict { return Verdict{Gone: true} } }, "cancelled not wanted any more"},
		"the campaign stands still":   {Reminder, mobile, func(d *desk) { d.o.ask = func(Wanted, time.Time) Verdict { return Verdict{Until: until} } }, "queued"},
		"no hours before it is too late": {Reminder, mobile, func(d *desk) {
			d.o.ask = func(Wanted, time.Time) Verdict { return Verdict{Until: morning.Add(expiry)} }
		}, "gave_up no time left"},
		"the caps are full":              {Reminder, mobile, func(d *desk) { d.o.cap = "weekly cap" }, "suppressed weekly cap"},
		"a foreign number":               {Reminder, foreign, func(*desk) {}, "suppressed not a number of this country's subscribers"},
		"a premium number":               {Reminder, "+8419001234", func(*desk) {}, "suppressed not a number of this country's subscribers"},
		"our own number":                 {Reminder, ourNumber, func(*desk) {}, "suppressed our own number"},
		"an officer's number":            {Reminder, "+84905000111", func(*desk) {}, "suppressed our own number"},
		"a landline":                     {Reminder, landline, func(*desk) {}, "dialing"},
		"who rang us, opted out or not":  {Callback, mobile, func(d *desk) { d.exec(`insert into opt_outs values ($1, now(), 'sms', '')`, mobile) }, "dialing"},
		"who rang us, without consent":   {Callback, mobile, func(d *desk) { d.exec(`update residents set consent_at = null`) }, "dialing"},
		"a callback to a foreign number": {Callback, foreign, func(*desk) {}, "suppressed not a number of this country's subscribers"},
		"a callback to an officer":       {Callback, "+84905000111", func(*desk) {}, "suppressed our own number"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, func(o *OutgoingOptions) { o.Own = []string{"113", "0905.000.111"} })
			d.agrees(mobile, landline)
			d.want(Wanted{Key: "k", To: residentsPhone(c.to), Why: c.why})
			c.do(d)
			d.turn()
			if got := d.state("k"); got != c.state {
				t.Errorf("it is %q, expected %q", got, c.state)
			}
		})
	}
}

func urgently(Wanted, time.Time) Verdict { return Verdict{Urgent: true} }

func TestOneReminderADayThatSomebodyTook(t *testing.T) {
	d := newDesk(t, func(o *OutgoingOptions) { o.PerDay = 1 })
	d.agrees(mobile)
	d.want(Wanted{Key: "first", To: mobile})
	l := d.takes(d.one())
	l.press("1")
	l.hangUp()
	d.want(Wanted{Key: "second", To: mobile})
	for _, after := range []time.Duration{time.Minute, 23 * time.Hour, 24*time.Hour - time.Second} {
		d.at(morning.Add(after))
		d.none()
	}
	d.at(morning.Add(24 * time.Hour))
	d.one()
}

func TestLimitsAreSharedByTheNodes(t *testing.T) {
	d := newDesk(t, func(o *OutgoingOptions) { o.Lines[0].PerSecond, o.Lines[0].Concurrent = 2, 3 })
	other := NewOutgoing(d.db, func() time.Time { return *d.clock }, d.outgoing.residents, d.outgoing.o)
	for i := range 6 {
		to := fmt.Sprintf("+8490123456%d", i)
		d.agrees(to)
		d.want(Wanted{To: residentsPhone(to)})
	}
	var rang []Placing
	for i := range 20 {
		d.at(morning.Add(time.Duration(i) * 250 * time.Millisecond))
		before := len(d.x.dialled)
		for _, s := range []*Outgoing{d.outgoing, other} {
			s.look(t.Context(), func(l Line, p Placing) { s.place(t.Context(), l, p) })
		}
		now := d.x.dialled[before:]
		if len(now) > 1 || len(now) == 1 && i%2 == 1 {
			t.Errorf("%d calls begun at %d ms", len(now), 250*i)
		}
		rang = append(rang, now...)
	}
	if len(rang) != 3 {
		t.Fatalf("%d calls at once, expected three", len(rang))
	}
	d.placed(rang[0], NoAnswer)
	d.one()
	d.none()
}

func TestAProviderThatRefusesRestsAndAnotherTakesTheCall(t *testing.T) {
	second := &exchange{}
	d := newDesk(t, func(o *OutgoingOptions) {
		o.Lines = append(o.Lines, Line{Provider: "second", CallerID: ourNumber, PerSecond: 1e9, Concurrent: 100, Dialer: second})
	})
	d.agrees(mobile)
	d.want(Wanted{To: mobile})
	d.x.answer = func(Placing) (string, error) { return "", fmt.Errorf("402: %w", ErrRefused) }
	d.none()
	if len(second.dialled) != 0 {
		t.Fatal("the call rang before its ten seconds")
	}
	d.at(morning.Add(soonAgain))
	d.none()
	if len(second.dialled) != 1 {
		t.Fatalf("the second provider placed %d calls", len(second.dialled))
	}
	if tries := d.column(`select tries::text from outgoing_calls`); tries[0] != "1" {
		t.Errorf("tries: %s", tries[0])
	}
	d.x.answer = nil
	d.agrees(landline)
	d.at(morning.Add(29 * time.Second))
	d.want(Wanted{Key: "rests", To: landline})
	d.none()
	if len(second.dialled) != 2 {
		t.Errorf("while the first rests, the second takes what comes: %d", len(second.dialled))
	}
}

func TestANumberThatTheProviderCannotCall(t *testing.T) {
	d := newDesk(t, nil)
	d.agrees(mobile)
	d.want(Wanted{To: mobile})
	d.x.answer = func(Placing) (string, error) { return "", fmt.Errorf("21211: %w", ErrNumber) }
	d.none()
	if got := d.state(mobile); got != "gave_up number" || d.o.ended[mobile] != NotCallable {
		t.Errorf("it is %q, the campaign was told %q", got, d.o.ended[mobile])
	}
}

func TestAProviderThatDoesNotAnswerLeavesTheCallInDoubt(t *testing.T) {
	d := newDesk(t, nil)
	d.agrees(mobile)
	d.want(Wanted{To: mobile})
	d.x.answer = func(Placing) (string, error) { return "", context.DeadlineExceeded }
	d.none()
	d.x.answer = nil
	d.at(morning.Add(time.Minute))
	d.none()
	d.at(morning.Add(15 * time.Minute))
	d.one()
}

func TestAWantThatFailsWithItsTransactionIsNone(t *testing.T) {
	d := newDesk(t, nil)
	d.agrees(mobile)
	no := errors.New("no")
	err := d.inTx(t.Context(), func(tx *sql.Tx) error {
		if err := d.outgoing.Want(t.Context(), tx, Wanted{Key: "k", To: mobile, Why: Reminder}); err != nil {
			return err
		}
		return no
	})
	if !errors.Is(err, no) {
		t.Fatal(err)
	}
	d.none()
	d.want(Wanted{Key: "k", To: mobile})
	d.want(Wanted{Key: "k", To: mobile})
	d.one()
}
