package schedules_test

import (
	"errors"
	"testing"

	"canhgiac/schedules"
)

func TestCronIsReadInVietnamsTime(t *testing.T) {
	for _, c := range []struct{ name, expr, after, next string }{
		{"eight on Monday is eight in Đà Nẵng", "0 8 * * 1", "2026-11-22 23:00:00", "2026-11-23 08:00:00"},
		{"the due time itself is not after itself", "0 8 * * 1", "2026-11-23 08:00:00", "2026-11-30 08:00:00"},
		{"seven in the morning is still the day before in UTC", "0 7 23 * *", "2026-11-01 00:00:00", "2026-11-23 07:00:00"},
		{"every minute", "* * * * *", "2026-11-23 08:00:30", "2026-11-23 08:01:00"},
		{"names of days", "30 9 * * MON,THU", "2026-11-23 10:00:00", "2026-11-26 09:30:00"},
		{"29 February waits for a leap year", "0 8 29 2 *", "2026-11-23 08:00:00", "2028-02-29 08:00:00"},
		{"spaces are folded", "  0   8 * * 1 ", "2026-11-22 23:00:00", "2026-11-23 08:00:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cron, err := schedules.ParseCron(c.expr)
			if err != nil {
				t.Fatal(err)
			}
			if got := cron.Next(at(t, c.after)); !got.Equal(at(t, c.next)) {
				t.Fatalf("Next = %s, want %s", got.In(schedules.Zone()), c.next)
			}
		})
	}
}

func TestAWrongCronNamesItsField(t *testing.T) {
	for _, c := range []struct{ name, expr, field string }{
		{"nothing", "", schedules.FieldCount},
		{"four fields", "0 8 * *", schedules.FieldCount},
		{"seconds", "0 0 8 * * 1", schedules.FieldCount},
		{"a descriptor", "@daily", schedules.FieldCount},
		{"another time zone", "TZ=UTC 0 8 * * 1", schedules.FieldCount},
		{"minute 60", "60 8 * * 1", schedules.FieldMinute},
		{"hour 24", "0 24 * * 1", schedules.FieldHour},
		{"day 32", "0 8 32 * *", schedules.FieldDayOfMonth},
		{"month 13", "0 8 * 13 *", schedules.FieldMonth},
		{"day of week 8", "0 8 * * 8", schedules.FieldDayOfWeek},
		{"a Vietnamese day name", "0 8 * * T2", schedules.FieldDayOfWeek},
		{"a zone in place of a field", "CRON_TZ=UTC 8 * * 1", schedules.FieldMinute},
		{"30 February", "0 8 30 2 *", schedules.FieldDayOfMonth},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := schedules.ParseCron(c.expr)
			var wrong *schedules.CronError
			if !errors.As(err, &wrong) || wrong.Field != c.field {
				t.Fatalf("error = %v, want one of field %q", err, c.field)
			}
		})
	}
}

func TestNextNStopsWhereTheDueTimesDo(t *testing.T) {
	cron, err := schedules.ParseCron("0 8 * * 1")
	if err != nil {
		t.Fatal(err)
	}
	due := cron.NextN(at(t, "2026-11-22 23:00:00"), 6)
	if len(due) != 6 || !due[5].Equal(at(t, "2026-12-28 08:00:00")) {
		t.Fatalf("due = %v", due)
	}
}
