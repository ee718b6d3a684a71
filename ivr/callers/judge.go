package callers

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lib/pq"
)

// talksSQL: the conversations of one person, by the names that the lines have for them.
const talksSQL = `
select id, 'call' from calls where provider = $1 and sid = any($2)
union all select id, 'ussd' from ussd_sessions where provider = $1 and sid = any($2)`

const toldSQL = `
select r.id, r.origin, r.kind, r.scam_number, r.channel, r.money, r.money_when, r.band, r.callback, r.completed_at is not null, r.cancelled,
  r.officer, r.reporter, (select count(*) from report_messages m where m.report_id = r.id)
from reports r where (r.origin = 'call' and r.ref = any($1)) or (r.origin = 'ussd' and r.ref = any($2)) order by r.id`

const recordSQL = `select key || ' ' || raw from report_events where report_id = $1 and act = 'key' order by seq`

// kept is a report as the hotline keeps it.
type kept struct {
	report
	id       int64
	reporter string
}

// kept are all reports of the person, in their order.
func (p *person) kept(ctx context.Context) ([]kept, error) {
	var names []string
	for _, t := range p.talks {
		names = append(names, t.sid)
	}
	refs := map[string][]string{}
	rows, err := p.town.DB.QueryContext(ctx, talksSQL, provider, pq.Array(names))
	if err != nil {
		return nil, fmt.Errorf("find the conversations: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, origin string
		if err := rows.Scan(&id, &origin); err != nil {
			return nil, err
		}
		refs[origin] = append(refs[origin], id)
		for again := 2; again < 12; again++ { // after each that was cancelled
			refs[origin] = append(refs[origin], fmt.Sprintf("%s-%d", id, again))
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	found, err := p.town.DB.QueryContext(ctx, toldSQL, pq.Array(refs["call"]), pq.Array(refs["ussd"]))
	if err != nil {
		return nil, fmt.Errorf("find the reports: %w", err)
	}
	defer found.Close()
	var all []kept
	for found.Next() {
		var k kept
		if err := found.Scan(&k.id, &k.origin, &k.kind, &k.number, &k.channel, &k.money, &k.when, &k.band, &k.callback, &k.sent, &k.cancelled,
			&k.officer, &k.reporter, &k.messages); err != nil {
			return nil, err
		}
		all = append(all, k)
	}
	return all, found.Err()
}

// judge holds what was kept to what was told.
func (p *person) judge(ctx context.Context) error {
	all, err := p.kept(ctx)
	if err != nil {
		return err
	}
	if len(all) != len(p.reports) {
		p.complain("%d reports are kept, %d were begun", len(all), len(p.reports))
		return nil
	}
	for i, k := range all {
		if got, want := k.facts(), p.reports[i].facts(); got != want {
			p.complain("report %d is kept as\n    %s, told was\n    %s", i, got, want)
		}
		if k.reporter == "" && p.seen {
			p.complain("report %d does not say whose it is", i)
		}
		record, err := p.record(ctx, k.id)
		if err != nil {
			return err
		}
		if !slices.Equal(record, p.reports[i].record) {
			p.complain("the record of report %d is\n    %s, told was\n    %s", i, strings.Join(record, " | "), strings.Join(p.reports[i].record, " | "))
		}
	}
	return nil
}

func (r *report) facts() string {
	return fmt.Sprintf("%s: kind %d, number %q, channel %d, money %q %q %d, call back %q, sent %t, cancelled %t, officer %q, %d messages",
		r.origin, r.kind, r.number, r.channel, r.money, r.when, r.band, r.callback, r.sent, r.cancelled, r.officer, r.messages)
}

func (p *person) record(ctx context.Context, id int64) ([]string, error) {
	rows, err := p.town.DB.QueryContext(ctx, recordSQL, id)
	if err != nil {
		return nil, fmt.Errorf("record of report %d: %w", id, err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var e string
		if err := rows.Scan(&e); err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, rows.Err()
}
