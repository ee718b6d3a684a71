package reports

import (
	"database/sql"
	"time"

	"canhgiac/residents"
)

// Sent tells whether the reporter went through to the end.
type Sent string

const (
	AnySent Sent = ""
	Whole   Sent = "sent"
	Partial Sent = "partial"
)

// Filter narrows a list; its zero value is all.
type Filter struct {
	State         State
	Sent          Sent
	Kind          int
	Number        string    // the scammer's, however written; what a reporter cancelled does not name it
	Urgent        bool      // new, and money can still be kept or stopped
	Since         time.Time // made after; zero: ever
	Standing      Standing  // to the deadline: DueSoon or Overdue; "": any, with or without a deadline
	ByDeadline    bool      // the nearest deadline first, instead of the most urgent
	Scope         residents.Scope
	Limit, Offset int // Limit 0: 50
}

// filterSQL: $9 are the deadlines' lengths, $8 is now.
var filterSQL = `
where ($1 = '' or r.state = $1) and ($2 = '' or (r.completed_at is null) = ($2 = 'partial')) and ($3 = 0 or r.kind = $3)
  and ($4 = '' or r.scam_key = $4 and not r.cancelled) and (not $5::boolean or r.state = 'new' and r.urgency <= 2)
  and ($6::timestamptz is null or r.created_at > $6::timestamptz)
  and ($7 = '' or r.state in ('new', 'received', 'verifying', 'reopened')
    and case $7 when 'overdue' then ` + dueSQL("$9", "0") + ` < $8::timestamptz
                else ` + dueSQL("$9", "0") + ` >= $8::timestamptz and ` + dueSQL("$9", "($9::float8[])[6]") + ` < $8::timestamptz end)
  and ` + inScope("$10")

// pageSQL chooses the page before it is read: what is read of a report asks other tables.
func pageSQL(order string) string {
	return reportSQL + ` join (
  select id, row_number() over () as nth from (select r.id from reports r` + filterSQL + ` order by ` + order + ` limit $11 offset $12) chosen
) page on page.id = r.id order by page.nth`
}

// listSQL: what no officer has received stands first, by urgency; the rest follows. Newest first in each.
var listSQL = pageSQL(`(r.state <> 'new'), (case when r.state = 'new' then r.urgency else 9 end), r.created_at desc, r.id desc`)

// byDeadlineSQL: those without a deadline stand last.
var byDeadlineSQL = pageSQL(dueSQL("$9", "0") + ` asc nulls last, r.urgency, r.created_at desc, r.id desc`)

var countSQL = `select count(*) from reports r ` + filterSQL

// args are the parameters of filterSQL.
func (s *Store) args(f Filter) []any {
	return []any{f.State, f.Sent, f.Kind, NumberKey(f.Number), f.Urgent, sql.NullTime{Time: f.Since.UTC(), Valid: !f.Since.IsZero()},
		f.Standing, s.now().UTC(), s.Deadlines.seconds(), f.Scope}
}
