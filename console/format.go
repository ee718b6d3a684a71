package console

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"

	"canhgiac/schedules"
)

// forms are how one language writes figures and times. The separators and the percent sign are CLDR's by way of
// golang.org/x/text, which for Vietnamese agree with the General Statistics Office's tables: 1.234.567 and 12,5%. Days
// and months are ours, since x/text has no dates; all times are the ward's.
type forms struct {
	lang  string
	words *catalog
	print *message.Printer
	now   func() time.Time
}

func newForms(lang string, words *catalog, now func() time.Time) (*forms, error) {
	tag, err := language.Parse(lang)
	if err != nil {
		return nil, fmt.Errorf("console: forms of %s: %w", lang, err)
	}
	return &forms{lang, words, message.NewPrinter(tag), now}, nil
}

// num writes a count: 1.234.567, or with at most one place 12,3. What is a name and no count goes through id.
func (f *forms) num(n any) (string, error) {
	if v := reflect.ValueOf(n); !v.IsValid() || !(v.CanInt() || v.CanUint() || v.CanFloat()) {
		return "", fmt.Errorf("num: %T is no number", n)
	}
	return f.print.Sprint(number.Decimal(n, number.MaxFractionDigits(1))), nil
}

// id writes a number that is a name, a year or a campaign's, without separators: they would make it a count.
func (f *forms) id(n any) (string, error) {
	v := reflect.ValueOf(n)
	switch {
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10), nil
	case v.CanUint():
		return strconv.FormatUint(v.Uint(), 10), nil
	}
	return "", fmt.Errorf("id: %T is no whole number", n)
}

// pct writes part of whole with one place, or – where there is no whole. It is 100% and 0% only where nothing is missing
// and nothing is there: 2.999 of 3.000 are 99,9%, since the one that was not reached is the work that is left.
func (f *forms) pct(part, whole int) string {
	if whole == 0 {
		return "–"
	}
	tenths := math.Round(1000 * float64(part) / float64(whole))
	switch {
	case part < whole && tenths >= 1000:
		tenths = 999
	case part > 0 && tenths <= 0:
		tenths = 1
	}
	return f.print.Sprint(number.Percent(tenths/1000, number.MaxFractionDigits(1)))
}

// money writes an amount of đồng: 1.250.000 đ, 1,250,000 VND.
func (f *forms) money(dong int) string {
	unit := "VND"
	if f.lang == "vi" {
		unit = "đ"
	}
	return f.print.Sprint(number.Decimal(dong)) + "\u00a0" + unit
}

// bytes writes a size: 640 KB, 1,5 MB.
func (f *forms) bytes(n int64) string {
	size, unit := float64(n), 0
	units := []string{"B", "KB", "MB", "GB", "TB"}
	for size >= 1000 && unit < len(units)-1 {
		size, unit = size/1000, unit+1
	}
	places := 1
	if unit < 2 {
		places = 0
	}
	return f.print.Sprint(number.Decimal(size, number.MaxFractionDigits(places))) + "\u00a0" + units[unit]
}

// in gives the layout of f's language; the zero time is "", which a page shows as nothing.
func (f *forms) in(t time.Time, vi, en string) string {
	if t.IsZero() {
		return ""
	}
	if f.lang == "vi" {
		return clock(t, vi)
	}
	return clock(t, en)
}

// clock shows t as a wall clock in the ward shows it.
func clock(t time.Time, layout string) string {
	if t.IsZero() {
		return ""
	}
	return t.In(schedules.Zone()).Format(layout)
}

func (f *forms) at(t time.Time) string { return f.in(t, "15:04, 02/01/2006", "15:04, 2 Jan 2006") }
func (f *forms) atSec(t time.Time) string {
	return f.in(t, "15:04:05 02/01/2006", "15:04:05, 2 Jan 2006")
}
func (f *forms) date(t time.Time) string  { return f.in(t, "02/01/2006", "2 Jan 2006") }
func (f *forms) short(t time.Time) string { return f.in(t, "02/01", "2 Jan") }
func (f *forms) month(t time.Time) string { return f.in(t, "01/2006", "Jan 2006") }

var dayNames = [...]string{"form.day.0", "form.day.1", "form.day.2", "form.day.3", "form.day.4", "form.day.5", "form.day.6"}

// day names the day of the week too: Thứ Hai, 23/11. A year that is not this one stands with it.
func (f *forms) day(t time.Time) (string, error) {
	if t.IsZero() {
		return "", nil
	}
	name, err := f.words.text(dayNames[t.In(schedules.Zone()).Weekday()])
	if err != nil {
		return "", err
	}
	if t.Year() != f.now().In(schedules.Zone()).Year() {
		return name + ", " + f.date(t), nil
	}
	return name + ", " + f.short(t), nil
}
