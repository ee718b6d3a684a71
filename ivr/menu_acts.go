package ivr

import (
	"maps"
	"slices"
	"strings"

	"canhgiac/residents"
)

// The names that a menu may use. Whoever adds a node that does something new adds its act, condition, field or filling
// here: a name that no table has is a finding which tells those that there are.

// act is what a key may do besides going somewhere.
type act struct {
	careful bool // it sends, cancels, stops or registers: no key typed ahead may do it
	calls   bool // on calls alone
	do      func(t *step, key string) error
}

var acts = map[string]act{
	"open":           {do: func(t *step, _ string) error { return t.open() }},
	"hear":           {calls: true, do: func(t *step, _ string) error { return t.talk.(*turn).hear() }},
	"resume":         {do: func(t *step, _ string) error { return t.talk.resume() }},
	"check":          {do: func(t *step, _ string) error { return t.checkNumber() }},
	"report_checked": {do: func(t *step, _ string) error { return t.reportChecked() }},
	"send":           {careful: true, do: func(t *step, _ string) error { return t.send() }},
	"cancel":         {careful: true, do: func(t *step, _ string) error { return t.cancel() }},
	"register":       {careful: true, do: (*step).register},
	"opt_out":        {careful: true, do: (*step).optOut},
}

// conditions of diverts and tails.
var conditions = map[string]func(t *step) bool{
	"withheld":   func(t *step) bool { return t.told.From == "" },
	"no_sms":     func(t *step) bool { return t.told.FromKind != residents.Mobile }, // a landline, or a foreign number, which we never message
	"just_lost":  marked("just_lost"),
	"texted":     marked("texted"),
	"unfinished": marked("unfinished"),

	"number_given":   marked("number_given"), // before it would be asked for
	"check_limited":  foundIs(foundLimited),
	"check_official": foundIs(foundOfficial),
	"check_reported": foundIs(foundReported),

	"numberless":  func(t *step) bool { return t.told.Fields["number"] == "" }, // asked for, and not known
	"no_kind":     unanswered("kind"),
	"no_number":   unanswered("number"),
	"no_channel":  unanswered("channel"),
	"no_money":    unanswered("money"),
	"no_callback": unanswered("callback"),
	"no_when":     unansweredOfLoss("when"),
	"no_band":     unansweredOfLoss("band"),
}

func marked(field string) func(*step) bool {
	return func(t *step) bool { return t.told.Fields[field] == "yes" }
}

func unanswered(field string) func(*step) bool {
	return func(t *step) bool {
		_, answered := t.told.Fields[field]
		return !answered
	}
}

// unansweredOfLoss: only who has lost money is asked.
func unansweredOfLoss(field string) func(*step) bool {
	return func(t *step) bool { return t.told.Fields["money"] == "lost" && t.told.Fields[field] == "" }
}

// fieldValues are the fields that a key may set, with the values that reports takes. just_lost and unfinished are the
// menu's own.
var fieldValues = map[string][]string{
	"kind":      {"1", "2", "3", "4", "5", "6", "7", "8"},
	"number":    {""},
	"channel":   {"1", "2", "3", "4", "5"},
	"money":     {"none", "lost", "about"},
	"when":      {"", "today", "yesterday", "earlier", "before"},
	"band":      {"", "1", "2", "3", "4", "5"},
	"callback":  {"yes", "no"},
	"just_lost": {"", "yes"},

	"number_given": {""},

	"unfinished": {""},
}

// listOf names what a table has, for a finding.
func listOf[V any](table map[string]V) string {
	return strings.Join(slices.Sorted(maps.Keys(table)), ", ")
}

// numberFields are what digits may be kept as: the number of a report, or one that is asked about.
var numberFields = map[string]bool{"number": true, "so_hoi": true}

func knownAct(name string) bool {
	a, ok := acts[name]
	return name == "" || ok && !a.careful && !a.calls
}
