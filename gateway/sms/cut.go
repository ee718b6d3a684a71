package sms

import (
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// cuts gives the offsets where parts of up to each units end: before the character that would not fit. A character is what
// a reader takes for one (UAX #29): a letter with its marks, a flag, a family of emoji. Of one that fills more than a part
// on its own, each code point stands for itself.
func cuts(text string, e Encoding, each int) []int {
	var ends []int
	used, end := 0, 0
	take := func(size, units int) {
		if used+units > each {
			ends = append(ends, end)
			used = 0
		}
		used += units
		end += size
	}
	state := -1
	for rest := text; rest != ""; {
		var character string
		character, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		units := 0
		for _, r := range character {
			units += e.units(r)
		}
		if units <= each {
			take(len(character), units)
			continue
		}
		for character != "" {
			r, size := utf8.DecodeRuneInString(character)
			take(size, e.units(r))
			character = character[size:]
		}
	}
	return append(ends, end)
}
