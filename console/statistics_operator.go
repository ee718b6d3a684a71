package console

import (
	"math"
	"slices"

	"canhgiac/gateway"
	"canhgiac/internal/days"
)

func operatorFigures() []figureOf {
	operator := []Role{Operator}
	return []figureOf{{"messages-carriers", operator, wholeWard, messageCarriers}, {"messages-waits", operator, wholeWard, messageWaits},
		{"messages-failures", operator, wholeWard, messageFailures}}
}

// hourly goes by the hour where a day or little more is asked for.
func (q *question) hourly() *question {
	step := *q
	if (days.Span{From: q.Span.From, To: q.Span.To, Step: days.Hour}).Hours() <= 48 {
		step.Span.Step = days.Hour
	}
	return &step
}

func messageCarriers(q *question) (Chart, error) {
	q = q.hourly()
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

// messageWaits tells of single messages, of the latest: how long each waited in the queue.
func messageWaits(q *question) (Chart, error) {
	q = q.hourly()
	list, err := q.Gateway.Waits(q.r.Context(), q.Span.From, q.Span.To, q.Span.Step)
	if err != nil {
		return Chart{}, err
	}
	t := Table{Of: q.say("statistics.step." + string(q.Span.Step)), Rows: q.steps(), Columns: []Column{
		{Name: q.say("statistics.median"), Form: asSpan, Mark: "c1"}, {Name: q.say("statistics.slow"), Form: asSpan, Mark: "c2"}, {Name: q.say("statistics.submitted")}}}
	at := map[int64]int{}
	for i, begin := range q.Span.Begins() {
		at[q.Span.Step.Begin(begin).Unix()] = i
		t.Rows[i].N = []float64{math.NaN(), math.NaN(), 0}
	}
	sum := 0
	for _, w := range list {
		t.Rows[at[w.Begin.Unix()]].N = []float64{w.Median.Seconds(), w.Slow.Seconds(), float64(w.N)}
		sum += w.N
	}
	return Chart{Kind: chartLine, Title: q.say("statistics.messages_waits"), Table: t, Says: q.say("statistics.messages_waits_says", "N", sum),
		Note: q.say("statistics.messages_waits_note", "N", gateway.WaitsSample)}, nil
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
