package schedules

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Cron is a checked cron expression: minute, hour, day of month, month, day of week, in Asia/Ho_Chi_Minh.
type Cron struct {
	expr string
	spec cron.Schedule
}

// The fields of a cron expression, as CronError names them.
const (
	FieldCount      = "fields" // not five of them
	FieldMinute     = "minute"
	FieldHour       = "hour"
	FieldDayOfMonth = "day of month"
	FieldMonth      = "month"
	FieldDayOfWeek  = "day of week"
)

// CronError says which field of an expression is wrong, so that a form can put its words there.
type CronError struct {
	Expr  string
	Field string // one of the Field constants
	Value string // what stands in the field
	Err   error
}

func (e *CronError) Error() string {
	return fmt.Sprintf("cron %q: %s %q: %v", e.Expr, e.Field, e.Value, e.Err)
}

func (e *CronError) Unwrap() error { return e.Err }

// ErrNeverDue is the cause when every field is right but no day is, as on 30 February.
var ErrNeverDue = errors.New("never comes due")

// ParseCron reads five fields. Seconds, "@daily" and "TZ=" are refused: one way to write a time is enough for the reader.
// A wrong expression gives a *CronError.
func ParseCron(expr string) (Cron, error) {
	names := []string{FieldMinute, FieldHour, FieldDayOfMonth, FieldMonth, FieldDayOfWeek}
	fields := strings.Fields(expr)
	if len(fields) != len(names) {
		return Cron{}, &CronError{expr, FieldCount, expr, fmt.Errorf("want 5 (minute hour day-of-month month day-of-week), found %d", len(fields))}
	}
	parser := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)
	for i, f := range fields {
		// The library does not say which field it tripped over, so each is tried alone among stars.
		alone := []string{"*", "*", "*", "*", "*"}
		alone[i] = f
		if _, err := parser.Parse(strings.Join(alone, " ")); err != nil {
			return Cron{}, &CronError{expr, names[i], f, err}
		}
	}
	spec, err := parser.Parse(strings.Join(fields, " "))
	if err != nil {
		return Cron{}, &CronError{expr, FieldCount, expr, err}
	}
	c := Cron{expr: strings.Join(fields, " "), spec: spec}
	if c.Next(time.Date(2024, 1, 1, 0, 0, 0, 0, zone)).IsZero() { // the five years ahead hold a 29 February
		return Cron{}, &CronError{expr, FieldDayOfMonth, fields[2], ErrNeverDue}
	}
	return c, nil
}

// String gives the expression, its spaces folded.
func (c Cron) String() string { return c.expr }

// Next is the first due time after t, or the zero time when none comes within five years.
func (c Cron) Next(t time.Time) time.Time {
	next := c.spec.Next(t.In(zone))
	if next.IsZero() {
		return next
	}
	return next.UTC()
}

// NextN gives the first n due times after t, for a page that shows them before anybody approves.
func (c Cron) NextN(t time.Time, n int) []time.Time {
	var due []time.Time
	for range n {
		if t = c.Next(t); t.IsZero() {
			break
		}
		due = append(due, t)
	}
	return due
}
