package console

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// A drawing is a Chart as the template shows it. Heights are pixels and widths parts of the page's, so that letters keep
// their size at every width; nothing needs a script or a style.
type drawing struct {
	Chart
	Empty  bool
	File   string // where the table can be fetched as a file
	Legend []legend
	Height int // of the plot
	Foot   int // of the plot with the labels below
	LabelY int
	Gutter int // left of the plot, for the labels of its lines
	AxisX  int // where those end
	Lines  []axisLine
	Labels []axisLabel
	Stacks []stack
	Curves []curve
	Bars   []bar
	Cells  [][]string // the table's figures, written
	Totals []string   // nil where a sum says nothing
	Tiles  []tile
}

type legend struct{ Mark, Name, Figure, Part string }

type axisLine struct {
	Y, TextY int
	Label    string
}

type axisLabel struct{ X, Label, Class string }

// stack is what stands over one label: its parts from below, and what its tooltip says.
type stack struct {
	Row    int
	Title  string
	X, W   string
	HitX   string
	HitW   string
	Pieces []piece
	Dots   []dot
}

type piece struct {
	Mark  string
	Y, H  string
	Exact string // the figure itself, for the test that compares
}

type curve struct {
	Mark   string
	Points string // of a plot 1000 wide, stretched
}

type dot struct{ Mark, X, Y, Exact string }

type bar struct {
	Label, Figure, Part, W, Exact, Mark string
	X                                   string // of a share
}

type tile struct{ Name, Figure, Word, Class, Exact string }

const (
	plotHeight = 200
	plotTop    = 8 // above it, so that the letters of the uppermost line are whole
)

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

func exact(n float64) string {
	if math.IsNaN(n) {
		return ""
	}
	return strconv.FormatFloat(n, 'f', -1, 64)
}

// draw makes the drawing of ch in f's language.
func (f *forms) draw(ch Chart, file string) (drawing, error) {
	d := drawing{Chart: ch, File: file, Empty: ch.empty(), Height: plotHeight, Foot: plotTop + plotHeight + 26, LabelY: plotTop + plotHeight + 19}
	if err := d.write(f); err != nil || d.Empty {
		return d, err
	}
	switch ch.Kind {
	case chartColumns:
		return d, d.columns(f)
	case chartLine:
		return d, d.line(f)
	case chartBars, chartFunnel:
		return d, d.lying(f)
	case chartShare:
		return d, d.share(f)
	case chartTiles:
		return d, d.tiled(f)
	}
	return d, nil
}

// write puts the table into words: what the tooltips, the legend and the table say is written once.
func (d *drawing) write(f *forms) error {
	summed := len(d.Rows) > 1 && d.Kind != chartFunnel
	for _, c := range d.Columns {
		summed = summed && c.Form != asSpan
	}
	for _, r := range d.Rows {
		cells := make([]string, len(d.Columns))
		for i, c := range d.Columns {
			var err error
			if cells[i], err = f.figure(r.N[i], c.Form); err != nil {
				return err
			}
		}
		d.Cells = append(d.Cells, cells)
	}
	if !summed {
		return nil
	}
	for i, c := range d.Columns {
		sum, err := f.figure(d.total(i), c.Form)
		if err != nil {
			return err
		}
		d.Totals = append(d.Totals, sum)
	}
	return nil
}

// axis chooses the lines across the plot for a greatest value, and gives how high a value stands.
func (d *drawing) axis(f *forms, most float64, form figureForm) (func(float64) float64, error) {
	top, step := roundTop(most, form)
	height := func(n float64) float64 { return n / top * plotHeight }
	for v := 0.0; v <= top+step/2; v += step {
		label, err := f.num(v)
		if form == asSpan {
			label, err = f.span(seconds(v))
			if v == 0 {
				label = "0"
			}
		}
		if err != nil {
			return nil, err
		}
		y := plotTop + plotHeight - int(math.Round(height(v)))
		d.Lines = append(d.Lines, axisLine{y, y + 4, label})
		d.Gutter = max(d.Gutter, 7*len([]rune(label))+10)
	}
	d.AxisX = d.Gutter - 8
	return height, nil
}

// label puts the names of the rows below, as many as have room on a desk, and of those as many as have room on a phone.
func (d *drawing) label() {
	longest := 1
	for _, r := range d.Rows {
		longest = max(longest, len([]rune(r.axis())))
	}
	room := 7*longest + 14
	wide := every(len(d.Rows), (540-d.Gutter)/room)
	narrow := wide * every((len(d.Rows)+wide-1)/wide, (340-d.Gutter)/room)
	for i := 0; i < len(d.Rows); i += wide {
		class := ""
		if i%narrow != 0 {
			class = "wide-only"
		}
		d.Labels = append(d.Labels, axisLabel{percent((float64(i) + .5) / float64(len(d.Rows))), d.Rows[i].axis(), class})
	}
}

// every gives the step by which at most room of n things are named.
func every(n, room int) int {
	for _, step := range []int{1, 2, 3, 4, 5, 7, 10, 14, 21, 30, 60, 90, 120, 240, 365} {
		if (n+step-1)/step <= max(room, 1) {
			return step
		}
	}
	return max(n, 1)
}

// drawn are the columns that have a colour.
func (d *drawing) drawn() (which []int) {
	for i, c := range d.Columns {
		if c.Mark != "" {
			which = append(which, i)
		}
	}
	return which
}

// said is a row's figures in words, for its tooltip.
func (d *drawing) said(row int) string {
	var parts []string
	for i, c := range d.Columns {
		parts = append(parts, c.Name+" "+d.Cells[row][i])
	}
	return d.Rows[row].Label + ": " + strings.Join(parts, ", ")
}
