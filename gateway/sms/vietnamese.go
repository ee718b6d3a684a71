package sms

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Unaccent writes s without Vietnamese marks (không dấu). What has letters or digits of ASCII for it becomes those: marked
// and joined letters, full-width ones, the đồng sign. Everything else stays.
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
		case joined[r] != "":
			b.WriteString(joined[r])
		default:
			b.WriteString(unmark(r))
		}
	}
	return b.String()
}

// joined are the letters and signs that Unicode takes for one and ASCII writes otherwise.
var joined = map[rune]string{
	'æ': "ae", 'Æ': "AE", 'œ': "oe", 'Œ': "OE", 'ß': "ss", 'ø': "o", 'Ø': "O", 'ł': "l", 'Ł': "L", '×': "x", '•': "-", '·': "-", '●': "-", '▪': "-",
}

// unmark gives what ASCII has under r's marks, or for its other width or form; r where that is not all.
func unmark(r rune) string {
	var plain []byte
	for _, part := range norm.NFKD.String(string(r)) {
		switch {
		case part < 0x80:
			plain = append(plain, byte(part))
		case !isTone(part):
			return string(r)
		}
	}
	if len(plain) == 0 {
		return string(r)
	}
	return string(plain)
}

// isTone tells the combining marks of Latin letters.
func isTone(r rune) bool { return r >= 0x300 && r <= 0x36F }

// Đ, with its look-alikes from Icelandic and from African alphabets that old keyboards type.
func isDStroke(r rune) bool      { return r == 'Đ' || r == 'Ð' || r == 'Ɖ' }
func isSmallDStroke(r rune) bool { return r == 'đ' || r == 'ð' || r == 'ɖ' }

// Normalise cleans s for sending: NFC, plain spaces, quotes and dashes, one kind of Đ, letters for ligatures, full-width and
// ornamental ones, nothing invisible. A pasted NBSP or curly quote would otherwise turn a không dấu text into UCS-2, at
// more than twice the price.
func Normalise(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	var b strings.Builder
	b.Grow(len(s))
	var last rune
	for i, r := range s {
		switch {
		case r == zeroWidthJoiner && joins(last, s[i+len(string(r)):]):
			b.WriteRune(r)
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
		case isOrnamental(r):
			b.WriteString(norm.NFKC.String(string(r)))
		default:
			b.WriteRune(r)
			last = r
			continue
		}
		last = 0
	}
	return norm.NFC.String(b.String()) // last: something invisible may have stood between a letter and its mark
}

const zeroWidthJoiner = '\u200d'

// joins tells whether a zero-width joiner between last and rest makes one emoji of two.
func joins(last rune, rest string) bool {
	next, _ := utf8.DecodeRuneInString(rest)
	skin := last >= 0x1F3FB && last <= 0x1F3FF
	return (unicode.Is(unicode.So, last) || skin || last == '\ufe0f') && unicode.Is(unicode.So, next) && next != utf8.RuneError // nothing follows
}

// isOrnamental tells letters and digits of another shape: ligatures, full-width ones, and the bold and slanted alphabets
// that texts copied from social networks bring.
func isOrnamental(r rune) bool {
	return r >= 0xFB00 && r <= 0xFB06 || r >= 0xFF01 && r <= 0xFF5E || r >= 0x1D400 && r <= 0x1D7FF
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
