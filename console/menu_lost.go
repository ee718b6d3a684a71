package console

import (
	"slices"
	"time"

	"canhgiac/ivr"
)

const (
	lostShown = 5
	longWords = 20 * time.Second // words that the ear does not keep
)

// lost are the nodes at which most go astray of those who come, in words. A node that fewer than leastInPercent came to says
// nothing yet.
func (q *walk) lost() (all []lostAt) {
	var nodes []ivr.WalkedNode
	for _, n := range q.Nodes {
		if n.Astray > 0 && n.Came >= leastInPercent {
			nodes = append(nodes, n)
		}
	}
	slices.SortStableFunc(nodes, func(a, b ivr.WalkedNode) int { return b.Astray*a.Came - a.Astray*b.Came })
	for _, n := range nodes[:min(lostShown, len(nodes))] {
		all = append(all, lostAt{Name: q.named(n), Advice: q.say(advice(n), "Seconds", int(n.Length.Seconds())),
			Says: q.say("menu_funnel.lost_says", "Part", q.part(n.Astray, n.Came), "Left", n.Left, "Wrong", n.Wrong, "Failed", n.Failed)})
	}
	return all
}

// advice is what may help where most of the lost were lost in one way.
func advice(n ivr.WalkedNode) string {
	switch {
	case n.Officer:
		return "menu_funnel.advice.officer"
	case n.Wrong >= n.Left && n.Wrong >= n.Failed:
		return "menu_funnel.advice.wrong"
	case n.Failed > n.Left:
		return "menu_funnel.advice.silent"
	case n.Length >= longWords:
		return "menu_funnel.advice.long"
	}
	return "menu_funnel.advice.left"
}
