package console

import (
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"canhgiac/reports"
	"canhgiac/schedules"
)

func TestPoliceFiguresAreThoseOfTheReports(t *testing.T) {
	h := newHouse(t)
	for i, d := range []reports.Draft{
		{Ref: "a", Kind: 1, Money: "about", ScamNumber: "0901234567", Complete: true},
		{Ref: "b", Kind: 1, Money: "lost", Band: 4, When: "today", ScamNumber: "0901234567", Complete: true},
		{Ref: "c", Kind: 2, Complete: true},
		{Ref: "d"},
	} {
		h.clock.set(time.Duration(i) * time.Minute)
		h.report(d)
	}
	h.clock.set(time.Hour)
	b := h.as(Police)
	page := b.get("/statistics")
	for _, want := range []string{"Tổng cộng 4 tin báo, trong đó 2 tin gấp", "1 trong 4 tin báo cho biết đã mất tiền", "0901234567", "Nhiều nhất:", "Đã tiếp nhận 0 tin báo; 4 tin chưa tiếp nhận", "Cuộc gọi"} {
		if page.status != 200 || !strings.Contains(page.body, want) {
			t.Fatalf("the page (%d) does not say %q", page.status, want)
		}
	}
	file := b.get("/statistics/reports-kinds.csv")
	if !strings.Contains(file.body, ";2\r\n") || strings.Count(file.body, ";1\r\n") != 2 {
		t.Errorf("the file holds %q", file.body)
	}
	if got := file.header.Get("Content-Disposition"); !strings.Contains(got, `filename="tin-bao-theo-loai-`) || !strings.HasSuffix(got, `.csv"`) {
		t.Errorf("the file's name is %s", got)
	}
	if h.audited("statistics.export") != 1 {
		t.Error("the file left no audit row")
	}
	if got := h.as(Ward).get("/statistics/reports-kinds.csv"); got.status != 403 {
		t.Errorf("the ward gets the police's file: %d", got.status)
	}
}

func TestATimeOfStatisticsIsHeldToWhatAPageCanShow(t *testing.T) {
	h := newHouse(t)
	b := h.as(Police)
	for _, c := range []struct {
		name, query string
		status      int
		says        string
	}{
		{"a quarter by day becomes weeks", "from=2025-01-01&to=2025-03-31&by=day", 200, `<option value="week" selected>`},
		{"a year by day becomes months", "from=2024-01-01&to=2024-12-31&by=day", 200, `<option value="month" selected>`},
		{"two years by week become months", "from=2024-01-01&to=2025-12-31&by=week", 200, `<option value="month" selected>`},
		{"one day", "from=2025-02-28&to=2025-02-28", 200, "Từ 28/02/2025 đến 28/02/2025"},
		{"backwards", "from=2025-03-01&to=2025-02-01", 422, "Khoảng thời gian chưa đúng"},
		{"too long", "from=2020-01-01&to=2025-02-01", 422, "800 ngày"},
		{"no date", "from=x", 400, ""},
		{"no step", "by=" + url.QueryEscape("day'"), 400, ""},
		{"a group that is not there", "unit=999999", 200, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := b.get("/statistics?" + c.query); got.status != c.status || !strings.Contains(got.body, c.says) {
				t.Errorf("answered %d, without %q", got.status, c.says)
			}
		})
	}
}

const handedOverSQL = `
with b as (insert into bodies (text) values ('x') returning id),
m as (insert into messages (id, phone, unit_id, body_id) select ($1::bigint << 32) + i, '+84900000001', $2, b.id from b, generate_series(1, $3::int) i returning id)
insert into sent (message_id, state, carrier, parts, accepted_at, submitted_at) select id, $4, 'viettel', 1, $5, $5 from m`

func TestTheWardSeesWhichGroupNothingCameTo(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	ward, err := h.Residents.LoadWard(ctx, "Thanh Khê", 3)
	if err != nil {
		t.Fatal(err)
	}
	groups, err := h.Residents.Groups(ctx, ward.ID)
	if err != nil || len(groups) != 3 {
		t.Fatalf("%d groups: %v", len(groups), err)
	}
	for i, m := range []struct {
		unit  int64
		n     int
		state string
	}{{groups[0].ID, 2000, "delivered"}, {groups[0].ID, 1, "failed"}, {groups[1].ID, 5, "accepted"}} {
		if _, err := h.db.Exec(handedOverSQL, i+1, m.unit, m.n, m.state, h.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.Gateway.Tally(ctx, time.Hour); err != nil {
		t.Fatal(err)
	}
	b := h.as(Ward)
	page := b.get("/statistics")
	for _, want := range []string{"2.000 trong 2.006 tin đã tới máy (99,7%)", "Tin đã tới 1/3 tổ dân phố (33,3%). Chưa tới: " + groups[1].Name + ", " + groups[2].Name,
		"2.000/2.001", "đã tới 99,9%", "chưa tới máy nào", "chưa gửi", "Chưa kể 2.006 bản tin chưa có giá"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the page (%d) does not say %q", page.status, want)
		}
	}
	file := b.get("/statistics/messages-reach.csv")
	if want := groups[0].Name + ";2000;2001\r\n" + groups[1].Name + ";0;5\r\n" + groups[2].Name + ";0;0\r\n"; !strings.Contains(file.body, want) {
		t.Errorf("the file holds %q", file.body)
	}
	one := b.get("/statistics?unit=" + strconv.FormatInt(groups[1].ID, 10))
	if !strings.Contains(one.body, "0 trong 5 tin đã tới máy") || strings.Contains(one.body, "2.000") {
		t.Error("a group's page tells of another")
	}
}

func TestTheOperatorSeesCarriersByTheHourAndWhyMessagesFail(t *testing.T) {
	h := newHouse(t)
	for i, state := range []string{"delivered", "failed"} {
		if _, err := h.db.Exec(handedOverSQL, i+1, 7, 3, state, h.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.db.Exec(`update sent set error = '<b>UNDELIV 001' where state = 'failed'`); err != nil {
		t.Fatal(err)
	}
	if _, err := h.db.Exec(`insert into singles (message_id, purpose, queued_at, send_by) select message_id, 'reply', submitted_at - interval '7 seconds', submitted_at from sent where state = 'delivered'`); err != nil {
		t.Fatal(err)
	}
	if err := h.Gateway.Tally(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	today := h.Now().In(schedules.Zone())
	b := h.as(Operator)
	page := b.get("/statistics?from=" + today.Format(time.DateOnly))
	hour := clock(today, "15") + ":00"
	for _, want := range []string{"Tổng cộng 6 tin; lúc nhiều nhất 6 tin", hour, "viettel: &lt;b&gt;UNDELIV 001", "Nhiều nhất: viettel",
		"3 tin lẻ đã chuyển cho nhà mạng", "7 giây"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the page (%d) does not say %q", page.status, want)
		}
	}
	if file := b.get("/statistics/messages-carriers.csv?by=week"); !strings.HasPrefix(file.body, "\ufeffTuần;viettel\r\n") || !strings.Contains(file.body, ";6\r\n") {
		t.Errorf("the file holds %q", file.body)
	}
}

const ownActSQL = `insert into consents (phone, resident_id, act, channel, at) values ($1, nullif($2, 0), $3, $4, $5)`

func TestFiguresOfTheWholeWardAreNotShownForOneGroup(t *testing.T) {
	h := newHouse(t)
	ours, theirs := h.groupsOfWard()[0], h.groupsOfWard()[1]
	mine := h.lives(ours, "+84900000001", "Trần Thị Hoa")
	h.lives(ours, "+84900000002", "Nguyễn Văn Nam")
	h.lives(theirs, "+84900000003", "Lê Văn Huy")
	for _, c := range []struct {
		phone    string
		resident int64
		act, by  string
	}{{"+84900000001", mine, "given", "console"}, {"+84900000002", 0, "withdrawn", "sms"}, {"+84900000003", 0, "withdrawn", "call"}, {"+84900000001", mine, "given", "import"}} {
		if _, err := h.db.Exec(ownActSQL, c.phone, c.resident, c.act, c.by, h.Now()); err != nil {
			t.Fatal(err)
		}
	}
	b := h.as(Ward)
	all, chosen := b.get("/statistics"), b.get("/statistics?unit="+strconv.FormatInt(ours, 10))
	if !strings.Contains(all.body, "1 lượt đăng ký, 2 lượt từ chối") || strings.Contains(all.body, "của cả phường") {
		t.Error("the ward's page does not count all of its residents' acts, or says that some figures are the whole ward's")
	}
	if !strings.Contains(chosen.body, "1 lượt đăng ký, 1 lượt từ chối") || strings.Count(chosen.body, "Số liệu này là của cả phường") != 2 {
		t.Error("a group's page counts another's acts, or does not say which two figures are the whole ward's")
	}
	h.lookAfter(ours)
	own := b.get("/statistics")
	if own.status != 200 || !strings.Contains(own.body, "1 lượt đăng ký, 1 lượt từ chối") {
		t.Errorf("who looks after a group (%d) does not see its residents' acts", own.status)
	}
	for _, name := range []string{"messages-costs", "visits-days"} {
		if strings.Contains(own.body, name) {
			t.Errorf("who looks after a group sees %s of the whole ward", name)
		}
		if file := b.get("/statistics/" + name + ".csv"); file.status != 404 {
			t.Errorf("who looks after a group gets the file of %s: %d", name, file.status)
		}
	}
}
