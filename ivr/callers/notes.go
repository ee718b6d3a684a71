package callers

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// report is one that the person has begun, as the person would tell it.
type report struct {
	origin                string
	kind, channel, band   int
	number                string
	money, when, callback string
	sent, cancelled       bool
	officer               string // missed or met
	messages              int
	record                []string // every step, "key raw"
}

// answered says whether there is anything in it to go on with.
func (r *report) answered() bool { return r.kind > 0 || r.money != "" || r.number != "" }

// talk is one conversation, as the person remembers it.
type talk struct {
	*person
	origin  string // call or ussd
	sid     string
	from    string
	said    []string  // every step so far
	report  *report   // that it writes in; nil: none yet, or cancelled
	asked   string    // the number that was asked about
	offer   *talk     // that broke off, and may be gone on with; nil: none
	lived   time.Time // from here on the time runs within which it may be gone on with
	retried int       // times that the person said that something was wrong
}

// note keeps one step: it belongs on the record of the report that is open.
func (t *talk) note(key, raw string) {
	entry := key + " " + raw
	t.said = append(t.said, entry)
	if t.report != nil {
		t.report.record = append(t.report.record, entry)
	}
}

// begin opens a report, with all that was said before.
func (t *talk) begin() *report {
	if t.report == nil {
		t.report = &report{origin: t.origin, record: slices.Clone(t.said)}
		t.reports = append(t.reports, t.report)
	}
	return t.report
}

// goOnWithin is how long after its end a conversation may be gone on with.
const goOnWithin = 30 * time.Minute

// unfinished is the conversation that this one may go on with, nil where there is none.
func (t *talk) unfinished() *talk {
	for _, o := range slices.Backward(t.talks) {
		if o != t && o.report != nil && !o.report.sent && o.report.answered() && t.clock.Sub(o.lived) <= goOnWithin {
			if t.seen {
				return o
			}
		}
	}
	return nil
}

// goOn takes over the report of an earlier conversation.
func (t *talk) goOn(from *talk) {
	t.wentOn++
	t.report, from.report = from.report, nil
	t.report.record = append(t.report.record, t.said...)
}

// missed: the person asked for an officer whom nobody could be.
func (t *talk) missed() { t.begin().officer = "missed" }

func (t *talk) met() {
	t.officers++
	if t.report != nil {
		t.report.officer = "met"
	}
}

var (
	whens = map[string]string{"1": "today", "2": "yesterday", "3": "earlier"}
	yesNo = map[string]string{"1": "yes", "2": "no"}
)

// pressed notes what a key means at a question. It knows the questions by their words, not by the menu.
func (t *talk) pressed(question, key string) {
	of := func(most int) int {
		if n, err := strconv.Atoi(key); err == nil && n >= 1 && n <= most {
			return n
		}
		return 0
	}
	switch question {
	case "noi_tiep":
		if key == "1" && t.offer != nil {
			t.goOn(t.offer)
		}
	case "menu_chinh":
		if key == "1" {
			t.begin().money = "lost"
		}
	case "loai_lua_dao":
		if n := of(8); n > 0 {
			t.begin().kind = n
		}
	case "kenh_lien_lac":
		if n := of(5); n > 0 {
			t.begin().channel = n
		}
	case "hoi_mat_tien":
		t.money(map[string]string{"1": "none", "2": "lost", "3": "about"}[key], "")
	case "da_mat_tien":
		t.money(map[string]string{"1": "none", "2": "lost", "3": "lost", "4": "about"}[key], map[string]string{"2": "today", "3": "before"}[key])
	case "hoi_luc_nao":
		if when := whens[key]; when != "" {
			t.begin().when = when
		}
	case "luc_nao":
		if when := map[string]string{"1": "today", "2": "before"}[key]; when != "" {
			t.begin().when = when
		}
	case "hoi_bao_nhieu":
		if n := of(5); n > 0 {
			t.begin().band = n
		}
	case "dong_y_goi_lai":
		if say := yesNo[key]; say != "" {
			t.begin().callback = say
		}
	case "doc_lai_tin_bao":
		t.decided(key)
	case "kt_tiep", "kt_het_luot":
		if key == "1" {
			t.begin().number = t.asked
		}
	}
}

func (t *talk) money(what, when string) {
	if what == "" {
		return
	}
	r := t.begin()
	r.money = what
	switch {
	case what != "lost":
		r.when, r.band = "", 0
	case when != "":
		r.when = when
	}
}

func (t *talk) decided(key string) {
	switch {
	case key == "1" && t.report != nil:
		t.report.sent = true
	case key == "3" && t.report != nil:
		t.report.cancelled, t.report = true, nil
	}
}

// typed is what stands for a number in keys: behind the last *, before #. ended says that # came.
func typed(keys string) (number string, ended bool) {
	keys, _, ended = strings.Cut(keys, "#")
	if i := strings.LastIndex(keys, "*"); i >= 0 {
		keys = keys[i+1:]
	}
	return keys, ended
}
