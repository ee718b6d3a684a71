package sms

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Unaccent writes s without Vietnamese marks (không dấu). Everything but marked Latin letters and the đồng sign stays.
func Unaccent(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range norm.NFC.String(s) { // first, so that ộ is one letter however it was typed
		switch {
		case r < 0x80:
			b.WriteByte(byte(r))
		case isDStroke(r):
			b.WriteByte('D')
		case isSmallDStroke(r) || r == '₫':
			b.WriteByte('d')
		case isTone(r): // on a letter that has no composed form
		default:
			b.WriteString(unmark(r))
		}
	}
	return b.String()
}

// unmark gives the ASCII letter under r's marks, or r.
func unmark(r rune) string {
	s := string(r)
	d := norm.NFD.String(s)
	if d[0] >= 0x80 || len(d) == 1 {
		return s
	}
	for _, m := range d[1:] {
		if !isTone(m) {
			return s
		}
	}
	return d[:1]
}

// isTone tells the combining marks of Latin letters.
func isTone(r rune) bool { return r >= 0x300 && r <= 0x36F }

// Đ, with its look-alikes from Icelandic and from African alphabets that old keyboards type.
func isDStroke(r rune) bool      { return r == 'Đ' || r == 'Ð' || r == 'Ɖ' }
func isSmallDStroke(r rune) bool { return r == 'đ' || r == 'ð' || r == 'ɖ' }

// Normalise cleans s for sending: NFC, plain spaces, quotes and dashes, one kind of Đ, nothing invisible. A pasted NBSP
// or curly quote would otherwise turn a không dấu text into UCS-2, at more than twice the price.
func Normalise(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s {
		switch {
		case r == '\n':
			b.WriteByte('\n')
		case r == '\r' || r == '\u2028' || r == '\u2029':
			b.WriteByte('\n')
		case r == '\t' || r == '\u00a0' || (r >= '\u2000' && r <= '\u200a') || r == '\u202f' || r == '\u205f' || r == '\u3000':
			b.WriteByte(' ')
		case r < 0x20 || (r >= 0x7f && r < 0xa0) || isInvisible(r):
		case r >= '\u2018' && r <= '\u201b' || r == '\u2032' || r == '\u2039' || r == '\u203a':
			b.WriteByte('\'')
		case r >= '\u201c' && r <= '\u201f' || r == '\u2033' || r == '«' || r == '»':
			b.WriteByte('"')
		case r >= '\u2010' && r <= '\u2015' || r == '\u2212':
			b.WriteByte('-')
		case r == '…':
			b.WriteString("...")
		case isDStroke(r):
			b.WriteRune('Đ')
		case isSmallDStroke(r):
			b.WriteRune('đ')
		default:
			b.WriteRune(r)
		}
	}
	return norm.NFC.String(b.String()) // last: something invisible may have stood between a letter and its mark
}

// isInvisible tells zero-width characters, soft hyphens, and marks of writing direction.
func isInvisible(r rune) bool {
	switch {
	case r == '\u00ad' || r == '\ufeff' || r == '\u180e':
		return true
	case r >= '\u200b' && r <= '\u200f', r >= '\u202a' && r <= '\u202e', r >= '\u2060' && r <= '\u206f':
		return true
	}
	return false
}
