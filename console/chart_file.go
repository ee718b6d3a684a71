package console

import (
	"encoding/csv"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"

	"canhgiac/residents"
)

// writeFile writes the table as a spreadsheet of f's language reads it. Excel divides a CSV by the list separator of the
// computer's region. Vietnam writes decimals with a comma, and where the comma is taken Excel divides by semicolons; an
// English one divides by commas. A first line "sep=;" would help both, but then Excel forgets that the file is UTF-8. So
// the file is the page's language throughout: semicolons and 12,5, or commas and 12.5. Thousands have no separator, which
// Excel would take for text; money is đồng and spans are seconds, as the heading says, so that they can be summed.
func (f *forms) writeFile(w io.Writer, t Table) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if f.lang == "vi" {
		out.Comma = ';'
	}
	head := []string{residents.GuardCell(t.Of)}
	for _, c := range t.Columns {
		name := c.Name
		if unit, named := map[figureForm]string{asMoney: "form.unit.dong", asSpan: "form.unit.seconds"}[c.Form]; named {
			in, err := f.words.text(unit)
			if err != nil {
				return err
			}
			name += " (" + in + ")"
		}
		head = append(head, residents.GuardCell(name))
	}
	if err := out.Write(head); err != nil {
		return err
	}
	for _, r := range t.Rows {
		cells := []string{residents.GuardCell(r.Label)}
		for _, n := range r.N {
			cells = append(cells, f.cell(n))
		}
		if err := out.Write(cells); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// cell is a number as a spreadsheet reads it.
func (f *forms) cell(n float64) string {
	if math.IsNaN(n) {
		return ""
	}
	s := strconv.FormatFloat(math.Round(n*10)/10, 'f', -1, 64)
	if f.lang == "vi" {
		s = strings.Replace(s, ".", ",", 1)
	}
	return s
}

// sendFile answers with the table as a file; name tells what is in it and of when, in letters that every disk takes.
func (c *Console) sendFile(w http.ResponseWriter, r *http.Request, t Table, name string) error {
	f := c.catalogs[c.langOf(r)].forms
	out := &download{w: w, name: name + ".csv"}
	if err := f.writeFile(out, t); err != nil {
		if !out.begun {
			return err
		}
		c.Log.Error("a table broke off", "table", name, "error", err)
		panic(http.ErrAbortHandler) // so that the browser does not keep half of it
	}
	return nil
}
