package console

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"canhgiac/internal/days"
	"canhgiac/reports"
	"canhgiac/residents"
	"canhgiac/schedules"
)

// statisticsPages show what was counted: each figure is one query, which is drawn, listed and given as a file.
func (c *Console) statisticsPages(r *mux.Router) {
	c.page(r, "GET", "/statistics", everyone, c.statistics)
	for _, f := range c.figures() {
		c.page(r, "GET", "/statistics/"+f.name+".csv", f.roles, func(w http.ResponseWriter, r *http.Request) error { return c.statisticsFile(w, r, f) })
	}
	c.addNav("/statistics", "nav.statistics", everyone...)
	c.addWay("/statistics", "nav.statistics", "home.statistics", nil, everyone...)
}

// figureOf is one figure of the page and who may see it.
type figureOf struct {
	name  string // its address as a file
	roles []Role
	of    grain
	chart func(q *question) (Chart, error)
}

// grain is how finely a figure is kept. What is kept for the whole ward alone (a bill, a call from a number of nobody's) is
// not shown to who looks after a part of it, and says so to who chose one.
type grain bool

const (
	byUnit    grain = true
	wholeWard grain = false
)

// seenIn tells whether an account with this scope sees the figure.
func (f figureOf) seenIn(scope residents.Scope) bool { return f.of == byUnit || scope == nil }

func (c *Console) figures() []figureOf {
	return append(append(policeFigures(), wardFigures()...), operatorFigures()...)
}

// question is what a page of statistics was asked: of when, by what step, of whom. It keeps what several figures share.
type question struct {
	*Console
	r      *http.Request
	words  *catalog
	Span   days.Span
	Unit   int64 // 0 is all that the user may see
	Groups []residents.Unit
	scope  residents.Scope
	failed *error // the first text that is missing; copies share it

	counted *reports.Statistics
}

// say gives a text of the catalogs; a missing one fails the page at its end.
func (q *question) say(key string, pairs ...any) string {
	s, err := q.words.text(key, pairs...)
	q.noted(err)
	return s
}

func (q *question) noted(err error) {
	if *q.failed == nil {
		*q.failed = err
	}
}

const (
	mostSteps = 31  // of one series: more columns are thinner than a finger, and a page of them is heavy
	mostDays  = 800 // two years and a bit
)

// ask reads the form. What no page offers is an error of the form; a step too fine for the time becomes the next one.
func (c *Console) ask(r *http.Request) (*question, error) {
	q := &question{Console: c, r: r, words: c.catalogs[c.langOf(r)], failed: new(error)}
	v := r.URL.Query()
	y, m, d := c.Now().In(schedules.Zone()).Date()
	tomorrow := time.Date(y, m, d+1, 0, 0, 0, 0, schedules.Zone())
	q.Span = days.Span{From: tomorrow.AddDate(0, 0, -30), To: tomorrow, Step: days.Step(v.Get("by"))}
	for name, to := range map[string]*time.Time{"from": &q.Span.From, "to": &q.Span.To} {
		if v.Get(name) == "" {
			continue
		}
		t, err := time.ParseInLocation(time.DateOnly, v.Get(name), schedules.Zone())
		if err != nil || t.Year() < 2000 || t.Year() > 2200 {
			return nil, errBadForm
		}
		if *to = t; name == "to" {
			*to = t.AddDate(0, 0, 1) // the last day is meant too
		}
	}
	length := q.Span.To.Sub(q.Span.From)
	if length <= 0 || length > mostDays*24*time.Hour {
		return nil, problem{http.StatusUnprocessableEntity, "error.period"}
	}
	switch q.Span.Step {
	case "":
		q.Span.Step = days.Day
	case days.Hour, days.Day, days.Week, days.Month:
	default:
		return nil, errBadForm
	}
	for _, coarser := range []days.Step{days.Day, days.Week, days.Month} {
		if len(q.Span.Begins()) > mostSteps {
			q.Span.Step = coarser
		}
	}
	if u := v.Get("unit"); u != "" {
		var err error
		if q.Unit, err = strconv.ParseInt(u, 10, 64); err != nil {
			return nil, errBadForm
		}
	}
	return q, c.askUnits(q)
}

// askUnits is where a page of statistics is held to the units that its reader may see.
func (c *Console) askUnits(q *question) error {
	ctx := q.r.Context()
	q.scope = scopeOf(ctx)
	ward, err := c.Residents.Ward(ctx)
	if err != nil {
		return nil // no ward yet: there are no groups to choose from, and nothing was counted
	}
	groups, err := c.Residents.Groups(ctx, ward.ID)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if q.scope.Has(g.ID) {
			q.Groups = append(q.Groups, g)
		}
	}
	if q.Unit == 0 {
		return nil
	}
	if !q.scope.Has(q.Unit) {
		return errNoPage
	}
	q.scope, err = c.Residents.ScopeOf(ctx, q.Unit)
	return err
}

// last is the last day that the span holds.
func (q *question) last() time.Time { return q.Span.To.AddDate(0, 0, -1) }

// Address gives the page's address with other values: of the form, or of a file.
func (q *question) address(path string, from time.Time, step days.Step) string {
	v := url.Values{"from": {from.Format(time.DateOnly)}, "to": {q.last().Format(time.DateOnly)}, "by": {string(step)}}
	if q.Unit != 0 {
		v.Set("unit", strconv.FormatInt(q.Unit, 10))
	}
	return path + "?" + v.Encode()
}

type statisticsData struct {
	From, To string // for the form
	Of       string // the time in words
	Step     string
	Steps    []string
	Unit     int64
	Groups   []residents.Unit
	Ways     []periodWay
	Charts   []drawing
	Now      time.Time // when it was printed
	Whole    bool      // the reader sees the whole ward
}

// periodWay is a link to a usual time.
type periodWay struct {
	Key, To string
	Here    bool
}

// Which times are a press away; the step is the one that shows most without crowding.
var usualPeriods = []struct {
	key  string
	days int
	step days.Step
}{{"statistics.period.7", 7, days.Day}, {"statistics.period.30", 30, days.Day}, {"statistics.period.90", 90, days.Week}, {"statistics.period.365", 365, days.Month}}

func (c *Console) statistics(w http.ResponseWriter, r *http.Request) error {
	q, err := c.ask(r)
	if err != nil {
		return err
	}
	words := q.words
	d := statisticsData{From: q.Span.From.Format(time.DateOnly), To: q.last().Format(time.DateOnly), Step: string(q.Span.Step), Unit: q.Unit, Groups: q.Groups, Now: c.Now(), Whole: scopeOf(r.Context()) == nil,
		Of: q.say("statistics.of", "From", words.date(q.Span.From), "To", words.date(q.last()))}
	for _, step := range []days.Step{days.Hour, days.Day, days.Week, days.Month} {
		if step != days.Hour || userOf(r).Role == Operator {
			d.Steps = append(d.Steps, string(step))
		}
	}
	y, m, day := c.Now().In(schedules.Zone()).Date()
	today := time.Date(y, m, day, 0, 0, 0, 0, schedules.Zone())
	whole := *q
	whole.Span.To = today.AddDate(0, 0, 1)
	for _, p := range usualPeriods {
		from := today.AddDate(0, 0, 1-p.days)
		d.Ways = append(d.Ways, periodWay{p.key, whole.address("/statistics", from, p.step), q.Span.From.Equal(from) && q.last().Equal(today)})
	}
	for _, f := range c.figures() {
		if !has(f.roles, userOf(r).Role) || !f.seenIn(scopeOf(r.Context())) {
			continue
		}
		ch, err := f.chart(q)
		if err != nil {
			return err
		}
		ch.Name = f.name
		if q.Unit != 0 && f.of == wholeWard {
			ch.Note = strings.TrimSpace(q.say("statistics.whole_ward") + " " + ch.Note)
		}
		one, err := words.draw(ch, q.address("/statistics/"+f.name+".csv", q.Span.From, q.Span.Step))
		if err != nil {
			return err
		}
		d.Charts = append(d.Charts, one)
	}
	if *q.failed != nil {
		return *q.failed
	}
	return c.render(w, r, "statistics", d)
}

// statisticsFile gives one figure's table. It holds counts and no person, and leaves an audit row like every export.
func (c *Console) statisticsFile(w http.ResponseWriter, r *http.Request, f figureOf) error {
	if !f.seenIn(scopeOf(r.Context())) {
		return errNoPage
	}
	q, err := c.ask(r)
	if err != nil {
		return err
	}
	ch, err := f.chart(q)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%s-%s_%s", q.say("statistics.file."+strings.ReplaceAll(f.name, "-", "_")), q.Span.From.Format(time.DateOnly), q.last().Format(time.DateOnly))
	if *q.failed != nil {
		return *q.failed
	}
	if err := c.audit(r.Context(), c.DB, r, "statistics.export", "statistics:"+f.name, r.URL.RawQuery); err != nil {
		return err
	}
	return c.sendFile(w, r, ch.Table, name)
}

// steps gives a row for each step of the span, without its figures.
func (q *question) steps() []Row {
	var rows []Row
	for _, t := range q.Span.Begins() {
		rows = append(rows, q.step(t))
	}
	return rows
}

func (q *question) step(t time.Time) Row {
	switch q.Span.Step {
	case days.Hour:
		return Row{Label: q.words.at(t), Short: clock(t, "15:04")}
	case days.Week:
		return Row{Label: q.say("statistics.week", "Day", q.words.date(t)), Short: q.words.short(t)}
	case days.Month:
		return Row{Label: q.say("statistics.month", "Month", q.words.month(t)), Short: q.words.month(t)}
	}
	day, err := q.words.day(t)
	q.noted(err)
	return Row{Label: day, Short: q.words.short(t)}
}

// series makes a table of counts over time: a column for each of names, headed and coloured by heads and marks.
func (q *question) series(counts []days.Count, names, heads, marks []string) Table {
	t := Table{Of: q.say("statistics.step." + string(q.Span.Step)), Rows: q.steps()}
	for i := range names {
		t.Columns = append(t.Columns, Column{Name: heads[i], Mark: marks[i]})
	}
	for i, row := range q.Span.Fold(counts, names...) {
		for _, n := range row {
			t.Rows[i].N = append(t.Rows[i].N, float64(n))
		}
	}
	return t
}
