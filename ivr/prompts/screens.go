package prompts

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Screen is one USSD page. Its characters are all ASCII and in GSM-7's basic table, so that a character is an octet and a
// septet alike.
type Screen struct {
	Kind string            `yaml:"kind"` // CON: an answer is awaited; END: the session ends
	Text string            `yaml:"text"`
	Keys map[string]string `yaml:"keys"` // by key, the screen that it leads to; content.yaml tells it for some
}

// ScreenLimit is what every network shows, in characters. A USSD string has 160 octets (3GPP TS 23.038 §5), 182 septets;
// gateways cut at the smaller.
const ScreenLimit = 160

// Ends says whether the session ends with this screen.
func (s Screen) Ends() bool { return s.Kind == "END" }

// Offered are the keys that the screen's words name, sorted: "1. Gui", "Bam 1: bao tin tiep".
func (s Screen) Offered() []string {
	var keys []string
	for _, m := range offered.FindAllStringSubmatch(s.Text, -1) {
		keys = append(keys, m[1])
	}
	slices.Sort(keys)
	return keys
}

var offered = regexp.MustCompile(`(?m)^(?:Bam )?([0-9])[.:] `)

// widest fills each placeholder with the most that may ever stand there: 11 digits of a hotline, 15 of a number.
var widest = map[string]string{"hotline": "01234567890", "so": "012345678901234", "ma": "2608-0417", "gio": "14:05", "ngay": "27/08"}

// Widest is the text with the most in it that may ever stand there.
func (s Screen) Widest() string {
	return placeholder.ReplaceAllStringFunc(s.Text, func(p string) string { return widest[strings.Trim(p, "{}")] })
}

func (s Screen) check() []error {
	var faults []error
	if s.Kind != "CON" && s.Kind != "END" {
		faults = append(faults, fmt.Errorf("kind: %q, expected CON or END", s.Kind))
	}
	if i := strings.IndexFunc(s.Text, func(r rune) bool { return r > '~' || r < ' ' && r != '\n' || r == '`' }); i >= 0 {
		faults = append(faults, fmt.Errorf("%q may not stand on a screen", []rune(s.Text[i:])[0]))
	}
	if bare := placeholder.ReplaceAllString(s.Text, ""); strings.ContainsAny(bare, refused) {
		faults = append(faults, fmt.Errorf("one of %s stands on a screen", refused))
	}
	if n := len(s.Widest()); n > ScreenLimit {
		faults = append(faults, fmt.Errorf("%d characters with the widest values, at most %d fit", n, ScreenLimit))
	}
	for _, p := range placeholders(s.Text) {
		if widest[p] == "" {
			faults = append(faults, fmt.Errorf("nothing fills {%s} on a screen", p))
		}
	}
	if s.Ends() && (len(s.Keys) > 0 || len(s.Offered()) > 0) {
		faults = append(faults, fmt.Errorf("offers keys and ends the session"))
	}
	return faults
}

// USSD gives one screen, placeholders left standing.
func (w *Words) USSD(name string) (Screen, error) {
	s, ok := w.screens[name]
	if !ok {
		return Screen{}, fmt.Errorf("ussd %s: %w", name, ErrNoText)
	}
	return s, nil
}

// ScreenNames lists all screens, sorted.
func (w *Words) ScreenNames() []string { return slices.Sorted(maps.Keys(w.screens)) }
