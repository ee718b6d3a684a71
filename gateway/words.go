package gateway

import (
	"context"
	"database/sql"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"canhgiac/gateway/sms"
)

// Words are the forms of each inbound word, by action: those of the menu that answers.
type Words map[string][]string

// Dictionary gives the words that are understood now.
type Dictionary interface {
	Now(ctx context.Context, tx *sql.Tx) (Words, error)
}

// Now makes words that never change a Dictionary.
func (w Words) Now(context.Context, *sql.Tx) (Words, error) { return w, nil }

// takesRest are the actions whose word may be followed by anything. The others must stand alone: somebody whose sentence
// begins with "nhận" has not agreed to be messaged, while one whose sentence begins with "ngừng" wants it to stop.
var takesRest = map[string]bool{"ngung_nhan": true, "bao_tin": true, "kiem_tra": true}

// Match finds the action whose form text begins with, whatever its case, diacritics, spaces and punctuation; the longest
// form wins. rest is what follows, as it was written. An unknown text gives "".
func (w Words) Match(text string) (action, rest string) {
	// NFKC: full-width letters and digits, which some phones write, are letters and digits.
	fields := apart(strings.FieldsFunc(sms.Normalise(norm.NFKC.String(text)), separates))
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

// apart divides the first word from a number that was written on to it: BAO0901234567 is a report.
func apart(fields []string) []string {
	if len(fields) == 0 {
		return fields
	}
	first := fields[0]
	if i := strings.IndexAny(first, "+0123456789"); i > 0 {
		return append([]string{first[:i], first[i:]}, fields[1:]...)
	}
	return fields
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
