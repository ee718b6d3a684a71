package ivr

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"canhgiac/ivr/prompts"
)

// MainChoice is one offer of a main menu, as a page edits it.
type MainChoice struct {
	Was  string // the key that it has
	Key  string // the key that it gets
	Says string
}

// Fixed says that the key is the same everywhere, and cannot be another.
func (c MainChoice) Fixed() bool { return !strings.Contains("123456789", c.Was) }

// ErrFreeWords means that a main menu's words are not a list of choices, or that the choices given are not its own: then
// only the text itself can be edited.
var ErrFreeWords = errors.New("the main menu's words are no list of its choices")

// SpokenMain are the choices of the calls' main menu, in the order in which they are said. Error: ErrFreeWords.
func (m *Menu) SpokenMain() ([]MainChoice, error) {
	_, list, err := m.spokenMain()
	return list, err
}

// between is all that may stand between two choices.
var between = regexp.MustCompile(`^[.,; ]*$`)

func (m *Menu) spokenMain() (head string, list []MainChoice, err error) {
	n := m.mainNode()
	text, err := m.words.Prompt(n.Say[0])
	if err != nil || len(n.Say) != 1 {
		return "", nil, errors.Join(ErrFreeWords, err)
	}
	at := -1
	for _, c := range prompts.Choices(text) {
		if at >= 0 && !between.MatchString(text[at:c.At]) || c.Says == "" {
			return "", nil, ErrFreeWords
		}
		if at < 0 {
			head = strings.TrimSpace(text[:c.At])
		}
		at = c.End
		list = append(list, MainChoice{Was: c.Key, Key: c.Key, Says: c.Says})
	}
	if at < 0 || !between.MatchString(text[at:]) {
		return "", nil, ErrFreeWords
	}
	return head, list, nil
}

// SpokenMain says the choices of the calls' main menu in this order, by these keys and words. Those of 0 and * keep their
// keys. Error: ErrFreeWords.
func (e *Edit) SpokenMain(list []MainChoice) error {
	head, own, err := e.menu.spokenMain()
	if err != nil {
		return err
	}
	n := e.menu.mainNode()
	keys, err := rekeyed(n.Keys, own, list)
	if err != nil {
		return err
	}
	said := []string{head}
	for _, c := range list {
		key := c.Key
		if c.Fixed() {
			key = c.Was
		}
		said = append(said, strings.Trim(strings.TrimSpace(c.Says), ".,")+", bấm phím "+prompts.KeyWords(key)+".")
	}
	n.Keys = keys
	return e.Prompt(n.Say[0], strings.TrimSpace(strings.Join(said, " ")))
}

// PrintedMain are the choices of the first USSD screen, in its order. Error: ErrFreeWords.
func (m *Menu) PrintedMain() ([]MainChoice, error) {
	_, list, err := m.printedMain()
	return list, err
}

var printedChoice = regexp.MustCompile(`^([0-9])\. (.+)$`)

func (m *Menu) printedMain() (head string, list []MainChoice, err error) {
	for i, line := range strings.Split(m.page(m.USSD.Start).Text, "\n") {
		c := printedChoice.FindStringSubmatch(line)
		switch {
		case i == 0:
			head = line
		case c == nil:
			return "", nil, ErrFreeWords
		default:
			list = append(list, MainChoice{Was: c[1], Key: c[1], Says: c[2]})
		}
	}
	return head, list, nil
}

// PrintedMain shows the choices of the first USSD screen in this order, by these keys and words. Error: ErrFreeWords.
func (e *Edit) PrintedMain(list []MainChoice) error {
	head, own, err := e.menu.printedMain()
	if err != nil {
		return err
	}
	n := e.menu.USSD.Nodes[e.menu.USSD.Start]
	keys, err := rekeyed(n.Keys, own, list)
	if err != nil {
		return err
	}
	lines := []string{head}
	for _, c := range list {
		lines = append(lines, c.Key+". "+strings.TrimSpace(c.Says))
	}
	n.Keys = keys
	return e.Screen(n.Screen, strings.Join(lines, "\n"))
}

// rekeyed gives each choice's move its new key. Two choices of one key leave one of them without a key, which the check finds.
func rekeyed(keys choices, own, list []MainChoice) (choices, error) {
	was := func(all []MainChoice) []string {
		var keys []string
		for _, c := range all {
			keys = append(keys, c.Was)
		}
		slices.Sort(keys)
		return keys
	}
	if !slices.Equal(was(own), was(list)) {
		return nil, ErrFreeWords
	}
	moved := choices{}
	for _, c := range list {
		if mv, ok := keys[c.Was]; ok {
			moved[c.Key] = mv
		}
	}
	return moved, nil
}
