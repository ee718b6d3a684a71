package prompts

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// known are the placeholders that a text may hold (content.yaml meta.placeholders, and those of the spoken read-back).
var known = []string{"brand", "hotline", "mat_khau", "ma", "gio", "ngay", "so", "shortcode", "loai", "muc_tien", "co_khong", "loi_nhac", "nguoi_bao", "loai_so", "ten"}

// refused: some carriers drop or refuse these (DOMAIN, SMS), so they never stand in a không dấu text.
const refused = "#&<>@%[]\\^~|"

// check finds what would reach a resident broken: all of it at once, so that one run shows every fault.
func (w *Words) check() error {
	var faults []error
	fault := func(format string, a ...any) { faults = append(faults, fmt.Errorf(format, a...)) }
	text := func(where, s string) {
		if strings.TrimSpace(s) == "" {
			fault("%s: no text", where)
		}
		if !norm.NFC.IsNormalString(s) {
			fault("%s: not NFC", where)
		}
		for _, p := range placeholders(s) {
			if _, spoken := KindOf(p); !spoken && !slices.Contains(known, p) {
				fault("%s: unknown placeholder {%s}", where, p)
			}
		}
		if strings.ContainsAny(placeholder.ReplaceAllString(s, ""), "{}") {
			fault("%s: a brace that belongs to no placeholder", where)
		}
	}
	if w.Version == "" {
		fault("meta.version: no version: consents are kept with it")
	}
	for _, key := range slices.Sorted(maps.Keys(w.sms)) {
		m := w.sms[key]
		text("sms."+key+".vi", m.Accented)
		text("sms."+key+".khong_dau", m.Plain)
		if bad := m.Refused(); bad != "" {
			fault("sms.%s.khong_dau: %s may not stand in it", key, bad)
		}
		if a, p := placeholders(m.Accented), placeholders(m.Plain); !slices.Equal(a, p) {
			fault("sms.%s: the two forms ask for different values: %v and %v", key, a, p)
		}
	}
	for _, r := range theSix {
		if _, ok := w.sms[r.sms]; !ok {
			fault("sms.%s: missing", r.sms)
		}
		if _, ok := w.prompts[remindersNode+"-"+r.prompt]; !ok {
			fault("ivr.%s.%s: missing", remindersNode, r.prompt)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.prompts)) {
		text("ivr."+name, w.prompts[name])
		if strings.ContainsAny(w.prompts[name], "0123456789") {
			fault("ivr.%s: digits are read as one number; write them as words", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.labels)) {
		for v, words := range w.labels[name] {
			text("labels."+name+"."+string(v), words)
			if strings.ContainsAny(words, "0123456789") {
				fault("labels.%s: digits are read as one number; write them as words", name)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.screens)) {
		text("ussd."+name, w.screens[name].Text)
		for _, err := range w.screens[name].check() {
			fault("ussd.%s: %w", name, err)
		}
	}
	official := map[int]int{}
	for i, s := range w.ScamTypes {
		if s.Key != i+1 {
			fault("scam_types: key %d stands in place %d", s.Key, i+1)
		}
		text(fmt.Sprintf("scam_types.%d.label", s.Key), s.Label)
		text(fmt.Sprintf("scam_types.%d.voice", s.Key), s.Voice)
		for _, o := range s.Official24s {
			official[o.Number]++
		}
	}
	for n := 1; n <= 24; n++ {
		if official[n] != 1 {
			fault("scam_types: official form %d is mapped %d times, expected once", n, official[n])
		}
	}
	if len(faults) > 0 {
		return fmt.Errorf("content.yaml: %w", errors.Join(faults...))
	}
	return nil
}

// placeholders are the names that a text asks for, each once, sorted.
func placeholders(s string) []string {
	var names []string
	for _, m := range placeholder.FindAllStringSubmatch(s, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}
