package console

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"canhgiac/ivr"
	"canhgiac/ivr/prompts"
)

// menuParts are what is edited each on a page of its own.
var menuParts = []string{"keys", "call", "ussd", "receipts", "hours", "sms"}

type menuEditData struct {
	ivr.Version
	Part     string
	Parts    []string
	Unsaved  bool // what stands in the form was looked at, and not saved
	Refused  string
	Findings []menuFinding
	Other    int // findings of the other parts

	Asks     []ivr.Ask // the questions to choose from
	Ask      *ivr.Ask  // the one that is open
	Rows     []menuRow // its choices
	Keys     []string
	Moved    string // the button that moved a row, or one that goes on moving it
	MovedTo  int
	Spoken   []ivr.Spoken
	Printed  []ivr.Printed
	Receipts []ivr.Receipt
	Days     []menuDay
	Holidays string
	Words    []menuWords
}

type menuDay struct{ Day, Spans string }
type menuWords struct {
	Act   string
	Forms []string
}

func (c *Console) menuEdit(w http.ResponseWriter, r *http.Request) error {
	v, m, all, err := c.menuVersion(r)
	if err != nil {
		return err
	}
	if m == nil || v.State != ivr.Draft {
		return c.menuShown(w, r, http.StatusConflict, "menu.refused.move")
	}
	return c.menuEdited(w, r, http.StatusOK, menuEditData{Version: v}, m, all)
}

// menuEdited shows one part of a version, as the form has it where d holds the form's rows.
func (c *Console) menuEdited(w http.ResponseWriter, r *http.Request, status int, d menuEditData, m *ivr.Menu, all ivr.Findings) error {
	d.Part, d.Parts = cmp.Or(r.FormValue("part"), menuParts[0]), menuParts
	if !slices.Contains(menuParts, d.Part) {
		return errNoPage
	}
	d.Asks, d.Keys = m.Asks(), strings.Split("123456789", "")
	if err := d.openAsk(r.FormValue("of")); err != nil {
		return err
	}
	for _, f := range menuFindings(d.ID, m, all) {
		if d.tells(f) {
			d.Findings = append(d.Findings, f)
		} else {
			d.Other++
		}
	}
	switch d.Part {
	case "call":
		d.Spoken = c.Calls.Menus().Prompts(m)
	case "ussd":
		d.Printed = m.Screens()
	case "receipts":
		d.Receipts = m.Receipts()
	case "hours":
		for _, day := range ivr.Weekdays {
			d.Days = append(d.Days, menuDay{day, strings.Join(m.Hours.Week[day], ", ")})
		}
		d.Holidays = holidayLines(m.Hours.Holidays)
	case "sms":
		for _, act := range slices.Sorted(maps.Keys(m.SMS)) {
			d.Words = append(d.Words, menuWords{act, m.SMS[act]})
		}
	}
	return c.renderStatus(w, r, status, "menu_edit", d)
}

// openAsk opens the question that the address names ("call.menu_chinh"); "" leaves the list to choose from.
func (d *menuEditData) openAsk(of string) error {
	if d.Part != "keys" || of == "" {
		return nil
	}
	for _, a := range d.Asks {
		if a.Part+"."+a.Name == of {
			d.Ask = &a
		}
	}
	if d.Ask == nil {
		return errNoPage
	}
	if d.Rows == nil {
		for _, o := range d.Ask.Offers {
			d.Rows = append(d.Rows, menuRow{Offer: o})
		}
	}
	return nil
}

// menuPlaces are the places whose findings are told on a part's page.
var menuPlaces = map[string][]string{"keys": {"call", "ussd", "words"}, "call": {"call", "words"}, "ussd": {"ussd"}, "receipts": {"receipts"}, "hours": {"hours"}, "sms": {"sms"}}

// tells: the page of one question tells what is wrong with it alone.
func (d *menuEditData) tells(f menuFinding) bool {
	if d.Ask != nil && f.Key != "menu."+map[string]string{"call": "prompt", "ussd": "screen"}[d.Ask.Part]+"."+d.Ask.Name {
		return false
	}
	return slices.Contains(menuPlaces[d.Part], f.Part)
}

func (c *Console) menuSave(w http.ResponseWriter, r *http.Request) error {
	v, m, all, err := c.menuVersion(r)
	if err != nil {
		return err
	}
	if m == nil {
		return c.menuShown(w, r, http.StatusConflict, "menu.refused.move")
	}
	revision, err := strconv.Atoi(r.PostForm.Get("revision"))
	if err != nil {
		return errBadForm
	}
	part, of := r.PostForm.Get("part"), r.PostForm.Get("of")
	d := menuEditData{Unsaved: true, Moved: r.PostForm.Get("do")}
	if part == "keys" {
		if d.Rows, err = readRows(r.PostForm, &d); err != nil {
			return err
		}
		if wrongRows(d.Rows) { // nothing to be judged before it is put right
			d.Version, d.Refused = v, "menu.refused.rows"
			d.Revision = revision
			return c.menuEdited(w, r, http.StatusUnprocessableEntity, d, m, all)
		}
	}
	change := func(e *ivr.Edit) error { return readMenu(r.PostForm, d.Rows, e) }
	if r.PostForm.Get("do") == "save" {
		err := c.Calls.Menus().Edit(r.Context(), v.ID, revision, menuUser(r), change)
		if err == nil {
			to := url.Values{"part": {part}}
			if of != "" {
				to.Set("of", of)
			}
			return c.done(w, r, "menu.did.save", fmt.Sprintf("/menu/%d/edit?%s", v.ID, to.Encode()))
		}
		if d.Refused = menuRefused(err); d.Refused == "" {
			return menuFormError(err)
		}
		if d.Refused == "menu.refused.move" {
			return c.menuShown(w, r, http.StatusConflict, d.Refused)
		}
	}
	changed, err := c.Calls.Menus().Changed(v, change)
	if err != nil {
		return menuFormError(err)
	}
	judged, all := c.Calls.Menus().Judge(changed)
	status := http.StatusOK
	if d.Refused != "" {
		status = http.StatusConflict
	}
	d.Version, d.Revision = changed, revision
	return c.menuEdited(w, r, status, d, judged, all)
}

// menuFormError: a form that names what the menu has not was written by no page of ours.
func menuFormError(err error) error {
	if errors.Is(err, errBadForm) || errors.Is(err, ivr.ErrFreeWords) || errors.Is(err, ivr.ErrSameKey) || errors.Is(err, prompts.ErrNoText) {
		return errBadForm
	}
	return err
}

// readMenu puts what a part's form says into a draft; rows are those of a question.
func readMenu(f url.Values, rows []menuRow, e *ivr.Edit) error {
	switch part := f.Get("part"); part {
	case "call", "ussd":
		names, texts := f["name"], f["text"]
		if len(names) != len(texts) {
			return errBadForm
		}
		set := e.Prompt
		if part == "ussd" {
			set = e.Screen
		}
		for i, name := range names {
			if err := set(name, cleanLines(texts[i])); err != nil {
				return errors.Join(errBadForm, err)
			}
		}
		return nil
	case "receipts":
		names, accented, plain := f["name"], f["accented"], f["plain"]
		if len(names) != len(accented) || len(names) != len(plain) {
			return errBadForm
		}
		for i, name := range names {
			if err := e.Receipt(name, prompts.Message{Accented: oneLine(accented[i]), Plain: oneLine(plain[i])}); err != nil {
				return errors.Join(errBadForm, err)
			}
		}
		return nil
	case "keys":
		part, name, _ := strings.Cut(f.Get("of"), ".")
		list := make([]ivr.Offer, len(rows))
		for i, row := range rows {
			list[i] = row.Offer
		}
		return e.Offers(part, name, list)
	case "hours":
		h := ivr.Hours{Week: map[string][]string{}, Holidays: readHolidays(f.Get("holidays"))}
		for _, day := range ivr.Weekdays {
			if spans := readSpans(f.Get("day_" + day)); len(spans) > 0 {
				h.Week[day] = spans
			}
		}
		e.Hours(h)
		return nil
	case "sms":
		for _, act := range f["act"] {
			forms := readList(strings.ToUpper(strings.Join(f["forms_"+act], ",")))
			if way, n, is := moveOf(f.Get("do"), act); is {
				forms, _ = moved(forms, way, n)
			}
			if !e.Words(act, forms) {
				return errBadForm
			}
		}
		return nil
	}
	return errBadForm
}

// oneLine: an SMS has no lines.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// cleanLines: a browser ends lines with CR and LF, and people leave spaces behind.
func cleanLines(s string) string {
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " \t")
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

func readList(s string) []string {
	var all []string
	for _, one := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ';' || r == '\n' }) {
		if one = strings.Join(strings.Fields(one), " "); one != "" {
			all = append(all, one)
		}
	}
	return all
}

var hourWritten = regexp.MustCompile(`^(\d{1,2})(?:[:hHgG.](\d{2})?)?$`)

// readSpans reads hours as people write them: "7h30-11h30, 13:30 – 17:00". What it cannot read stays, and is found.
func readSpans(s string) []string {
	var all []string
	for _, one := range readList(strings.NewReplacer("–", "-", "—", "-").Replace(s)) {
		from, to, _ := strings.Cut(strings.ReplaceAll(one, " ", ""), "-")
		f, t := hourWritten.FindStringSubmatch(from), hourWritten.FindStringSubmatch(to)
		if f == nil || t == nil {
			all = append(all, one)
			continue
		}
		all = append(all, fmt.Sprintf("%02s:%02s-%02s:%02s", f[1], cmp.Or(f[2], "00"), t[1], cmp.Or(t[2], "00")))
	}
	return all
}

var dayWritten = regexp.MustCompile(`^(\d{1,2})/(\d{1,2})/(\d{4})\s*(.*)$`)

// readHolidays reads a day and its name a line: "01/01/2027 Tết Dương lịch".
func readHolidays(s string) map[string]string {
	all := map[string]string{}
	for line := range strings.Lines(s) {
		line = strings.TrimSpace(line)
		if m := dayWritten.FindStringSubmatch(line); m != nil {
			all[fmt.Sprintf("%s-%02s-%02s", m[3], m[2], m[1])] = m[4]
		} else if day, name, _ := strings.Cut(line, " "); day != "" {
			all[day] = strings.TrimSpace(name)
		}
	}
	return all
}

func holidayLines(all map[string]string) string {
	var b strings.Builder
	for _, day := range slices.Sorted(maps.Keys(all)) {
		written := day
		if parts := strings.Split(day, "-"); len(parts) == 3 {
			written = parts[2] + "/" + parts[1] + "/" + parts[0]
		}
		fmt.Fprintln(&b, strings.TrimSpace(written+" "+all[day]))
	}
	return b.String()
}
