package reports

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"canhgiac/internal/audit"
	"canhgiac/residents"
)

// inScope holds a query of reports r to the scope in its parameter. A report without a unit is everybody's: it must never be
// invisible to all.
func inScope(parameter string) string {
	return `(` + parameter + `::bigint[] is null or r.unit_id is null or r.unit_id = any(` + parameter + `))`
}

// sees tells whether by may read and act on r.
func (b By) sees(r Report) bool {
	return r.UnitID == 0 || b.Scope.Has(r.UnitID) || slices.Contains(b.Opened, r.Code)
}

// Open lets an officer into a report of another beat, for a reason. Whoever has the duty at night takes the call of whoever
// rings, and the law lets no policeman refuse a report (BLTTHS Điều 145): the code that the caller reads out and the reason,
// which the audit keeps, are the key. It gives the code as By.Opened holds it.
func (s *Store) Open(ctx context.Context, code string, by By, reason string) (string, error) {
	if reason = strings.TrimSpace(reason); reason == "" {
		return "", ErrReason
	}
	code, err := ParseCode(code)
	if err != nil {
		return "", err
	}
	if _, err := scanReport(s.db.QueryRowContext(ctx, reportSQL+` where r.code = $1`, code)); err != nil {
		return "", fmt.Errorf("open report %s: %w", code, err)
	}
	return code, audit.Write(ctx, s.db, by.entry(s.now(), "report.open", code, reason))
}

// inside asks before a query that does not read the whole report.
func (s *Store) inside(ctx context.Context, code string, by By) error {
	if by.Scope == nil {
		return nil
	}
	r, err := scanReport(s.db.QueryRowContext(ctx, reportSQL+` where r.code = $1`, code))
	if err == nil && !by.sees(r) {
		err = residents.ErrOutside
	}
	return err
}
