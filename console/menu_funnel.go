package console

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gorilla/mux"

	"canhgiac/ivr"
)

// leastInPercent is how many calls there must be for a part of them to be said in percent.
const leastInPercent = 5

// funnelPages show how people go through the hotline's menu. They hold counts of conversations and no person.
func (c *Console) funnelPages(r *mux.Router) {
	c.page(r, "GET", "/menu/funnel", everyone, c.funnel)
	for _, f := range funnelCharts {
		c.page(r, "GET", "/menu/funnel/"+f.name+".csv", everyone, func(w http.ResponseWriter, r *http.Request) error { return c.funnelFile(w, r, f) })
	}
}

// funnelCharts are the tables of the page, each with its address as a file.
var funnelCharts = []funnelChart{{"path", (*walk).path}, {"choices", (*walk).choices}, {"questions", (*walk).questions}}

type funnelChart struct {
	name  string
	chart func(*walk) Chart
}

// walk is what the page was asked, with what was counted.
type walk struct {
	*question
	ivr.Walked
	Origin  ivr.Origin
	Version int64
}

var origins = []ivr.Origin{ivr.ByHotline, ivr.ByOurs, ivr.ByUSSD}

func (c *Console) askFunnel(r *http.Request) (*walk, error) {
	if scopeOf(r.Context()) != nil {
		return nil, errNoPage // who rings is nobody's: a part of the ward has no figures of its own
	}
	q, err := c.ask(r)
	if err != nil {
		return nil, err
	}
	w := &walk{question: q, Origin: ivr.ByHotline, Version: ivr.AllVersions}
	v := r.URL.Query()
	if o := ivr.Origin(v.Get("origin")); o != "" {
		w.Origin = o
	}
	if version := v.Get("version"); version != "" {
		if w.Version, err = strconv.ParseInt(version, 10, 64); err != nil || w.Version < 0 {
			return nil, errBadForm
		}
	}
	if !slices.Contains(origins, w.Origin) {
		return nil, errBadForm
	}
	w.Walked, err = c.Calls.Menus().Walked(r.Context(), ivr.WalkedQuestion{From: q.Span.From, To: q.Span.To, Origin: w.Origin, Version: w.Version})
	return w, err
}

type funnelData struct {
	From, To, Of string
	Origins      []ivr.Origin
	Origin       ivr.Origin
	Versions     []int64
	Version      int64
	Lost         []lostAt
	Charts       []drawing
}

// lostAt tells of a node at which people get lost, and what may help.
type lostAt struct{ Name, Says, Advice string }

func (c *Console) funnel(w http.ResponseWriter, r *http.Request) error {
	q, err := c.askFunnel(r)
	if err != nil {
		return err
	}
	d := funnelData{From: q.Span.From.Format("2006-01-02"), To: q.last().Format("2006-01-02"), Origins: origins, Origin: q.Origin, Versions: q.Versions, Version: q.Version,
		Of: q.say("statistics.of", "From", q.words.date(q.Span.From), "To", q.words.date(q.last())), Lost: q.lost()}
	for _, f := range funnelCharts {
		ch := f.chart(q)
		ch.Name = f.name
		one, err := q.words.draw(ch, q.file(f.name))
		if err != nil {
			return err
		}
		d.Charts = append(d.Charts, one)
	}
	if *q.failed != nil {
		return *q.failed
	}
	return c.render(w, r, "menu_funnel", d)
}

func (q *walk) file(name string) string {
	v := url.Values{"from": {q.Span.From.Format("2006-01-02")}, "to": {q.last().Format("2006-01-02")}, "origin": {string(q.Origin)}}
	if q.Version != ivr.AllVersions {
		v.Set("version", strconv.FormatInt(q.Version, 10))
	}
	return "/menu/funnel/" + name + ".csv?" + v.Encode()
}

func (c *Console) funnelFile(w http.ResponseWriter, r *http.Request, f funnelChart) error {
	q, err := c.askFunnel(r)
	if err != nil {
		return err
	}
	ch := f.chart(q)
	name := fmt.Sprintf("%s-%s_%s", q.say("menu_funnel.file."+f.name), q.Span.From.Format("2006-01-02"), q.last().Format("2006-01-02"))
	if *q.failed != nil {
		return *q.failed
	}
	if err := c.audit(r.Context(), c.DB, r, "statistics.export", "statistics:menu-"+f.name, r.URL.RawQuery); err != nil {
		return err
	}
	return c.sendFile(w, r, ch.Table, name)
}

// named is what a page calls a node: the beginning of its words, or its own name where the menu has it no more.
func (q *walk) named(n ivr.WalkedNode) string {
	switch {
	case n.Name == q.Main:
		return q.say("menu_funnel.main")
	case n.Words == "":
		return n.Name
	}
	return "“" + n.Words + "”"
}

// path draws how far those who came got on the way to a report.
func (q *walk) path() Chart {
	t := Table{Of: q.say("menu_funnel.step"), Columns: []Column{{Name: q.say("menu_funnel.came"), Mark: "c1"}, {Name: q.say("menu_funnel.left")}, {Name: q.say("menu_funnel.failed")}}}
	for i, n := range q.Path {
		name := q.named(n)
		if i == len(q.Path)-1 {
			name = q.say("menu_funnel.sent")
		}
		t.Rows = append(t.Rows, Row{Label: strconv.Itoa(i+1) + ". " + name, N: []float64{float64(n.Came), float64(n.Left), float64(n.Failed)}})
	}
	ch := Chart{Kind: chartFunnel, Title: q.say("menu_funnel.path"), Table: t, Note: q.say("menu_funnel.path_note"), Least: leastInPercent}
	if len(q.Path) > 0 && q.Path[0].Came > 0 {
		began, sent := q.Path[0].Came, q.Path[len(q.Path)-1].Came
		ch.Says = q.say("menu_funnel.path_says", "N", began, "Sent", q.part(sent, began))
	}
	return ch
}

// part says some of all, in percent too where they are enough.
func (q *walk) part(n, of int) string {
	if of < leastInPercent {
		return q.say("menu_funnel.some", "N", n, "Of", of)
	}
	return q.say("menu_funnel.part", "N", n, "Of", of, "Part", q.words.pct(n, of))
}

// choices draws what is pressed at the main menu.
func (q *walk) choices() Chart {
	t := Table{Of: q.say("menu_funnel.choice"), Columns: []Column{{Name: q.say("menu_funnel.pressed"), Mark: "c3"}}}
	for _, n := range q.Nodes {
		if n.Name != q.Main {
			continue
		}
		for key := range 9 {
			k := strconv.Itoa(key + 1)
			if _, offered := q.Choices[k]; offered || n.Keys[k] > 0 {
				t.Rows = append(t.Rows, Row{Label: strings.TrimSuffix(k+". "+q.Choices[k], ". "), N: []float64{float64(n.Keys[k])}})
			}
		}
		for _, other := range []struct {
			key string
			n   int
		}{{"menu_funnel.officer", n.Officers}, {"menu_funnel.again", n.Again}, {"menu_funnel.wrong_keys", n.WrongKeys}, {"menu_funnel.silent", n.Silent}} {
			t.Rows = append(t.Rows, Row{Label: q.say(other.key), N: []float64{float64(other.n)}})
		}
	}
	return Chart{Kind: chartBars, Title: q.say("menu_funnel.choices"), Table: t, Least: leastInPercent, Note: q.say("menu_funnel.choices_note")}
}

// questions is the whole table: every node that somebody came to.
func (q *walk) questions() Chart {
	t := Table{Of: q.say("menu_funnel.node")}
	for _, key := range []string{"came", "asked", "heard", "left", "failed", "wrong_keys", "silent", "again", "officer"} {
		t.Columns = append(t.Columns, Column{Name: q.say("menu_funnel." + key)})
	}
	t.Columns = append(t.Columns, Column{Name: q.say("menu_funnel.length"), Form: asSpan}, Column{Name: q.say("menu_funnel.answer"), Form: asSpan})
	for _, n := range q.Nodes {
		row := Row{Label: q.named(n)}
		for _, v := range []int{n.Came, n.Asked, n.Heard, n.Left, n.Failed, n.WrongKeys, n.Silent, n.Again, n.Officers} {
			row.N = append(row.N, float64(v))
		}
		for _, s := range []float64{n.Length.Seconds(), n.Answer.Seconds()} {
			if s == 0 {
				s = math.NaN()
			}
			row.N = append(row.N, math.Round(s))
		}
		t.Rows = append(t.Rows, row)
	}
	return Chart{Kind: chartNone, Title: q.say("menu_funnel.questions"), Table: t, Note: q.say("menu_funnel.questions_note")}
}
