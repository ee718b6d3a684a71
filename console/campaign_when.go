package console

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// whenView is a cron expression as an officer chooses and reads it: every day, on days of the week, or, for the few who
// need more, the expression itself.
type whenView struct {
	Kind string // daily, weekly, minute (only shown, never offered) or cron
	Time string // "08:00"
	Days map[string]bool
	Cron string
}

// weekdays in the order of a Vietnamese week, as cron numbers them.
var weekdays = []string{"1", "2", "3", "4", "5", "6", "0"}

var simpleCron = regexp.MustCompile(`^([0-9]{1,2}) ([0-9]{1,2}) \* \* (\*|[0-7](?:,[0-7])*)$`)

func whenOf(cron string) whenView {
	v := whenView{Kind: "cron", Time: "08:00", Days: map[string]bool{}, Cron: cron}
	if cron == "* * * * *" {
		v.Kind = "minute"
		return v
	}
	m := simpleCron.FindStringSubmatch(cron)
	if m == nil {
		return v
	}
	minute, _ := strconv.Atoi(m[1])
	hour, _ := strconv.Atoi(m[2])
	v.Time = fmt.Sprintf("%02d:%02d", hour, minute)
	if m[3] == "*" {
		v.Kind = "daily"
		return v
	}
	v.Kind = "weekly"
	for _, d := range strings.Split(m[3], ",") {
		if d == "7" {
			d = "0"
		}
		v.Days[d] = true
	}
	return v
}

// cron writes what was chosen; "" when that is nothing that cron could say.
func (v whenView) cron() string {
	if v.Kind == "cron" {
		return v.Cron
	}
	if v.Kind == "minute" {
		return "* * * * *"
	}
	if !timeOfDay(v.Time) {
		return ""
	}
	hour, _ := strconv.Atoi(v.Time[:2])
	minute, _ := strconv.Atoi(v.Time[3:])
	days := "*"
	if v.Kind == "weekly" {
		days = strings.Join(v.Chosen(), ",")
		if days == "" {
			return ""
		}
	}
	return fmt.Sprintf("%d %d * * %s", minute, hour, days)
}

// Chosen gives the days in the order of the week.
func (v whenView) Chosen() []string {
	var days []string
	for _, d := range weekdays {
		if v.Days[d] {
			days = append(days, d)
		}
	}
	return days
}

// Week is for the form's checkboxes.
func (v whenView) Week() []string { return weekdays }

var hourMinute = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)

func timeOfDay(s string) bool { return hourMinute.MatchString(s) }

var spokenTime = regexp.MustCompile(`^\s*([0-9]{1,2})\s*(?::|h|g|giờ|\.)\s*([0-9]{2})?\s*$`)

// readTime writes "8:00", "8h" and "8 giờ 30" as "08:00" and "08:30"; what it cannot read stays as it was typed. A browser's
// own time field would show an English machine's AM and PM.
func readTime(s string) string {
	m := spokenTime.FindStringSubmatch(s)
	if m == nil {
		return s
	}
	hour, _ := strconv.Atoi(m[1])
	minute := m[2]
	if minute == "" {
		minute = "00"
	}
	return fmt.Sprintf("%02d:%s", hour, minute)
}
