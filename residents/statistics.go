package residents

import (
	"context"
	"time"

	"canhgiac/internal/days"
)

// ownActsSQL leaves lists out: the ward's import is no act of the residents.
var ownActsSQL = `
select ` + days.SQL("at") + `, act, count(*) from consents
where channel <> 'import' and at >= $1 and at < $2 group by 1, 2`

// ownActsOfUnitsSQL goes by where people live today. An act by telephone names no resident: it is of all who share the number.
var ownActsOfUnitsSQL = `
select ` + days.SQL("at") + `, act, count(*) from consents c
where channel <> 'import' and at >= $1 and at < $2 and exists (
  select from residents r where r.phone = c.phone and (c.resident_id is null or r.id = c.resident_id) and r.unit_id = any($3))
group by 1, 2`

// OwnActs counts on each day how many agreed ("given") and how many withdrew ("withdrawn") by themselves: by telephone,
// SMS or USSD, or at the office.
func (s *Store) OwnActs(ctx context.Context, from, to time.Time, of Scope) ([]days.Count, error) {
	if of == nil {
		return days.Read(ctx, s.db, "acts of consent", ownActsSQL, from, to)
	}
	return days.Read(ctx, s.db, "acts of consent in units", ownActsOfUnitsSQL, from, to, of)
}
