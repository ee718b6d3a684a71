package residents

import (
	"fmt"
	"strings"
)

type column int

const (
	columnSerial column = iota
	columnName
	columnBirthYear
	columnGender
	columnPhone
	columnGroup
	columnAddress
	columnConsent
	columnChannel
	columnNote
	columnCount
)

// columnMust: a list without one of these is more likely another list, or a header misspelt, than a list without the fact.
var columnMust = []column{columnName, columnBirthYear, columnPhone, columnGroup, columnConsent}

// columnAliases are other headers that wards write, folded.
var columnAliases = map[string]column{
	"so thu tu": columnSerial, "tt": columnSerial, "ho ten": columnName, "ho & ten": columnName, "sdt": columnPhone, "so dt": columnPhone,
	"dien thoai": columnPhone, "to": columnGroup, "tdp": columnGroup, "dong y": columnConsent, "kenh nhan": columnChannel,
}

// columns maps what a list's header names to where it stands.
type columns struct {
	header sheetRow
	at     [columnCount]int // index of a cell; -1 = the list has no such column
	body   []sheetRow
}

// headerWithin rows from the top: lists on letterhead have a title above.
const headerWithin = 10

// findColumns finds the header and reads it; what follows it is the body.
func findColumns(s *sheet) (*columns, error) {
	best, most := -1, 1 // one match may be a title
	for i := 0; i < min(len(s.rows), headerWithin); i++ {
		known := 0
		for _, cell := range s.rows[i].cells {
			if c, ok := columnOf(cell); ok && c != columnSerial {
				known++
			}
		}
		if known > most {
			best, most = i, known
		}
	}
	if font := legacyFont(s); font != "" {
		return nil, &FileError{fmt.Sprintf(wordLegacyFont, font)}
	}
	if best < 0 {
		return nil, &FileError{fmt.Sprintf(wordNoHeader, nameColumns(columnMust))}
	}
	c := &columns{header: s.rows[best], body: s.rows[best+1:]}
	for i := range c.at {
		c.at[i] = -1
	}
	for i, cell := range c.header.cells {
		name := cleanText(cell)
		if name == "" {
			if c.filled(i) {
				return nil, &FileError{fmt.Sprintf(wordBlankColumn, i+1, c.header.number)}
			}
			continue
		}
		if f := Fold(name); f == Fold(wordRejectRow) || f == Fold(wordRejectReason) {
			continue // a file of rejects, put right and sent again
		}
		col, ok := columnOf(cell)
		if !ok {
			return nil, &FileError{fmt.Sprintf(wordOddColumn, name, c.header.number, strings.Join(columnNames[:], ", "))}
		}
		if c.at[col] >= 0 {
			return nil, &FileError{fmt.Sprintf(wordTwiceColumn, name, c.header.number)}
		}
		c.at[col] = i
	}
	var missing []column
	for _, m := range columnMust {
		if c.at[m] < 0 {
			missing = append(missing, m)
		}
	}
	if len(missing) > 0 {
		return nil, &FileError{fmt.Sprintf(wordNoColumn, nameColumns(missing), c.header.number)}
	}
	return c, nil
}

func columnOf(cell string) (column, bool) {
	f := strings.Trim(Fold(cleanText(cell)), " .:*")
	for c, name := range columnNames {
		if Fold(name) == f {
			return column(c), true
		}
	}
	c, ok := columnAliases[f]
	return c, ok
}

func nameColumns(cs []column) string {
	var names []string
	for _, c := range cs {
		names = append(names, fmt.Sprintf("%q", columnNames[c]))
	}
	return strings.Join(names, ", ")
}

func (c *columns) filled(i int) bool {
	for _, row := range c.body {
		if i < len(row.cells) && strings.TrimSpace(row.cells[i]) != "" {
			return true
		}
	}
	return false
}

// Letters that these encodings, read as Latin, leave in words and that Vietnamese never has.
const (
	tcvn3Marks = "¸µ¶·¹¨»¾¼½Æ©ªº«¬®§¦¥¢¡¤Þß×ØÜÖ÷øþ"
	vniMarks   = "øïûåäöñëüØÏÛÅÄÖÑËÜÞ"
)

// legacyFont names the old encoding whose letters fill a list that is valid UTF-8 all the same, or "".
func legacyFont(s *sheet) string {
	var cells, tcvn, vni int
	for i := 0; i < min(len(s.rows), 300); i++ {
		for _, cell := range s.rows[i].cells {
			if !strings.ContainsFunc(cell, func(r rune) bool { return r > 0x7f }) {
				continue
			}
			cells++
			if strings.ContainsAny(cell, tcvn3Marks) {
				tcvn++
			}
			if strings.ContainsAny(cell, vniMarks) {
				vni++
			}
		}
	}
	switch {
	case tcvn*3 > cells && tcvn > vni:
		return "TCVN3 (ABC)"
	case vni*3 > cells:
		return "VNI"
	}
	return ""
}
