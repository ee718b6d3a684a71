package ivr

import (
	"context"
	"database/sql"
	"time"

	"canhgiac/internal/days"
)

var visitsSQL = `
select ` + days.SQL("started_at") + `, 'call', count(*) from calls where started_at >= $1 and started_at < $2 and outgoing <> 'reminder' group by 1
union all
select ` + days.SQL("started_at") + `, 'ussd', count(*) from ussd_sessions where started_at >= $1 and started_at < $2 group by 1`

// Visits counts on each day the calls to the hotline, those that it rang back among them ("call"), and the USSD sessions ("ussd").
func Visits(ctx context.Context, db *sql.DB, from, to time.Time) ([]days.Count, error) {
	return days.Read(ctx, db, "calls and USSD sessions", visitsSQL, from, to)
}
