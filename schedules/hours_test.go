package schedules_test

import (
	"strings"
	"testing"
	"time"

	"canhgiac/schedules"
)

// at reads a time of Vietnam's clock.
func at(t testing.TB, s string) time.Time {
	t.Helper()
	when, err := time.ParseInLocation("2006-01-02 15:04:05", s, schedules.Zone())
	if err != nil {
		t.Fatal(err)
	}
	return when.UTC()
}

func TestHoursAllowAndNext(t *testing.T) {
	for _, c := range []struct {
		name, hours, at string
		allows          bool
		next            string
	}{
		{"the opening minute is inside", "07:00-22:00", "2026-11-23 07:00:00", true, "2026-11-23 07:00:00"},
		{"a second before opening waits for it", "07:00-22:00", "2026-11-23 06:59:59", false, "2026-11-23 07:00:00"},
		{"the closing minute is outside, so tomorrow", "07:00-22:00", "2026-11-23 22:00:00", false, "2026-11-24 07:00:00"},
		{"the last second is inside", "07:00-22:00", "2026-11-23 21:59:59", true, "2026-11-23 21:59:59"},
		{"the last night of a month leads into the next", "08:00-17:00", "2026-11-30 23:00:00", false, "2026-12-01 08:00:00"},
		{"a whole day never closes", "00:00-24:00", "2026-11-23 23:59:59", true, "2026-11-23 23:59:59"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, err := schedules.ParseHours(c.hours)
			if err != nil {
				t.Fatal(err)
			}
			if got := h.Allows(at(t, c.at)); got != c.allows {
				t.Errorf("Allows = %v", got)
			}
			if got := h.Next(at(t, c.at)); !got.Equal(at(t, c.next)) {
				t.Errorf("Next = %s, want %s", got.In(schedules.Zone()), c.next)
			}
			if h.String() != c.hours {
				t.Errorf("String = %q", h)
			}
		})
	}
}

func TestZeroHoursAllowNothing(t *testing.T) {
	var h schedules.Hours
	if h.Allows(at(t, "2026-11-23 12:00:00")) || !h.Next(at(t, "2026-11-23 12:00:00")).IsZero() || !h.IsZero() {
		t.Fatal("forgotten hours must not let a message out")
	}
}

func TestWrongHoursAreRefusedWithTheReason(t *testing.T) {
	for _, c := range []struct{ name, hours, says string }{
		{"nothing", "", "want FROM-TO"},
		{"one time alone", "07:00", "want FROM-TO"},
		{"the end before the beginning", "22:00-07:00", "begin before they end"},
		{"no time at all between", "07:00-07:00", "begin before they end"},
		{"a 25th hour", "07:00-25:00", "not a time of day"},
		{"a 61st minute", "07:61-22:00", "not a time of day"},
		{"minutes of one digit", "7:0-22:00", "not a time of day"},
		{"words", "sáng-tối", "not a time of day"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := schedules.ParseHours(c.hours)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("error = %v, want one that says %q", err, c.says)
			}
		})
	}
}
