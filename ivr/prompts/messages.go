package prompts

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Message is the text of an SMS, in both forms: the network, and what it costs, decide which of them goes out.
type Message struct {
	Accented string `json:"vi" yaml:"vi"`
	Plain    string `json:"khong_dau" yaml:"khong_dau"`
}

// What an SMS may be long, with the widest values in it: one part of GSM-7, or two of UCS-2 (3GPP TS 23.040 §9.2.3.24.1: 67
// characters each behind an 8-bit reference).
const (
	PlainLimit    = 160
	AccentedLimit = 2 * 67
)

// widestInMessage are the widest values that a ward is likely to have (content.yaml, meta.counting).
var widestInMessage = map[string]string{
	"brand": "CATHANHKHEX", "hotline": "02363111222", "ma": "2608-0417", "gio": "14:05", "ngay": "27/08", "so": "0901234567",
	"shortcode": "8088", "nguoi_bao": "10 nguoi tro len", "ten": "Ngan hang Ngoai thuong",
}

// In is the text in one form.
func (m Message) In(form Form) string {
	if form == Accented {
		return m.Accented
	}
	return m.Plain
}

// Length is how long a form is with the widest values in it, in the characters of its own alphabet.
func (m Message) Length(form Form) int {
	text := placeholder.ReplaceAllStringFunc(m.In(form), func(p string) string { return widestInMessage[strings.Trim(p, "{}")] })
	return len(utf16.Encode([]rune(text)))
}

// Refused is the first character of the plain form that some carrier drops or refuses, in quotes; "" is none.
func (m Message) Refused() string {
	for _, r := range placeholder.ReplaceAllString(m.Plain, "") {
		if r > '~' || r < ' ' || strings.ContainsRune(refused, r) {
			return strconv.Quote(string(r))
		}
	}
	return ""
}

// Message gives an SMS, placeholders left standing. Error: ErrNoText.
func (w *Words) Message(name string) (Message, error) {
	m, ok := w.sms[name]
	if !ok {
		return Message{}, fmt.Errorf("sms %s: %w", name, ErrNoText)
	}
	return m, nil
}

// MessageNames lists all SMS texts, sorted.
func (w *Words) MessageNames() []string { return slices.Sorted(maps.Keys(w.sms)) }
