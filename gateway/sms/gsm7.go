package sms

import (
	"unicode/utf8"

	"github.com/fiorix/go-smpp/smpp/encoding"
)

const escape = 0x1B

// gsm7 is the default alphabet and its extension table (GSM 03.38 §6.2.1), taken out of go-smpp's text codec once: asked
// per message, the codec looks in two maps for each character, sends text that it cannot map as raw UTF-8, and stops at
// the first octet that it does not know.
type gsm7 struct {
	plain, escaped [128]rune     // by septet; 0 where there is none
	octets         map[rune]byte // the septet, with the top bit for one behind an escape
}

var alphabet = newGSM7()

func newGSM7() *gsm7 {
	g := &gsm7{octets: map[rune]byte{}}
	decoder := encoding.GSM7(false).NewDecoder()
	one := func(septets ...byte) (rune, bool) {
		b, err := decoder.Bytes(septets)
		r, _ := utf8.DecodeRune(b)
		return r, err == nil
	}
	for s := range byte(128) {
		if s == escape {
			continue
		}
		if r, ok := one(s); ok {
			g.plain[s], g.octets[r] = r, s
		}
		if r, ok := one(escape, s); ok {
			g.escaped[s], g.octets[r] = r, s|0x80
		}
	}
	return g
}

// septets is what r takes: 1, 2 behind an escape, or 0 when the alphabet does not have it.
func (g *gsm7) septets(r rune) int {
	s, ok := g.octets[r]
	switch {
	case !ok:
		return 0
	case s&0x80 != 0:
		return 2
	}
	return 1
}

// InGSM7 tells whether the default alphabet or its extension table has r.
func InGSM7(r rune) bool { return alphabet.septets(r) > 0 }

// encode takes text of the alphabet only.
func (g *gsm7) encode(text string) []byte {
	b := make([]byte, 0, len(text))
	for _, r := range text {
		s := g.octets[r]
		if s&0x80 != 0 {
			b = append(b, escape)
		}
		b = append(b, s&0x7F)
	}
	return b
}

// decode reads what phones send. An escape before something unknown shows the plain character (GSM 03.38 §6.2.1.1); an
// octet that is no septet becomes U+FFFD, so that the rest can still be read.
func (g *gsm7) decode(b []byte) string {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		s := b[i]
		var r rune
		if s == escape {
			if i++; i == len(b) {
				break // its other half is lost
			}
			if s = b[i]; s < 128 {
				r = g.escaped[s]
			}
		}
		if r == 0 && s < 128 {
			r = g.plain[s]
		}
		if r == 0 {
			r = utf8.RuneError
		}
		out = utf8.AppendRune(out, r)
	}
	return string(out)
}
