// Package passwords says which passwords may be chosen, by the rules of NIST SP 800-63B revision 4 §3.1.1: long enough, any
// characters, no composition rules and no expiry, but nothing that is guessed first. It hashes nothing.
package passwords

import (
	"bufio"
	_ "embed"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The fewest characters (§3.1.1.2): where the password stands alone, and where a second factor is always asked as well.
// The standard wants at least 64 to be allowed; Most is ours, since each costs nothing but a request's size.
const (
	Alone  = 15
	Beside = 8
	Most   = 200
)

var (
	ErrShort  = errors.New("the password is too short")
	ErrLong   = errors.New("the password has more than 200 characters")
	ErrForm   = errors.New("the password holds characters that no keyboard types")
	ErrCommon = errors.New("the password is among those that are guessed first")
	ErrWords  = errors.New("the password is little more than a name or a word of the office")
	ErrSimple = errors.New("the password is little more than a row or a repetition")
)

// Normal is what is hashed and compared, so that a password is the same from each keyboard: Unicode NFC, which §3.1.1.2 and
// RFC 8265 §4.2 (OpaqueString) name. NFKC would make different passwords one (² and 2), and weaken both.
func Normal(password string) string { return norm.NFC.String(password) }

// Check says what is wrong with a new password, or nil. least is Alone or Beside; words are the person's own: user name,
// full name, and what else stands around them.
func Check(password string, least int, words ...string) error {
	p := Normal(password)
	switch n := utf8.RuneCountInString(p); {
	case !utf8.ValidString(p) || strings.ContainsFunc(p, unicode.IsControl):
		return ErrForm
	case n < least:
		return ErrShort
	case n > Most:
		return ErrLong
	}
	bare := fold(p)
	if isCommon(strings.ToLower(p)) || isCommon(bare) || isCommon(strings.TrimRight(bare, "0123456789")) {
		return ErrCommon
	}
	if bare == "" {
		bare = strings.ToLower(p) // signs only
	}
	need := least / 2 // what must be left when all that is easy is taken away
	plain := withoutRuns(unrepeated(bare))
	if utf8.RuneCountInString(plain) < need || distinct(plain) < 4 {
		return ErrSimple
	}
	if utf8.RuneCountInString(unrepeated(withoutRuns(withoutWords(bare, words)))) < need {
		return ErrWords
	}
	return nil
}

// fold leaves small letters without marks, and digits: what a person means by "the same but with a capital and a dot".
func fold(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(s)) {
		switch {
		case r == 'đ':
			b.WriteByte('d')
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(r)
		}
	}
	return b.String()
}

// unrepeated gives the part that s repeats, "abc" of "abcabcabc".
func unrepeated(s string) string {
	for size := 1; size <= len(s)/2; size++ {
		if len(s)%size == 0 && strings.Repeat(s[:size], len(s)/size) == s {
			return s[:size]
		}
	}
	return s
}

// rows are what fingers slide along.
var rows = []string{"qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm", "1q2w3e4r5t6y7u8i9o0p", "!@#$%^&*()"}

// withoutRuns takes away runs of four or more characters that go up, down, along a keyboard or stand still.
func withoutRuns(s string) string {
	rs := []rune(s)
	var out []rune
	for i := 0; i < len(rs); {
		n := 1
		for _, step := range []rune{0, 1, -1} {
			j := i + 1
			for j < len(rs) && rs[j]-rs[j-1] == step {
				j++
			}
			n = max(n, j-i)
		}
		for _, row := range rows {
			for _, line := range []string{row, backwards(row)} {
				j := i + 1
				for j <= len(rs) && strings.Contains(line, string(rs[i:j])) {
					j++
				}
				n = max(n, j-1-i)
			}
		}
		if n < 4 {
			out, n = append(out, rs[i]), 1
		}
		i += n
	}
	return string(out)
}

func backwards(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}

func distinct(s string) int {
	seen := map[rune]bool{}
	for _, r := range s {
		seen[r] = true
	}
	return len(seen)
}

// withoutWords takes away the office's words, the person's own, and years, the longest first.
func withoutWords(bare string, own []string) string {
	all := slices.Clone(officeWords)
	for _, w := range own {
		for _, part := range append(strings.FieldsFunc(w, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), w) {
			if part = fold(part); len(part) >= 3 {
				all = append(all, part)
			}
		}
	}
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	for _, w := range all {
		bare = strings.ReplaceAll(bare, w, "")
	}
	for _, century := range []string{"19", "20"} {
		for from := 0; ; {
			i := strings.Index(bare[from:], century)
			if i < 0 {
				break
			}
			if i += from; len(bare) >= i+4 && strings.Trim(bare[i+2:i+4], "0123456789") == "" {
				bare, from = bare[:i]+bare[i+4:], i
			} else {
				from = i + 1
			}
		}
	}
	return bare
}

// commonList is the part of zxcvbn-ts's list of passwords from breaches (MIT, common.LICENSE) that is long enough to be
// chosen here, in small letters.
//
//go:embed common.txt
var commonList string

//go:embed words.txt
var wordsList string

var (
	common      = lines(commonList)
	officeWords = sorted(lines(wordsList))
)

func isCommon(s string) bool {
	return common[s]
}

func lines(text string) map[string]bool {
	all := map[string]bool{}
	for scan := bufio.NewScanner(strings.NewReader(text)); scan.Scan(); {
		if line := scan.Text(); line != "" && !strings.HasPrefix(line, "# ") {
			all[line] = true
		}
	}
	return all
}

func sorted(set map[string]bool) []string {
	var all []string
	for s := range set {
		all = append(all, s)
	}
	slices.Sort(all)
	return all
}
