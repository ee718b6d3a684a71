package ivr

import (
	"context"
	"database/sql"
	"time"

	"canhgiac/ivr/prompts"
)

// Menus keeps the versions of the menu.
type Menus struct {
	db       *sql.DB
	now      func() time.Time
	words    *prompts.Words
	sounding func(prompts.Line) bool
	base     *Menu // the file's own, version 0
}

// NewMenus checks the program's own menu; an error means that some caller would be stranded. sounding says whether a sound
// says a line's words (prompts.Sound.Says); nil is not asked.
func NewMenus(db *sql.DB, now func() time.Time, w *prompts.Words, sounding func(prompts.Line) bool) (*Menus, error) {
	if sounding == nil {
		sounding = func(prompts.Line) bool { return true }
	}
	base, err := loadMenu(menuYAML, w, sounding)
	if err != nil {
		return nil, err
	}
	return &Menus{db: db, now: now, words: w, sounding: sounding, base: base}, nil
}

// Live is the menu that answers now.
func (s *Menus) Live(ctx context.Context) (*Menu, error) { return s.base, nil }

// MainChoices are what the main menu offers, in the order in which it is said.
func (m *Menu) MainChoices() []prompts.Choice {
	text, err := m.words.Prompt(m.mainNode().Say[0])
	if err != nil {
		return nil // the check has seen the words
	}
	return prompts.Choices(text)
}

// mainNode is the first node of a call that offers keys: what the card in every house shows.
func (m *Menu) mainNode() *node {
	n := m.Call.Nodes[m.Call.Start]
	for len(n.Keys) == 0 && (n.Next != "" || n.Other != "") {
		n = m.Call.Nodes[n.Next+n.Other]
	}
	return n
}
