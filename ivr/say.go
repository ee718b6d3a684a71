package ivr

import (
	"strings"

	"canhgiac/ivr/prompts"
)

// say adds the node's lines, placeholders filled with lines of their own.
func (t *turn) say(n *node) error {
	for _, name := range n.Say {
		pieces, err := t.m.words.Said(name)
		if err != nil {
			return err
		}
		for i, p := range pieces {
			tail := i == len(pieces)-1 && i > 0 && p.Placeholder == ""
			switch {
			case p.Placeholder != "":
				fill, _ := fillingOf(p.Placeholder) // the menu's check knows every one
				t.said = append(t.said, fill(t)...)
			case tail && n.Tail != "" && !t.holds(n.Tail):
			default:
				t.said = append(t.said, p.Name)
			}
		}
	}
	return nil
}

// fillings are the lines that stand for a placeholder, from what was told and what the ward has.
var fillings = map[string]func(t *turn) []string{
	"so":        func(t *turn) []string { return sayNumber(t.c.Fields["number"]) },
	"hotline":   func(t *turn) []string { return sayNumber(t.h.o.Hotline) },
	"mat_khau":  func(t *turn) []string { return sayCodeWord(t.c.Fields["code_word"]) },
	"so_hoi":    func(t *turn) []string { return sayNumber(t.c.Fields["so_hoi"]) },
	"nguoi_bao": func(t *turn) []string { return []string{"nguoi-" + t.c.Fields["people"]} },
	"loai_so":   func(t *turn) []string { return []string{"ct-" + t.c.Fields["official"]} },
	"loi_nhac":  func(t *turn) []string { return strings.Fields(t.c.Fields["says"]) },
	"ma":        func(t *turn) []string { return prompts.Spell(strings.Split(t.c.Fields["code"], "-")) },
	"loai":      func(t *turn) []string { return []string{prompts.KindLine(t.c.Fields["kind"])} },
	"muc_tien": func(t *turn) []string {
		switch t.c.Fields["money"] {
		case "lost":
			return []string{prompts.BandLine(t.c.Fields["band"])}
		case "about":
			return []string{"tien-sap"}
		}
		return []string{"tien-chua"}
	},
	"co_khong": func(t *turn) []string {
		if t.c.Fields["callback"] == "yes" {
			return []string{"dong_y"}
		}
		return []string{"khong_dong_y"}
	},
}

// fillingOf is what fills a placeholder: a filling, or a value of the report whose kind its name tells, {tien_...}, {dem_...}.
func fillingOf(placeholder string) (func(t *turn) []string, bool) {
	if f, ok := fillings[placeholder]; ok {
		return f, true
	}
	kind, ok := prompts.KindOf(placeholder)
	return func(t *turn) []string {
		lines, err := prompts.Say(kind, t.c.Fields[placeholder])
		if err != nil {
			t.h.o.Log.ErrorContext(t.ctx, "a placeholder has no value to be read", "call", t.c.ID, "placeholder", placeholder)
		}
		return lines
	}, ok
}

// sayCodeWord says what the household chose to know our calls by, first of all; nothing where it chose none.
func sayCodeWord(keys string) []string {
	if keys == "" {
		return nil
	}
	lines := []string{"mat_khau"}
	for _, key := range strings.Fields(keys) {
		lines = append(lines, prompts.NounLine(key))
	}
	return append(lines, prompts.Gap)
}

// sayNumber reads a number back, or says that there is none.
func sayNumber(digits string) []string {
	if digits == "" {
		return []string{"khong_co_so"}
	}
	return prompts.Phone(digits)
}

// holds answers a condition of the menu, whose check knows every one.
func (t *step) holds(condition string) bool { return conditions[condition](t) }
