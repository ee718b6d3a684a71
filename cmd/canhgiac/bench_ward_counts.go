package main

import (
	"context"
	"encoding/json"
	"fmt"

	"canhgiac/console"
	"canhgiac/internal/jobs"
)

// The statistics pages read counts of fourteen months, which the sender's tally would have written beside the messages.
const (
	hourCountsSQL = `
insert into message_hours (hour, carrier, state, n, parts)
select hour, carrier, state, 100 + h % 300, 200 + h % 600
from generate_series(date_trunc('day', now() - interval '430 days', 'Asia/Ho_Chi_Minh'), now(), interval '1 hour') hour
cross join unnest(array['viettel', 'vinaphone', 'mobifone']) carrier cross join unnest(array['delivered', 'accepted', 'unknown', 'failed']) state
cross join lateral (select hashint4(extract(epoch from hour)::int) & 1023 as h) x
where extract(hour from hour at time zone 'Asia/Ho_Chi_Minh') between 7 and 20`
	dayCountsSQL = `
insert into message_days (day, unit_id, state, n)
select day, unit, state, 20 + (hashint8(unit + extract(day from day)::int) & 63)
from (select distinct date_trunc('day', hour, 'Asia/Ho_Chi_Minh') as day from message_hours) d
cross join (select 0 as unit union all select id from units where kind = 'group') u cross join unnest(array['delivered', 'accepted', 'unknown', 'failed']) state`
	failureCountsSQL = `
insert into message_failures (day, carrier, reason, n)
select day, carrier, reason, 5 + extract(day from day)::int
from (select distinct date_trunc('day', hour, 'Asia/Ho_Chi_Minh') as day from message_hours) d
cross join unnest(array['viettel', 'vinaphone', 'mobifone']) carrier
cross join unnest(array['UNDELIV 0001', 'UNDELIV 0006', 'EXPIRED 0000', 'ESME_RSYSERR', 'REJECTD 0012', 'expired']) reason`
	comingCountsSQL = `
insert into menu_comings (day, version, origin, node, n, left_at, failed, wrong, astray)
select day, extract(month from day)::int % 2, origin, 'node' || node, 100, 5, 2, 9, 15
from (select distinct date_trunc('day', hour, 'Asia/Ho_Chi_Minh') as day from message_hours) d
cross join unnest(array['hotline', 'ours', 'ussd']) origin cross join generate_series(1, 35) node`
	stayCountsSQL = `
insert into menu_stays (day, version, origin, node, outcome, key, n, heard, words_ms, waited)
select day, version, origin, node, outcome, key, 50, 30, 400000, array(select i from generate_series(1, 15) i)
from menu_comings cross join (values ('key', '1'), ('key', '2'), ('key', '3'), ('wrong', ''), ('silent', ''), ('left', '')) o (outcome, key)`
	countedSQL = `insert into message_tally (closed_to, counted_at) values (date_trunc('day', now() - interval '3 days', 'Asia/Ho_Chi_Minh'), now())`
)

// count fills the tallies of the statistics pages.
func (b city) count(ctx context.Context, n *node) error {
	for _, q := range []string{hourCountsSQL, dayCountsSQL, failureCountsSQL, comingCountsSQL, stayCountsSQL, countedSQL} {
		if err := run(ctx, n.db, q); err != nil {
			return err
		}
	}
	return nil
}

// spokenSQL: whoever calls may leave words after the tone.
const spokenSQL = `
insert into report_messages (report_id, sid, url, seconds, at)
select id, 'RE' || id, 'https://voice.example/recordings/RE' || id, 10 + id % 50, created_at from reports where origin = 'call'`

const endJobSQL = `
update jobs set state = 'done', done = 20000, total = 20000, tries = 1, started_at = created_at, ended_at = created_at,
  output_name = 'ban-ghi.csv', output_type = 'text/csv; charset=utf-8', output_size = 200000 where id = $1`

const jobFileSQL = `insert into job_outputs (job_id, nth, bytes) select $1::bigint, 0, convert_to(repeat('0123456789', 20000), 'UTF8')`

// export leaves an ended job with a file of 200 KB for the ward and for the police. The files of an earlier bench may be swept.
func (w *benchWard) export(ctx context.Context) error {
	for role, kind := range map[console.Role]jobs.Kind{console.Ward: "residents_export", console.Police: "reports_export"} {
		params, err := json.Marshal(map[string]string{"reason": "đo", "lang": "vi"})
		if err != nil {
			return err
		}
		var name string
		for _, u := range sampleUsers() {
			if u.Role == role && u.Name != sampleApprover.Name {
				name = u.Name
			}
		}
		tx, err := w.db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }()
		// No runner is woken, and none looks before this is committed.
		id, err := w.node.jobs.Store.Add(ctx, tx, jobs.New{Kind: kind, By: name, Role: string(role), Addr: "10.1.0.1", Params: json.RawMessage(params)})
		if err != nil {
			return err
		}
		for _, q := range []string{endJobSQL, jobFileSQL} {
			if _, err := tx.ExecContext(ctx, q, id); err != nil {
				return fmt.Errorf("end job %d: %w", id, err)
			}
		}
		if err := tx.Commit(); err != nil {
			return err
		}
	}
	return nil
}
