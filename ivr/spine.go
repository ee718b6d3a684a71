package ivr

import (
	"maps"
	"slices"
)

// callSpine and ussdSpine are the steps that nobody passes by on the way from the beginning to a report sent, in their order:
// what a page draws as a funnel. They come from the menu, so that a ward that orders it otherwise sees its own.
func (m *Menu) callSpine() []string {
	ways, goal := map[string][]string{}, ""
	for _, name := range slices.Sorted(maps.Keys(m.Call.Nodes)) {
		n := m.Call.Nodes[name]
		to := []string{n.Other, n.Silence, n.Next}
		for _, mv := range n.Keys {
			to, goal = follow(to, goal, mv)
		}
		if n.Number != nil {
			to = append(to, n.Number.Goto, n.Number.Odd, n.Number.Skip)
		}
		ways[name] = to
	}
	return spine(m.Call.Start, goal, ways)
}

func (m *Menu) ussdSpine() []string {
	ways, goal := map[string][]string{}, ""
	for _, name := range slices.Sorted(maps.Keys(m.USSD.Nodes)) {
		n := m.USSD.Nodes[name]
		var to []string
		for _, mv := range n.Keys {
			to, goal = follow(to, goal, mv)
		}
		if n.Number != nil {
			to = append(to, n.Number.Goto, n.Number.Odd)
		}
		ways[name] = to
	}
	return spine(m.USSD.Start, goal, ways)
}

// follow adds where a key leads. To go on with a report that broke off is no way through the questions.
func follow(to []string, goal string, mv move) ([]string, string) {
	switch mv.Do {
	case "resume":
		return to, goal
	case "send":
		goal = mv.Goto
	}
	return append(to, mv.Goto), goal
}

// spine is every node without which goal is out of reach, the nearest to start first.
func spine(start, goal string, ways map[string][]string) []string {
	var all []string
	for _, name := range reachable(start, "", ways) {
		if name == goal || name == start || !slices.Contains(reachable(start, name, ways), goal) {
			all = append(all, name)
		}
	}
	if !slices.Contains(all, goal) {
		return nil
	}
	return all
}

// reachable is every node that start leads to without passing through closed, the nearest first.
func reachable(start, closed string, ways map[string][]string) []string {
	seen, queue := map[string]bool{"": true, closed: true, start: true}, []string{start}
	for i := 0; i < len(queue); i++ {
		for _, to := range ways[queue[i]] {
			if !seen[to] {
				seen[to] = true
				queue = append(queue, to)
			}
		}
	}
	return queue
}
