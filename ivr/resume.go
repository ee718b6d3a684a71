package ivr

import (
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// goOnWithin: who rings again this soon is offered to go on with the report that broke off (VOICE, rule 6).
const goOnWithin = 30 * time.Minute

// brokenOffSQL: a report with an answer in it, neither sent nor cancelled. A message alone is no report to go on with.
const brokenOffSQL = `
select id from calls
where from_phone = $1 and from_phone <> '' and id <> $2 and report_id is not null and coalesce(ended_at, started_at) >= $3
  and fields->>'code' is null and coalesce(fields->>'kind', fields->>'money', nullif(fields->>'number', '')) is not null
order by id desc limit 1`

// recall looks, as a call comes in, for one that it may go on with.
func (t *turn) recall() error {
	var id int64
	err := t.tx.QueryRowContext(t.ctx, brokenOffSQL, string(t.c.From), t.c.ID, t.at.Add(-goOnWithin).UTC()).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for a report broken off: %w", err)
	}
	t.c.Fields["unfinished"], t.c.Fields["resume"] = "yes", strconv.FormatInt(id, 10)
	return nil
}

const begunSQL = `select fields, attempt, coalesce(report_id, 0) from calls where id = $1 for update`

// handOverSQL: the report goes with the caller, so that a third call finds it in one place.
const handOverSQL = `update calls set report_id = null where id = $1`

// resume takes over the answers and the report of the call that broke off.
func (t *turn) resume() error {
	return t.goOn(begunSQL, handOverSQL)
}
