package ivr

import (
	"slices"
	"strings"
)

// Finding is one thing that is wrong with a menu: where, and what. A and B are the names or numbers that its words tell.
type Finding struct {
	Place string // "call.menu_chinh", "ussd.loai", "sms.dang_ky", "hours.mon", "words.chao", "receipts.khong_hieu_lenh"
	Code  string // of findingWords
	A, B  string
	Line  int // of the file that was uploaded; 0 elsewhere
}

// Findings are all that is wrong with a menu; none of them may go live.
type Findings []Finding

// says and remedy of each code, in English; the page has them in the reader's language.
var findingWords = map[string]struct{ says, remedy string }{
	"unreadable":      {"cannot be read: {A}", "write it as menu.schema.json says"},
	"no_node":         {"leads to {A}, which is no node", "name one of the nodes, or add this one"},
	"no_words":        {"no words are called {A}", "name a prompt or screen of content.yaml or labels.yaml"},
	"no_sound":        {"no sound says the words of {A}", "record them, or have the synthetic voice made (make prompts)"},
	"no_filling":      {"nothing fills the placeholder {A}", "use one of {B}"},
	"no_act":          {"does {A}, which is no act", "use one of {B}"},
	"no_condition":    {"asks for {A}, which is no condition", "use one of {B}"},
	"no_field":        {"sets {A}, which no report takes", "use one of {B}"},
	"purposes":        {"has {A} of keys, number, dial, record, next and hangup", "leave exactly one of them"},
	"needs_keys":      {"has other, silence, wait or careful without keys", "take them out, or let it ask for a key"},
	"silent_node":     {"says nothing", "give it words to say"},
	"bad_key":         {"takes key {A}", "use 1 to 9: 0 is the officer's and * repeats, at every node"},
	"nowhere":         {"key {A} goes nowhere", "give it a goto"},
	"key_unsaid":      {"takes key {A}, which its words do not name", "name the key in the words, or take it out"},
	"key_untaken":     {"its words name key {A}, which it does not take", "take it out of the words, or have the node take it"},
	"key_twice":       {"its words name key {A} for two choices", "give each choice a key of its own"},
	"many_choices":    {"offers {A} choices", "offer at most {B}"},
	"long_choice":     {"the choice of key {A} is too long to keep in mind", "say it in at most {B} syllables"},
	"long_words":      {"{A} syllables long", "say it in at most {B}"},
	"slow_words":      {"takes {A} s to say", "say it in at most {B} s"},
	"wait":            {"waits {A} s for an answer", "wait 8 to 10 s: older people need them"},
	"everywhere":      {"0 must lead to the officer and * must repeat, and nothing else stands here", `write "0": {A} and "*": again`},
	"outgoing":        {"expected reminder and callback, and nothing else", "say where each of them begins"},
	"reminder_only":   {"says {A}, which a reminder's call alone has", "say it on the way from outgoing.reminder only"},
	"not_dial":        {"{A} must ring the officers", "name a node with dial"},
	"number":          {"its number is not whole", "give it set, first, between and where it goes: goto, odd and, on calls, skip"},
	"dial":            {"its dial is not whole", "give it ring (10 s or more), answered, and nobody and closed that record a message"},
	"record":          {"its record is not whole", "give it max (30 s or more), silence (3 s or more) and goto"},
	"unreached":       {"nothing leads to it", "lead a key to it, or take it out"},
	"endless":         {"no path from it comes to an end", "lead one to a farewell"},
	"loop":            {"goes round without an act of the caller: {A}", "let one of these ask for a key"},
	"deep":            {"what it is for comes {A} keys after the main menu", "bring it within {B} keys"},
	"not_careful":     {"key {A} does {B}, and a key typed ahead may press it", "mark the node careful"},
	"screen_kind":     {"it asks and ends the session, or does neither", "a screen that ends (END) has neither keys nor number, any other (CON) has one"},
	"two_questions":   {"asks for a key and for a number", "leave one of them"},
	"long_screen":     {"its screen has {A} characters with the widest values", "use at most {B}"},
	"no_room":         {"its screen is too long to be shown again behind the words of a wrong key", "shorten it by {A} characters"},
	"bad_letter":      {"its plain form holds {A}", "use plain letters without diacritics: others do not arrive"},
	"long_plain":      {"its plain form has {A} characters with the widest values", "use at most {B}: one part"},
	"long_accented":   {"its form with diacritics has {A} characters with the widest values", "use at most {B}: two parts"},
	"no_text":         {"one of its forms says nothing", "write both forms"},
	"bad_character":   {"its screen holds {A}", "use plain letters without diacritics: others do not fit, or do not arrive"},
	"digits":          {"its words hold digits, which are read as one number", "write them as words"},
	"goes_on":         {"{A} does not end the session", "name a screen that ends (END)"},
	"no_forms":        {"no word is given for {A}", "give it at least one word"},
	"ambiguous":       {"{A} is a word of {B} too, when read without diacritics", "leave it with one of them"},
	"bad_form":        {"{A} cannot begin a message", "use one to three short words of letters"},
	"bad_day":         {"{A} is no day of the week", "use one of {B}"},
	"bad_span":        {"{A} is no span of a day, or it overlaps another", "write spans such as 07:00-11:30, in order"},
	"no_hours":        {"an officer can never be reached", "give at least one day hours"},
	"bad_holiday":     {"{A} is no day", "write it as 2027-01-31"},
	"broken_words":    {"the changed words cannot be used: {A}", "write them anew"},
	"new_placeholder": {"its words tell other values than before: {A}", "keep what stands in braces: {B}"},
}

// Says and Remedy are the finding in English, for doctor and the log.
func (f Finding) Says() string   { return f.fill(findingWords[f.Code].says) }
func (f Finding) Remedy() string { return f.fill(findingWords[f.Code].remedy) }

func (f Finding) fill(s string) string {
	return strings.NewReplacer("{A}", f.A, "{B}", f.B).Replace(s)
}

func (f Finding) String() string { return f.Place + ": " + f.Says() + " (" + f.Remedy() + ")" }

// FindingCodes are all codes, sorted: whoever shows findings has words for each.
func FindingCodes() []string {
	var all []string
	for code := range findingWords {
		all = append(all, code)
	}
	slices.Sort(all)
	return all
}

func (f Findings) Error() string {
	lines := make([]string, len(f))
	for i, one := range f {
		lines[i] = one.String()
	}
	return "menu: " + strings.Join(lines, "\n")
}

// found collects findings, each at the place that is being looked at.
type found struct {
	list  Findings
	place string
}

func (c *found) at(place string) { c.place = place }

func (c *found) add(code string, a ...string) {
	f := Finding{Place: c.place, Code: code}
	if len(a) > 0 {
		f.A = a[0]
	}
	if len(a) > 1 {
		f.B = a[1]
	}
	c.list = append(c.list, f)
}
