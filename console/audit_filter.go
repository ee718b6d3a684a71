package console

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/lib/pq"

	"canhgiac/schedules"
)

// auditFilter is what the audit page was asked for, as it was typed; its zero value is everything.
type auditFilter struct {
	Who, Role, Addr string
	Act             string // an act, or with a dot at its end all acts of an area: report.
	Kind, Ref       string // of the object: report, 2608-0417
	From, To        string // days; both are meant
	Before          int64  // the row above the first one wanted
}

func readAuditFilter(q url.Values) auditFilter {
	get := func(name string) string { return strings.TrimSpace(q.Get(name)) }
	f := auditFilter{Who: strings.ToLower(get("who")), Role: get("role"), Addr: get("addr"), Act: get("act"), Kind: get("kind"), Ref: get("ref"),
		From: get("from"), To: get("to")}
	f.Before, _ = strconv.ParseInt(get("before"), 10, 64)
	return f
}

// Query is the filter as an address has it.
func (f auditFilter) Query() string {
	q := url.Values{}
	for name, value := range map[string]string{"who": f.Who, "role": f.Role, "addr": f.Addr, "act": f.Act, "kind": f.Kind, "ref": f.Ref, "from": f.From, "to": f.To} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q.Encode()
}

// readDay takes a day as a browser's date field sends it and as people here write it: 2026-11-23, 23/11/2026, 3/1/2026.
func readDay(s string) (time.Time, bool) {
	for _, form := range []string{time.DateOnly, "2/1/2006"} {
		if t, err := time.ParseInLocation(form, s, schedules.Zone()); err == nil && t.Year() >= 2000 && t.Year() < 2200 {
			return t, true
		}
	}
	return time.Time{}, false
}

// auditSQL: every filter has an index in this order; a filter that is not asked for falls away before the query is planned.
// It goes by rows, not by offset: new ones at the top do not shift what lies below.
const auditSQL = `
select id, at, who, role, act, object, detail, addr from audit_log
where` + auditWhere + `
  and ($10::bigint = 0 or (at, id) < (select b.at, b.id from audit_log b where b.id = $10))
order by at desc, id desc limit $11`

const auditWhere = ` ($1 = '' or who = $1) and ($2 = '' or role = $2) and ($3 = '' or act = $3) and ($4::text[] is null or act = any($4))
  and ($5 = '' or split_part(object, ':', 1) = $5) and ($6 = '' or object = $6) and ($7 = '' or addr = $7)
  and ($8::timestamptz is null or at >= $8) and ($9::timestamptz is null or at < $9)`

// args are the parameters of auditSQL; a key says which field cannot be read.
func (f auditFilter) args(limit int) (args []any, wrong string) {
	var from, to sql.NullTime
	for _, day := range []struct {
		typed string
		at    *sql.NullTime
		more  int
		key   string
	}{{f.From, &from, 0, "audit.wrong.from"}, {f.To, &to, 1, "audit.wrong.to"}} {
		if day.typed == "" {
			continue
		}
		t, ok := readDay(day.typed)
		if !ok {
			return nil, day.key
		}
		*day.at = sql.NullTime{Time: t.AddDate(0, 0, day.more).UTC(), Valid: true}
	}
	act, acts := f.Act, []string(nil)
	if strings.HasSuffix(f.Act, ".") {
		act, acts = "", actsOf(f.Act)
	}
	kind, object := f.Kind, ""
	if f.Ref != "" {
		kind, object = "", f.Kind+":"+f.Ref
	}
	return []any{f.Who, f.Role, act, pq.Array(acts), kind, object, f.Addr, from, to, f.Before, sql.NullInt64{Int64: int64(limit), Valid: limit > 0}}, ""
}

type auditRow struct {
	ID                                   int64
	At                                   time.Time
	Who, Role, Act, Object, Detail, Addr string
}

// auditRows gives each row of a filter to do, the newest first; limit 0 is all of them.
func (c *Console) auditRows(ctx context.Context, f auditFilter, limit int, do func(auditRow) error) error {
	args, wrong := f.args(limit)
	if wrong != "" {
		return errBadForm
	}
	rows, err := c.DB.QueryContext(ctx, auditSQL, args...)
	if err != nil {
		return fmt.Errorf("audit rows: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var a auditRow
		if err := rows.Scan(&a.ID, &a.At, &a.Who, &a.Role, &a.Act, &a.Object, &a.Detail, &a.Addr); err != nil {
			return fmt.Errorf("audit rows: %w", err)
		}
		if err := do(a); err != nil {
			return err
		}
	}
	return rows.Err()
}

const auditCountSQL = `select count(*) from audit_log where` + auditWhere

// auditCount is how many rows a filter has: for a job's bar, never for a page.
func (c *Console) auditCount(ctx context.Context, f auditFilter) (n int, err error) {
	args, wrong := f.args(0)
	if wrong != "" {
		return 0, errBadForm
	}
	if err := c.DB.QueryRowContext(ctx, auditCountSQL, args[:9]...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count audit rows: %w", err)
	}
	return n, nil
}

// auditArea is acts that belong together, for a list to choose from.
type auditArea struct {
	Name string
	Acts []string
}

// auditAreas are all acts there are: report.read is the act read of the area report. The catalogs have a name for each; a test
// looks for acts in the program that are not here.
var auditAreas = []auditArea{
	{"session", []string{"signin", "signout", "refused", "throttled", "invitation_refused", "factor_refused", "recovery", "lock", "unlock", "revoke"}},
	{"page", []string{"denied", "outside"}},
	{"user", []string{"invite", "uninvite", "accept", "add", "change", "disable", "enable", "reset", "password", "password_change", "factor_on", "factor_off", "factor_reset", "end_sessions", "codes"}},
	{"report", []string{"list", "read", "open", "listen", "listen_call", "receive", "move", "term", "note", "reveal", "export"}},
	{"recording", []string{"purge"}},
	{"inbox", []string{"list", "seen", "report"}},
	{"resident", []string{"list", "read", "reveal", "register", "optout", "code_word", "try", "keep", "import", "export"}},
	{"menu", []string{"create", "edit", "submit", "sendback", "approve", "drop", "restore", "upload"}},
	{"sound", []string{"keep", "use", "take_back", "delete", "synthesise", "voice"}},
	{"campaign", []string{"create", "edit", "submit", "sendback", "approve_first", "approve", "start", "pause", "resume", "cancel", "fire", "finish", "groups"}},
	{"receipt", []string{"list"}},
	{"message", []string{"send"}},
	{"number", []string{"read"}},
	{"token", []string{"add", "revoke"}},
	{"ported", []string{"import"}},
	{"donotcall", []string{"replace"}},
	{"statistics", []string{"export"}},
	{"job", []string{"start", "cancel", "discard", "fetch"}},
	{"practice", []string{"begin", "remove"}},
	{"handset", []string{"sms", "call", "keys", "hangup", "ussd", "events", "officer"}},
	{"audit", []string{"read", "export"}},
}

// actsOf gives what a filter of acts means: report.read one act, report. all of its area, anything else none.
func actsOf(filter string) []string {
	var acts []string
	for _, area := range auditAreas {
		for _, name := range area.Acts {
			if act := area.Name + "." + name; act == filter || area.Name+"." == filter {
				acts = append(acts, act)
			}
		}
	}
	return acts
}

// auditKinds are what objects begin with.
var auditKinds = []string{"report", "campaign", "menu", "sound", "resident", "user", "import", "inbound", "message", "token", "job"}
