package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"canhgiac/internal/audit"
	"canhgiac/reports"
)

var pastOfficer = reports.By{Name: "congan", Role: "police", Addr: "10.20.1.14"}

// pastReport is what one person tells, as the keys of a call say it.
type pastReport struct {
	via     string // call, ussd, sms
	who     int    // of callers
	kind    int
	number  string // "" unknown
	channel int
	money   string // none, today, before, about
	band    int
	hangs   bool // up before the end
}

// namedOften are numbers in several mouths, the more often the earlier.
var namedOften = []string{"0900111417", "0900122853", "0900133090", "02363999018"}

func (p *past) number() string {
	switch n := p.draw.IntN(100); {
	case n < 12:
		return ""
	case n < 34:
		return namedOften[p.draw.IntN(1+p.draw.IntN(len(namedOften)))]
	}
	return fmt.Sprintf("09002%05d", p.draw.IntN(100_000))
}

// kindsDrawn are the keys of the menu as often as they are pressed.
const kindsDrawn = "111111222233444555556666778"

func (p *past) report(i int) pastReport {
	r := pastReport{via: []string{"call", "call", "sms", "ussd", "call", "ussd"}[i%6], who: 7 * i, kind: int(kindsDrawn[p.draw.IntN(len(kindsDrawn))] - '0'),
		number: p.number(), channel: 1 + p.draw.IntN(3), band: 1 + p.draw.IntN(4), hangs: i%11 == 5}
	r.money = []string{"none", "none", "none", "today", "before", "about", "today", "none"}[p.draw.IntN(8)]
	if r.via == "sms" && r.number == "" {
		r.number = namedOften[0]
	}
	return r
}

// tell is the report as its person makes it.
func (p *past) tell(ctx context.Context, r pastReport) error {
	from := p.caller(r.who)
	var keys []string
	switch r.via {
	case "sms":
		return p.text(ctx, from, "BAO "+r.number)
	case "ussd":
		keys = []string{"2", fmt.Sprint(r.kind), r.number}
		if r.number == "" {
			keys[2] = "0900" // as much of it as the person remembers
		}
		keys = append(keys, map[string][]string{"none": {"1"}, "today": {"2", fmt.Sprint(r.band)}, "before": {"3", fmt.Sprint(r.band)}, "about": {"4", "1"}}[r.money]...)
		keys = append(keys, "1", "1")
	default:
		keys = []string{"2", fmt.Sprint(r.kind), "#"}
		if r.number != "" {
			keys = []string{"2", fmt.Sprint(r.kind), r.number + "#", "1"}
		}
		keys = append(keys, fmt.Sprint(r.channel))
		keys = append(keys, map[string][]string{"none": {"1"}, "today": {"2", "1", fmt.Sprint(r.band)}, "before": {"2", "3", fmt.Sprint(r.band)}, "about": {"3", "1"}}[r.money]...)
		keys = append(keys, "1", "1", "-")
	}
	if r.hangs {
		keys = keys[:len(keys)-3]
	}
	if r.via == "ussd" {
		return p.dial(ctx, from, strings.Join(keys, " "))
	}
	return p.call(ctx, from, strings.Join(keys, " "))
}

// reportsTold plans eight weeks of reports, more of them lately, and the desk's work on them; and the last day's, of which
// the desk has not seen all.
func (p *past) reportsTold() {
	const all = 70
	for i := range all {
		r, ago := p.report(i), 2+52*(all-i)*(all-i)/(all*all)
		at := p.day(ago, 7*time.Hour+time.Duration(p.draw.IntN(14*60))*time.Minute)
		p.plan(at, func(ctx context.Context) error {
			code, err := p.told(ctx, r)
			if err == nil {
				p.handle(code, i)
			}
			return err
		})
	}
	lately := func(before time.Duration, r pastReport, received time.Duration) {
		p.plan(p.until.Add(-before), func(ctx context.Context) error {
			code, err := p.told(ctx, r)
			if err == nil && received > 0 {
				p.receive(code, received)
			}
			return err
		})
	}
	lately(31*time.Hour, pastReport{via: "sms", who: 301, number: "0900244718"}, 0)
	lately(27*time.Hour, pastReport{via: "call", who: 302, kind: 6, number: "0900255120", channel: 3, money: "before", band: 2}, 25*time.Minute)
	lately(20*time.Hour, pastReport{via: "ussd", who: 303, kind: 4, number: namedOften[1], money: "none"}, 0)
	lately(8*time.Hour, pastReport{via: "call", who: 304, kind: 2, number: namedOften[2], channel: 1, money: "none"}, 35*time.Minute)
	lately(5*time.Hour, pastReport{via: "call", who: 305, kind: 5, number: "0900266391", channel: 3, money: "today", band: 3}, 4*time.Minute)
	lately(4*time.Hour, pastReport{via: "sms", who: 306, number: namedOften[0]}, 0)
	lately(150*time.Minute, pastReport{via: "call", who: 307, kind: 1, channel: 1, money: "none", hangs: true}, 0)
	lately(80*time.Minute, pastReport{via: "ussd", who: 308, kind: 1, number: namedOften[0], money: "today", band: 2}, 0)
	lately(25*time.Minute, pastReport{via: "call", who: 309, kind: 1, number: namedOften[0], channel: 1, money: "about"}, 0)
	for ago := pastDays - 1; ago > 0; ago-- {
		p.signIn(ago, "canbo", "ward", "10.20.1.31")
		p.signIn(ago, pastOfficer.Name, pastOfficer.Role, pastOfficer.Addr)
	}
}

func (p *past) signIn(ago int, who, role, addr string) {
	p.plan(p.day(ago, 7*time.Hour+time.Duration(12+ago*7%31)*time.Minute), func(ctx context.Context) error {
		return audit.Write(ctx, p.db, audit.Entry{At: p.now(), Who: who, Role: role, Act: "session.signin", Object: "console", Addr: addr})
	})
}

const newestReportSQL = `select code from reports order by id desc limit 1`

// told gives the code of the report that r became.
func (p *past) told(ctx context.Context, r pastReport) (code string, err error) {
	if err := p.tell(ctx, r); err != nil {
		return "", err
	}
	return code, p.db.QueryRowContext(ctx, newestReportSQL).Scan(&code)
}

// desk plans an act of the officer on a report.
func (p *past) desk(code string, after time.Duration, act func(ctx context.Context) error) {
	p.then(p.now().Add(after), func(ctx context.Context) error {
		if _, err := p.reports.Get(ctx, code, pastOfficer); err != nil {
			return err
		}
		p.pause(3 * time.Minute)
		return act(ctx)
	})
}

func (p *past) receive(code string, after time.Duration) {
	p.desk(code, after, func(ctx context.Context) error { return p.reports.Receive(ctx, code, pastOfficer) })
}

var pastReasons = map[reports.State]string{
	reports.Transferred: "Có dấu hiệu chiếm đoạt tài sản. Đã chuyển kèm biên bản và tài liệu người báo cung cấp.",
	reports.Answered:    "Người báo chưa mất tiền, số gọi đến không còn liên lạc được. Đã gọi điện trả lời người báo.",
	reports.Closed:      "Đã báo kết quả cho người báo, lưu hồ sơ.",
	reports.Reopened:    "Người báo tìm lại được biên lai chuyển tiền.",
}

func (p *past) move(code string, after time.Duration, to reports.State) {
	p.desk(code, after, func(ctx context.Context) error {
		return p.reports.Move(ctx, code, pastOfficer, to, pastReasons[to])
	})
}

var pastNotes = []string{
	"Đã gọi lại và đọc mã tin báo. Người báo chưa chuyển tiền, đã được hướng dẫn chặn số.",
	"Người báo đã nhờ ngân hàng khóa tài khoản; ngân hàng hẹn trả lời trong ngày.",
	"Số này gọi cho nhiều hộ trong tổ, lời lẽ giống nhau: dọa khóa thuê bao.",
	"Mời người báo đến trụ sở, mang theo biên lai chuyển tiền.",
	"Đã hướng dẫn giữ lại tin nhắn và nhật ký cuộc gọi.",
	"Con gái của người báo đi cùng, cho biết kẻ gian tự xưng là cán bộ ngân hàng.",
}

const aDay = 24 * time.Hour

// handle is what the desk does with the nth report: most are resolved within their time, some rest, one is complex.
func (p *past) handle(code string, nth int) {
	hours := func(least, more int) time.Duration {
		return time.Duration(least)*time.Hour + time.Duration(p.draw.IntN(more*60))*time.Minute
	}
	received := time.Duration(4+p.draw.IntN(50))*time.Minute + time.Duration(nth%4)*2*time.Hour
	p.receive(code, received)
	if nth%3 == 0 {
		p.desk(code, received+hours(1, 2), func(ctx context.Context) error {
			if _, err := p.reports.Reveal(ctx, code, pastOfficer, "Gọi lại cho người báo"); err != nil {
				return err
			}
			p.pause(6 * time.Minute)
			return p.reports.Note(ctx, code, pastOfficer, pastNotes[nth%len(pastNotes)])
		})
	}
	verified := received + hours(4, 18)
	if nth == 67 {
		return // received, and left lying since
	}
	p.move(code, verified, reports.Verifying)
	switch {
	case nth == 18:
		p.desk(code, verified+2*aDay, func(ctx context.Context) error {
			return p.reports.SetTerm(ctx, code, pastOfficer, reports.Complex, "Nhiều người bị hại ở ba phường, cần xác minh tài khoản nhận tiền")
		})
		return
	case nth == 23, nth == 26, nth == 31:
		return // two are overdue by now, one is soon
	}
	resolved, to := verified+hours(60, 300), reports.Answered
	if nth%3 == 1 {
		to = reports.Transferred
	}
	p.move(code, resolved, to)
	if nth%4 != 2 {
		p.move(code, resolved+hours(30, 90), reports.Closed)
	}
}
