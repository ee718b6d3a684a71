package console

import (
	"slices"

	"canhgiac/internal/days"
)

func operatorFigures() []figureOf {
	operator := []Role{Operator}
	return []figureOf{{"messages-carriers", operator, wholeWard, messageCarriers}, {"messages-failures", operator, wholeWard, messageFailures}}
}

// messageCarriers goes by the hour where a day or little more is asked for.
func messageCarriers(q *question) (Chart, error) {
	step := *q
	if q = &step; (days.Span{From: q.Span.From, To: q.Span.To, Step: days.Hour}).Hours() <= 48 {
		q.Span.Step = days.Hour
	}
	counts, err := q.Gateway.ByCarrier(q.r.Context(), q.Span.From, q.Span.To, q.Span.Step)
	if err != nil {
		return Chart{}, err
	}
	var names, marks []string
	for _, c := range counts {
		if !slices.Contains(names, c.Of) {
			names = append(names, c.Of)
		}
	}
	slices.Sort(names)
	for i := range names {
		marks = append(marks, []string{"c1", "c2", "c3", "c4", "c6"}[i%5])
	}
	if len(names) == 0 {
		names, marks = []string{"–"}, []string{"c1"}
	}
	t := q.series(counts, names, names, marks)
	sum, most := 0, 0
	for i := range names {
		sum += int(t.total(i))
	}
	for _, r := range t.Rows {
		here := 0.0
		for _, n := range r.N {
			here += n
		}
		most = max(most, int(here))
	}
	note, err := q.countedNote()
	return Chart{Kind: chartColumns, Title: q.say("statistics.messages_carriers"), Table: t, Note: note,
		Says: q.say("statistics.messages_carriers_says", "N", sum, "Most", most)}, err
}

func messageFailures(q *question) (Chart, error) {
	list, err := q.Gateway.Failures(q.r.Context(), q.Span.From, q.Span.To)
	if err != nil {
		return Chart{}, err
	}
	t := Table{Of: q.say("statistics.reason"), Columns: []Column{{Name: q.say("statistics.outcome.failed"), Mark: "failed"}}}
	for _, f := range list {
		t.Rows = append(t.Rows, Row{Label: f.Carrier + ": " + f.Reason, N: []float64{float64(f.N)}})
	}
	return Chart{Kind: chartBars, Title: q.say("statistics.messages_failures"), Table: t, Note: q.say("statistics.messages_failures_note"), Most: 12,
		Says: q.foremost("statistics.most_messages", t)}, nil
}
