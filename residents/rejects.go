package residents

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// WriteCSV writes the rejected rows as they came, with their row number before and the reason after: UTF-8 with a BOM for
// Excel, cells divided as in the source, none able to run as a formula. Put right, the same file can be imported again.
func (r Rejects) WriteCSV(w io.Writer) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return fmt.Errorf("write rejects: %w", err)
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if r.comma != 0 {
		out.Comma = r.comma
	}
	width := len(r.Header)
	for _, row := range r.Rows {
		width = max(width, len(row.Cells))
	}
	line := func(number string, cells []string, reason string) error {
		record := make([]string, width+2)
		record[0], record[width+1] = number, reason
		for i, c := range cells {
			record[i+1] = GuardCell(c)
		}
		return out.Write(record)
	}
	if err := line(wordRejectRow, r.Header, wordRejectReason); err != nil {
		return fmt.Errorf("write rejects: %w", err)
	}
	for _, row := range r.Rows {
		if err := line(strconv.Itoa(row.Row), row.Cells, row.Reason); err != nil {
			return fmt.Errorf("write rejects: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write rejects: %w", err)
	}
	return nil
}

// formulaStart are the first characters by which a spreadsheet takes a cell for a formula, full-width forms included.
const formulaStart = "=+-@\t\r\n＝＋－＠"

// GuardCell puts the spreadsheet's own text mark before a cell that would run as a formula.
func GuardCell(s string) string {
	if first := strings.TrimLeft(s, " "); first != "" && strings.ContainsRune(formulaStart, []rune(first)[0]) {
		return "'" + s
	}
	return s
}

// unguard takes the mark of GuardCell off again, so that a corrected file of rejects reads as it was.
func unguard(s string) string {
	if rest, ok := strings.CutPrefix(s, "'"); ok && GuardCell(rest) != rest {
		return rest
	}
	return s
}
