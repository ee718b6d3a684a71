package ivr

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"canhgiac/ivr/prompts"
)

// Offer is one choice of a question, as a page edits it.
type Offer struct {
	Was  string // the key that it has
	Key  string // the key that it gets
	Says string
}

// Fixed says that the key is the same everywhere, and cannot be another.
func (o Offer) Fixed() bool { return !strings.Contains("123456789", o.Was) }

// Ask is one question of the menu that takes keys: a prompt, or a screen, with whatever nodes ask by it.
type Ask struct {
	Part   string // "call" or "ussd"
	Name   string // of the prompt or screen
	Offers []Offer
	Free   bool // its words are no list of its choices: then only the text itself can be edited
}

var (
	// ErrFreeWords means that a question's words are not a list of choices, or that the choices given are not its own.
	ErrFreeWords = errors.New("the words are no list of the question's choices")
	// ErrSameKey means that two choices were given one key: one of them would lead nowhere.
	ErrSameKey = errors.New("two choices have one key")
)

// Asks are all questions that take keys, those of calls first, each part in the order in which a person may come to them.
func (m *Menu) Asks() []Ask {
	var all []Ask
	add := func(part, name string) {
		if name == "" || slices.ContainsFunc(all, func(a Ask) bool { return a.Part == part && a.Name == name }) {
			return
		}
		a, _ := m.Ask(part, name)
		all = append(all, a)
	}
	starts := append([]string{m.Call.Start, m.Call.Officer, m.Call.Lost}, slices.Sorted(maps.Values(m.Call.Outgoing))...)
	for _, start := range starts { // one after the other: what a caller hears first is read first
		for _, name := range m.inOrder([]string{start}) {
			add("call", m.offering(m.Call.Nodes[name]))
		}
	}
	for _, name := range m.screensInOrder() {
		if n := m.USSD.Nodes[name]; len(n.Keys) > 0 {
			add("ussd", n.Screen)
		}
	}
	return all
}

// Ask is one of Asks. Error: ErrFreeWords, with the question itself all the same.
func (m *Menu) Ask(part, name string) (Ask, error) {
	a := Ask{Part: part, Name: name}
	s, err := m.sentence(part, name)
	if err != nil {
		a.Free = true
		return a, err
	}
	for _, c := range s.choices {
		a.Offers = append(a.Offers, c.Offer)
	}
	return a, nil
}

// offering is the prompt by which a node asks for one of its keys: the last one that names any; "" where it takes none, or says
// nothing.
func (m *Menu) offering(n *node) string {
	if len(n.Keys) == 0 || len(n.Say) == 0 {
		return ""
	}
	for _, name := range slices.Backward(n.Say) {
		if text, err := m.words.Prompt(name); err == nil && len(prompts.Choices(text)) > 0 {
			return name
		}
	}
	return n.Say[len(n.Say)-1]
}

func (m *Menu) screensInOrder() []string {
	order := []string{m.USSD.Start}
	for i := 0; i < len(order); i++ {
		n := m.USSD.Nodes[order[i]]
		if n == nil {
			return nil // the start is none: the check tells it
		}
		for _, key := range slices.Sorted(maps.Keys(n.Keys)) {
			order = append(order, n.Keys[key].Goto)
		}
		order = append(order, n.destinations()...)
		for at := len(order) - 1; at > i; at-- {
			if m.USSD.Nodes[order[at]] == nil || slices.Index(order, order[at]) < at {
				order = slices.Delete(order, at, at+1)
			}
		}
	}
	return order
}

// sentence is a text taken apart at its choices.
type sentence struct {
	head, tail string
	choices    []choiceWords
}

// choiceWords are one choice, with what stands before its key and behind it: "Đúng rồi" ", bấm " "1" " để gửi."
type choiceWords struct {
	Offer
	before, after string
}

func (m *Menu) sentence(part, name string) (sentence, error) {
	if part == "ussd" {
		screen, err := m.words.USSD(name)
		if err != nil {
			return sentence{}, errors.Join(ErrFreeWords, err)
		}
		return printedChoices(screen.Text)
	}
	text, err := m.words.Prompt(name)
	if err != nil {
		return sentence{}, errors.Join(ErrFreeWords, err)
	}
	return spokenChoices(text)
}

// sentenceEnd is what may stand behind a choice's key before the next choice: the rest of its own sentence.
var sentenceEnd = regexp.MustCompile(`^[^.?!;:]*[.?!;:]\s*$`)

func spokenChoices(text string) (s sentence, err error) {
	all := prompts.Choices(text)
	if len(all) == 0 {
		return s, ErrFreeWords
	}
	s.head = strings.TrimSpace(text[:all[0].At])
	for i, c := range all {
		words := strings.TrimSpace(text[c.At:c.End])
		before, whole := strings.CutSuffix(strings.TrimPrefix(words, c.Says), prompts.KeyWords(c.Key))
		if c.Says == "" || !whole {
			return s, ErrFreeWords
		}
		after := text[c.End:]
		if i+1 < len(all) {
			after = text[c.End:all[i+1].At]
			if !sentenceEnd.MatchString(after) {
				return s, ErrFreeWords
			}
		} else if end := strings.IndexAny(after, ".?!"); end >= 0 {
			after, s.tail = after[:end+1], strings.TrimSpace(after[end+1:])
		}
		s.choices = append(s.choices, choiceWords{Offer{Was: c.Key, Key: c.Key, Says: c.Says}, before, strings.TrimRight(after, " ")})
	}
	return s, nil
}

var printedChoice = regexp.MustCompile(`^(Bam )?([0-9])([.:] )(.+)$`)

func printedChoices(text string) (s sentence, err error) {
	var head, tail []string
	for line := range strings.SplitSeq(text, "\n") {
		c := printedChoice.FindStringSubmatch(line)
		switch {
		case c != nil && len(tail) > 0:
			return s, ErrFreeWords
		case c != nil:
			s.choices = append(s.choices, choiceWords{Offer{Was: c[2], Key: c[2], Says: c[4]}, c[1], c[3]})
		case len(s.choices) == 0:
			head = append(head, line)
		default:
			tail = append(tail, line)
		}
	}
	if len(s.choices) == 0 {
		return s, ErrFreeWords
	}
	s.head, s.tail = strings.Join(head, "\n"), strings.Join(tail, "\n")
	return s, nil
}

// write puts the text together again, each part as it is written.
func (s sentence) write(part string) string {
	var all []string
	for _, c := range s.choices {
		if part == "ussd" {
			all = append(all, c.before+c.Key+c.after+c.Says)
		} else {
			all = append(all, c.Says+c.before+prompts.KeyWords(c.Key)+c.after)
		}
	}
	between := " "
	if part == "ussd" {
		between = "\n"
	}
	return strings.Join(slices.DeleteFunc(append(append([]string{s.head}, all...), s.tail), func(t string) bool { return t == "" }), between)
}

// Offers has a question offer its choices in this order, by these keys and words; each goes on leading where it led. Those
// of 0 and * keep their keys. Errors: ErrFreeWords, ErrSameKey.
func (e *Edit) Offers(part, name string, list []Offer) error {
	s, err := e.menu.sentence(part, name)
	if err != nil {
		return err
	}
	own := map[string]choiceWords{}
	for _, c := range s.choices {
		own[c.Was] = c
	}
	if len(own) != len(s.choices) || len(list) != len(own) {
		return ErrFreeWords
	}
	s.choices = nil
	taken := map[string]bool{}
	for _, o := range list {
		c, is := own[o.Was]
		if !is {
			return ErrFreeWords
		}
		delete(own, o.Was)
		if o.Fixed() {
			o.Key = o.Was
		}
		if taken[o.Key] {
			return fmt.Errorf("key %s: %w", o.Key, ErrSameKey)
		}
		taken[o.Key] = true
		c.Key, c.Says = o.Key, strings.Trim(strings.Join(strings.Fields(o.Says), " "), "., ")
		if part == "call" && !strings.ContainsAny(c.after, ".?!;:") {
			c.after += "." // it was the last, where nothing need end a sentence
		}
		s.choices = append(s.choices, c)
	}
	if part == "ussd" {
		for _, n := range e.menu.USSD.Nodes {
			if n.Screen == name {
				n.Keys = n.Keys.rekeyed(list)
			}
		}
		return e.Screen(name, s.write(part))
	}
	for _, n := range e.menu.Call.Nodes {
		if e.menu.offering(n) == name {
			n.Keys = n.Keys.rekeyed(list)
		}
	}
	return e.Prompt(name, s.write(part))
}

// rekeyed gives each choice's move its new key; keys that the choices do not name stay as they are.
func (c choices) rekeyed(list []Offer) choices {
	moved := maps.Clone(c)
	for _, o := range list {
		delete(moved, o.Was)
	}
	for _, o := range list {
		if mv, ok := c[o.Was]; ok {
			key := o.Key
			if o.Fixed() {
				key = o.Was
			}
			moved[key] = mv
		}
	}
	return moved
}
