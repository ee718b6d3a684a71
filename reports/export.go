package reports

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"canhgiac/internal/audit"
)

// Label puts a value of a column into words; Label("column", c) is the heading of c. nil leaves both as they are.
type Label func(column, value string) string

// exportSQL adds to each report the end of its record and the sums of its messages' sounds and of its recorded calls, so that a file once handed over
// can be held against the database, and a sound against the file.
var exportSQL = `
select x.*, (select encode(e.hash, 'hex') from report_events e where e.report_id = x.id order by e.seq desc limit 1),
  (select coalesce(string_agg(coalesce(k.sha256, '?'), ' ' order by m.at, m.sid), '') from report_messages m` + soundJoin + ` where m.report_id = x.id),
  (select coalesce(string_agg(t.sha256, ' ' order by t.at, t.sid), '') from call_recordings t join calls c on c.id = t.call_id where c.report_id = x.id and t.purged_at is null)
from (` + reportSQL + ` where ` + inScope("$1") + `) x order by x.created_at, x.id`

var exportSizeSQL = `select count(*) from reports r where ` + inScope("$1")

// Export writes all reports that by may see as CSV for a spreadsheet: UTF-8 with a BOM, whole numbers, times in UTC and in Vietnam.
// The audit row is written first: whoever got half of a file has still taken it. progress, where not nil, hears of every
// hundredth report.
func (s *Store) Export(ctx context.Context, w io.Writer, by By, reason string, label Label, progress func(done, total int)) (int, error) {
	reason = strings.TrimSpace(reason)
	if reason == "" {
		return 0, ErrReason
	}
	if label == nil {
		label = func(_, v string) string { return v }
	}
	e := by.entry(s.now(), "report.export", "", reason)
	e.Object = "reports"
	if err := audit.Write(ctx, s.db, e); err != nil {
		return 0, err
	}
	total := 0
	if progress == nil {
		progress = func(int, int) {}
	} else if err := s.db.QueryRowContext(ctx, exportSizeSQL, by.Scope).Scan(&total); err != nil {
		return 0, fmt.Errorf("count reports: %w", err)
	}
	rows, err := s.db.QueryContext(ctx, exportSQL, by.Scope)
	if err != nil {
		return 0, fmt.Errorf("export reports: %w", err)
	}
	defer rows.Close()
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return 0, fmt.Errorf("export reports: %w", err)
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true // RFC 4180
	head := make([]string, len(exportColumns))
	for i, c := range exportColumns {
		head[i] = cell(label("column", c.name))
	}
	if err := out.Write(head); err != nil {
		return 0, fmt.Errorf("export reports: %w", err)
	}
	n := 0
	for rows.Next() {
		var x exported
		r, err := scanReport(withMore{rows, &x})
		if err != nil {
			return n, fmt.Errorf("export reports: %w", err)
		}
		line := make([]string, len(exportColumns))
		for i, c := range exportColumns {
			v := c.value(r, x)
			if c.labelled && v != "" {
				v = label(c.name, v)
			}
			line[i] = cell(v)
		}
		if err := out.Write(line); err != nil {
			return n, fmt.Errorf("export reports: %w", err)
		}
		if n++; n%100 == 0 {
			progress(n, max(n, total))
		}
	}
	if err := rows.Err(); err != nil {
		return n, fmt.Errorf("export reports: %w", err)
	}
	out.Flush()
	progress(n, n)
	return n, out.Error()
}

// exported is what a file has of a report beside the report itself.
type exported struct{ end, sounds, tapes string }

type withMore struct {
	row interface{ Scan(...any) error }
	x   *exported
}

func (w withMore) Scan(dest ...any) error {
	return w.row.Scan(append(dest, &w.x.end, &w.x.sounds, &w.x.tapes)...)
}

type exportColumn struct {
	name     string
	labelled bool
	value    func(r Report, x exported) string
}

// ExportColumns names the columns of Export, for whoever has to put them into words.
func ExportColumns() []string {
	names := make([]string, len(exportColumns))
	for i, c := range exportColumns {
		names[i] = c.name
	}
	return names
}

var exportColumns = []exportColumn{
	{"code", false, func(r Report, _ exported) string { return r.Code }},
	{"state", true, func(r Report, _ exported) string { return string(r.State) }},
	{"urgency", true, func(r Report, _ exported) string { return number(int(r.Urgency)) }},
	{"sent", true, func(r Report, _ exported) string { return r.Sent() }},
	{"created", false, func(r Report, _ exported) string { return vnTime(r.CreatedAt) }},
	{"created_utc", false, func(r Report, _ exported) string { return utcTime(r.CreatedAt) }},
	{"completed", false, func(r Report, _ exported) string { return vnTime(r.CompletedAt) }},
	{"origin", true, func(r Report, _ exported) string { return r.Origin }},
	{"reporter", false, func(r Report, _ exported) string { return spaced(r.Reporter.National()) }},
	{"unit", false, func(r Report, _ exported) string { return r.UnitName }},
	{"kind", true, func(r Report, _ exported) string { return number(r.Kind) }},
	{"scam_number", false, func(r Report, _ exported) string { return spaced(r.ScamNumber) }},
	{"also_named", false, func(r Report, _ exported) string { return strconv.Itoa(r.AlsoNamed) }},
	{"channel", true, func(r Report, _ exported) string { return number(r.Channel) }},
	{"money", true, func(r Report, _ exported) string { return r.Money }},
	{"when", true, func(r Report, _ exported) string { return r.When }},
	{"band", true, func(r Report, _ exported) string { return number(r.Band) }},
	{"callback", true, func(r Report, _ exported) string { return r.Callback }},
	{"officer", true, func(r Report, _ exported) string { return string(r.Officer) }},
	{"messages", false, func(r Report, _ exported) string { return strconv.Itoa(r.Messages) }},
	{"received", false, func(r Report, _ exported) string { return vnTime(r.ReceivedAt) }},
	{"received_by", false, func(r Report, _ exported) string { return r.ReceivedBy }},
	{"sounds", false, func(_ Report, x exported) string { return x.sounds }},
	{"tapes", false, func(_ Report, x exported) string { return x.tapes }},
	{"chain_end", false, func(_ Report, x exported) string { return x.end }},
}

// Sent is "sent", "partial" or "cancelled": how the reporter left.
func (r Report) Sent() string {
	switch {
	case r.Cancelled:
		return "cancelled"
	case r.Partial:
		return string(Partial)
	}
	return string(Whole)
}

// Left is how the reporter left, as an officer should meet it: as Sent, but "message" where one was spoken after the tone,
// "missed" where an officer was needed and none answered, and "met" where one answered before the report was sent.
func (r Report) Left() string {
	switch sent := r.Sent(); {
	case sent == "cancelled":
		return sent
	case r.Messages > 0:
		return "message"
	case r.Officer == Missed, r.Officer == Met && r.Partial:
		return string(r.Officer)
	default:
		return sent
	}
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// vietnam has known no summer time since 1975, so a fixed zone says the same as tzdata and is always there.
var vietnam = time.FixedZone("+07", 7*60*60)

func vnTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(vietnam).Format("2006-01-02 15:04:05")
}

func utcTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// spaced writes 0901234567 as 0901 234 567: a spreadsheet takes the former for a sum and drops its zero.
func spaced(digits string) string {
	if len(digits) < 7 || strings.Trim(digits, "0123456789") != "" {
		return digits
	}
	first := len(digits) - 6
	return digits[:first] + " " + digits[first:first+3] + " " + digits[first+3:]
}

// cell keeps a spreadsheet from running what a resident or an officer typed.
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n", rune(s[0])) {
		return "'" + s
	}
	return s
}
