package ivr

import (
	"maps"
	"slices"
	"strings"

	"canhgiac/ivr/prompts"
)

// Spoken is a prompt as a page shows it.
type Spoken struct {
	Name      string
	Text, Own string // what this version says, and what the program's files say
	Syllables int
	Seconds   float64 // as a slow reader says it
	Mute      bool    // some of its words have no sound
}

// Printed is a USSD screen as a page shows it.
type Printed struct {
	Name      string
	Text, Own string
	Length    int // characters with the widest values
	Limit     int
}

// Prompts are what calls say, in the order in which a caller may come to them.
func (s *Menus) Prompts(m *Menu) []Spoken {
	names := []string{}
	for _, node := range m.inOrder(append([]string{m.Call.Start, m.Call.Officer, m.Call.Lost}, slices.Sorted(maps.Values(m.Call.Outgoing))...)) {
		names = append(names, m.Call.Nodes[node].Say...)
	}
	names = append(names, m.Call.WrongKey, m.Call.Silent, m.Call.Failure, tapeLine)
	var all []Spoken
	seen := map[string]bool{}
	for _, name := range names {
		text, err := m.words.Prompt(name)
		if seen[name] || err != nil {
			continue
		}
		seen[name] = true
		p := Spoken{Name: name, Text: text, Syllables: prompts.Syllables(text), Seconds: prompts.Seconds(text)}
		p.Own, _ = m.words.Original().Prompt(name)
		pieces, _ := m.words.Said(name)
		for _, piece := range pieces {
			p.Mute = p.Mute || piece.Placeholder == "" && !s.sounding(prompts.Line{Name: piece.Name, Text: piece.Text})
		}
		all = append(all, p)
	}
	return all
}

// inOrder is every node that starts lead to, the nearest first.
func (m *Menu) inOrder(starts []string) []string {
	var order []string
	queue := starts
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		n := m.Call.Nodes[name]
		if n == nil || slices.Contains(order, name) {
			continue
		}
		order = append(order, name)
		to := []string{}
		for _, key := range slices.Sorted(maps.Keys(n.Keys)) {
			to = append(to, n.Keys[key].Goto)
		}
		queue = append(queue, append(to, n.destinations()...)...)
	}
	return order
}

// Screens are what USSD shows, by name; those that stand before one shown again are among them.
func (m *Menu) Screens() []Printed {
	names := append([]string{m.USSD.WrongNumber, m.USSD.Failure}, m.USSD.WrongKey...)
	for _, n := range m.USSD.Nodes {
		names = append(names, n.Screen)
	}
	slices.Sort(names)
	var all []Printed
	for _, name := range slices.Compact(names) {
		screen, err := m.words.USSD(name)
		if err != nil {
			continue
		}
		own, _ := m.words.Original().USSD(name)
		all = append(all, Printed{Name: name, Text: screen.Text, Own: own.Text, Length: len(screen.Widest()), Limit: prompts.ScreenLimit})
	}
	return all
}

// Mute are the lines whose words a version changed and that no sound says yet: they are to be recorded or synthesised
// before it can go live.
func (s *Menus) Mute(m *Menu) []prompts.Line {
	changed, err := m.words.Changed()
	if err != nil {
		return nil // the check tells it
	}
	return slices.DeleteFunc(changed, s.sounding)
}

// Change is one thing that a version does otherwise than another.
type Change struct {
	Part  string // "prompt", "screen", "receipt", "sms", "hours", "node"
	Place string // the name of the prompt, screen, act, day or node
	Was   string // "" where there was none
	Is    string
}

// Changes are what to does otherwise than from, in the order of the parts.
func Changes(from, to *Menu) []Change {
	var all []Change
	add := func(part string, was, is map[string]string) {
		names := slices.Sorted(maps.Keys(was))
		for name := range is {
			if _, both := was[name]; !both {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		for _, name := range names {
			if was[name] != is[name] {
				all = append(all, Change{part, name, was[name], is[name]})
			}
		}
	}
	add("prompt", from.promptTexts(), to.promptTexts())
	add("screen", from.screenTexts(), to.screenTexts())
	add("receipt", from.receiptTexts(), to.receiptTexts())
	add("sms", joined(from.SMS), joined(to.SMS))
	add("hours", from.Hours.told(), to.Hours.told())
	add("node", from.nodeTexts(), to.nodeTexts())
	return all
}

func (m *Menu) promptTexts() map[string]string {
	all := map[string]string{}
	for _, name := range m.words.PromptNames() {
		all[name], _ = m.words.Prompt(name)
	}
	return all
}

func (m *Menu) screenTexts() map[string]string {
	all := map[string]string{}
	for _, name := range m.words.ScreenNames() {
		s, _ := m.words.USSD(name)
		all[name] = s.Text
	}
	return all
}

func joined(words map[string][]string) map[string]string {
	all := map[string]string{}
	for name, forms := range words {
		all[name] = strings.Join(forms, ", ")
	}
	return all
}

func (h Hours) told() map[string]string {
	all := joined(h.Week)
	for day, name := range h.Holidays {
		all[day] = strings.TrimSpace(day + " " + name)
	}
	return all
}

// nodeTexts are the trees' own lines, as the document writes them.
func (m *Menu) nodeTexts() map[string]string {
	all := map[string]string{}
	for name, n := range m.Call.Nodes {
		all["call."+name] = written(n)
	}
	for name, n := range m.USSD.Nodes {
		all["ussd."+name] = written(n)
	}
	return all
}

// Named says by which words a person knows the place of a finding or of a change: "prompt" and its name, "screen" and its
// name, "" where the place is no node of the menu.
func (m *Menu) Named(part, node string) (kind, name string) {
	if n := m.Call.Nodes[node]; part == "call" && n != nil && len(n.Say) > 0 {
		return "prompt", n.Say[0]
	}
	if n := m.USSD.Nodes[node]; part == "ussd" && n != nil {
		return "screen", n.Screen
	}
	return "", ""
}
