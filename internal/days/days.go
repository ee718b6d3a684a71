// Package days reads what the rooms counted by day or hour, and folds it into the days, weeks or months of a page.
package days

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Count is how many there were of one sort on one day, or in one hour.
type Count struct {
	At time.Time // where the day or hour begins
	Of string
	N  int
}

// SQL gives the midnight of the ward that begins the day of a timestamptz column. The ward's clock has been seven hours ahead
// since 1975, without a summer time; date_trunc with the zone's name says the same many times slower.
func SQL(column string) string { return `date_bin('1 day', ` + column + `, '2000-01-01 00:00:00+07')` }

// Read runs a query that gives a timestamptz, a name and a count. what names the thing in an error.
func Read(ctx context.Context, db *sql.DB, what, query string, args ...any) ([]Count, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("count %s: %w", what, err)
	}
	defer rows.Close()
	var list []Count
	for rows.Next() {
		var c Count
		if err := rows.Scan(&c.At, &c.Of, &c.N); err != nil {
			return nil, fmt.Errorf("count %s: %w", what, err)
		}
		list = append(list, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("count %s: %w", what, err)
	}
	return list, nil
}

// Step is what one place of a series holds.
type Step string

const (
	Hour  Step = "hour"
	Day   Step = "day"
	Week  Step = "week" // from Monday
	Month Step = "month"
)

// Begin is where the step that holds t begins, by the clock of t.
func (s Step) Begin(t time.Time) time.Time {
	y, m, d := t.Date()
	switch s {
	case Hour:
		return time.Date(y, m, d, t.Hour(), 0, 0, 0, t.Location())
	case Week:
		return time.Date(y, m, d-(int(t.Weekday())+6)%7, 0, 0, 0, 0, t.Location())
	case Month:
		return time.Date(y, m, 1, 0, 0, 0, 0, t.Location())
	}
	return time.Date(y, m, d, 0, 0, 0, 0, t.Location())
}

func (s Step) next(t time.Time) time.Time {
	switch s {
	case Hour:
		return t.Add(time.Hour)
	case Week:
		return t.AddDate(0, 0, 7)
	case Month:
		return t.AddDate(0, 1, 0)
	}
	return t.AddDate(0, 0, 1)
}

// Span is the time from From until To, which it does not hold, divided into steps. Both are midnights of the ward.
type Span struct {
	From, To time.Time
	Step     Step
}

// Begins gives where each step of the span begins: those without anything too, since a day on which nothing came is a fact.
// The first begins with the span, though its week or month began before.
func (s Span) Begins() []time.Time {
	var list []time.Time
	for t := s.Step.Begin(s.From); t.Before(s.To); t = s.Step.next(t) {
		if t.Before(s.From) {
			list = append(list, s.From)
		} else {
			list = append(list, t)
		}
	}
	return list
}

// Fold sums counts into the span's steps, a row for each and in it a place for each name of of. Other names are left out.
func (s Span) Fold(counts []Count, of ...string) [][]int {
	begins := s.Begins()
	at := make(map[time.Time]int, len(begins))
	for i, t := range begins {
		at[s.Step.Begin(t).UTC()] = i
	}
	column := map[string]int{}
	for i, name := range of {
		column[name] = i
	}
	rows := make([][]int, len(begins))
	for i := range rows {
		rows[i] = make([]int, len(of))
	}
	for _, c := range counts {
		row, known := at[s.Step.Begin(c.At.In(s.From.Location())).UTC()]
		if i, named := column[c.Of]; known && named {
			rows[row][i] += c.N
		}
	}
	return rows
}

// Hours is how long the span is.
func (s Span) Hours() int { return int(s.To.Sub(s.From) / time.Hour) }
