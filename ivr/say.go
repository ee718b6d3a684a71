package ivr

import (
	"strings"

	"canhgiac/ivr/prompts"
	"canhgiac/residents"
)

// say adds the node's lines, placeholders filled with lines of their own.
func (t *turn) say(n *node) error {
	for _, name := range n.Say {
		text, err := t.h.words.Prompt(name)
		if err != nil {
			return err
		}
		pieces := prompts.Pieces(name, text)
		for i, p := range pieces {
			tail := i == len(pieces)-1 && i > 0 && p.Placeholder == ""
			switch {
			case p.Placeholder != "":
				t.said = append(t.said, t.filling(p.Placeholder)...)
			case tail && n.Tail != "" && !t.holds(n.Tail):
			default:
				t.said = append(t.said, p.Name)
			}
		}
	}
	return nil
}

// filling gives the lines that stand for a placeholder.
func (t *turn) filling(placeholder string) []string {
	f := t.c.Fields
	switch placeholder {
	case "so":
		return number3(f["number"])
	case "hotline":
		return number3(t.h.o.Hotline)
	case "loi_nhac":
		return strings.Fields(f["says"])
	case "ma":
		return spell(strings.Split(f["code"], "-"))
	case "loai":
		return []string{prompts.KindLine(f["kind"])}
	case "muc_tien":
		switch f["money"] {
		case "lost":
			return []string{prompts.BandLine(f["band"])}
		case "about":
			return []string{"tien-sap"}
		}
		return []string{"tien-chua"}
	case "co_khong":
		if f["callback"] == "yes" {
			return []string{"dong_y"}
		}
		return []string{"khong_dong_y"}
	}
	return nil // the menu's check knows every placeholder
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

// holds answers a condition of the menu.
func (t *step) holds(condition string) bool {
	switch condition {
	case "withheld":
		return t.told.From == ""
	case "no_when", "no_band":
		return t.told.Fields["money"] == "lost" && t.told.Fields[strings.TrimPrefix(condition, "no_")] == ""
	case "no_kind", "no_number", "no_channel", "no_money", "no_callback":
		_, answered := t.told.Fields[strings.TrimPrefix(condition, "no_")]
		return !answered
	case "numberless": // asked for, and not known
		return t.told.Fields["number"] == ""
	case "no_sms": // a landline, or a foreign number, which we never message
		return t.told.FromKind != residents.Mobile
	}
	return t.told.Fields[condition] == "yes" // just_lost, texted, unfinished
}
