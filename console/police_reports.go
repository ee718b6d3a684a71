package console

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/gorilla/mux"

	"canhgiac/reports"
)

// reportPages are the ward police's. Fixed paths come before those with a code in them.
func (c *Console) reportPages(r *mux.Router) {
	police := []Role{Police}
	c.page(r, "GET", "/reports", police, c.reportList)
	c.page(r, "GET", "/reports/rows", police, c.reportRows)
	c.page(r, "GET", "/reports/find", police, c.reportFind)
	c.page(r, "GET", "/reports/export", police, c.exportForm)
	c.page(r, "POST", "/reports/export", police, c.export)
	c.page(r, "GET", "/reports/{code}", police, c.report)
	c.page(r, "GET", "/reports/{code}/live", police, c.reportLive)
	c.page(r, "GET", "/reports/{code}/messages/{nth}", police, c.reportListen)
	c.page(r, "GET", "/reports/{code}/calls/{nth}", police, c.reportListenCall)
	c.page(r, "POST", "/reports/{code}/open", police, c.reportOpen)
	c.page(r, "POST", "/reports/{code}/receive", police, c.reportReceive)
	c.page(r, "POST", "/reports/{code}/move", police, c.reportMove)
	c.page(r, "POST", "/reports/{code}/note", police, c.reportNote)
	c.page(r, "POST", "/reports/{code}/term", police, c.reportTerm)
	c.page(r, "POST", "/reports/{code}/reveal", police, c.reportReveal)
	c.addNav("/reports", "nav.reports", Police)
	c.addWay("/reports", "nav.reports", "home.reports", nil, Police)
	c.policeHome()
	c.live.Topic("reports", police, func(ctx context.Context, _ string) (string, error) {
		n, err := c.Reports.Latest(ctx)
		return strconv.FormatInt(n, 10), err
	})
}

// reportRow is a report with what the templates cannot look up themselves.
type reportRow struct {
	reports.Report
	KindLabel string
	Due       *reports.Due // nil: no deadline runs
}

func (c *Console) reportRow(r reports.Report) reportRow {
	return reportRow{r, c.kindLabel(r.Kind), c.dueOf(r)}
}

func (c *Console) dueOf(r reports.Report) *reports.Due {
	due, runs := c.Reports.Deadlines.Of(r, c.Now())
	if !runs {
		return nil
	}
	return &due
}

type reportListData struct {
	Filter    reports.Filter
	Query     string // of the filter, for the fragment's address
	Filtered  bool   // the person asked for some of the reports, or for another order
	Rows      []reportRow
	Total     int
	Revision  string // of all reports, asked before they were read: a change in between is fetched again
	States    []reports.State
	Standings []reports.Standing
	Kinds     []kind
	Prev      string // the pages beside this one, "" = none
	Next      string
}

type kind struct {
	Key   int
	Label string
}

// reportList leaves an audit row each time a person opens the list or changes its filter.
func (c *Console) reportList(w http.ResponseWriter, r *http.Request) error {
	d, err := c.reportListData(r)
	if err != nil {
		return err
	}
	if err := c.audit(r.Context(), c.DB, r, "report.list", "reports", d.Query); err != nil {
		return err
	}
	if err := c.users.visit(r.Context(), userOf(r).ID, c.reportVisits()); err != nil {
		return err
	}
	return c.render(w, r, "reports", d)
}

// reportRows is the list refreshing itself: the same eyes on the same list, which the audit has already.
func (c *Console) reportRows(w http.ResponseWriter, r *http.Request) error {
	d, err := c.reportListData(r)
	if err != nil {
		return err
	}
	return c.fragment(w, r, "reports", "rows", d)
}

const reportsPerPage = 30

func (c *Console) reportListData(r *http.Request) (reportListData, error) {
	q := r.URL.Query()
	number := func(name string, most int) (int, error) {
		if q.Get(name) == "" {
			return 0, nil
		}
		n, err := strconv.Atoi(q.Get(name))
		if err != nil || n < 0 || n > most {
			return 0, errBadForm
		}
		return n, nil
	}
	kindKey, err := number("kind", 8)
	if err != nil {
		return reportListData{}, err
	}
	page, err := number("page", 100_000)
	if err != nil {
		return reportListData{}, err
	}
	d := reportListData{States: reports.States(), Standings: []reports.Standing{reports.DueSoon, reports.Overdue}, Kinds: c.kinds(), Filter: reports.Filter{Scope: scopeOf(r.Context()),
		Number: q.Get("number"), Standing: reports.Standing(q.Get("due")), ByDeadline: q.Get("sort") == "due", Urgent: q.Get("urgent") == "1",
		State: reports.State(q.Get("state")), Sent: reports.Sent(q.Get("sent")), Kind: kindKey, Limit: reportsPerPage, Offset: page * reportsPerPage}}
	if len(d.Filter.Number) > 32 || d.Filter.Standing != "" && !slices.Contains(d.Standings, d.Filter.Standing) {
		return reportListData{}, errBadForm
	}
	address := func(page int) string {
		v := url.Values{}
		for name, value := range map[string]string{"state": string(d.Filter.State), "sent": string(d.Filter.Sent), "kind": zeroless(kindKey), "page": zeroless(page),
			"number": d.Filter.Number, "due": string(d.Filter.Standing), "sort": q.Get("sort"), "urgent": q.Get("urgent")} {
			if value != "" {
				v.Set(name, value)
			}
		}
		return v.Encode()
	}
	d.Query, d.Filtered = address(page), address(0) != ""
	latest, err := c.Reports.Latest(r.Context())
	if err != nil {
		return reportListData{}, err
	}
	d.Revision = strconv.FormatInt(latest, 10)
	list, err := c.Reports.List(r.Context(), d.Filter)
	if err != nil {
		return reportListData{}, err
	}
	for _, report := range list.Reports {
		d.Rows = append(d.Rows, c.reportRow(report))
	}
	d.Total = list.Total
	if page > 0 {
		d.Prev = "/reports?" + address(page-1)
	}
	if (page+1)*reportsPerPage < d.Total {
		d.Next = "/reports?" + address(page+1)
	}
	return d, nil
}

func zeroless(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// kinds are the keys of the menu: the words that the resident heard are the words that the officer reads.
func (c *Console) kinds() []kind {
	all := make([]kind, 0, len(c.Words.ScamTypes))
	for _, s := range c.Words.ScamTypes {
		all = append(all, kind{s.Key, s.Label})
	}
	return all
}

func (c *Console) kindLabel(key int) string {
	for _, k := range c.kinds() {
		if k.Key == key {
			return k.Label
		}
	}
	return ""
}

// reportFind goes to the report whose code somebody reads out on the telephone.
func (c *Console) reportFind(w http.ResponseWriter, r *http.Request) error {
	code, err := reports.ParseCode(r.URL.Query().Get("code"))
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/reports/"+code, http.StatusSeeOther)
	return nil
}
