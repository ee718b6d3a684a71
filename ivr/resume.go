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
where (origin, id) <> ($2, $3::bigint) and last_at >= $4 and fields->>'passed_on' is null
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

// begunSQL gives a conversation's answers, the reports before and the report, locked. passOnSQL marks it as gone on with, so that
// a third conversation finds the report in one place. It keeps the report's id: its recording and its late end belong there.
var (
	begunSQL = map[string]string{
		"call": `select fields, attempt, coalesce(report_id, 0) from calls where id = $1 for update`,
		"ussd": `select fields, attempt, coalesce(report_id, 0) from ussd_sessions where id = $1 for update`,
	}
	passOnSQL = map[string]string{
		"call": `update calls set fields = fields || '{"passed_on": "yes"}' where id = $1`,
		"ussd": `update ussd_sessions set fields = fields || '{"passed_on": "yes"}' where id = $1`,
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
	if begun.ReportID == 0 || begun.passedOn() || begun.Fields["code"] != "" { // cancelled, gone on with, or sent, in the meantime
		t.told.Fields = map[string]string{}
		return nil
	}
	if _, err := t.tx.ExecContext(t.ctx, passOnSQL[origin], id); err != nil {
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
	delete(t.told.Fields, "pressed") // there, and on that record
	t.told.Fields["report_origin"], t.told.Fields["report_ref"] = origin, ref
	return t.logAllSoFar()
}

// passedOn says whether another conversation went on with the report. What still comes here (a late end, a message, keys)
// goes on its record; its answers are the other's.
func (c *telling) passedOn() bool { return c.Fields["passed_on"] == "yes" }

// tellAnew gives a conversation that is still talked in, although its report went on in another, a report of its own: two
// tellings of one loss are seen by an officer, an overwritten one is lost.
func (t *step) tellAnew() error {
	t.told.ReportID = 0
	t.told.Attempt++
	for _, field := range []string{"passed_on", "report_origin", "report_ref"} {
		delete(t.told.Fields, field)
	}
	return t.open()
}
