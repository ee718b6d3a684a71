package console

import (
	"fmt"
	"math"
	"strconv"

	"canhgiac/internal/days"
	"canhgiac/reports"
	"canhgiac/schedules"
)

func policeFigures() []figureOf {
	police := []Role{Police}
	return []figureOf{
		{"reports-days", police, byUnit, reportDays}, {"reports-waits", police, byUnit, reportWaits}, {"reports-kinds", police, byUnit, reportKinds},
		{"reports-bands", police, byUnit, reportBands}, {"reports-origins", police, byUnit, reportOrigins}, {"reports-hours", police, byUnit, reportHours},
		{"reports-units", police, byUnit, reportUnits}, {"reports-numbers", police, byUnit, reportNumbers},
	}
}

// reported counts the reports once for all figures of the page.
func (q *question) reported() (reports.Statistics, error) {
	if q.counted == nil {
		st, err := q.Reports.Statistics(q.r.Context(), q.Span.From, q.Span.To, q.scope)
		if err != nil {
			return st, err
		}
		q.counted = &st
	}
	return *q.counted, nil
}

func reportDays(q *question) (Chart, error) {
	st, err := q.reported()
	if err != nil {
		return Chart{}, err
	}
	names, marks := []string{"1", "2", "3", "4", "5"}, []string{"u1", "u2", "u3", "u4", "u5"}
	var heads []string
	urgent := 0
	for _, name := range names {
		heads = append(heads, q.say("reports.urgency."+name))
	}
	for _, d := range st.Days {
		if d.Of == "1" || d.Of == "2" {
			urgent += d.N
		}
	}
	return Chart{Kind: chartColumns, Title: q.say("statistics.reports_days"), Table: q.series(st.Days, names, heads, marks),
		Says: q.say("statistics.reports_days_says", "N", st.Total, "Urgent", urgent), Note: q.say("statistics.reports_note")}, nil
}

// listed makes a table of one count for each of a list of things that have an order of their own.
func (q *question) listed(of, mark string, labels []string, counts []int) Table {
	t := Table{Of: of, Columns: []Column{{Name: q.say("nav.reports"), Mark: mark}}}
	for i, label := range labels {
		t.Rows = append(t.Rows, Row{Label: label, N: []float64{float64(counts[i])}})
	}
	return t
}

// foremost names the row that has most, with its figure and its part of all.
func (q *question) foremost(key string, t Table) string {
	best, sum := 0, t.total(0)
	for i, r := range t.Rows {
		if r.N[0] > t.Rows[best].N[0] {
			best = i
		}
	}
	if sum == 0 {
		return ""
	}
	top := t.Rows[best]
	return q.say(key, "Name", top.Label, "N", int(top.N[0]), "Of", int(sum), "Part", q.words.pct(int(top.N[0]), int(sum)))
}

func reportKinds(q *question) (Chart, error) {
	st, err := q.reported()
	if err != nil {
		return Chart{}, err
	}
	var labels []string
	var counts []int
	for _, k := range q.kinds() {
		labels, counts = append(labels, k.Label), append(counts, st.Kinds[k.Key])
	}
	labels, counts = append(labels, q.say("reports.kind_unknown")), append(counts, st.Kinds[0])
	t := q.listed(q.say("reports.col_kind"), "c1", labels, counts)
	return Chart{Kind: chartBars, Title: q.say("statistics.reports_kinds"), Table: t, Says: q.foremost("statistics.most", t), Most: len(labels)}, nil
}

func reportBands(q *question) (Chart, error) {
	st, err := q.reported()
	if err != nil {
		return Chart{}, err
	}
	var labels []string
	var counts []int
	for _, band := range []int{1, 2, 3, 4, 5} {
		labels, counts = append(labels, q.say("reports.band."+strconv.Itoa(band))), append(counts, st.Bands[band])
	}
	labels, counts = append(labels, q.say("reports.unsaid")), append(counts, st.Bands[0])
	t := q.listed(q.say("reports.col_band"), "c5", labels, counts)
	return Chart{Kind: chartBars, Title: q.say("statistics.reports_bands"), Table: t, Says: q.say("statistics.reports_bands_says", "N", int(t.total(0)), "Of", st.Total)}, nil
}

func reportOrigins(q *question) (Chart, error) {
	st, err := q.reported()
	if err != nil {
		return Chart{}, err
	}
	var labels []string
	var counts []int
	for _, origin := range []string{"call", "sms", "ussd", "api"} {
		labels, counts = append(labels, q.say("reports.origin."+origin)), append(counts, st.Origins[origin])
	}
	t := q.listed(q.say("reports.column.origin"), "c1", labels, counts)
	return Chart{Kind: chartShare, Title: q.say("statistics.reports_origins"), Table: t, Says: q.foremost("statistics.most", t)}, nil
}

func reportHours(q *question) (Chart, error) {
	st, err := q.reported()
	if err != nil {
		return Chart{}, err
	}
	t := Table{Of: q.say("statistics.step.hour"), Columns: []Column{{Name: q.say("nav.reports"), Mark: "c1"}}}
	night := 0
	for hour := range 24 {
		t.Rows = append(t.Rows, Row{Label: fmt.Sprintf("%02d:00–%02d:59", hour, hour), Short: q.say("statistics.hour", "N", hour), N: []float64{float64(st.Hours[hour])}})
		if hour < 7 || hour >= 17 {
			night += st.Hours[hour]
		}
	}
	return Chart{Kind: chartColumns, Title: q.say("statistics.reports_hours"), Table: t,
		Says: q.say("statistics.reports_hours_says", "N", night, "Part", q.words.pct(night, st.Total))}, nil
}

func reportUnits(q *question) (Chart, error) {
	st, err := q.reported()
	if err != nil {
		return Chart{}, err
	}
	var labels []string
	var counts []int
	known := 0
	for _, g := range q.Groups {
		if q.Unit == 0 || q.Unit == g.ID {
			labels, counts = append(labels, g.Name), append(counts, st.Units[g.ID])
			known += st.Units[g.ID]
		}
	}
	labels, counts = append(labels, q.say("statistics.no_group")), append(counts, st.Total-known)
	t := q.listed(q.say("residents.group"), "c1", labels, counts)
	return Chart{Kind: chartBars, Title: q.say("statistics.reports_units"), Table: t, Says: q.foremost("statistics.most", t), Most: 12, Note: q.say("statistics.most_drawn", "N", 12)}, nil
}

func reportWaits(q *question) (Chart, error) {
	step := *q
	if step.Span.Step == days.Day || step.Span.Step == days.Hour {
		step.Span.Step = days.Week // a day has too few reports for a median
	}
	q = &step
	list, err := q.Reports.Receptions(q.r.Context(), q.Span.From, q.Span.To, q.Span.Step, q.scope)
	if err != nil {
		return Chart{}, err
	}
	t := Table{Of: q.say("statistics.step." + string(q.Span.Step)), Rows: q.steps(), Columns: []Column{
		{Name: q.say("statistics.median"), Form: asSpan, Mark: "c1"}, {Name: q.say("statistics.slow"), Form: asSpan, Mark: "c2"},
		{Name: q.say("statistics.received")}, {Name: q.say("statistics.waiting")}}}
	at := map[int64]int{}
	for i, begin := range q.Span.Begins() {
		at[q.Span.Step.Begin(begin).Unix()] = i
		t.Rows[i].N = []float64{math.NaN(), math.NaN(), 0, 0}
	}
	received, waiting := 0, 0
	for _, r := range list {
		row := &t.Rows[at[days.Step(q.Span.Step).Begin(r.Begin.In(schedules.Zone())).Unix()]]
		if r.Received > 0 {
			row.N[0], row.N[1] = r.Median.Seconds(), r.Slow.Seconds()
		}
		row.N[2], row.N[3] = float64(r.Received), float64(r.Waiting)
		received, waiting = received+r.Received, waiting+r.Waiting
	}
	return Chart{Kind: chartLine, Title: q.say("statistics.reports_waits"), Table: t,
		Says: q.say("statistics.reports_waits_says", "N", received, "Waiting", waiting), Note: q.say("statistics.reports_waits_note")}, nil
}

// reportNumbers is a table by itself: the number is what an officer compares.
func reportNumbers(q *question) (Chart, error) {
	list, err := q.Reports.MostNamed(q.r.Context(), q.Span.From, q.Span.To, q.scope)
	if err != nil {
		return Chart{}, err
	}
	t := Table{Of: q.say("reports.col_scam"), Columns: []Column{{Name: q.say("nav.reports"), Mark: "c1"}}}
	for _, n := range list {
		t.Rows = append(t.Rows, Row{Label: n.Number, N: []float64{float64(n.N)}})
	}
	return Chart{Kind: chartBars, Title: q.say("statistics.reports_numbers"), Table: t, Note: q.say("statistics.reports_numbers_note")}, nil
}
