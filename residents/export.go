package residents

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// ExportOptions says who is in the file, and how much of each.
type ExportOptions struct {
	Scope    Scope
	Whole    bool                  // numbers as they are; else masked
	Progress func(done, total int) // rows; may be nil
}

const exportSQL = `select ` + residentColumns + residentTables + `where $1::bigint[] is null or r.unit_id = any($1) order by r.id`

const exportSizeSQL = `select count(*) from residents r where $1::bigint[] is null or r.unit_id = any($1)`

// Export writes the directory as CSV for a spreadsheet, in the columns that an import takes: a file with whole numbers can be
// put right and imported again. It holds one row at a time. The audit row is its caller's.
func (s *Store) Export(ctx context.Context, w io.Writer, o ExportOptions) (int, error) {
	var total int
	if err := s.db.QueryRowContext(ctx, exportSizeSQL, o.Scope).Scan(&total); err != nil {
		return 0, fmt.Errorf("export residents: %w", err)
	}
	rows, err := s.db.QueryContext(ctx, exportSQL, o.Scope)
	if err != nil {
		return 0, fmt.Errorf("export residents: %w", err)
	}
	defer rows.Close()
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return 0, fmt.Errorf("export residents: %w", err)
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if err := out.Write(columnNames[:]); err != nil {
		return 0, fmt.Errorf("export residents: %w", err)
	}
	n := 0
	for rows.Next() {
		r, err := scanResident(rows)
		if err == nil {
			n++
			err = out.Write(r.cells(n, o.Whole))
		}
		if err != nil {
			return n, fmt.Errorf("export residents: %w", err)
		}
		if o.Progress != nil && n%500 == 0 {
			o.Progress(n, max(n, total))
		}
	}
	if err := rows.Err(); err != nil {
		return n, fmt.Errorf("export residents: %w", err)
	}
	if o.Progress != nil {
		o.Progress(n, n)
	}
	out.Flush()
	return n, out.Error()
}

// cells is a row of a list as the ward writes it. Who opted out is not marked as agreeing, whatever they once agreed to.
func (r Resident) cells(nth int, whole bool) []string {
	var c [columnCount]string
	c[columnSerial] = strconv.Itoa(nth)
	c[columnName], c[columnGroup], c[columnAddress], c[columnNote] = r.Name, r.UnitName, r.Address, r.Note
	if r.BirthYear != 0 {
		c[columnBirthYear] = strconv.Itoa(r.BirthYear)
	}
	c[columnGender] = map[string]string{"male": "Nam", "female": "Nữ"}[r.Gender]
	c[columnPhone] = r.Phone.Masked()
	if whole {
		c[columnPhone] = spaced(r.Phone.National())
	}
	if !r.ConsentAt.IsZero() && r.OptedOutAt.IsZero() {
		c[columnConsent] = "x"
	}
	var by []string
	if r.WantsSMS {
		by = append(by, "SMS")
	}
	if r.WantsCall {
		by = append(by, "Gọi")
	}
	c[columnChannel] = strings.Join(by, ", ")
	for i := range c {
		c[i] = GuardCell(c[i])
	}
	return c[:]
}

// spaced writes 0901234567 as 0901 234 567: a spreadsheet takes the former for a sum and drops its zero.
func spaced(digits string) string {
	if len(digits) < 7 || strings.Trim(digits, "0123456789") != "" {
		return digits
	}
	first := len(digits) - 6
	return digits[:first] + " " + digits[first:first+3] + " " + digits[first+3:]
}
