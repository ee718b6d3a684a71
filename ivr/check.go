package ivr

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"canhgiac/ivr/prompts"
)

// Fields that a key may set, with the values that reports takes. just_lost and unfinished are the menu's own.
var fieldValues = map[string][]string{
	"kind":      {"1", "2", "3", "4", "5", "6", "7", "8"},
	"number":    {""},
	"channel":   {"1", "2", "3", "4", "5"},
	"money":     {"none", "lost", "about"},
	"when":      {"", "today", "yesterday", "earlier", "before"},
	"band":      {"", "1", "2", "3", "4", "5"},
	"callback":  {"yes", "no"},
	"just_lost": {"", "yes"},

	"unfinished": {""},
}

var (
	knownActs       = []string{"", "open", "send", "cancel", "resume", "register", "opt_out", "hear"}
	knownConditions = []string{"withheld", "no_sms", "just_lost", "texted", "unfinished",
		"no_kind", "no_number", "numberless", "no_channel", "no_money", "no_when", "no_band", "no_callback"}
	knownFillings = []string{"so", "ma", "loai", "muc_tien", "co_khong", "hotline", "loi_nhac"}
)

// check finds every way in which a caller could be stranded: a name that leads nowhere, words without a sound, a node
// that nobody reaches or that never ends, an offered key that does nothing.
func (m *menu) check(w *prompts.Words) error {
	c := checker{m: m, lines: map[string]bool{}, words: w}
	for _, l := range w.Lines() {
		c.lines[l.Name] = true
	}
	c.header()
	for _, name := range slices.Sorted(maps.Keys(m.Nodes)) {
		c.node(name, m.Nodes[name])
	}
	if len(c.list) == 0 { // the walks below follow names
		c.reach()
		c.ends()
		c.straightOn()
	}
	return errors.Join(c.list...)
}

type checker struct {
	faults
	m     *menu
	words *prompts.Words
	lines map[string]bool
}

// faults collects what is wrong with a menu, and judges what the menus of calls and of USSD have alike.
type faults struct{ list []error }

func (c *faults) fault(format string, a ...any) {
	c.list = append(c.list, fmt.Errorf(format, a...))
}

func (c *faults) condition(where, name string) {
	if !slices.Contains(knownConditions, name) {
		c.fault("%s: condition %q, expected one of %v", where, name, knownConditions)
	}
}

func (c *faults) sets(where string, set map[string]string) {
	for field, v := range set {
		if allowed, ok := fieldValues[field]; !ok || !slices.Contains(allowed, v) {
			c.fault("%s: sets %s to %q, expected one of %q", where, field, v, allowed)
		}
	}
}

func (c *faults) move(where, key string, mv move) {
	if mv.Goto == "" {
		c.fault("%s: key %s goes nowhere", where, key)
	}
	if !slices.Contains(knownActs, mv.Do) {
		c.fault("%s: key %s does %q, expected one of %v", where, key, mv.Do, knownActs[1:])
	}
	c.sets(where, mv.Set)
}

func (c *checker) header() {
	c.target("start", c.m.Start)
	for _, why := range []Why{Reminder, Callback} {
		c.target("outgoing."+string(why), c.m.Outgoing[why])
	}
	if len(c.m.Outgoing) != 2 {
		c.fault("outgoing: expected reminder and callback, and nothing else")
	}
	c.target("officer", c.m.Officer)
	c.target("lost", c.m.Lost)
	for key, prompt := range map[string]string{"wrong_key": c.m.WrongKey, "silent": c.m.Silent, "failure": c.m.Failure} {
		c.prompt(key, prompt)
	}
	if c.m.Wait < 8 || c.m.Wait > 10 { // VOICE, rule 4
		c.fault("wait: %d s, expected 8 to 10", c.m.Wait)
	}
	if c.m.Everywhere["0"] != c.m.Officer || c.m.Everywhere["*"] != again || len(c.m.Everywhere) != 2 {
		c.fault("everywhere: expected 0 for the officer, * for again, and nothing else")
	}
	for _, name := range []string{c.m.Officer, c.m.Lost} {
		if n := c.m.Nodes[name]; n != nil && n.Dial == nil {
			c.fault("%s: expected a node that dials", name)
		}
	}
}

func (c *checker) target(where, name string) {
	if _, ok := c.m.Nodes[name]; !ok && name != again {
		c.fault("%s: no node %q", where, name)
	}
}

// prompt: its words exist, every piece of it has a sound, and the engine can fill its placeholders.
func (c *checker) prompt(where, name string) {
	text, err := c.words.Prompt(name)
	if err != nil {
		c.fault("%s: %w", where, err)
		return
	}
	for _, p := range prompts.Pieces(name, text) {
		switch {
		case p.Placeholder == "" && !c.lines[p.Name]:
			c.fault("%s: no sound for %s", where, p.Name)
		case p.Placeholder != "" && !slices.Contains(knownFillings, p.Placeholder):
			c.fault("%s: nothing fills {%s} of %s", where, p.Placeholder, name)
		}
	}
}

func (c *checker) node(name string, n *node) {
	kinds := 0
	for _, is := range []bool{n.Keys != nil, n.Number != nil, n.Dial != nil, n.Record != nil, n.Next != "", n.Hangup} {
		if is {
			kinds++
		}
	}
	if kinds != 1 {
		c.fault("%s: has %d of keys, number, dial, record, next, hangup; expected one", name, kinds)
	}
	if n.Keys == nil && (n.Other != "" || n.Silence != "" || n.Wait != 0) {
		c.fault("%s: other, silence and wait belong to keys", name)
	}
	for _, to := range n.destinations() {
		c.target(name, to)
	}
	if len(n.Say) == 0 {
		c.fault("%s: says nothing", name)
	}
	for _, p := range n.Say {
		c.prompt(name, p)
	}
	if n.Tail != "" {
		c.condition(name, n.Tail)
	}
	for _, d := range n.Divert {
		c.condition(name, d.If)
		c.sets(name, d.Set)
	}
	for key, mv := range n.Keys {
		if len(key) != 1 || !strings.Contains("123456789", key) {
			c.fault("%s: key %q, expected 1 to 9 (0 and * are everywhere's)", name, key)
		}
		c.move(name, key, mv)
	}
	if n.Keys != nil {
		c.offered(name, n)
		// Silence that goes on by itself may be short; silence after a question may not (VOICE, rule 4).
		if n.Silence == "" && n.Wait != 0 && (n.Wait < 8 || n.Wait > 10) {
			c.fault("%s: wait %d s, expected 8 to 10", name, n.Wait)
		}
	}
	if d := n.Number; d != nil && (d.Min < 1 || d.Max < d.Min || d.First < d.Between || d.Between < 1 || d.Goto == "" || d.Skip == "" || d.Set != "number") {
		c.fault("%s: number needs set, min, max, first, between, goto and skip", name)
	}
	if d := n.Dial; d != nil && (d.Ring < 10 || d.Answered == "" || d.Nobody == "" || c.m.Nodes[d.Nobody] == nil || c.m.Nodes[d.Nobody].Record == nil) {
		c.fault("%s: dial needs ring (10 s or more), answered, and a nobody that records", name)
	}
	if r := n.Record; r != nil && (r.Max < 30 || r.Silence < 3 || r.Goto == "") {
		c.fault("%s: record needs max (30 s or more), silence (3 s or more) and goto", name)
	}
}

// offered: whatever key the words name, the node takes, and the other way round.
func (c *checker) offered(name string, n *node) {
	if len(n.Say) != 1 {
		return
	}
	keys := c.words.PromptKeys(n.Say[0])
	for key := range keys {
		if _, ok := n.Keys[key]; !ok && c.m.Everywhere[key] == "" {
			c.fault("%s: the words offer key %s, the node does not take it", name, key)
		}
	}
	for key := range n.Keys {
		if _, ok := keys[key]; !ok {
			c.fault("%s: the node takes key %s, the words do not offer it", name, key)
		}
	}
}

// reach: every node is reached from a start, by keys, failures or the officer's key. What a reminder says is known on its own
// calls alone.
func (c *checker) reach() {
	seen := map[string]bool{}
	for _, from := range []string{c.m.Start, c.m.Officer, c.m.Lost, c.m.Outgoing[Callback]} {
		c.walk(from, seen)
	}
	for _, name := range slices.Sorted(maps.Keys(seen)) {
		c.noReminder(name, c.m.Nodes[name])
	}
	c.walk(c.m.Outgoing[Reminder], seen)
	for _, name := range slices.Sorted(maps.Keys(c.m.Nodes)) {
		if !seen[name] {
			c.fault("%s: nothing leads to it", name)
		}
	}
}

func (c *checker) noReminder(name string, n *node) {
	for _, said := range n.Say {
		text, _ := c.words.Prompt(said) // there: the nodes were checked
		for _, p := range prompts.Pieces(said, text) {
			if p.Placeholder == "loi_nhac" {
				c.fault("%s: nothing fills {loi_nhac} of %s but on a reminder's call", name, said)
			}
		}
	}
	for key, mv := range n.Keys {
		if mv.Do == "hear" {
			c.fault("%s: key %s does \"hear\", which only a reminder's call may", name, key)
		}
	}
}

func (c *checker) walk(name string, seen map[string]bool) {
	if seen[name] {
		return
	}
	seen[name] = true
	for _, to := range c.m.Nodes[name].destinations() {
		c.walk(to, seen)
	}
}

// ends: from every node some path ends the call.
func (c *checker) ends() {
	for _, name := range slices.Sorted(maps.Keys(c.m.Nodes)) {
		seen := map[string]bool{}
		c.walk(name, seen)
		if !slices.ContainsFunc(slices.Collect(maps.Keys(seen)), func(n string) bool { return c.m.Nodes[n].Hangup }) {
			c.fault("%s: no path from it ends the call", name)
		}
	}
}

// straightOn: no round of next and divert, which would speak for ever without asking anything. A divert that sets a
// field answers the very condition that would lead back to it, so it is no part of a round.
func (c *checker) straightOn() {
	for _, name := range slices.Sorted(maps.Keys(c.m.Nodes)) {
		at := map[string]bool{}
		var follow func(string) bool
		follow = func(n string) bool {
			if at[n] {
				return true
			}
			at[n] = true
			defer delete(at, n)
			node := c.m.Nodes[n]
			for _, d := range node.Divert {
				if len(d.Set) == 0 && follow(d.Goto) {
					return true
				}
			}
			return node.Next != "" && follow(node.Next)
		}
		if follow(name) {
			c.fault("%s: goes round without asking", name)
		}
	}
}
