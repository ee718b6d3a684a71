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
				t.said = append(t.said, fillings[p.Placeholder](t)...)
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
	"so":       func(t *turn) []string { return number3(t.c.Fields["number"]) },
	"hotline":  func(t *turn) []string { return number3(t.h.o.Hotline) },
	"loi_nhac": func(t *turn) []string { return strings.Fields(t.c.Fields["says"]) },
	"ma":       func(t *turn) []string { return spell(strings.Split(t.c.Fields["code"], "-")) },
	"loai":     func(t *turn) []string { return []string{prompts.KindLine(t.c.Fields["kind"])} },
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

// number3 reads a number back in threes (content.yaml, doc_lai_so).
func number3(digits string) []string {
	if digits == "" {
		return []string{"khong_co_so"}
	}
	var groups []string
	for len(digits) > 3 {
		groups, digits = append(groups, digits[:3]), digits[3:]
	}
	return spell(append(groups, digits))
}

// spell says each digit by itself, with a gap between groups.
func spell(groups []string) []string {
	var lines []string
	for i, g := range groups {
		if i > 0 {
			lines = append(lines, prompts.Gap)
		}
		for _, d := range g {
			lines = append(lines, prompts.DigitLine(d))
		}
	}
	return lines
}

// holds answers a condition of the menu, whose check knows every one.
func (t *step) holds(condition string) bool { return conditions[condition](t) }
