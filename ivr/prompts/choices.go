package prompts

import (
	"regexp"
	"strings"
)

// Choice is one offer of a key that words make: "Báo kẻ lừa đảo, bấm phím hai."
type Choice struct {
	Key  string // 1 to 9, 0, * or #
	Says string // what it is for: "Báo kẻ lừa đảo"; "" where the words name the key alone
	At   int    // where in the text the choice begins and ends
	End  int
}

// keySaid: 0 is always "số không", since "bấm không" is how a sentence says that something is not pressed.
var keySaid = map[string]string{"số không": "0", "một": "1", "hai": "2", "ba": "3", "bốn": "4", "năm": "5", "sáu": "6", "bảy": "7", "tám": "8", "chín": "9", "sao": "*", "thăng": "#"}

var saidKey = regexp.MustCompile(`(?:([^.?!;:]*?),? )?\b(?i:bấm)(?: ngay)?(?: phím)? (số không|một|hai|ba|bốn|năm|sáu|bảy|tám|chín|sao|thăng)([^\p{L}\p{N}]|$)`)

// Choices are the keys that a text names, in its order.
func Choices(text string) []Choice {
	var all []Choice
	for _, m := range saidKey.FindAllStringSubmatchIndex(text, -1) {
		c := Choice{Key: keySaid[text[m[4]:m[5]]], At: m[0], End: m[5]}
		if m[2] >= 0 {
			c.Says = strings.TrimSpace(text[m[2]:m[3]])
		}
		all = append(all, c)
	}
	return all
}

// KeyWords is how a key is said: "hai", "số không".
func KeyWords(key string) string {
	for words, k := range keySaid {
		if k == key {
			return words
		}
	}
	return ""
}

// Syllables counts what is spoken: Vietnamese writes a syllable as a word.
func Syllables(text string) int {
	n := 0
	for _, word := range strings.Fields(placeholder.ReplaceAllString(text, "")) {
		if strings.IndexFunc(word, letter) >= 0 {
			n++
		}
	}
	return n
}

func letter(r rune) bool { return r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r > 127 }

// Seconds is how long a slow reader needs (content.yaml, meta.counting.ivr): 3.2 syllables a second, 0.5 s at a full stop,
// 0.25 s at a comma.
func Seconds(text string) float64 {
	s := float64(Syllables(text)) / 3.2
	for _, r := range text {
		switch r {
		case '.', '?', '!':
			s += 0.5
		case ',', ':', ';':
			s += 0.25
		}
	}
	return s
}
