package console

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
)

// columns stack the drawn columns of each row, the first at the foot.
func (d *drawing) columns(f *forms) error {
	which, most := d.drawn(), 0.0
	for _, r := range d.Rows {
		sum := 0.0
		for _, i := range which {
			sum += r.N[i]
		}
		most = max(most, sum)
	}
	height, err := d.axis(f, most, d.Columns[which[0]].Form)
	if err != nil {
		return err
	}
	n := float64(len(d.Rows))
	gap := .16
	if n > 120 {
		gap = 0 // a year by day: gaps would eat the columns
	}
	for row, r := range d.Rows {
		s := stack{Row: row, Title: d.said(row), HitX: percent(float64(row) / n), HitW: percent(1 / n),
			X: percent((float64(row) + gap) / n), W: percent((1 - 2*gap) / n)}
		at := float64(plotHeight)
		for _, i := range which {
			if r.N[i] == 0 {
				continue
			}
			// What is there is seen: one failure among a million is a line, not nothing.
			h := max(height(r.N[i]), 1)
			at -= h
			s.Pieces = append(s.Pieces, piece{d.Columns[i].Mark, pixels(at), pixels(h), exact(r.N[i])})
		}
		d.Stacks = append(d.Stacks, s)
	}
	d.label()
	return d.keys(f, which)
}

// keys is the legend, with each column's sum: it labels the colours by word and figure, in the order from above.
func (d *drawing) keys(f *forms, which []int) error {
	for k := len(which) - 1; k >= 0; k-- {
		i := which[k]
		item := legend{Mark: d.Columns[i].Mark, Name: d.Columns[i].Name}
		if d.Totals != nil {
			item.Figure = d.Totals[i]
		} else if len(d.Rows) == 1 {
			item.Figure = d.Cells[0][i]
		}
		d.Legend = append(d.Legend, item)
	}
	return nil
}

// line draws each column as a curve, broken where a row has no figure.
func (d *drawing) line(f *forms) error {
	which, most := d.drawn(), 0.0
	for _, r := range d.Rows {
		for _, i := range which {
			if !math.IsNaN(r.N[i]) {
				most = max(most, r.N[i])
			}
		}
	}
	height, err := d.axis(f, most, d.Columns[which[0]].Form)
	if err != nil {
		return err
	}
	n := float64(len(d.Rows))
	d.Stacks = make([]stack, len(d.Rows))
	for _, i := range which {
		c := curve{Mark: d.Columns[i].Mark}
		var points strings.Builder
		pen := "M"
		for row, r := range d.Rows {
			if math.IsNaN(r.N[i]) {
				pen = "M"
				continue
			}
			x, y := (float64(row)+.5)/n, plotHeight-height(r.N[i])
			fmt.Fprintf(&points, "%s%.1f %.1f", pen, 1000*x, y)
			pen = "L"
			d.Stacks[row].Title = d.said(row)
			d.Stacks[row].Dots = append(d.Stacks[row].Dots, dot{c.Mark, percent(x), pixels(y), exact(r.N[i])})
		}
		c.Points = points.String()
		d.Curves = append(d.Curves, c)
	}
	d.label()
	return d.keys(f, which)
}

// lying draws a bar for each row, the longest first unless the rows have an order of their own.
func (d *drawing) lying(f *forms) error {
	most, sum := 0.0, d.total(0)
	if d.Kind == chartFunnel {
		sum = d.Rows[0].N[0]
	}
	order := make([]int, len(d.Rows))
	for i, r := range d.Rows {
		order[i] = i
		most = max(most, r.N[0])
	}
	if d.Most > 0 {
		sort.SliceStable(order, func(a, b int) bool { return d.Rows[order[a]].N[0] > d.Rows[order[b]].N[0] })
		order = order[:min(d.Most, len(order))]
	}
	for _, i := range order {
		r := d.Rows[i]
		b := bar{Label: r.Label, Figure: d.Cells[i][0], W: percent(r.N[0] / most), Exact: exact(r.N[0]), Mark: d.Columns[0].Mark}
		if d.Columns[0].Form == asCount && int(sum) >= d.Least {
			b.Part = f.pct(int(r.N[0]), int(sum))
		}
		d.Bars = append(d.Bars, b)
	}
	return nil
}

// share divides one bar among the rows, each with its colour, its words and its part beside it.
func (d *drawing) share(f *forms) error {
	sum, x := d.total(0), 0.0
	for i, r := range d.Rows {
		mark := "c" + strconv.Itoa(i%6+1)
		d.Legend = append(d.Legend, legend{mark, r.Label, d.Cells[i][0], f.pct(int(r.N[0]), int(sum))})
		if r.N[0] > 0 {
			d.Bars = append(d.Bars, bar{Label: d.said(i), X: percent(x / sum), W: percent(r.N[0] / sum), Exact: exact(r.N[0]), Mark: mark})
		}
		x += r.N[0]
	}
	return nil
}

// tiled gives each row a cell with its name, its figures as part of a whole and a word for how it stands.
func (d *drawing) tiled(f *forms) error {
	for i, r := range d.Rows {
		look := d.Tile(r)
		t := tile{Name: r.Label, Figure: d.Cells[i][0], Word: look.Word, Class: look.Class, Exact: exact(r.N[0])}
		if len(r.N) > 1 {
			t.Figure += "/" + d.Cells[i][1]
		}
		d.Tiles = append(d.Tiles, t)
	}
	return nil
}

func pixels(n float64) string { return strconv.FormatFloat(n, 'f', 1, 64) }
