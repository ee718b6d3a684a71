package campaigns

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"canhgiac/gateway/sms"
	"canhgiac/schedules"
)

// Problem is one thing wrong, or doubtful, in a campaign: where, what as a code that catalogs put into words, and what
// exactly. Fields are name, contents.N.text, contents.N.plain, contents.N.voice, form, units, channel, cron, hours, caps, urgent_reason.
type Problem struct {
	Field   string
	Code    string
	Arg     string
	Carrier string // which refuses the letters in Arg
	Instead string // what to write for them, as "& → và"
}

// InvalidError is why a campaign was not kept. Nothing was changed.
type InvalidError struct{ Problems []Problem }

func (e *InvalidError) Error() string {
	var all []string
	for _, p := range e.Problems {
		all = append(all, strings.TrimSpace(p.Field+": "+p.Code+" "+p.Arg))
	}
	return "invalid campaign: " + strings.Join(all, "; ")
}

// Trap is a phrase whose meaning turns round without diacritics, and how it may be read or what to write instead.
type Trap struct{ Phrase, Why string }

const (
	maxName     = 120
	maxContents = 24
	maxParts    = 4 // parts of one text: the fifth is read by nobody and paid for each time
	fairParts   = 2 // more than this gets a warning
	maxCap      = 20
)

// noPlain are the characters that carriers refuse in a không dấu text, or count twice.
const noPlain = "#&<>@%[]{}\\^~|`"

// check gives everything wrong with c, known being the units that it may name.
func check(c Campaign, known []int64) []Problem {
	var found []Problem
	add := func(field, code, arg string) { found = append(found, Problem{Field: field, Code: code, Arg: arg}) }
	switch n := utf8.RuneCountInString(c.Name); {
	case n == 0:
		add("name", "name_missing", "")
	case n > maxName:
		add("name", "name_long", strconv.Itoa(maxName))
	}
	switch {
	case len(c.Contents) == 0:
		add("contents.0.text", "text_missing", "")
	case len(c.Contents) > maxContents:
		add("contents", "contents_many", strconv.Itoa(maxContents))
	}
	for i, content := range c.Contents {
		for _, p := range CheckContent(content) {
			add(fmt.Sprintf("contents.%d.%s", i, p.Field), p.Code, p.Arg)
		}
	}
	if c.Form != Plain && c.Form != Accented {
		add("form", "form_unknown", string(c.Form))
	}
	if c.Channel != ChannelSMS && !c.Calls() {
		add("channel", "channel_unknown", c.Channel)
	}
	if len(c.Units) == 0 {
		add("units", "units_missing", "")
	}
	for _, u := range c.Units {
		if !slices.Contains(known, u) {
			add("units", "units_unknown", strconv.FormatInt(u, 10))
		}
	}
	if _, err := schedules.ParseCron(c.Cron); err != nil {
		var wrong *schedules.CronError
		if errors.As(err, &wrong) {
			code := "cron_" + strings.ReplaceAll(wrong.Field, " ", "_")
			if errors.Is(err, schedules.ErrNeverDue) {
				code = "cron_never"
			}
			add("cron", code, wrong.Value)
		} else {
			add("cron", "cron_fields", c.Cron)
		}
	}
	if c.Hours.From >= c.Hours.To {
		add("hours", "hours_wrong", "")
	}
	if c.Caps.PerDay < 0 || c.Caps.PerWeek < 0 || c.Caps.PerDay > maxCap || c.Caps.PerWeek > maxCap {
		add("caps", "caps_wrong", strconv.Itoa(maxCap))
	}
	if c.Urgent && c.UrgentReason == "" {
		add("urgent_reason", "urgent_reason_missing", "")
	}
	return found
}

// CheckContent gives what stops a text from being sent; Field is text or plain.
func CheckContent(c Content) []Problem {
	var found []Problem
	for _, form := range []struct{ field, text string }{{"text", c.Text}, {"plain", c.Plain}} {
		add := func(code, arg string) { found = append(found, Problem{Field: form.field, Code: code, Arg: arg}) }
		if strings.TrimSpace(form.text) == "" {
			add("text_missing", "")
			continue
		}
		// What nobody can send is not read word for word: a body of the API may hold a megabyte.
		if size := sms.Measure(form.text); size.Parts > maxParts {
			add("parts_many", strconv.Itoa(size.Parts))
			continue
		}
		if link := links.FindString(form.text); link != "" {
			add("link", link)
		}
		if asks := Asks(form.text); asks != "" {
			add("asks", asks)
		}
	}
	if i := strings.IndexAny(c.Text, "{}"); i >= 0 {
		found = append(found, Problem{Field: "text", Code: "placeholder"})
	}
	if bad := barred(c.Plain); len(bad) > 0 {
		found = append(found, Problem{Field: "plain", Code: "plain_char", Arg: strings.Join(bad, " ")})
	}
	return found
}

// maxBarred is how many letters a person is told of at once.
const maxBarred = 8

// barred are the first letters that cannot stand in a không dấu text, each once.
func barred(plain string) (letters []string) {
	for _, r := range plain {
		if l := string(r); isBarred(r) && len(letters) < maxBarred && !slices.Contains(letters, l) {
			letters = append(letters, l)
		}
	}
	return letters
}

func isBarred(r rune) bool {
	return r != '\n' && (r < ' ' || r > '~') || strings.ContainsRune(noPlain, r)
}

// Warnings gives what the author should look at again, though it stops nothing.
func Warnings(c Content, traps []Trap) []Problem {
	var found []Problem
	for _, form := range []struct{ field, text string }{{"text", c.Text}, {"plain", c.Plain}} {
		if size := sms.Measure(form.text); size.Parts > fairParts && size.Parts <= maxParts {
			found = append(found, Problem{Field: form.field, Code: "parts_warn", Arg: strconv.Itoa(size.Parts)})
		}
	}
	for _, t := range traps {
		if trapped(c.Plain, t) {
			found = append(found, Problem{Field: "plain", Code: "trap", Arg: t.Phrase})
		}
	}
	return found
}

// settled are the words after which a trap has one reading only: "ung dung" is ứng dụng and nothing else.
var settled = map[string][]string{"dung": {"ung", "su", "noi", "xay"}, "bao": {"canh", "thong", "tin"}}

// trapped looks for a trap's words. Two remarks of the list are rules rather than readings: `write "khong so hai"` clears
// that wording, and "follow it with an object" asks only for a word after it.
func trapped(plain string, t Trap) bool {
	instead := ""
	if _, after, ok := strings.Cut(t.Why, `write "`); ok {
		instead, _, _ = strings.Cut(after, `"`)
	}
	needsObject := strings.Contains(t.Why, "follow it with an object")
	for _, line := range sentences(plain) {
		for i := range line {
			n := match(line, i, t.Phrase)
			switch {
			case n == 0:
			case i > 0 && slices.Contains(settled[t.Phrase], line[i-1].word):
			case instead != "" && strings.HasPrefix(instead, t.Phrase+" ") && match(line, i, instead) > 0:
			case needsObject && i+n < len(line) && line[i+n].word != ",":
			default:
				return true
			}
		}
	}
	return false
}

// tidy is what the store keeps of what was typed: NFC, no stray spaces, quotes and zero-width signs that phones show as boxes.
func tidy(c Campaign) Campaign {
	c.Name = strings.Join(strings.Fields(sms.Normalise(c.Name)), " ")
	c.UrgentReason = strings.TrimSpace(c.UrgentReason)
	c.Cron = strings.Join(strings.Fields(c.Cron), " ")
	contents := make([]Content, len(c.Contents))
	for i, one := range c.Contents {
		contents[i] = Content{Text: Clean(one.Text), Plain: Clean(one.Plain)}
		if c.Calls() {
			contents[i].Voice = one.Voice
		}
	}
	c.Contents = contents
	if c.Channel == "" {
		c.Channel = ChannelSMS
	}
	c.Units = slices.Compact(slices.Sorted(slices.Values(c.Units)))
	return c
}

// Clean is a text as it is kept and sent.
func Clean(s string) string {
	return strings.TrimSpace(sms.Normalise(s))
}
