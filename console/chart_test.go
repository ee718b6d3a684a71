package console

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

var drawnFigure = regexp.MustCompile(`data-n="([^"]*)"`)

// drawn gives a chart as a page shows it.
func drawn(t *testing.T, lang string, ch Chart) string {
	t.Helper()
	cs, err := loadCatalogs(time.Now)
	if err != nil {
		t.Fatal(err)
	}
	files, err := loadStatic()
	if err != nil {
		t.Fatal(err)
	}
	all, err := loadPages(cs, files)
	if err != nil {
		t.Fatal(err)
	}
	d, err := cs[lang].draw(ch, "/statistics/x.csv")
	if err != nil {
		t.Fatal(err)
	}
	var page bytes.Buffer
	statistics, err := all.page(lang, "statistics")
	if err != nil {
		t.Fatal(err)
	}
	if err := statistics.ExecuteTemplate(&page, "chart", d); err != nil {
		t.Fatal(err)
	}
	return page.String()
}

func tableOf(rows int, figures ...[]float64) Table {
	t := Table{Name: "x", Of: "Ngày"}
	for i := range figures {
		t.Columns = append(t.Columns, Column{Name: fmt.Sprint("cột ", i), Mark: fmt.Sprint("c", i+1)})
	}
	for r := range rows {
		row := Row{Label: fmt.Sprint("hàng ", r)}
		for _, f := range figures {
			row.N = append(row.N, f[r%len(f)])
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func TestTheChartTheTableAndTheFileSayTheSame(t *testing.T) {
	for _, c := range []struct {
		name string
		kind chartKind
		of   Table
	}{
		{"columns of three parts", chartColumns, tableOf(31, []float64{5, 0, 1234567}, []float64{1}, []float64{0, 40})},
		{"a year by day", chartColumns, tableOf(366, []float64{3, 1, 4, 1, 5, 9, 2, 6})},
		{"one day", chartColumns, tableOf(1, []float64{7})},
		{"a line with a gap", chartLine, tableOf(9, []float64{60, math.NaN(), 7200.5}, []float64{90, math.NaN(), 90000})},
		{"bars", chartBars, tableOf(8, []float64{1, 900, 30, 0})},
		{"a share", chartShare, tableOf(4, []float64{10, 20, 0, 70})},
		{"tiles", chartTiles, tableOf(12, []float64{3, 0, 9})},
	} {
		t.Run(c.name, func(t *testing.T) {
			cs, err := loadCatalogs(time.Now)
			if err != nil {
				t.Fatal(err)
			}
			page := drawn(t, "vi", Chart{Table: c.of, Kind: c.kind, Title: "T", Says: "S", Tile: func(Row) tileLook { return tileLook{"good", "đủ"} }})
			var want, inFile, inChart []float64
			for _, r := range c.of.Rows {
				for _, n := range r.N {
					if n != 0 && !math.IsNaN(n) {
						want = append(want, n)
					}
				}
			}
			for _, m := range drawnFigure.FindAllStringSubmatch(page, -1) {
				if n, err := strconv.ParseFloat(m[1], 64); err != nil {
					t.Errorf("data-n=%q", m[1])
				} else if n != 0 {
					inChart = append(inChart, n)
				}
			}
			var file bytes.Buffer
			if err := cs["vi"].writeFile(&file, c.of); err != nil {
				t.Fatal(err)
			}
			in := csv.NewReader(strings.NewReader(strings.TrimPrefix(file.String(), "\ufeff")))
			in.Comma = ';'
			lines, err := in.ReadAll()
			if err != nil || len(lines) != len(c.of.Rows)+1 {
				t.Fatalf("the file has %d lines: %v", len(lines), err)
			}
			for i, line := range lines[1:] {
				for k, cell := range line[1:] {
					n, _ := strconv.ParseFloat(strings.Replace(cell, ",", ".", 1), 64)
					if n != 0 {
						inFile = append(inFile, n)
					}
					written, err := cs["vi"].figure(c.of.Rows[i].N[k], c.of.Columns[k].Form)
					if err != nil || !strings.Contains(page, `<td>`+written+`</td>`) {
						t.Errorf("the table has no %s", written)
					}
				}
			}
			slices.Sort(want)
			slices.Sort(inFile)
			slices.Sort(inChart)
			if !slices.Equal(want, inFile) || !slices.Equal(want, inChart) {
				t.Errorf("of %d figures the file has %d and the chart %d", len(want), len(inFile), len(inChart))
			}
		})
	}
}

func TestAFileOpensInTheSpreadsheetOfItsLanguageAndRunsNothing(t *testing.T) {
	vi, en := formsOf(t, time.Now())
	table := Table{Of: "Tổ", Columns: []Column{{Name: "Tiền", Form: asMoney}, {Name: "Chờ", Form: asSpan}},
		Rows: []Row{{Label: "=HYPERLINK(1)", N: []float64{1250000, 90.5}}, {Label: `Tổ "1"; và 2`, N: []float64{0, math.NaN()}}}}
	for _, c := range []struct {
		of   *catalog
		want string
	}{
		{vi, "\ufeffTổ;Tiền (đồng);Chờ (giây)\r\n'=HYPERLINK(1);1250000;90,5\r\n\"Tổ \"\"1\"\"; và 2\";0;\r\n"},
		{en, "\ufeffTổ,Tiền (VND),Chờ (seconds)\r\n'=HYPERLINK(1),1250000,90.5\r\n\"Tổ \"\"1\"\"; và 2\",0,\r\n"},
	} {
		var file bytes.Buffer
		if err := c.of.writeFile(&file, table); err != nil {
			t.Fatal(err)
		}
		if file.String() != c.want {
			t.Errorf("the file of %s is %q", c.of.lang, file.String())
		}
	}
}

func TestAChartOfNothingSaysSoAndANameIsNoMarkup(t *testing.T) {
	if page := drawn(t, "vi", Chart{Table: tableOf(30, []float64{0}), Kind: chartColumns}); !strings.Contains(page, "Chưa có gì để đếm") || strings.Contains(page, "<svg") {
		t.Error("zeros are drawn")
	}
	evil := `</title><script>alert(1)</script>`
	for _, kind := range []chartKind{chartColumns, chartLine, chartBars, chartShare, chartTiles} {
		table := tableOf(2, []float64{1, 2})
		table.Rows[0].Label, table.Rows[0].Short, table.Columns[0].Name, table.Of = evil, evil, evil, evil
		page := drawn(t, "en", Chart{Table: table, Kind: kind, Title: evil, Says: evil, Note: evil, Tile: func(Row) tileLook { return tileLook{"good", evil} }})
		if strings.Contains(page, "<script") || strings.Contains(page, "style=") {
			t.Errorf("%s lets markup through", kind)
		}
	}
}

func TestAxesBeginAtZeroAndEndAtARoundNumber(t *testing.T) {
	for _, c := range []struct {
		most, top, step float64
		form            figureForm
	}{
		{1, 1, 1, asCount}, {4, 4, 1, asCount}, {5, 6, 2, asCount}, {9, 10, 5, asCount}, {99, 100, 50, asCount}, {1_000_000, 1_000_000, 500_000, asCount},
		{61, 120, 30, asSpan}, {7300, 10800, 3600, asSpan}, {30 * 86400, 30 * 86400, 10 * 86400, asSpan},
	} {
		if c.most == 61 {
			c.top = 90
		}
		if top, step := roundTop(c.most, c.form); top != c.top || step != c.step {
			t.Errorf("to %v the axis goes to %v by %v, want %v by %v", c.most, top, step, c.top, c.step)
		}
	}
}
