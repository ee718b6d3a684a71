package ivr

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"canhgiac/ivr/prompts"
)

// calls judges the menu as it is spoken.
func (c *checker) calls() {
	m := &c.m.Call
	c.header()
	for _, name := range slices.Sorted(maps.Keys(m.Nodes)) {
		c.at("call." + name)
		c.node(m.Nodes[name])
	}
	c.prompts()
	if len(c.list) > 0 { // the walks below follow names
		return
	}
	t := tree{
		part:  "call",
		nodes: slices.Sorted(maps.Keys(m.Nodes)),
		leads: func(n string) []string { return m.Nodes[n].destinations() },
		alone: c.goesAlone,
		ends:  func(n string) bool { return m.Nodes[n].Hangup },
		keys:  func(n string) choices { return m.Nodes[n].Keys },
		goes: func(n string) string {
			if node := m.Nodes[n]; node.Next != "" || len(node.Keys) > 0 {
				return node.Next
			} else {
				return node.Other // a greeting that any key presses away
			}
		},
	}
	c.reach(t, m.Start, m.Officer, m.Lost, m.Outgoing[Reminder], m.Outgoing[Callback])
	c.remindersAlone(t)
	c.loops(t)
	c.depth(t, m.Start)
}

// remindersAlone: what a reminder says is known on its own calls alone.
func (c *checker) remindersAlone(t tree) {
	elsewhere := map[string]bool{}
	for _, from := range []string{c.m.Call.Start, c.m.Call.Officer, c.m.Call.Lost, c.m.Call.Outgoing[Callback]} {
		t.walk(from, elsewhere)
	}
	for _, name := range slices.Sorted(maps.Keys(elsewhere)) {
		c.at("call." + name)
		n := c.m.Call.Nodes[name]
		for _, said := range n.Say {
			if text, err := c.m.words.Prompt(said); err == nil && strings.Contains(text, "{loi_nhac}") {
				c.add("reminder_only", "{loi_nhac}")
			}
		}
		for _, key := range slices.Sorted(maps.Keys(n.Keys)) {
			if n.Keys[key].Do == "hear" {
				c.add("reminder_only", "key "+key)
			}
		}
	}
}

// goesAlone is where a node leads with nobody pressing a key. A divert that sets a field answers the very condition that
// would lead back to it, so it is no part of a round. A question that hears nothing goes to a person in the end.
func (c *checker) goesAlone(name string) []string {
	n := c.m.Call.Nodes[name]
	var to []string
	for _, d := range n.Divert {
		if len(d.Set) == 0 {
			to = append(to, d.Goto)
		}
	}
	switch {
	case n.Next != "":
		to = append(to, n.Next)
	case n.Silence != "":
		to = append(to, n.Silence)
	case n.asks(), n.Number != nil:
		to = append(to, c.m.Call.Lost)
	case n.Dial != nil:
		to = append(to, n.Dial.Answered, n.Dial.Nobody, n.Dial.Closed)
	case n.Record != nil:
		to = append(to, n.Record.Goto)
	}
	return to
}

func (c *checker) header() {
	m := &c.m.Call
	for _, at := range []struct{ place, node string }{{"start", m.Start}, {"officer", m.Officer}, {"lost", m.Lost}} {
		c.at("call." + at.place)
		c.target(at.node)
		if n := m.Nodes[at.node]; at.place != "start" && n != nil && n.Dial == nil {
			c.add("not_dial", at.node)
		}
	}
	for _, at := range []struct{ place, prompt string }{{"wrong_key", m.WrongKey}, {"silent", m.Silent}, {"failure", m.Failure}} {
		c.at("call." + at.place)
		c.said(at.prompt)
	}
	c.at("call.outgoing")
	for _, why := range []Why{Reminder, Callback} {
		c.target(m.Outgoing[why])
	}
	if len(m.Outgoing) != 2 {
		c.add("outgoing")
	}
	c.at("call.wait")
	c.patience(m.Wait)
	c.at("call.everywhere")
	if m.Everywhere["0"] != m.Officer || m.Everywhere["*"] != again || len(m.Everywhere) != 2 {
		c.add("everywhere", m.Officer)
	}
}

// patience: VOICE, rule 4.
func (c *checker) patience(wait int) {
	if wait < shortestPatience || wait > longestPatience {
		c.add("wait", strconv.Itoa(wait))
	}
}

func (c *checker) node(n *node) {
	kinds := 0
	for _, is := range []bool{n.Keys != nil, n.Number != nil, n.Dial != nil, n.Record != nil, n.Next != "", n.Hangup} {
		if is {
			kinds++
		}
	}
	if kinds != 1 {
		c.add("purposes", strconv.Itoa(kinds))
	}
	if n.Keys == nil && (n.Other != "" || n.Silence != "" || n.Wait != 0 || n.Careful) {
		c.add("needs_keys")
	}
	for _, to := range n.destinations() {
		c.target(to)
	}
	if len(n.Say) == 0 {
		c.add("silent_node")
	}
	for _, p := range n.Say {
		c.said(p)
	}
	if n.Tail != "" {
		c.condition(n.Tail)
	}
	c.diverts(n.Divert)
	for _, key := range slices.Sorted(maps.Keys(n.Keys)) {
		mv := n.Keys[key]
		if len(key) != 1 || !strings.Contains("123456789", key) {
			c.add("bad_key", strconv.Quote(key))
		}
		c.move("call", key, mv)
		if acts[mv.Do].careful && !n.Careful {
			c.add("not_careful", key, mv.Do)
		}
	}
	if n.Keys != nil {
		c.keysSaid(n)
		// Silence that goes on by itself may be short; silence after a question may not.
		if n.Silence == "" && n.Wait != 0 {
			c.patience(n.Wait)
		}
	}
	if d := n.Number; d != nil && (d.First < d.Between || d.Between < 1 || d.Goto == "" || d.Odd == "" || d.Skip == "" || !numberFields[d.Set] || !knownAct(d.Do)) {
		c.add("number")
	}
	if d := n.Dial; d != nil && (d.Ring < shortestRing || d.Answered == "" || !c.records(d.Nobody) || !c.records(d.Closed)) {
		c.add("dial")
	}
	if r := n.Record; r != nil && (r.Max < shortestMessage || r.Silence < shortestPause || r.Goto == "") {
		c.add("record")
	}
}

func (c *checker) records(node string) bool {
	n := c.m.Call.Nodes[node]
	return n != nil && n.Record != nil
}

func (c *checker) keysSaid(n *node) {
	var said []prompts.Choice
	for _, p := range n.Say {
		if text, err := c.m.words.Prompt(p); err == nil {
			said = append(said, prompts.Choices(text)...)
		}
	}
	c.offered(said, n.Keys, func(key string) bool { return n.Other != "" || c.m.Call.Everywhere[key] != "" })
}

// said: its words exist, and the engine can fill their placeholders.
func (c *checker) said(name string) {
	pieces, err := c.m.words.Said(name)
	if err != nil {
		c.add("no_words", strconv.Quote(name))
		return
	}
	for _, p := range pieces {
		if _, ok := fillingOf(p.Placeholder); !ok && p.Placeholder != "" {
			c.add("no_filling", "{"+p.Placeholder+"}", listOf(fillings))
		}
	}
}

// prompts judges the words themselves: every piece has a sound that says it, and none is too long to listen to.
func (c *checker) prompts() {
	said := []string{c.m.Call.WrongKey, c.m.Call.Silent, c.m.Call.Failure, tapeLine}
	for _, n := range c.m.Call.Nodes {
		said = append(said, n.Say...)
	}
	slices.Sort(said)
	for _, name := range slices.Compact(said) {
		text, err := c.m.words.Prompt(name)
		if err != nil {
			continue // told where it is said
		}
		c.at("words." + name)
		if n := prompts.Syllables(text); n > promptSyllables {
			c.add("long_words", strconv.Itoa(n), strconv.Itoa(promptSyllables))
		}
		if s := prompts.Seconds(text); s > promptSeconds {
			c.add("slow_words", strconv.Itoa(int(s+0.5)), strconv.Itoa(promptSeconds))
		}
		own, _ := c.m.words.Original().Prompt(name)
		c.sameValues(own, text)
		if strings.ContainsAny(text, "0123456789") {
			c.add("digits")
		}
		pieces, err := c.m.words.Said(name)
		if err != nil {
			continue
		}
		for _, p := range pieces {
			if p.Placeholder == "" && !c.sounding(prompts.Line{Name: p.Name, Text: p.Text}) {
				c.add("no_sound", p.Name)
			}
		}
	}
}
