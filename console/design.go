package console

import (
	"fmt"
	"net/http"

	"github.com/gorilla/mux"

	"canhgiac/gateway/sms"
)

// designPages show whoever writes a page what there is to write it with, each part in its states. What they say is made up.
func (c *Console) designPages(r *mux.Router) {
	c.page(r, "GET", "/design", []Role{Operator}, c.design)
	c.addWay("/design", "design.title", "home.design", nil, Operator)
}

type designData struct {
	Alone bool // the dialog's form stands on the page, as a browser without scripts meets it
	Tags  []string
	Tiles []tile
	Phone formPreview
	Chart drawing
}

func (c *Console) design(w http.ResponseWriter, r *http.Request) error {
	words := c.catalogs[c.langOf(r)]
	var wrong error
	say := func(key string, pairs ...any) string {
		s, err := words.text(key, pairs...)
		if err != nil {
			wrong = err
		}
		return s
	}
	days := Table{Of: say("design.chart_of"), Columns: []Column{{Name: say("design.delivered"), Mark: "c1"}, {Name: say("design.failed"), Mark: "c2"}}}
	for i, n := range []float64{820, 1240, 990, 1510, 1100, 640, 1730} {
		days.Rows = append(days.Rows, Row{Label: fmt.Sprintf("%d/11", i+17), N: []float64{n, n / 10}})
	}
	text := say("design.phone_text")
	d := designData{
		Alone: r.URL.Query().Get("dialog") != "",
		Tags:  []string{"", "red", "amber", "green", "blue"},
		Tiles: []tile{{Name: say("design.group", "N", 1), Figure: "98%", Word: say("design.good"), Class: "good"},
			{Name: say("design.group", "N", 2), Figure: "61%", Word: say("design.part"), Class: "part"},
			{Name: say("design.group", "N", 3), Figure: "12%", Word: say("design.bad"), Class: "bad"},
			{Name: say("design.group", "N", 4), Figure: "–", Word: say("design.none")}},
		Phone: formPreview{Text: text, Size: sms.Measure(text), Chosen: true},
	}
	chart := Chart{Table: days, Kind: chartColumns, Title: say("design.chart"), Says: say("design.chart_says")}
	if wrong != nil {
		return wrong
	}
	var err error
	if d.Chart, err = words.draw(chart, ""); err != nil {
		return err
	}
	return c.render(w, r, "design", d)
}
