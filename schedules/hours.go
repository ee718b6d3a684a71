// Package schedules keeps when things fall due: cron expressions in Vietnam's time, series that end, the hours in which
// sending is allowed, and one firing of each due time however many nodes run.
package schedules

import (
	"database/sql/driver"
	"fmt"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a small server or container may have no time zones of its own
)

// zone is read once at start and never changes.
var zone = loadZone()

func loadZone() *time.Location {
	z, err := time.LoadLocation("Asia/Ho_Chi_Minh")
	if err != nil {
		panic(err) // the zones are linked in: only a broken build comes here
	}
	return z
}

// Zone is Asia/Ho_Chi_Minh, in which residents and officers read the clock.
func Zone() *time.Location { return zone }

const wholeDay = 24 * 60

// Hours are the hours of the day in which messages may leave, From included and To not (NĐ 91/2020 Điều 13: 07:00–22:00
// for advertising SMS, 08:00–17:00 for calls). The zero Hours allow nothing, so that forgotten hours cannot ring a bell at night.
type Hours struct{ From, To int } // minutes of the day in Asia/Ho_Chi_Minh, 0 to 1440

// ParseHours reads "07:00-22:00". Hours over midnight are refused: nobody means to send then.
func ParseHours(s string) (Hours, error) {
	from, to, ok := strings.Cut(strings.TrimSpace(s), "-")
	if !ok {
		return Hours{}, fmt.Errorf("hours %q: want FROM-TO such as 07:00-22:00", s)
	}
	var h Hours
	var err error
	if h.From, err = parseMinute(from); err != nil {
		return Hours{}, fmt.Errorf("hours %q: %w", s, err)
	}
	if h.To, err = parseMinute(to); err != nil {
		return Hours{}, fmt.Errorf("hours %q: %w", s, err)
	}
	if h.From >= h.To {
		return Hours{}, fmt.Errorf("hours %q: they must begin before they end", s)
	}
	return h, nil
}

func parseMinute(s string) (int, error) {
	hour, minute, ok := strings.Cut(strings.TrimSpace(s), ":")
	h, errHour := strconv.Atoi(hour)
	m, errMinute := strconv.Atoi(minute)
	if !ok || errHour != nil || errMinute != nil || len(minute) != 2 || h < 0 || m < 0 || m > 59 || h*60+m > wholeDay {
		return 0, fmt.Errorf("%q is not a time of day such as 07:00", s)
	}
	return h*60 + m, nil
}

// String gives what ParseHours reads.
func (h Hours) String() string {
	return fmt.Sprintf("%02d:%02d-%02d:%02d", h.From/60, h.From%60, h.To/60, h.To%60)
}

// IsZero tells that no hours were set.
func (h Hours) IsZero() bool { return h == Hours{} }

// Allows tells whether a message may leave at t.
func (h Hours) Allows(t time.Time) bool {
	t = t.In(zone)
	m := t.Hour()*60 + t.Minute()
	return h.From <= m && m < h.To
}

// Next is the first moment, t or later, at which a message may leave. For the zero Hours it is the zero time.
func (h Hours) Next(t time.Time) time.Time {
	if h.From >= h.To {
		return time.Time{}
	}
	if h.Allows(t) {
		return t
	}
	local := t.In(zone)
	open := time.Date(local.Year(), local.Month(), local.Day(), h.From/60, h.From%60, 0, 0, zone)
	if open.Before(t) {
		open = time.Date(local.Year(), local.Month(), local.Day()+1, h.From/60, h.From%60, 0, 0, zone)
	}
	return open.In(t.Location())
}

// MarshalText and UnmarshalText carry Hours through config, JSON and forms.
func (h Hours) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

func (h *Hours) UnmarshalText(b []byte) (err error) {
	*h, err = ParseHours(string(b))
	return err
}

// Value and Scan carry Hours through a text column.
func (h Hours) Value() (driver.Value, error) { return h.String(), nil }

func (h *Hours) Scan(v any) error {
	switch v := v.(type) {
	case string:
		return h.UnmarshalText([]byte(v))
	case []byte:
		return h.UnmarshalText(v)
	}
	return fmt.Errorf("scan hours: cannot read a %T", v)
}
