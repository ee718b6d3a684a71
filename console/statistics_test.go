package console

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"canhgiac/reports"
)

func TestPoliceFiguresAreThoseOfTheReports(t *testing.T) {
	h := newHouse(t)
	for i, d := range []reports.Draft{
		{Ref: "a", Kind: 1, Money: "about", ScamNumber: "0901234567", Complete: true},
		{Ref: "b", Kind: 1, Money: "lost", Band: 4, When: "today", ScamNumber: "0901234567", Complete: true},
		{Ref: "c", Kind: 2, Complete: true},
		{Ref: "d"},
	} {
		h.later = time.Duration(i) * time.Minute
		h.report(d)
	}
	h.later = time.Hour
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
