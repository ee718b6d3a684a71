package reports

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"canhgiac/internal/audit"
	"canhgiac/residents"
)

// Page is one page of a list.
type Page struct {
	Reports []Report
	Total   int
}

// reportSQL is continued by a where. Reports that a reporter cancelled do not count as naming a number.
const reportSQL = `
select r.id, r.code, r.state, r.urgency, r.origin, r.ref, r.reporter, r.kind, r.scam_number, r.channel, r.money, r.money_when, r.band,
       r.callback, r.cancelled, coalesce(r.unit_id, 0), coalesce(u.name, ''), r.created_at, r.updated_at, r.completed_at, r.received_at,
       r.received_by, r.revision, r.officer, r.term,
       (select count(*) from report_messages m where m.report_id = r.id),
       case when r.scam_key = '' then 0
            else (select count(*) from reports o where o.scam_key = r.scam_key and o.scam_key <> '' and o.id <> r.id and not o.cancelled) end
from reports r left join units u on u.id = r.unit_id`

func scanReport(row interface{ Scan(...any) error }) (Report, error) {
	var r Report
	var completed, received sql.NullTime
	err := row.Scan(&r.ID, &r.Code, &r.State, &r.Urgency, &r.Origin, &r.Ref, &r.Reporter, &r.Kind, &r.ScamNumber, &r.Channel, &r.Money,
		&r.When, &r.Band, &r.Callback, &r.Cancelled, &r.UnitID, &r.UnitName, &r.CreatedAt, &r.UpdatedAt, &completed, &received,
		&r.ReceivedBy, &r.Revision, &r.Officer, &r.Term, &r.Messages, &r.AlsoNamed)
	if errors.Is(err, sql.ErrNoRows) {
		return Report{}, ErrNotFound
	}
	if err != nil {
		return Report{}, err
	}
	r.Complete, r.Partial = completed.Valid, !completed.Valid
	r.CompletedAt, r.ReceivedAt = completed.Time, received.Time
	return r, nil
}

// List leaves the audit row to its caller, who knows whether a person asked or a page refreshed itself.
func (s *Store) List(ctx context.Context, f Filter) (Page, error) {
	if f.Limit <= 0 {
		f.Limit = 50
	}
	var p Page
	if err := s.db.QueryRowContext(ctx, countSQL, s.args(f)...).Scan(&p.Total); err != nil {
		return Page{}, fmt.Errorf("count reports: %w", err)
	}
	query := listSQL
	if f.ByDeadline {
		query = byDeadlineSQL
	}
	rows, err := s.db.QueryContext(ctx, query, append(s.args(f), f.Limit, f.Offset)...)
	if err != nil {
		return Page{}, fmt.Errorf("list reports: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		r, err := scanReport(rows)
		if err != nil {
			return Page{}, fmt.Errorf("list reports: %w", err)
		}
		p.Reports = append(p.Reports, r)
	}
	return p, rows.Err()
}

// Detail is one report with all that stands behind it.
type Detail struct {
	Report
	Record
	Spoken []Message // what the reporter left after the tone
	Tapes  []Tape    // the calls themselves, where calls are recorded
	Others []string  // codes of up to ten newest other reports that name the same number
}

const othersSQL = `
select o.code from reports r join reports o on o.scam_key = r.scam_key and o.scam_key <> '' and o.id <> r.id and not o.cancelled
where r.id = $1 order by o.created_at desc limit 10`

// Get reads one report for by and leaves the audit row of the reading. code as people write it.
func (s *Store) Get(ctx context.Context, code string, by By) (Detail, error) {
	var d Detail
	code, err := ParseCode(code)
	if err != nil {
		return Detail{}, err
	}
	if d.Report, err = scanReport(s.db.QueryRowContext(ctx, reportSQL+` where r.code = $1`, code)); err != nil {
		return Detail{}, fmt.Errorf("read report %s: %w", code, err)
	}
	if !by.sees(d.Report) {
		return Detail{}, fmt.Errorf("read report %s: %w", code, residents.ErrOutside)
	}
	if err := audit.Write(ctx, s.db, by.entry(s.now(), "report.read", code, "")); err != nil {
		return Detail{}, err
	}
	if d.Record, err = s.record(ctx, d.ID); err != nil {
		return Detail{}, fmt.Errorf("read the record of report %s: %w", code, err)
	}
	if d.Spoken, err = s.messages(ctx, d.ID); err != nil {
		return Detail{}, fmt.Errorf("read the messages of report %s: %w", code, err)
	}
	if d.Tapes, err = s.tapes(ctx, d.ID); err != nil {
		return Detail{}, fmt.Errorf("read the recorded calls of report %s: %w", code, err)
	}
	rows, err := s.db.QueryContext(ctx, othersSQL, d.ID)
	if err != nil {
		return Detail{}, fmt.Errorf("who else named the number of report %s: %w", code, err)
	}
	defer rows.Close()
	for rows.Next() {
		var other string
		if err := rows.Scan(&other); err != nil {
			return Detail{}, err
		}
		d.Others = append(d.Others, other)
	}
	return d, rows.Err()
}

const latestSQL = `select coalesce(sum(revision), 0)::bigint from (select revision from reports order by revision desc limit 200) newest`

// Latest is a number that grows with every change of any report. It is a sum over the newest, not the highest
// revision, so that a change shows also when a transaction with a higher one was quicker to commit.
func (s *Store) Latest(ctx context.Context) (int64, error) {
	var n int64
	if err := s.db.QueryRowContext(ctx, latestSQL).Scan(&n); err != nil {
		return 0, fmt.Errorf("latest revision of reports: %w", err)
	}
	return n, nil
}

const revisionSQL = `select revision from reports where code = $1`

// Revision tells whether one report changed, without reading it.
func (s *Store) Revision(ctx context.Context, code string, by By) (int64, error) {
	if err := s.inside(ctx, code, by); err != nil {
		return 0, fmt.Errorf("revision of report %s: %w", code, err)
	}
	var n int64
	err := s.db.QueryRowContext(ctx, revisionSQL, code).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, ErrNotFound
	}
	return n, err
}

func (b By) entry(at time.Time, act, code, detail string) audit.Entry {
	return audit.Entry{At: at, Who: b.Name, Role: b.Role, Act: act, Object: "report:" + code, Detail: detail, Addr: b.Addr}
}
