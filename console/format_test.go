package console

import (
	"io/fs"
	"path"
	"reflect"
	"regexp"
	"slices"
	"testing"
	"time"

	"canhgiac/campaigns"
	"canhgiac/gateway"
	"canhgiac/reports"
	"canhgiac/residents"
	"canhgiac/schedules"
)

func formsOf(t *testing.T, now time.Time) (vi, en *catalog) {
	t.Helper()
	all, err := loadCatalogs(func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	return all["vi"], all["en"]
}

func TestFiguresAndTimesAreWrittenAsTheirLanguageWritesThem(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 5, 9, 0, schedules.Zone())
	vi, en := formsOf(t, now)
	for _, c := range []struct {
		name   string
		of     func(*catalog) (string, error)
		vi, en string
	}{
		{"a count", func(c *catalog) (string, error) { return c.num(1234567) }, "1.234.567", "1,234,567"},
		{"four digits are grouped too", func(c *catalog) (string, error) { return c.num(int64(1234)) }, "1.234", "1,234"},
		{"nothing is 0", func(c *catalog) (string, error) { return c.num(0) }, "0", "0"},
		{"a count below nothing", func(c *catalog) (string, error) { return c.num(-1500) }, "-1.500", "-1,500"},
		{"a part", func(c *catalog) (string, error) { return c.num(12.345) }, "12,3", "12.3"},
		{"a year is no count", func(c *catalog) (string, error) { return c.id(1956) }, "1956", "1956"},
		{"an eighth", func(c *catalog) (string, error) { return c.pct(125, 1000), nil }, "12,5%", "12.5%"},
		{"all", func(c *catalog) (string, error) { return c.pct(3000, 3000), nil }, "100%", "100%"},
		{"all but one is not all", func(c *catalog) (string, error) { return c.pct(2_999_999, 3_000_000), nil }, "99,9%", "99.9%"},
		{"one of very many is not none", func(c *catalog) (string, error) { return c.pct(1, 3_000_000), nil }, "0,1%", "0.1%"},
		{"of nothing there is no part", func(c *catalog) (string, error) { return c.pct(0, 0), nil }, "–", "–"},
		{"money", func(c *catalog) (string, error) { return c.money(1250000), nil }, "1.250.000\u00a0đ", "1,250,000\u00a0VND"},
		{"a small file", func(c *catalog) (string, error) { return c.bytes(640_300), nil }, "640\u00a0KB", "640\u00a0KB"},
		{"a large file", func(c *catalog) (string, error) { return c.bytes(1_540_000), nil }, "1,5\u00a0MB", "1.5\u00a0MB"},
		{"a date", func(c *catalog) (string, error) { return c.date(now), nil }, "23/11/2026", "23 Nov 2026"},
		{"a time", func(c *catalog) (string, error) { return c.at(now), nil }, "12:05, 23/11/2026", "12:05, 23 Nov 2026"},
		{"a time to the second", func(c *catalog) (string, error) { return c.atSec(now), nil }, "12:05:09 23/11/2026", "12:05:09, 23 Nov 2026"},
		{"no time", func(c *catalog) (string, error) { return c.at(time.Time{}), nil }, "", ""},
		{"night in UTC is the ward's next day", func(c *catalog) (string, error) { return c.date(time.Date(2026, 11, 23, 17, 0, 0, 0, time.UTC)), nil }, "24/11/2026", "24 Nov 2026"},
		{"a day of this year", func(c *catalog) (string, error) { return c.day(now) }, "Thứ Hai, 23/11", "Monday, 23 Nov"},
		{"a day of another year", func(c *catalog) (string, error) { return c.day(now.AddDate(-1, 0, 0)) }, "Chủ nhật, 23/11/2025", "Sunday, 23 Nov 2025"},
		{"a month", func(c *catalog) (string, error) { return c.month(now), nil }, "11/2026", "Nov 2026"},
		{"a span in its two largest units", func(c *catalog) (string, error) { return c.span(2*time.Hour + 15*time.Minute + 20*time.Second) }, "2 giờ 15 phút", "2 hours 15 minutes"},
		{"a span that is whole", func(c *catalog) (string, error) { return c.span(72 * time.Hour) }, "3 ngày", "3 days"},
		{"a span that rounds up a unit", func(c *catalog) (string, error) { return c.span(time.Hour - time.Millisecond) }, "1 giờ", "1 hour"},
		{"a short span", func(c *catalog) (string, error) { return c.span(45 * time.Second) }, "45 giây", "45 seconds"},
		{"no span", func(c *catalog) (string, error) { return c.span(0) }, "0 giây", "0 seconds"},
		{"past", func(c *catalog) (string, error) { return c.ago(now.Add(-135 * time.Minute)) }, "2 giờ 15 phút trước", "2 hours 15 minutes ago"},
		{"ten minutes have no seconds", func(c *catalog) (string, error) { return c.span(26*time.Minute + 12*time.Second) }, "26 phút", "26 minutes"},
		{"a few minutes have", func(c *catalog) (string, error) { return c.span(3*time.Minute + 20*time.Second) }, "3 phút 20 giây", "3 minutes 20 seconds"},
		{"many minutes round up to an hour", func(c *catalog) (string, error) { return c.span(59*time.Minute + 40*time.Second) }, "1 giờ", "1 hour"},
		{"ten days have no hours", func(c *catalog) (string, error) { return c.span(12*24*time.Hour + 7*time.Hour) }, "12 ngày", "12 days"},
		{"past by a few minutes", func(c *catalog) (string, error) { return c.ago(now.Add(-3*time.Minute - 59*time.Second)) }, "3 phút trước", "3 minutes ago"},
		{"just past, by another clock", func(c *catalog) (string, error) { return c.ago(now.Add(time.Second)) }, "vừa xong", "just now"},
		{"to come", func(c *catalog) (string, error) { return c.left(now.Add(time.Minute)) }, "còn 1 phút", "1 minute left"},
		{"missed", func(c *catalog) (string, error) { return c.left(now.Add(-25 * time.Hour)) }, "quá hạn 1 ngày 1 giờ", "overdue by 1 day 1 hour"},
		{"a count in words", func(c *catalog) (string, error) { return c.count("reports.count", 20000) }, "20.000 tin báo", "20,000 reports"},
		{"counts in words", func(c *catalog) (string, error) { return c.text("campaigns.reach", "N", 1200, "Of", int64(3400)) }, "1.200/3.400 số máy đã tiếp cận được", "1,200 of 3,400 numbers reached"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := c.of(vi); err != nil || got != c.vi {
				t.Errorf("Vietnamese %q, want %q (%v)", got, c.vi, err)
			}
			if got, err := c.of(en); err != nil || got != c.en {
				t.Errorf("English %q, want %q (%v)", got, c.en, err)
			}
		})
	}
	if _, err := vi.num("12"); err == nil {
		t.Error("a string passed for a count")
	}
}

// What a template prints without a form: a field by itself, as {{.N}} or {{$d.Progress.Total}}.
var printedBare = regexp.MustCompile(`\{\{\s*\$?[\w.]*\.(\w+)\s*\}\}`)

// Whole numbers that are names: they stand in addresses, or people say them digit by digit.
var numbersThatAreNames = []string{"ID", "UnitID", "WardID", "Revision", "BirthYear", "Year", "Seq", "CopiedFrom", "Key", "Kind", "Channel", "Band", "Next", "Nth"}

func TestNoTemplatePrintsACountWithoutItsForm(t *testing.T) {
	counts := map[string]bool{}
	for _, of := range []any{gateway.Progress{}, gateway.Quote{}, campaigns.Coverage{}, campaigns.Run{}, residents.Result{}, reports.Report{},
		reports.Cluster{}, homeReports{}, barPart{}, progressData{}, reportListData{}} {
		typ := reflect.TypeOf(of)
		for i := range typ.NumField() {
			switch typ.Field(i).Type.Kind() {
			case reflect.Int, reflect.Int64, reflect.Int32, reflect.Float64:
				counts[typ.Field(i).Name] = !slices.Contains(numbersThatAreNames, typ.Field(i).Name)
			}
		}
	}
	if !counts["Delivered"] || !counts["N"] || counts["BirthYear"] {
		t.Fatalf("the names of counts are %v", counts)
	}
	files, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := fs.ReadFile(templateFiles, f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range printedBare.FindAllStringSubmatch(string(text), -1) {
			if counts[m[1]] {
				t.Errorf("%s prints %s without num, pct, money or id", path.Base(f), m[0])
			}
		}
	}
}
