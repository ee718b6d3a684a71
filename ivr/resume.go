package ivr

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// goOnWithin: who rings or dials again this soon is offered to go on with the report that broke off (VOICE, rule 6).
const goOnWithin = 30 * time.Minute

// brokenOffSQL: a report with an answer in it, neither sent nor cancelled, of a call or a USSD session of the same number:
// a call on which nothing was understood is gone on with by keys, and the other way round. A message alone is no report to go on with.
const brokenOffSQL = `
select origin || ':' || id from (
  select 'call' as origin, id, fields, coalesce(ended_at, started_at) as last_at from calls
  where from_phone = $1 and from_phone <> '' and report_id is not null
  union all
  select 'ussd', id, fields, last_at from ussd_sessions
  where from_phone = $1 and from_phone <> '' and report_id is not null
) told
where (origin, id) <> ($2, $3::bigint) and last_at >= $4
  and fields->>'code' is null and coalesce(fields->>'kind', fields->>'money', nullif(fields->>'number', '')) is not null
order by last_at desc, id desc limit 1`

// recall looks, as a conversation begins, for one that it may go on with.
func (t *step) recall() error {
	var begun string
	err := t.tx.QueryRowContext(t.ctx, brokenOffSQL, string(t.told.From), t.told.Origin, t.told.ID, t.at.Add(-goOnWithin).UTC()).Scan(&begun)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for a report broken off: %w", err)
	}
	t.told.Fields["unfinished"], t.told.Fields["resume"] = "yes", begun
	return nil
}

// begunSQL gives a conversation's answers, the reports before and the report, locked. handOverSQL parts it from its report, so that
// a third conversation finds the report in one place; and whatever the first one's late end still brings opens another report,
// since the answers in this one are the second one's by then.
var (
	begunSQL = map[string]string{
		"call": `select fields, attempt, coalesce(report_id, 0) from calls where id = $1 for update`,
		"ussd": `select fields, attempt, coalesce(report_id, 0) from ussd_sessions where id = $1 for update`,
	}
	handOverSQL = map[string]string{
		"call": `update calls set report_id = null, attempt = attempt + 1, fields = fields - '{report_origin,report_ref}'::text[] where id = $1`,
		"ussd": `update ussd_sessions set report_id = null, attempt = attempt + 1, fields = fields - '{report_origin,report_ref}'::text[] where id = $1`,
	}
)

// resume takes over the answers and the report of the conversation that broke off.
func (t *step) resume() error {
	name := t.told.Fields["resume"]
	origin, number, _ := strings.Cut(name, ":")
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil || begunSQL[origin] == "" {
		return fmt.Errorf("go on with %q: no such conversation", name)
	}
	begun := telling{Origin: origin, ID: id}
	var fields []byte
	if err := t.tx.QueryRowContext(t.ctx, begunSQL[origin], id).Scan(&fields, &begun.Attempt, &begun.ReportID); err != nil {
		return fmt.Errorf("go on with %s: %w", name, err)
	}
	if err := json.Unmarshal(fields, &begun.Fields); err != nil {
		return fmt.Errorf("go on with %s: %w", name, err)
	}
	if begun.ReportID == 0 || begun.Fields["code"] != "" { // gone on with, or sent, in the meantime
		t.told.Fields = map[string]string{}
		return nil
	}
	if _, err := t.tx.ExecContext(t.ctx, handOverSQL[origin], id); err != nil {
		return fmt.Errorf("go on with %s: %w", name, err)
	}
	return t.takeOver(begun)
}

// takeOver goes on with what an earlier conversation of the same person began.
func (t *step) takeOver(begun telling) error {
	origin, ref := begun.report()
	t.told.Fields, t.told.ReportID = begun.Fields, begun.ReportID
	delete(t.told.Fields, "resume")
	delete(t.told.Fields, "unfinished")
	t.told.Fields["report_origin"], t.told.Fields["report_ref"] = origin, ref
	return t.logAllSoFar()
}
