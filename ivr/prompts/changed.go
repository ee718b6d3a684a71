package prompts

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Changes are words that a ward says otherwise than content.yaml and labels.yaml do: the whole text of a prompt, screen or
// SMS, by its name.
type Changes struct {
	Prompts  map[string]string  `json:"prompts,omitempty" yaml:"prompts,omitempty"`
	Screens  map[string]string  `json:"screens,omitempty" yaml:"screens,omitempty"`
	Messages map[string]Message `json:"messages,omitempty" yaml:"messages,omitempty"`
}

// None says that nothing is said otherwise.
func (c Changes) None() bool { return len(c.Prompts)+len(c.Screens)+len(c.Messages) == 0 }

// With gives the words with changes. version goes into Version, for the consents that are given to them. A name that no
// prompt, screen or SMS has is ErrNoText; what is wrong with the texts themselves is for whoever checks them.
func (w *Words) With(c Changes, version string) (*Words, error) {
	changed := *w
	changed.Version += version
	changed.prompts, changed.screens, changed.sms = maps.Clone(w.prompts), maps.Clone(w.screens), maps.Clone(w.sms)
	changed.original = w
	for _, name := range slices.Sorted(maps.Keys(c.Prompts)) {
		if _, ok := w.prompts[name]; !ok {
			return nil, fmt.Errorf("prompt %s: %w", name, ErrNoText)
		}
		changed.prompts[name] = c.Prompts[name]
	}
	for _, name := range slices.Sorted(maps.Keys(c.Screens)) {
		s, ok := w.screens[name]
		if !ok {
			return nil, fmt.Errorf("ussd %s: %w", name, ErrNoText)
		}
		s.Text = c.Screens[name]
		changed.screens[name] = s
	}
	for _, name := range slices.Sorted(maps.Keys(c.Messages)) {
		if _, ok := w.sms[name]; !ok {
			return nil, fmt.Errorf("sms %s: %w", name, ErrNoText)
		}
		changed.sms[name] = c.Messages[name]
	}
	return &changed, nil
}

// Changes are what With made of these words; none of the files' own.
func (w *Words) Changes() Changes {
	c := Changes{Prompts: map[string]string{}, Screens: map[string]string{}, Messages: map[string]Message{}}
	if w.original == nil {
		return c
	}
	for name, text := range w.prompts {
		if text != w.original.prompts[name] {
			c.Prompts[name] = text
		}
	}
	for name, s := range w.screens {
		if s.Text != w.original.screens[name].Text {
			c.Screens[name] = s.Text
		}
	}
	for name, m := range w.sms {
		if m != w.original.sms[name] {
			c.Messages[name] = m
		}
	}
	return c
}

// Original are the files' own words, these where nothing was changed.
func (w *Words) Original() *Words {
	if w.original == nil {
		return w
	}
	return w.original
}

// Said gives the pieces of a prompt. One whose words a version changed has a name of its own, made from the words: so a call
// that began with the old ones goes on hearing them, and no recording is ever heard in the place of other words.
func (w *Words) Said(name string) ([]Piece, error) {
	text, err := w.Prompt(name)
	if err != nil {
		return nil, err
	}
	pieces := Pieces(name, text)
	if w.original == nil || w.original.prompts[name] == text {
		return pieces, nil
	}
	was := map[string]string{}
	for _, p := range Pieces(name, w.original.prompts[name]) {
		was[p.Name] = p.Text
	}
	for i, p := range pieces {
		if p.Placeholder == "" && was[p.Name] != p.Text {
			pieces[i].Name = LineOf(p.Name, p.Text)
		}
	}
	return pieces, nil
}

// LineOf names the line of a piece whose words a version changed: menu_chinh-w0123456789.
func LineOf(piece, text string) string { return piece + "-w" + Sum([]byte(text))[:10] }

// Changed are the lines that no embedded sound says, each once, sorted: those whose words a version changed.
func (w *Words) Changed() ([]Line, error) {
	var lines []Line
	for _, name := range w.PromptNames() {
		pieces, err := w.Said(name)
		if err != nil {
			return nil, err
		}
		for _, p := range pieces {
			if p.Placeholder == "" && w.original != nil && p.Name == LineOf(strings.TrimSuffix(p.Name, LineOf("", p.Text)), p.Text) {
				lines = append(lines, Line{Name: p.Name, Text: p.Text})
			}
		}
	}
	return lines, nil
}

// Placeholders are the values that a text asks for, sorted.
func Placeholders(text string) []string { return placeholders(text) }
