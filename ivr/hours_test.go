package ivr

import (
	"testing"
	"time"

	"canhgiac/reports"
)

func TestOfficersAreReachedInTheirHoursAlone(t *testing.T) {
	h := Hours{Week: map[string][]string{"mon": {"07:00-11:30", "13:30-17:00"}, "sun": {"00:00-24:00"}}, Holidays: map[string]string{"2027-01-04": "nghỉ bù"}}
	for at, want := range map[string]bool{
		"2026-12-28T07:00": true, "2026-12-28T06:59": false, "2026-12-28T11:29": true, "2026-12-28T11:30": false, "2026-12-28T13:30": true, "2026-12-28T17:00": false,
		"2026-12-29T08:00": false, "2026-12-27T00:00": true, "2026-12-27T23:59": true, "2027-01-04T08:00": false, "2027-01-11T08:00": true,
	} {
		when, err := time.ParseInLocation("2006-01-02T15:04", at, zone())
		if err != nil {
			t.Fatal(err)
		}
		if got := h.Open(when.UTC()); got != want {
			t.Errorf("%s: %v, expected %v", at, got, want)
		}
	}
}

// TestOutsideTheHoursTheCallerLeavesAMessage: no telephone rings, and nobody is told that one does.
func TestOutsideTheHoursTheCallerLeavesAMessage(t *testing.T) {
	b := newBench(t, "101")
	b.menus.base.Hours = Hours{Week: map[string][]string{"mon": {"07:00-11:30"}}} // noon is a Thursday
	l := b.ring(mobile)
	l.press("-")
	if got := l.press("0"); got != "ngoai_gio record" {
		t.Fatalf("heard %s", got)
	}
	if got := l.press("message"); got != goodbye {
		t.Errorf("heard %s", got)
	}
	l.hangUp()
	if r := b.last(); r.Left() != "message" || r.Urgency != reports.NeedsOfficer {
		t.Errorf("%s, urgency %d", r.Left(), r.Urgency)
	}
	lost := b.ring(landline)
	lost.all("-", "7", "7")
	if got := lost.press("7"); got != "ngoai_gio record" {
		t.Errorf("three failures: heard %s", got)
	}
}
