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

// OwnActs counts on each day how many agreed ("given") and how many withdrew ("withdrawn") by themselves: by telephone,
// SMS or USSD, or at the office.
func (s *Store) OwnActs(ctx context.Context, from, to time.Time) ([]days.Count, error) {
	return days.Read(ctx, s.db, "acts of consent", ownActsSQL, from, to)
}
