package ivr

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"canhgiac/reports"
)

// AskedAbout is how often people asked about a number, by call, USSD and SMS. Who asked is told to nobody: they wanted to know,
// and reported nothing.
type AskedAbout struct {
	People int
	Newest time.Time // the zero value: nobody asked
}

const askedAboutSQL = `
select count(distinct asker), max(at) from number_checks where number = $1 and found <> 'limited'`

// AskedAbout counts who asked about a number, in whatever way it is written.
func (h *Hotline) AskedAbout(ctx context.Context, number string) (AskedAbout, error) {
	var a AskedAbout
	var newest sql.NullTime
	if err := h.db.QueryRowContext(ctx, askedAboutSQL, reports.NumberKey(number)).Scan(&a.People, &newest); err != nil {
		return a, fmt.Errorf("who asked about a number: %w", err)
	}
	a.Newest = newest.Time
	return a, nil
}
