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
)

// menuParts are what is edited each on a page of its own.
var menuParts = []string{"main", "call", "hours", "ussd", "sms"}

type menuEditData struct {
	ivr.Version
	Part     string
	Parts    []string
	Unsaved  bool // what stands in the form was looked at, and not saved
	Refused  string
	Findings []menuFinding
	Other    int // findings of the other parts

	Spoken   []ivr.Spoken
	Printed  []ivr.Printed
	Call     []ivr.MainChoice // nil: free words
	USSD     []ivr.MainChoice
	Keys     []string
	Days     []menuDay
	Holidays string
	Words    []menuWords
}

type menuDay struct{ Day, Spans string }
type menuWords struct{ Act, Forms string }

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

// menuEdited shows one part of a version as the form has it.
func (c *Console) menuEdited(w http.ResponseWriter, r *http.Request, status int, d menuEditData, m *ivr.Menu, all ivr.Findings) error {
	d.Part, d.Parts = cmp.Or(r.FormValue("part"), menuParts[0]), menuParts
	if !slices.Contains(menuParts, d.Part) {
		return errNoPage
	}
	for _, f := range menuFindings(all) {
		if slices.Contains(menuPlaces[d.Part], f.Part) {
			d.Findings = append(d.Findings, f)
		} else {
			d.Other++
		}
	}
	switch d.Part {
	case "main":
		d.Call, _ = m.SpokenMain() // free words are edited as text: the page says so
		d.USSD, _ = m.PrintedMain()
		d.Keys = strings.Split("123456789", "")
	case "call":
		d.Spoken = c.Calls.Menus().Prompts(m)
	case "ussd":
		d.Printed = m.Screens()
	case "hours":
		for _, day := range ivr.Weekdays {
			d.Days = append(d.Days, menuDay{day, strings.Join(m.Hours.Week[day], ", ")})
		}
		d.Holidays = holidayLines(m.Hours.Holidays)
	case "sms":
		for _, act := range slices.Sorted(maps.Keys(m.SMS)) {
			d.Words = append(d.Words, menuWords{act, strings.Join(m.SMS[act], ", ")})
		}
	}
	return c.renderStatus(w, r, status, "menu_edit", d)
}

// menuPlaces are the places whose findings are told on a part's page.
var menuPlaces = map[string][]string{"main": {"call", "ussd", "words"}, "call": {"call", "words"}, "ussd": {"ussd"}, "hours": {"hours"}, "sms": {"sms"}}

func (c *Console) menuSave(w http.ResponseWriter, r *http.Request) error {
	v, m, _, err := c.menuVersion(r)
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
	change := func(e *ivr.Edit) error { return readMenu(r.PostForm, e) }
	refused := ""
	if r.PostForm.Get("do") == "save" {
		err := c.Calls.Menus().Edit(r.Context(), v.ID, revision, menuUser(r), change)
		if err == nil {
			return c.done(w, r, "menu.did.save", fmt.Sprintf("/menu/%d/edit?part=%s", v.ID, url.QueryEscape(r.PostForm.Get("part"))))
		}
		if refused = menuRefused(err); refused == "" {
			return menuFormError(err)
		}
		if refused == "menu.refused.move" {
			return c.menuShown(w, r, http.StatusConflict, refused)
		}
	}
	changed, err := c.Calls.Menus().Changed(v, change)
	if err != nil {
		return menuFormError(err)
	}
	judged, all := c.Calls.Menus().Judge(changed)
	status := http.StatusOK
	if refused != "" {
		status = http.StatusConflict
	}
	changed.Revision = revision
	return c.menuEdited(w, r, status, menuEditData{Version: changed, Unsaved: true, Refused: refused}, judged, all)
}

// menuFormError: a form that names what the menu has not was written by no page of ours.
func menuFormError(err error) error {
	if errors.Is(err, errBadForm) || errors.Is(err, ivr.ErrFreeWords) {
		return errBadForm
	}
	return err
}

// readMenu puts what a part's form says into a draft.
func readMenu(f url.Values, e *ivr.Edit) error {
	switch f.Get("part") {
	case "call", "ussd":
		names, texts := f["name"], f["text"]
		if len(names) != len(texts) {
			return errBadForm
		}
		set := e.Prompt
		if f.Get("part") == "ussd" {
			set = e.Screen
		}
		for i, name := range names {
			if err := set(name, cleanLines(texts[i])); err != nil {
				return errors.Join(errBadForm, err)
			}
		}
		return nil
	case "main":
		call, err := readChoices(f, "call_")
		if err == nil && call != nil {
			err = e.SpokenMain(call)
		}
		if err != nil {
			return err
		}
		ussd, err := readChoices(f, "ussd_")
		if err == nil && ussd != nil {
			err = e.PrintedMain(ussd)
		}
		return err
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
			if !e.Words(act, readList(strings.ToUpper(f.Get("forms_"+act)))) {
				return errBadForm
			}
		}
		return nil
	}
	return errBadForm
}

// cleanLines: a browser ends lines with CR and LF, and people leave spaces behind.
func cleanLines(s string) string {
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " \t")
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// readChoices reads the rows of a main menu in the order that their places say; nil where the form has none.
func readChoices(f url.Values, of string) ([]ivr.MainChoice, error) {
	was, key, says, place := f[of+"was"], f[of+"key"], f[of+"says"], f[of+"place"]
	if len(was) != len(key) || len(was) != len(says) || len(was) != len(place) {
		return nil, errBadForm
	}
	type row struct {
		ivr.MainChoice
		place int
	}
	var rows []row
	for i := range was {
		n, err := strconv.Atoi(strings.TrimSpace(place[i]))
		if err != nil {
			n = i + 1
		}
		rows = append(rows, row{ivr.MainChoice{Was: was[i], Key: key[i], Says: says[i]}, n})
	}
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.place, b.place) })
	var list []ivr.MainChoice
	for _, one := range rows {
		list = append(list, one.MainChoice)
	}
	return list, nil
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
