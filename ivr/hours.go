package ivr

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Hours are when an officer can be reached, in Vietnam's time.
type Hours struct {
	Week     map[string][]string `yaml:"week"`     // spans of each day, "07:00-11:30"; a day that is not there has none
	Holidays map[string]string   `yaml:"holidays"` // what each is called, by its day: 2027-01-31
}

// Weekdays are the days' names in Hours, from Monday.
var Weekdays = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// Open says whether an officer can be reached at t. Hours that were checked are told by their words alone.
func (h Hours) Open(t time.Time) bool {
	t = t.In(zone())
	if _, off := h.Holidays[t.Format(time.DateOnly)]; off {
		return false
	}
	minute := t.Hour()*60 + t.Minute()
	for _, s := range h.Week[Weekdays[(int(t.Weekday())+6)%7]] {
		if from, to, err := span(s); err == nil && from <= minute && minute < to {
			return true
		}
	}
	return false
}

// span reads "07:00-11:30" as minutes of the day; 24:00 is its end.
func span(s string) (from, to int, err error) {
	a, b, _ := strings.Cut(s, "-")
	if from, err = minuteOfDay(a); err == nil {
		to, err = minuteOfDay(b)
	}
	if err == nil && from >= to {
		err = fmt.Errorf("%s ends before it begins", s)
	}
	return from, to, err
}

func minuteOfDay(s string) (int, error) {
	h, m, ok := strings.Cut(s, ":")
	hour, err1 := strconv.Atoi(h)
	minute, err2 := strconv.Atoi(m)
	if !ok || err1 != nil || err2 != nil || len(h) != 2 || len(m) != 2 || hour < 0 || minute < 0 || minute > 59 || hour*60+minute > 24*60 {
		return 0, fmt.Errorf("%q is no time of day", s)
	}
	return hour*60 + minute, nil
}

func (h Hours) check(c *found) {
	any := false
	for _, day := range slices.Sorted(maps.Keys(h.Week)) {
		c.at("hours." + day)
		if !slices.Contains(Weekdays, day) {
			c.add("bad_day", day, strings.Join(Weekdays, ", "))
			continue
		}
		last := 0
		for _, s := range h.Week[day] {
			from, to, err := span(s)
			if err != nil || from < last {
				c.add("bad_span", s)
				continue
			}
			last, any = to, true
		}
	}
	c.at("hours.week")
	if !any {
		c.add("no_hours")
	}
	c.at("hours.holidays")
	for _, day := range slices.Sorted(maps.Keys(h.Holidays)) {
		if _, err := time.Parse(time.DateOnly, day); err != nil {
			c.add("bad_holiday", day)
		}
	}
}
