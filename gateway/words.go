package gateway

import (
	"strings"
	"unicode"

	"canhgiac/gateway/sms"
)

// Words are the forms of each inbound word, by action: content.yaml's sms_keywords.
type Words map[string][]string

// takesRest are the actions whose word may be followed by anything. The others must stand alone: somebody whose sentence
// begins with "nhận" has not agreed to be messaged, while one whose sentence begins with "ngừng" wants it to stop.
var takesRest = map[string]bool{"ngung_nhan": true, "bao_tin": true}

// Match finds the action whose form text begins with, whatever its case, diacritics, spaces and punctuation; the longest
// form wins. rest is what follows, as it was written. An unknown text gives "".
func (w Words) Match(text string) (action, rest string) {
	fields := strings.FieldsFunc(sms.Normalise(text), separates)
	folded := make([]string, len(fields))
	for i, f := range fields {
		folded[i] = fold(f)
	}
	longest := 0
	for act, forms := range w {
		for _, form := range forms {
			words := strings.Fields(fold(form))
			if n := len(words); n > longest && begins(folded, words) && (takesRest[act] || n == len(fields)) {
				longest, action = n, act
			}
		}
	}
	return action, strings.Join(fields[longest:], " ")
}

func begins(text, form []string) bool {
	if len(text) < len(form) {
		return false
	}
	for i := range form {
		if text[i] != form[i] {
			return false
		}
	}
	return true
}

func fold(s string) string { return strings.ToUpper(sms.Unaccent(s)) }

// separates tells what may stand around a word: people copy it with its quotes, and end it with a full stop. The question
// mark is a word of its own.
func separates(r rune) bool {
	return unicode.IsSpace(r) || strings.ContainsRune(`"'“”‘’«».,;:!()`, r)
}
