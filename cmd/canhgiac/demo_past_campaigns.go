package main

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"canhgiac/campaigns"
	"canhgiac/gateway"
	"canhgiac/gateway/sms"
	"canhgiac/schedules"
)

// pastCampaign is written a day before its first message.
type pastCampaign struct {
	name   string
	ago    int // days, of the first message
	at     time.Duration
	every  int // days between its messages: 1 or 7
	groups [2]int
	texts  []string // nil: the six reminders
	stage  campaigns.State
}

const hotlineEnd = " Hỏi: %s (phím 9: ngừng nhận)."

// pastCampaigns: the weekly reminders come first, so that the demo's own take up their name.
var pastCampaigns = []pastCampaign{
	{"Nhắc “4 không, 2 phải”", 54, 8 * time.Hour, 7, [2]int{0, 60}, nil, campaigns.Done},
	{"Giả cán bộ phường cập nhật giấy tờ", 40, 9 * time.Hour, 1, [2]int{0, 14}, []string{"Có kẻ giả cán bộ phường gọi bắt cập nhật giấy tờ qua mạng. Bà con tắt máy, báo công an phường."}, campaigns.Done},
	{"Giả nhân viên điện lực", 19, 16 * time.Hour, 1, [2]int{20, 38}, []string{"Có kẻ giả điện lực gọi dọa cắt điện. Bà con không làm theo, tắt máy, báo công an phường."}, campaigns.Done},
	{"Mua bán trên mạng", 9, 10 * time.Hour, 7, [2]int{0, 60}, []string{"Mua hàng trên mạng: bà con chỉ trả tiền khi đã nhận và xem hàng.", "Người lạ hứa hoàn tiền đơn hàng là lừa đảo. Bà con tắt máy, hỏi con cháu."}, campaigns.Done},
	{"Rủ việc nhẹ lương cao", 0, 19 * time.Hour, 1, [2]int{8, 26}, []string{"Việc nhẹ lương cao, làm nhiệm vụ nhận tiền là lừa đảo. Bà con không tin, hỏi công an phường."}, campaigns.Submitted},
	{"Phòng lừa đảo dịp Tết", 0, 8 * time.Hour, 7, [2]int{0, 60}, []string{"Cuối năm kẻ gian hay báo trúng thưởng, tặng quà Tết. Bà con không tin, tắt máy."}, campaigns.Draft},
}

func (p *past) campaignsWritten(ctx context.Context) error {
	ward, err := p.residents.Ward(ctx)
	if err != nil {
		return err
	}
	groups, err := p.residents.Groups(ctx, ward.ID)
	if err != nil {
		return err
	}
	reminders, err := p.reminders()
	if err != nil {
		return err
	}
	lawful, err := schedules.ParseHours(defaultConfig().Sending.Hours)
	if err != nil {
		return err
	}
	for _, one := range pastCampaigns {
		c := p.campaigns.Blank()
		c.Name, c.Contents, c.Units = one.name, reminders, unitIDs(groups[one.groups[0]:one.groups[1]])
		if one.groups == [2]int{0, len(groups)} {
			c.Units = []int64{ward.ID}
		}
		if one.texts != nil {
			c.Contents = p.contents(one.texts)
		}
		if one.stage == campaigns.Done { // what a visitor may still start keeps the demo's own hours
			c.Hours, c.Caps = lawful, gateway.Caps(defaultConfig().Sending.Caps)
		}
		p.planCampaign(c, one)
	}
	return nil
}

func (p *past) contents(texts []string) (all []campaigns.Content) {
	for _, text := range texts {
		text = p.config.Words.Brand + ": " + text + fmt.Sprintf(hotlineEnd, p.config.Words.Hotline)
		all = append(all, campaigns.Content{Text: text, Plain: sms.Unaccent(text)})
	}
	return all
}

// planCampaign has a campaign written, approved and sent, as far as it came.
func (p *past) planCampaign(c campaigns.Campaign, one pastCampaign) {
	first := p.day(one.ago, one.at)
	minute, hour := first.Minute(), first.Hour()
	c.Cron = fmt.Sprintf("%d %d * * %d", minute, hour, first.Weekday())
	if one.every == 1 {
		c.Cron = fmt.Sprintf("%d %d * * *", minute, hour)
	}
	written := first.AddDate(0, 0, -1)
	if written.After(p.until.Add(-time.Hour)) {
		written = p.until.Add(-26 * time.Hour)
	}
	p.plan(written, func(ctx context.Context) error {
		id, err := p.campaigns.Create(ctx, c, sampleAuthor)
		if err != nil || one.stage == campaigns.Draft {
			return err
		}
		p.pause(25 * time.Minute)
		if err := p.campaigns.Submit(ctx, id, sampleAuthor); err != nil || one.stage == campaigns.Submitted {
			return err
		}
		p.pause(50 * time.Minute)
		if err := p.campaigns.Approve(ctx, id, sampleApprover); err != nil {
			return err
		}
		p.pause(5 * time.Minute)
		return p.campaigns.Start(ctx, id, sampleAuthor)
	})
	if one.stage != campaigns.Done {
		return
	}
	for nth := range c.Contents {
		p.plan(first.AddDate(0, 0, nth*one.every).Add(2*time.Second), p.sendDue)
	}
}

const openRunsSQL = `select array_agg(id) from campaign_runs where done_at is null`

const chunksSentSQL = `update chunks set watermark = size, state = 'done', ended_at = $2 where run_id = $1`

// messagesSentSQL: a carrier of thirty parts a second. How many do not arrive depends on the group, and on nothing else, so
// that there are groups that the ward should look after.
const messagesSentSQL = `
insert into sent (message_id, state, carrier, carrier_message_id, parts, submitted_at, accepted_at, done_at, error)
select m.id, s.state, c.carrier, case when s.state <> 'suppressed' then to_hex(m.id) end, 1,
       case when s.state <> 'suppressed' then at end, case when s.state not in ('failed', 'suppressed') then at + interval '80 milliseconds' end,
       at + interval '4 seconds', case s.state when 'failed' then 'ESME_RINVDSTADR' when 'expired' then 'EXPIRED' when 'suppressed' then 'opted out' else '' end
from chunks c join messages m on m.chunk_id = c.id
cross join lateral (select $2::timestamptz + m.pos * interval '33 milliseconds' as at, (hashint8(m.id) & 1023) as h, 12 + hashint8(m.unit_id) & 127 as lost) d
cross join lateral (select case when h < lost / 2 then 'failed' when h < lost then 'expired' when h < lost + 9 then 'unknown'
                                when h > 1020 then 'suppressed' else 'delivered' end as state) s
where c.run_id = $1`

// sendDue fires what is due, and plays the sender and the carrier for it: nothing meets a link.
func (p *past) sendDue(ctx context.Context) error {
	if _, err := p.runner.Tick(ctx); err != nil {
		return err
	}
	var runs []int64
	if err := p.db.QueryRowContext(ctx, openRunsSQL).Scan(pq.Array(&runs)); err != nil {
		return err
	}
	for _, id := range runs {
		if err := run(ctx, p.db, messagesSentSQL, id, p.now()); err != nil {
			return err
		}
		if err := run(ctx, p.db, chunksSentSQL, id, p.now().Add(90*time.Second)); err != nil {
			return err
		}
	}
	p.pause(10 * time.Minute)
	_, err := p.campaigns.Finish(ctx)
	return err
}
