package ivr

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"canhgiac/ivr/prompts"
)

//go:embed ussd.yaml
var ussdYAML []byte

// screens is ussd.yaml, checked: the engine may follow any name in it.
type screens struct {
	Start       string                 `yaml:"start"`
	WrongKey    []string               `yaml:"wrong_key"` // screens whose words stand before the one shown again
	WrongNumber string                 `yaml:"wrong_number"`
	Failure     string                 `yaml:"failure"` // the screen of a system error
	Nodes       map[string]*screenNode `yaml:"nodes"`

	pages map[string]prompts.Screen // by node
	wrong []string
	typed string // before a screen that asks for a number
}

// screenNode is one place of the menu. It asks for a key or a number, or ends the session.
type screenNode struct {
	Divert []divert        `yaml:"divert"`
	Screen string          `yaml:"screen"`
	Keys   map[string]move `yaml:"keys"`
	Number *typedNumber    `yaml:"number"`
}

// typedNumber takes digits; 0 alone says that there is no number.
type typedNumber struct {
	Set  string `yaml:"set"`
	Min  int    `yaml:"min"` // digits
	Max  int    `yaml:"max"`
	Goto string `yaml:"goto"`
}

// loadScreens reads the menu and checks it against the words.
func loadScreens(src []byte, w *prompts.Words) (*screens, error) {
	dec := yaml.NewDecoder(bytes.NewReader(src))
	dec.KnownFields(true)
	m := screens{pages: map[string]prompts.Screen{}}
	if err := dec.Decode(&m); err != nil {
		return nil, fmt.Errorf("ussd.yaml: %w", err)
	}
	if err := m.check(w); err != nil {
		return nil, fmt.Errorf("ussd.yaml: %w", err)
	}
	return &m, nil
}

// check finds every way in which somebody could be stranded, as menu.check does for calls.
func (m *screens) check(w *prompts.Words) error {
	c := screenChecker{m: m, words: w}
	c.target("start", m.Start)
	for _, name := range m.WrongKey {
		m.wrong = append(m.wrong, c.screen("wrong_key", name).Text)
	}
	m.typed = c.screen("wrong_number", m.WrongNumber).Text
	if s := c.screen("failure", m.Failure); !s.Ends() {
		c.fault("failure: %s does not end the session", m.Failure)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Nodes)) {
		m.pages[name] = c.screen(name, m.Nodes[name].Screen)
		c.node(name, m.Nodes[name])
	}
	if len(c.list) == 0 { // the walks below follow names
		c.reach()
		c.straightOn()
	}
	return errors.Join(c.list...)
}

type screenChecker struct {
	faults
	m     *screens
	words *prompts.Words
}

func (c *screenChecker) target(where, name string) {
	if _, ok := c.m.Nodes[name]; !ok {
		c.fault("%s: no node %q", where, name)
	}
}

func (c *screenChecker) screen(where, name string) prompts.Screen {
	s, err := c.words.USSD(name)
	if err != nil {
		c.fault("%s: %w", where, err)
	}
	return s
}

func (c *screenChecker) node(name string, n *screenNode) {
	page := c.m.pages[name]
	if asks := n.Keys != nil || n.Number != nil; asks == page.Ends() {
		c.fault("%s: asks and ends the session, or neither", name)
	}
	if n.Keys != nil && n.Number != nil {
		c.fault("%s: asks for a key and for a number", name)
	}
	for _, to := range n.destinations() {
		c.target(name, to)
	}
	for _, d := range n.Divert {
		c.condition(name, d.If)
		c.sets(name, d.Set)
	}
	keys := slices.Sorted(maps.Keys(n.Keys))
	for _, key := range keys {
		c.move(name, key, n.Keys[key])
	}
	if n.Keys != nil && !slices.Equal(keys, page.Offered()) {
		c.fault("%s: takes the keys %v, the words offer %v", name, keys, page.Offered())
	}
	for key, to := range page.Keys {
		if n.Keys[key].Goto != to {
			c.fault("%s: key %s goes to %q, in content.yaml to %q", name, key, n.Keys[key].Goto, to)
		}
	}
	if d := n.Number; d != nil && (d.Set != "number" || d.Min < 1 || d.Max < d.Min || d.Max > 15 || d.Goto == "") {
		c.fault("%s: number needs set, min, max (at most 15) and goto", name)
	}
	// Told of a wrong key, one must have the choices in view.
	if _, ok := repeated(c.m.wordsBefore(n), page.Widest()); !page.Ends() && !ok {
		c.fault("%s: too long to be shown again behind the words of a wrong key", name)
	}
}

// wordsBefore are the words, the fullest first, that say before n's screen that what was typed is not taken.
func (m *screens) wordsBefore(n *screenNode) []string {
	if n.Number != nil {
		return []string{m.typed}
	}
	return m.wrong
}

// repeated is a screen shown again behind the fullest words that fit. Where not even the shortest do, they take the place
// of its first line, the heading or question that has just been read: words alone, without the choices, would have the
// person press from memory. It says whether anything fitted.
func repeated(words []string, page string) (string, bool) {
	for _, w := range words {
		if s := w + "\n" + page; len(s) <= prompts.ScreenLimit {
			return s, true
		}
	}
	if _, rest, ok := strings.Cut(page, "\n"); ok && len(words) > 0 {
		if s := words[len(words)-1] + "\n" + rest; len(s) <= prompts.ScreenLimit {
			return s, true
		}
	}
	return page, false
}

func (n *screenNode) destinations() []string {
	var to []string
	for _, d := range n.Divert {
		to = append(to, d.Goto)
	}
	for _, m := range n.Keys {
		to = append(to, m.Goto)
	}
	if n.Number != nil {
		to = append(to, n.Number.Goto)
	}
	return to
}

// reach: every node is reached from the start, and from each the session can end.
func (c *screenChecker) reach() {
	var walk func(name string, seen map[string]bool)
	walk = func(name string, seen map[string]bool) {
		if seen[name] {
			return
		}
		seen[name] = true
		for _, to := range c.m.Nodes[name].destinations() {
			walk(to, seen)
		}
	}
	reached := map[string]bool{}
	walk(c.m.Start, reached)
	for _, name := range slices.Sorted(maps.Keys(c.m.Nodes)) {
		if !reached[name] {
			c.fault("%s: nothing leads to it", name)
		}
		seen := map[string]bool{}
		walk(name, seen)
		if !slices.ContainsFunc(slices.Collect(maps.Keys(seen)), func(n string) bool { return c.m.pages[n].Ends() }) {
			c.fault("%s: no path from it ends the session", name)
		}
	}
}

// straightOn: no round of diverts. One that sets a field answers the very condition that would lead back to it.
func (c *screenChecker) straightOn() {
	for _, name := range slices.Sorted(maps.Keys(c.m.Nodes)) {
		at := map[string]bool{}
		var follow func(string) bool
		follow = func(n string) bool {
			if at[n] {
				return true
			}
			at[n] = true
			defer delete(at, n)
			return slices.ContainsFunc(c.m.Nodes[n].Divert, func(d divert) bool { return len(d.Set) == 0 && follow(d.Goto) })
		}
		if follow(name) {
			c.fault("%s: goes round without asking", name)
		}
	}
}
