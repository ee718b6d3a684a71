package ivr

import (
	"strings"

	"canhgiac/ivr/prompts"
)

// screens is the menu as USSD prints it.
type screens struct {
	Start       string                 `yaml:"start"`
	WrongKey    []string               `yaml:"wrong_key,flow"` // screens whose words stand before the one shown again, the fullest first
	WrongNumber string                 `yaml:"wrong_number"`
	Failure     string                 `yaml:"failure"` // the screen of a system error
	Nodes       map[string]*screenNode `yaml:"nodes"`
}

// screenNode is one place of the menu. It asks for a key or a number, or ends the session.
type screenNode struct {
	Divert []divert     `yaml:"divert,omitempty"`
	Screen string       `yaml:"screen"`
	Keys   choices      `yaml:"keys,omitempty"`
	Number *typedNumber `yaml:"number,omitempty,flow"`
}

// typedNumber takes digits; 0 alone says that there is no number.
type typedNumber struct {
	Set  string `yaml:"set"`
	Goto string `yaml:"goto"`
	Odd  string `yaml:"odd"`            // for digits that no telephone has
	Skip string `yaml:"skip,omitempty"` // for none; "" goes where a number does
	Do   string `yaml:"do,omitempty"`   // once a number is there
}

// page is a node's screen, placeholders left standing. The menu's check has seen that its words exist.
func (m *Menu) page(node string) prompts.Screen {
	s, _ := m.words.USSD(m.USSD.Nodes[node].Screen)
	return s
}

// wordsBefore are the words, the fullest first, that say before n's screen that what was typed is not taken.
func (m *Menu) wordsBefore(n *screenNode) []string {
	names := m.USSD.WrongKey
	if n.Number != nil {
		names = []string{m.USSD.WrongNumber}
	}
	var all []string
	for _, name := range names {
		if s, err := m.words.USSD(name); err == nil {
			all = append(all, s.Text)
		}
	}
	return all
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
		to = append(to, n.Number.Goto, n.Number.Odd)
		if n.Number.Skip != "" {
			to = append(to, n.Number.Skip)
		}
	}
	return to
}
