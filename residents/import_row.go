package residents

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// person is a good row, ready to be staged. nil and "" mean that the list does not say.
type person struct {
	row       int
	phone     Phone
	kind      Kind
	converted bool
	name      string
	birthYear any // int or nil
	gender    string
	unit      int64
	address   string
	sms, call any    // bool or nil
	consent   string // "given", "refused" or ""
	note      string
}

// Rejects are the rows that were not taken, with what is needed to write them as they came.
type Rejects struct {
	Header []string
	Rows   []Reject
	comma  rune
}

// Reject is a row that was not taken.
type Reject struct {
	Row    int // as a spreadsheet counts: the header of a plain list is 1
	Cells  []string
	Key    string
	Reason string // for the ward's staff
}

// people reads the rows under the header. The first fault found rejects a row.
func (c *columns) people(s *sheet, groups map[string]int64, scope Scope, now time.Time) ([]person, Rejects) {
	people := make([]person, 0, len(c.body))
	rejects := Rejects{Header: c.header.cells, comma: s.comma}
	for _, row := range c.body {
		p, key, reason := c.person(row, s.fixed, groups, now)
		if key == "" && !scope.Has(p.unit) {
			key, reason = rejectUnitOutside, reasonUnitOutside
		}
		if key != "" {
			rejects.Rows = append(rejects.Rows, Reject{row.number, row.cells, key, reason})
			continue
		}
		people = append(people, p)
	}
	return people, rejects
}

const maxName = 100 // letters

func (c *columns) person(row sheetRow, fixed bool, groups map[string]int64, now time.Time) (p person, key, reason string) {
	if row.broken {
		return p, rejectMalformed, reasonMalformed
	}
	want := len(c.header.cells)
	if extra := strings.Join(row.cells[min(want, len(row.cells)):], ""); strings.TrimSpace(extra) != "" || fixed && len(row.cells) < want {
		return p, rejectColumnCount, fmt.Sprintf(reasonColumnCount, len(row.cells), want)
	}
	cell := func(col column) string {
		if at := c.at[col]; at >= 0 && at < len(row.cells) {
			return unguard(cleanText(row.cells[at]))
		}
		return ""
	}
	p = person{row: row.number, name: cell(columnName), address: cell(columnAddress), note: cell(columnNote)}
	if p.name == "" {
		return p, rejectNameMissing, reasonNameMissing
	}
	if utf8.RuneCountInString(p.name) > maxName {
		return p, rejectNameMissing, fmt.Sprintf(reasonNameLong, maxName)
	}
	phone := cell(columnPhone)
	parsed, err := ParsePhone(phone)
	switch {
	case errors.Is(err, ErrPhoneMissing):
		return p, rejectPhoneMissing, reasonPhoneMissing
	case err != nil && scientific.MatchString(phone):
		return p, rejectPhoneInvalid, fmt.Sprintf(reasonPhoneExcel, phone)
	case err != nil:
		return p, rejectPhoneInvalid, fmt.Sprintf(reasonPhoneInvalid, phone)
	case parsed.Kind == Foreign:
		return p, rejectPhoneInvalid, fmt.Sprintf(reasonPhoneForeign, phone)
	}
	p.phone, p.kind, p.converted = parsed.Phone, parsed.Kind, parsed.Converted
	group := cell(columnGroup)
	if group == "" {
		return p, rejectUnitUnknown, reasonUnitMissing
	}
	var ok bool
	if p.unit, ok = groups[foldGroup(group)]; !ok {
		return p, rejectUnitUnknown, fmt.Sprintf(reasonUnitUnknown, group)
	}
	born := cell(columnBirthYear)
	if p.birthYear, ok = birthYear(born, now); !ok {
		return p, rejectBirthYear, fmt.Sprintf(reasonBirthYear, born, localYear(now))
	}
	p.gender = gender(cell(columnGender))
	p.consent = consentMark(cell(columnConsent))
	p.sms, p.call = channels(cell(columnChannel))
	if p.kind == Landline {
		p.sms, p.call = false, true // whatever the list says, it cannot take an SMS
	}
	return p, "", ""
}

var (
	scientific = regexp.MustCompile(`^[0-9]+([.,][0-9]+)?[eE]\+?[0-9]+$`)
	birthDate  = regexp.MustCompile(`^(?:[0-9]{1,2}[/.-]){0,2}([0-9]{4})(?:[.,]0)?$`) // a whole date gives its year; a spreadsheet may add .0
)

// localYear is the ward's: on New Year's morning UTC is still in the old year.
func localYear(now time.Time) int { return now.In(time.FixedZone("+07", 7*3600)).Year() }

// birthYear takes an empty cell as not known: many of the oldest have no papers that tell.
func birthYear(s string, now time.Time) (any, bool) {
	if s == "" {
		return nil, true
	}
	m := birthDate.FindStringSubmatch(s)
	if m == nil {
		return nil, false
	}
	y, err := strconv.Atoi(m[1])
	return y, err == nil && y >= 1900 && y <= localYear(now)
}

func gender(s string) string {
	switch Fold(s) {
	case "nam":
		return "male"
	case "nu":
		return "female"
	}
	return ""
}

// consentMark never presumes: a mark that is not plainly yes is not consent.
func consentMark(s string) string {
	switch Fold(s) {
	case "x", "co", "dong y", "yes", "y", "1", "true", "✓", "✔", "v":
		return "given"
	case "khong", "khong dong y", "no", "tu choi":
		return "refused"
	}
	return ""
}

// channels reads "SMS, Gọi"; a cell that names neither says nothing.
func channels(s string) (sms, call any) {
	f := Fold(s)
	bySMS := strings.Contains(f, "sms") || strings.Contains(f, "tin")
	byCall := strings.Contains(f, "goi") || strings.Contains(f, "thoai")
	if !bySMS && !byCall {
		return nil, nil
	}
	return bySMS, byCall
}
