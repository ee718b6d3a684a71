package ivr

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"canhgiac/ivr/prompts"
	"canhgiac/residents"
)

// Limits of what is said and offered at once (VOICE, rules 1 and 2: working memory predicts success at 65 and more).
const (
	choicesAtOnce    = 9
	choiceSyllables  = 14
	promptSyllables  = 100
	promptSeconds    = 45 // as a slow reader says it (prompts.Seconds)
	levels           = 2  // keys from the main menu to what a key is for
	longestWord      = 12 // characters of a word that begins an SMS
	wordsInAForm     = 3
	shortestRing     = 10 // seconds
	shortestMessage  = 30
	shortestPause    = 3
	shortestPatience = 8
	longestPatience  = 10
)

// checker walks one menu. Each of its files judges one part, and what the parts have alike stands here.
type checker struct {
	found
	m        *Menu
	sounding func(prompts.Line) bool
}

// check finds every way in which a caller could be stranded: a name that leads nowhere, words without a sound, a node that
// nobody reaches or that never ends, an offered key that does nothing, words too long to keep in mind.
func (m *Menu) check(sounding func(prompts.Line) bool) Findings {
	c := &checker{m: m, sounding: sounding}
	c.calls()
	c.ussd()
	c.sms()
	c.receipts()
	m.Hours.check(&c.found)
	return c.list
}

// tree is what calls and USSD have alike for the walks.
type tree struct {
	part  string
	nodes []string
	leads func(node string) []string // by a key, by itself, or by a divert
	alone func(node string) []string // without any act of a person
	ends  func(node string) bool
	keys  func(node string) choices
	goes  func(node string) string // straight on, "" where it does not
}

func (c *checker) target(name string) {
	if _, ok := c.m.Call.Nodes[name]; !ok && name != again {
		c.add("no_node", strconv.Quote(name))
	}
}

func (c *checker) condition(name string) {
	if _, ok := conditions[name]; !ok {
		c.add("no_condition", strconv.Quote(name), listOf(conditions))
	}
}

func (c *checker) sets(set map[string]string) {
	for _, field := range slices.Sorted(maps.Keys(set)) {
		if allowed, ok := fieldValues[field]; !ok {
			c.add("no_field", field, listOf(fieldValues))
		} else if !slices.Contains(allowed, set[field]) {
			c.add("no_field", field+" to "+strconv.Quote(set[field]), strings.Join(allowed, ", "))
		}
	}
}

func (c *checker) diverts(all []divert) {
	for _, d := range all {
		c.condition(d.If)
		c.sets(d.Set)
	}
}

// move judges one key of part, "call" or "ussd".
func (c *checker) move(part, key string, mv move) {
	if mv.Goto == "" {
		c.add("nowhere", key)
	}
	if does, ok := acts[mv.Do]; (!ok || does.calls && part != "call") && mv.Do != "" {
		c.add("no_act", strconv.Quote(mv.Do), listOf(acts))
	}
	c.sets(mv.Set)
}

// walk goes through everything that name leads to.
func (t tree) walk(name string, seen map[string]bool) {
	if seen[name] {
		return
	}
	seen[name] = true
	for _, to := range t.leads(name) {
		t.walk(to, seen)
	}
}

// reach: every node is reached from the start, and from each some path ends.
func (c *checker) reach(t tree, from ...string) {
	reached := map[string]bool{}
	for _, name := range from {
		t.walk(name, reached)
	}
	for _, name := range t.nodes {
		c.at(t.part + "." + name)
		if !reached[name] {
			c.add("unreached")
		}
		seen := map[string]bool{}
		t.walk(name, seen)
		if !slices.ContainsFunc(slices.Collect(maps.Keys(seen)), t.ends) {
			c.add("endless")
		}
	}
}

// loops: nothing goes round without an act of the person, which would speak, or ring, for ever.
func (c *checker) loops(t tree) {
	for _, name := range t.nodes {
		c.at(t.part + "." + name)
		var path []string
		var follow func(string) bool
		follow = func(n string) bool {
			if slices.Contains(path, n) {
				return n == name // a round elsewhere is told at its own nodes
			}
			path = append(path, n)
			if slices.ContainsFunc(t.alone(n), follow) {
				return true
			}
			path = path[:len(path)-1]
			return false
		}
		if follow(name) {
			c.add("loop", strings.Join(append(path, name), ", "))
		}
	}
}

// depth: the first node that offers keys is the main menu. From each of its keys, what the key is for begins within levels
// keys: an act, words that are played through, a person, a message, a number to be typed. The questions of a report come
// after its first act, and are no levels: each is answered, none has to be chosen from memory.
func (c *checker) depth(t tree, start string) {
	asked := map[string]bool{}
	var from func(name string, level int)
	from = func(name string, level int) {
		for next := t.goes(name); next != ""; next = t.goes(name) {
			name = next
		}
		keys := t.keys(name)
		if asked[name] || len(keys) == 0 {
			return
		}
		if level > levels {
			c.at(t.part + "." + name)
			c.add("deep", strconv.Itoa(level), strconv.Itoa(levels))
			return
		}
		asked[name] = true
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			if keys[key].Do == "" {
				from(keys[key].Goto, level+1)
			}
		}
	}
	from(start, 1)
}

// offered: whatever key the words name, the node takes, and the other way round. taken says which it takes besides.
func (c *checker) offered(said []prompts.Choice, keys choices, taken func(key string) bool) {
	named := map[string]bool{}
	for _, s := range said {
		if named[s.Key] {
			c.add("key_twice", s.Key)
		}
		named[s.Key] = true
		if _, ok := keys[s.Key]; !ok && !taken(s.Key) {
			c.add("key_untaken", s.Key)
		}
		if prompts.Syllables(s.Says) > choiceSyllables {
			c.add("long_choice", s.Key, strconv.Itoa(choiceSyllables))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if !named[key] {
			c.add("key_unsaid", key)
		}
	}
	if len(keys) > choicesAtOnce {
		c.add("many_choices", strconv.Itoa(len(keys)), strconv.Itoa(choicesAtOnce))
	}
}

// sameValues: a ward may say otherwise what is told, but a report's code must still be told.
func (c *checker) sameValues(own, text string) {
	was, is := prompts.Placeholders(own), prompts.Placeholders(text)
	if !slices.Equal(was, is) {
		c.add("new_placeholder", braced(is), braced(was))
	}
}

func braced(names []string) string {
	if len(names) == 0 {
		return "–"
	}
	return "{" + strings.Join(names, "}, {") + "}"
}

// sms: each word begins a message in one way only, however it is written.
func (c *checker) sms() {
	for _, do := range slices.Sorted(maps.Keys(c.m.SMS)) {
		c.at("sms." + do)
		if _, ok := wordActs[do]; !ok {
			c.add("no_act", strconv.Quote(do), listOf(wordActs))
		}
		for _, form := range c.m.SMS[do] {
			c.form(do, form)
		}
	}
	c.at("sms")
	for _, do := range slices.Sorted(maps.Keys(wordActs)) {
		if len(c.m.SMS[do]) == 0 {
			c.add("no_forms", do)
		}
	}
}

func (c *checker) form(do, form string) {
	folded := residents.Fold(form)
	words := strings.Fields(folded)
	short := !slices.ContainsFunc(words, func(w string) bool {
		return len(w) > longestWord || strings.Trim(w, "abcdefghijklmnopqrstuvwxyz") != ""
	})
	if folded != "?" && (len(words) == 0 || len(words) > wordsInAForm || !short) {
		c.add("bad_form", strconv.Quote(form))
		return
	}
	for _, other := range slices.Sorted(maps.Keys(c.m.SMS)) {
		n := 0
		for _, f := range c.m.SMS[other] {
			if residents.Fold(f) == folded {
				n++
			}
		}
		if other > do && n > 0 || other == do && n > 1 {
			c.add("ambiguous", strconv.Quote(form), other)
		}
	}
}
