package console

import (
	"net/http"
	"strings"
	"time"

	"canhgiac/reports"
)

const (
	homeRows    = 5              // of each section: the list has the rest
	clusterDays = 30             // how far back numbers are set beside one another
	firstVisit  = 24 * time.Hour // what counts as new to who never opened the list
	clustersMax = 8              // numbers
	listVisit   = "reports"      // the list whose opening is the visit
)

// policeHome puts what the duty desk works from on its home page. It shows no reporter, not even masked, so it leaves no
// audit row: who opens a report or the list does.
func (c *Console) policeHome() {
	police := []Role{Police}
	c.addSection(section{name: "urgent", order: homeNow, roles: police, live: "reports", load: c.homeUrgent})
	c.addSection(section{name: "deadlines", order: homeNow, roles: police, live: "reports", load: c.homeDeadlines})
	c.addSection(section{name: "fresh", order: homeSoon, roles: police, live: "reports", load: c.homeFresh})
	c.addSection(section{name: "clusters", order: homeInfo, roles: police, live: "reports", load: c.homeClusters})
}

type homeReports struct {
	Rows  []reportRow
	Total int
	More  string    // the list with all of them
	Since time.Time // of fresh: the last visit
	First bool      // there was none
}

func (c *Console) homeList(r *http.Request, f reports.Filter, more string) (homeReports, error) {
	f.Limit, f.Scope = homeRows, scopeOf(r.Context())
	f.Scope = scopeOf(r.Context())
	list, err := c.Reports.List(r.Context(), f)
	if err != nil {
		return homeReports{}, err
	}
	d := homeReports{Total: list.Total, More: more}
	for _, one := range list.Reports {
		d.Rows = append(d.Rows, c.reportRow(one))
	}
	return d, nil
}

// homeUrgent is what rings: money that can still be kept, or stopped at a bank.
func (c *Console) homeUrgent(r *http.Request) (any, error) {
	return c.homeList(r, reports.Filter{Urgent: true}, "/reports?urgent=1")
}

// homeDeadlines: the overdue first.
func (c *Console) homeDeadlines(r *http.Request) (any, error) {
	var all []homeReports
	for _, standing := range []reports.Standing{reports.Overdue, reports.DueSoon} {
		d, err := c.homeList(r, reports.Filter{Standing: standing, ByDeadline: true}, "/reports?sort=due&due="+string(standing))
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return map[string]homeReports{"Overdue": all[0], "Soon": all[1]}, nil
}

// homeFresh is what came since this officer last opened the list.
func (c *Console) homeFresh(r *http.Request) (any, error) {
	since, err := c.users.visited(r.Context(), userOf(r).ID, c.reportVisits())
	if err != nil {
		return nil, err
	}
	first := since.IsZero()
	if first {
		since = c.Now().Add(-firstVisit)
	}
	d, err := c.homeList(r, reports.Filter{Since: since}, "/reports")
	d.Since, d.First = since, first
	return d, err
}

type clusterRow struct {
	reports.Cluster
	KindLabels string
}

// homeClusters: one number in the mouths of several people is one caller at work.
func (c *Console) homeClusters(r *http.Request) (any, error) {
	found, err := c.Reports.Clusters(r.Context(), scopeOf(r.Context()), c.Now().Add(-clusterDays*24*time.Hour), clustersMax)
	if err != nil {
		return nil, err
	}
	rows := make([]clusterRow, 0, len(found))
	for _, one := range found {
		var labels []string
		for _, k := range one.Kinds {
			labels = append(labels, c.kindLabel(int(k)))
		}
		rows = append(rows, clusterRow{one, strings.Join(labels, "; ")})
	}
	return rows, nil
}

// reportVisits names the list whose opening is the visit: that of the practice ward is another.
func (c *Console) reportVisits() string {
	if c.practising {
		return "practice/reports"
	}
	return "reports"
}
