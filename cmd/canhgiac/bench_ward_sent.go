package main

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"canhgiac/campaigns"
	"canhgiac/residents"
)

// benchCampaigns: five to the whole ward, one of them twice and still under way, seven to some groups.
var benchCampaigns = []struct {
	name   string
	groups int // 0: the whole ward
	runs   int
	half   bool // the last run is half way
}{
	{"Nhắc “4 không, 2 phải”", 0, 1, false}, {"Giả danh công an", 0, 1, false}, {"Cuối năm", 0, 1, false}, {"Mã OTP", 0, 1, false},
	{"Lừa đảo đầu tư", 10, 1, false}, {"Tuyển cộng tác viên", 10, 1, false}, {"Khóa SIM", 8, 2, false}, {"Giao hàng giả", 6, 1, false},
	{"Học phí giả", 5, 1, false}, {"Trúng thưởng", 4, 0, false}, {"Cấp cứu giả", 3, 0, false}, {"Chứng khoán ảo", 0, 2, true},
}

func (b city) campaigns(ctx context.Context, n *node) error {
	contents, err := n.reminders()
	if err != nil {
		return err
	}
	ward, err := n.residents.Ward(ctx)
	if err != nil {
		return err
	}
	groups, err := n.residents.Groups(ctx, ward.ID)
	if err != nil {
		return err
	}
	for i, one := range benchCampaigns {
		c := n.campaigns.Blank()
		c.Name, c.Units, c.Contents = one.name, []int64{ward.ID}, contents[:max(one.runs, 1)]
		if one.groups > 0 {
			c.Units = unitIDs(groups[i*5 : i*5+one.groups])
		}
		id, err := n.campaigns.Create(ctx, c, sampleAuthor)
		if err != nil {
			return err
		}
		if one.runs == 0 { // the last of these waits for its approval, the other is a draft
			if i%2 == 0 {
				if err := n.campaigns.Submit(ctx, id, sampleAuthor); err != nil {
					return err
				}
			}
			continue
		}
		if err := b.send(ctx, n, id, one.runs, one.half, time.Now().AddDate(0, 0, -7*(len(benchCampaigns)-1-i)).Add(-time.Hour)); err != nil {
			return fmt.Errorf("campaign %d: %w", id, err)
		}
	}
	return nil
}

func unitIDs(units []residents.Unit) (ids []int64) {
	for _, u := range units {
		ids = append(ids, u.ID)
	}
	return ids
}

const endScheduleSQL = `update schedules set state = 'ended', fired = series where subject = $1`

const runIDSQL = `select id from campaign_runs where campaign_id = $1 order by id desc limit 1`

// enterSQL is what senders did to the chunks: to all, or to every second one.
const enterSQL = `update chunks set watermark = size, state = 'done', ended_at = $2 where run_id = $1 and (not $3 or nth % 2 = 0)`

// outcomesSQL: nine in ten came to the phone; of the rest there is some of each.
const outcomesSQL = `
insert into sent (message_id, state, carrier, carrier_message_id, parts, submitted_at, accepted_at, done_at, error)
select m.id, s.state, c.carrier, to_hex(m.id), 1, at, at + interval '100 milliseconds', case when s.state <> 'accepted' then at + interval '4 seconds' end,
       case s.state when 'failed' then 'UNDELIV 0001' when 'suppressed' then 'opted out' else '' end
from chunks c join messages m on m.chunk_id = c.id
cross join lateral (select $2::timestamptz + c.nth * interval '8 seconds' as at, case
	when m.id % 100 < 90 then 'delivered' when m.id % 100 < 94 then 'failed' when m.id % 100 < 96 then 'expired' when m.id % 100 = 96 then 'unknown'
	when m.id % 100 = 97 then 'suppressed' else 'accepted' end as state) s
where c.run_id = $1 and c.watermark > 0 and m.id % 2000 <> 7`

// heldSQL are those that wait for another try.
const heldSQL = `
insert into outbox (message_id, carrier, priority, ready_at, send_by, attempts, error)
select m.id, c.carrier, 3, $2::timestamptz + interval '2 hours', c.send_by, 1, 'ESME_RSYSERR'
from chunks c join messages m on m.chunk_id = c.id where c.run_id = $1 and c.watermark > 0 and m.id % 2000 = 7`

// send approves the campaign and plays the sender for its runs, a day apart.
func (b city) send(ctx context.Context, n *node, id int64, runs int, half bool, at time.Time) error {
	for _, act := range []func() error{
		func() error { return n.campaigns.Submit(ctx, id, sampleAuthor) },
		func() error { return n.campaigns.Approve(ctx, id, sampleApprover) },
		func() error { return n.campaigns.Start(ctx, id, sampleAuthor) },
	} {
		if err := act(); err != nil {
			return err
		}
	}
	for nth := 1; nth <= runs; nth++ {
		due := at.AddDate(0, 0, nth-runs)
		if err := inTx(ctx, n.db, func(tx *sql.Tx) error { return n.campaigns.Fire(ctx, tx, id, due, nth) }); err != nil {
			return err
		}
		var run int64
		if err := n.db.QueryRowContext(ctx, runIDSQL, id).Scan(&run); err != nil {
			return err
		}
		partly := half && nth == runs
		for _, q := range []struct {
			sql  string
			args []any
		}{{enterSQL, []any{run, due, partly}}, {outcomesSQL, []any{run, due}}, {heldSQL, []any{run, time.Now()}}} {
			if _, err := n.db.ExecContext(ctx, q.sql, q.args...); err != nil {
				return err
			}
		}
		if !partly {
			if _, err := n.db.ExecContext(ctx, `delete from outbox where message_id >> 32 = $1`, run); err != nil {
				return err
			}
		}
	}
	if !half {
		if _, err := n.db.ExecContext(ctx, endScheduleSQL, campaigns.Subject(id)); err != nil {
			return err
		}
	}
	_, err := n.campaigns.Finish(ctx)
	return err
}

func inTx(ctx context.Context, db *sql.DB, do func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}
