package console

import (
	"math"
	"strconv"
)

// figureForm is how the figures of a column are written.
type figureForm int

const (
	asCount figureForm = iota
	asMoney            // đồng
	asSpan             // seconds
)

// Table is what one query gave. The chart, the table beside it and the file are all made from it, so that they cannot
// differ.
type Table struct {
	Name    string // of the file: so-tin-theo-ngay
	Of      string // what a row is
	Columns []Column
	Rows    []Row
}

// Column is one figure of each row.
type Column struct {
	Name string
	Form figureForm
	Mark string // the class that colours it in the chart; "" is not drawn
}

// Row is one day, group or reason. A figure that there is none of, as the median of nothing, is NaN.
type Row struct {
	Label string
	Short string // under an axis; "" is Label
	N     []float64
}

func (r Row) axis() string {
	if r.Short != "" {
		return r.Short
	}
	return r.Label
}

// chartKind is how a Table is drawn.
type chartKind string

const (
	chartColumns chartKind = "columns" // over time, the columns stacked
	chartLine    chartKind = "line"
	chartBars    chartKind = "bars"   // lying, by the first column
	chartFunnel  chartKind = "funnel" // the same, each as a part of the first
	chartShare   chartKind = "share"  // the rows as parts of one whole, by the first column
	chartTiles   chartKind = "tiles"
	chartNone    chartKind = "none" // a table by itself
)

// Chart is a Table with what stands around it on the page.
type Chart struct {
	Table
	Kind  chartKind
	Title string
	Says  string // the main thing, in one sentence: what a reader who cannot see the drawing hears
	Note  string // how it was counted, where that is not plain
	Most  int    // bars that are drawn, the others standing in the table; 0 is all
	Least int    // of a whole, for its parts to be said in percent; of fewer they would mislead
	Tile  func(Row) tileLook
}

// tileLook is how a group's tile looks: a colour is never alone, word says the same.
type tileLook struct{ Class, Word string }

// total sums a column; what is not there counts nothing.
func (t Table) total(column int) float64 {
	sum := 0.0
	for _, r := range t.Rows {
		if !math.IsNaN(r.N[column]) {
			sum += r.N[column]
		}
	}
	return sum
}

// empty tells that there is nothing to draw.
func (t Table) empty() bool {
	for _, r := range t.Rows {
		for _, n := range r.N {
			if n != 0 && !math.IsNaN(n) {
				return false
			}
		}
	}
	return true
}

// figure writes a number of a column.
func (f *forms) figure(n float64, form figureForm) (string, error) {
	switch {
	case math.IsNaN(n):
		return "–", nil
	case form == asMoney:
		return f.money(int(n)), nil
	case form == asSpan:
		return f.span(seconds(n))
	}
	return f.num(n)
}

// roundTop gives the round number at or above most, and the step of its axis: at most five lines, at whole numbers.
func roundTop(most float64, form figureForm) (top, step float64) {
	if form == asSpan {
		for _, step = range []float64{1, 5, 10, 15, 30, 60, 300, 600, 900, 1800, 3600, 7200, 3 * 3600, 6 * 3600, 12 * 3600, 86400, 2 * 86400, 5 * 86400, 10 * 86400, 30 * 86400} {
			if most <= 4*step {
				return step * max(1, math.Ceil(most/step)), step
			}
		}
	}
	step = 1
	for nth := 0; most > 4*step; nth++ {
		step = []float64{1, 2, 5}[nth%3] * math.Pow(10, float64(nth/3))
	}
	return step * max(1, math.Ceil(most/step)), step
}

// percent writes a place of a drawing whose width is the page's: text keeps its size on a phone.
func percent(part float64) string { return strconv.FormatFloat(100*part, 'f', 2, 64) + "%" }
