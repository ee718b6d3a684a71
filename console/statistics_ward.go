package console

import (
	"strings"

	"canhgiac/internal/days"
	"canhgiac/ivr"
)

func wardFigures() []figureOf {
	ward := []Role{Ward}
	return []figureOf{
		{"messages-reach", ward, byUnit, messageReach}, {"messages-days", []Role{Ward, Operator}, byUnit, messageDays},
		{"residents-acts", ward, byUnit, residentActs}, {"messages-costs", ward, wholeWard, messageCosts}, {"visits-days", ward, wholeWard, visits},
	}
}

var outcomeNames = []string{"delivered", "accepted", "unknown", "failed"}

// outcomeWords are the four that the ward uses: what a carrier took is not yet what a phone has.
func (q *question) outcomeWords() (words []string) {
	return []string{q.say("statistics.outcome.delivered"), q.say("statistics.outcome.accepted"), q.say("statistics.outcome.unknown"), q.say("statistics.outcome.failed")}
}

// counted says when the messages were counted last.
func (q *question) countedNote() (string, error) {
	at, err := q.Gateway.CountedAt(q.r.Context())
	if err != nil || at.IsZero() {
		return "", err
	}
	return q.say("statistics.counted_at", "At", q.words.at(at)), nil
}

func messageDays(q *question) (Chart, error) {
	counts, err := q.Gateway.Outcomes(q.r.Context(), q.Span.From, q.Span.To, q.scope)
	if err != nil {
		return Chart{}, err
	}
	t := q.series(counts, outcomeNames, q.outcomeWords(), outcomeNames)
	sum, arrived := 0, int(t.total(0))
	for i := range outcomeNames {
		sum += int(t.total(i))
	}
	note, err := q.countedNote()
	return Chart{Kind: chartColumns, Title: q.say("statistics.messages_days"), Table: t, Note: note,
		Says: q.say("statistics.messages_days_says", "N", arrived, "Of", sum, "Part", q.words.pct(arrived, sum))}, err
}

// messageReach answers what the ward must prove: that something came to every group.
func messageReach(q *question) (Chart, error) {
	reach, err := q.Gateway.Reach(q.r.Context(), q.Span.From, q.Span.To)
	if err != nil {
		return Chart{}, err
	}
	t := Table{Of: q.say("residents.group"), Columns: []Column{{Name: q.say("statistics.outcome.delivered"), Mark: "delivered"}, {Name: q.say("statistics.handed_over"), Mark: "c6"}}}
	var missing []string
	for _, g := range q.Groups {
		if q.Unit != 0 && !q.scope.Has(g.ID) {
			continue
		}
		r := reach[g.ID]
		t.Rows = append(t.Rows, Row{Label: g.Name, N: []float64{float64(r.Delivered), float64(r.Sent)}})
		if r.Delivered == 0 {
			missing = append(missing, g.Name)
		}
	}
	said := q.say("statistics.reach_all", "N", len(t.Rows))
	if len(missing) > 0 {
		more := ""
		if len(missing) > 10 {
			more = "…"
			missing = missing[:10]
		}
		said = q.say("statistics.reach_some", "N", len(t.Rows)-q.none(t), "Of", len(t.Rows), "Part", q.words.pct(len(t.Rows)-q.none(t), len(t.Rows)), "Missing", strings.Join(missing, ", ")+more)
	}
	return Chart{Kind: chartTiles, Title: q.say("statistics.messages_reach"), Table: t, Says: said, Tile: q.reachTile, Note: q.say("statistics.reach_note")}, nil
}

// none counts the groups that nothing came to.
func (q *question) none(t Table) (n int) {
	for _, r := range t.Rows {
		if r.N[0] == 0 {
			n++
		}
	}
	return n
}

// reachTile says how much arrived; a phone that was off for days is no fault of the group's, so only where less than half
// arrived does somebody have to look.
func (q *question) reachTile(r Row) tileLook {
	arrived, sent := int(r.N[0]), int(r.N[1])
	switch {
	case sent == 0:
		return tileLook{"", q.say("statistics.reach.unsent")}
	case arrived == 0:
		return tileLook{"bad", q.say("statistics.reach.none")}
	case 2*arrived < sent:
		return tileLook{"part", q.say("statistics.reach.few", "Part", q.words.pct(arrived, sent))}
	}
	return tileLook{"good", q.say("statistics.reach.arrived", "Part", q.words.pct(arrived, sent))}
}

func residentActs(q *question) (Chart, error) {
	step := *q
	if q = &step; q.Span.Step == days.Day || q.Span.Step == days.Hour {
		q.Span.Step = days.Week
	}
	counts, err := q.Residents.OwnActs(q.r.Context(), q.Span.From, q.Span.To, q.scope)
	if err != nil {
		return Chart{}, err
	}
	t := q.series(counts, []string{"given", "withdrawn"}, []string{q.say("statistics.given"), q.say("statistics.withdrawn")}, []string{"c3", "c2"})
	return Chart{Kind: chartColumns, Title: q.say("statistics.residents_acts"), Table: t, Note: q.say("statistics.residents_acts_note"),
		Says: q.say("statistics.residents_acts_says", "Given", int(t.total(0)), "Withdrawn", int(t.total(1)))}, nil
}

func messageCosts(q *question) (Chart, error) {
	step := *q
	q = &step
	q.Span.Step = days.Month
	costs, unpriced, err := q.Gateway.Costs(q.r.Context(), q.Span.From, q.Span.To)
	if err != nil {
		return Chart{}, err
	}
	for i := range costs {
		costs[i].Of = "cost"
	}
	t := q.series(costs, []string{"cost"}, []string{q.say("statistics.cost")}, []string{"c1"})
	t.Columns[0].Form = asMoney
	note := q.say("statistics.messages_costs_note")
	if unpriced > 0 {
		note += " " + q.say("statistics.unpriced", "N", unpriced)
	}
	return Chart{Kind: chartColumns, Title: q.say("statistics.messages_costs"), Table: t, Note: note,
		Says: q.say("statistics.messages_costs_says", "Cost", q.words.money(int(t.total(0))))}, nil
}

func visits(q *question) (Chart, error) {
	ctx := q.r.Context()
	counts, err := ivr.Visits(ctx, q.DB, q.Span.From, q.Span.To)
	if err != nil {
		return Chart{}, err
	}
	texts, err := q.Gateway.InboundByDay(ctx, q.Span.From, q.Span.To)
	if err != nil {
		return Chart{}, err
	}
	t := q.series(append(counts, texts...), []string{"call", "sms", "ussd"},
		[]string{q.say("reports.origin.call"), q.say("reports.origin.sms"), q.say("reports.origin.ussd")}, []string{"c1", "c2", "c3"})
	return Chart{Kind: chartColumns, Title: q.say("statistics.visits"), Table: t,
		Says: q.say("statistics.visits_says", "Calls", int(t.total(0)), "Texts", int(t.total(1)), "USSD", int(t.total(2)))}, nil
}
