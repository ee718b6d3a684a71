package main

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/lib/pq"

	"canhgiac/ivr/prompts"
	"canhgiac/ivr/sounds"
	"canhgiac/reports"
)

// reportsSQL: a scam number in ten stands in up to fifty reports, which makes the clusters. The newest five hundred are not
// received yet.
const reportsSQL = `
insert into reports (code, origin, ref, state, urgency, reporter, unit_id, kind, scam_number, scam_key, channel, money, money_when, band, callback,
  created_at, updated_at, completed_at, received_at, received_by)
select ($1::text[])[i], (array['call', 'sms', 'ussd'])[1 + i % 3], 'bench-' || i, s.state, 1 + i % 5, r.phone, r.unit_id, 1 + i % 8,
       right(k, 9), k, 1 + i % 5, (array['none', 'lost', 'about', ''])[1 + i % 4], (array['today', 'yesterday', 'before', ''])[1 + i % 4],
       case i % 4 when 1 then 1 + i % 5 else 0 end, case i % 2 when 0 then 'yes' else 'no' end,
       at, at, case when i % 10 > 0 then at end, case when s.state <> 'new' then at + interval '20 minutes' end,
       case when s.state <> 'new' then 'congan' else '' end
from generate_series(1, cardinality($1::text[])) i
cross join lateral (select date_trunc('second', now() - (cardinality($1::text[]) - i) * interval '25 minutes') as at,
  '+8479' || lpad((case when i % 10 < 3 then i % 400 else 1000 + i end)::text, 7, '0') as k,
  case when i > cardinality($1::text[]) - 500 then 'new' when i % 7 = 0 then 'received' when i % 7 = 1 then 'verifying' when i % 7 = 2 then 'transferred'
       when i % 7 = 3 then 'answered' else 'closed' end as state) s
join residents r on r.id = (select min(id) from residents) + i * 7`

// recordSQL adds one line to each report's record, hashed as reports hashes it: SHA-256 over the hash before and the line
// as JSON.
const recordSQL = `
insert into report_events (report_id, seq, at, act, node, key, raw, prev_hash, hash)
select id, $1::int, created_at, $2, $3, $4, raw, prev, sha256(prev || convert_to('{"report":' || id || ',"seq":' || $1::int || ',"at":"'
  || to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') || '","act":"' || $2 || '","node":"' || $3 || '","key":"' || $4
  || '","raw":"' || raw || '","who":""}', 'UTF8'))
from (select r.id, r.created_at, coalesce(e.hash, decode(repeat('00', 32), 'hex')) as prev,
             case $2 when 'opened' then r.origin || ' ' || r.ref when 'key' then $4 else '' end as raw
      from reports r left join report_events e on e.report_id = r.id and e.seq = $1::int - 1) p`

func (b city) report(ctx context.Context, n *node) error {
	codes, known := make([]string, 0, b.reports), map[string]bool{}
	for len(codes) < b.reports {
		code, err := reports.NewCode(rand.Reader)
		if err != nil {
			return err
		}
		if !known[code] {
			known[code] = true
			codes = append(codes, code)
		}
	}
	if err := run(ctx, n.db, reportsSQL, pq.Array(codes)); err != nil {
		return err
	}
	if err := run(ctx, n.db, spokenSQL); err != nil {
		return err
	}
	for seq, line := range [][3]string{{"opened", "", ""}, {"key", "loai", "1"}, {"key", "so", "0791234567"}, {"key", "tien", "2"}, {"sent", "", ""}} {
		if err := run(ctx, n.db, recordSQL, seq+1, line[0], line[1], line[2]); err != nil {
			return err
		}
		if err := run(ctx, n.db, `analyze report_events`); err != nil {
			return err
		}
	}
	return nil
}

// auditSQL is a year of an office: mostly reading.
const auditRowsSQL = `
insert into audit_log (at, who, role, act, object, detail, addr)
select now() - ($1::int - i) * interval '30 seconds', 'user' || i % 1000, (array['ward', 'police', 'police', 'operator'])[1 + i % 4],
       (array['report.read', 'report.list', 'resident.read', 'resident.list', 'signin', 'report.reveal', 'report.note', 'campaign.edit', 'audit.read', 'report.receive'])[1 + i % 10],
       case i % 3 when 0 then 'resident:' || i % 200000 when 1 then 'report:' || i % 20000 else 'session' end, case i % 9 when 0 then 'gọi lại' else '' end,
       '10.1.' || i % 8 || '.' || i % 200
from generate_series(1, $1::int) i`

func (b city) logAudit(ctx context.Context, n *node) error {
	return run(ctx, n.db, auditRowsSQL, b.audit)
}

const benchUsersSQL = `
insert into console_users (name, role, password, created_at)
select 'user' || i, (array['ward', 'police', 'police', 'operator'])[1 + i % 4], 'none', now() from generate_series(0, $1::int - 1) i`

const benchSessionsSQL = `
insert into console_sessions (token, data, expiry)
select md5(i::text) || md5(i::text), '\x00', now() + interval '10 hours' from generate_series(1, $1::int) i`

// inboundSQL: one text in ten is one that nobody acted on, and half of those are not read yet.
const inboundSQL = `
insert into inbound (carrier, phone, recipient, text, action, at, kept, seen_at, seen_by)
select (array['viettel', 'vinaphone', 'mobifone'])[1 + i % 3], r.phone, '8088', 'Toi bi lua dao ' || i, case i % 10 when 0 then '' else 'report' end,
       now() - ($1::int - i) * interval '10 minutes', case i % 10 when 0 then 'unknown' else '' end,
       case when i % 20 = 0 then now() end, case i % 20 when 0 then 'congan' else '' end
from generate_series(1, $1::int) i join residents r on r.id = (select min(id) from residents) + i`

const movesSQL = `
insert into message_moves (message_id, at, from_state, to_state, reason)
select message_id, submitted_at, 'submitting', case state when 'unknown' then 'unknown' else 'queued' end, 'ESME_RTHROTTLED' from sent where message_id % 100 in (3, 96)`

const callsSQL = `
insert into calls (provider, sid, from_phone, from_kind, to_number, node, step, started_at, ended_at, end_status)
select 'simulator', 'CA' || i, r.phone, 'mobile', '02363111222', 'end', 4, now() - i * interval '25 minutes', now() - i * interval '25 minutes' + interval '2 minutes', 'completed'
from generate_series(1, $1::int) i join residents r on r.id = (select min(id) from residents) + i * 7`

// rest are the accounts, what came in, and what the carriers did.
func (b city) rest(ctx context.Context, n *node) error {
	for _, q := range []struct {
		sql  string
		args []any
	}{
		{benchUsersSQL, []any{b.users}}, {benchSessionsSQL, []any{b.users}}, {inboundSQL, []any{b.reports}}, {callsSQL, []any{b.reports}}, {movesSQL, nil},
	} {
		if _, err := n.db.ExecContext(ctx, q.sql, q.args...); err != nil {
			return err
		}
	}
	return nil
}

// speak keeps the program's own sound of the greeting as one that the ward uploaded, once.
func (w *benchWard) speak(ctx context.Context) error {
	key := prompts.Key{Voice: prompts.Central, Line: "chao"}
	had, err := w.node.sounds.OfLine(ctx, key, 1)
	if err != nil || len(had) > 0 {
		return err
	}
	line, err := w.node.sounds.Playing().Line(key.Line)
	if err != nil {
		return err
	}
	given, is := w.node.sounds.Playing().Given(key.Voice, key.Line)
	if !is {
		return fmt.Errorf("the program has no sound of %s", key.Line)
	}
	tx, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := w.node.sounds.Keep(ctx, tx, sounds.Given{Line: line, Voice: key.Voice, Origin: prompts.Uploaded, Speaker: "Hoa", By: "canbo"}, given.WAV, given.Figures); err != nil {
		return err
	}
	return tx.Commit()
}
