package prompts

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Screen is one USSD page. Its characters are all ASCII and in GSM-7's basic table, so that a character is an octet and a
// septet alike.
type Screen struct {
	Kind string `yaml:"kind"` // CON: an answer is awaited; END: the session ends
	Text string `yaml:"text"`
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

// widest fills each placeholder with the most that may ever stand there: 11 digits of a hotline, 20 of a number.
var widest = map[string]string{"hotline": "01234567890", "so": "01234567890123456789", "dem_chu_so": "20", "so_hoi": "01234567890123456789", "nguoi_bao": "10 nguoi tro len", "ten": "Ngan hang Ngoai thuong VN", "ma": "2608-0417", "gio": "14:05", "ngay": "27/08"}

// Widest is the text with the most in it that may ever stand there.
func (s Screen) Widest() string {
	return placeholder.ReplaceAllStringFunc(s.Text, func(p string) string { return widest[strings.Trim(p, "{}")] })
}

// Refused is the first character of the screen's words that a phone or a carrier does not take, in quotes; "" is none.
func (s Screen) Refused() string {
	for _, r := range placeholder.ReplaceAllString(s.Text, "") {
		if r > '~' || r < ' ' && r != '\n' || r == '`' || strings.ContainsRune(refused, r) {
			return strconv.Quote(string(r))
		}
	}
	return ""
}

// Unfilled are the placeholders that nothing fills on a screen.
func (s Screen) Unfilled() []string {
	return slices.DeleteFunc(placeholders(s.Text), func(p string) bool { return widest[p] != "" })
}

func (s Screen) check() []error {
	var faults []error
	if s.Kind != "CON" && s.Kind != "END" {
		faults = append(faults, fmt.Errorf("kind: %q, expected CON or END", s.Kind))
	}
	if bad := s.Refused(); bad != "" {
		faults = append(faults, fmt.Errorf("%s may not stand on a screen", bad))
	}
	if n := len(s.Widest()); n > ScreenLimit {
		faults = append(faults, fmt.Errorf("%d characters with the widest values, at most %d fit", n, ScreenLimit))
	}
	for _, p := range s.Unfilled() {
		faults = append(faults, fmt.Errorf("nothing fills {%s} on a screen", p))
	}
	if s.Ends() && len(s.Offered()) > 0 {
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
