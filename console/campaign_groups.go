package console

import (
	"fmt"
	"net/http"
	"time"

	"canhgiac/campaigns"
)

// campaignGroups gives the reach by group as a file, of the same count as the page shows.
func (c *Console) campaignGroups(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	d, err := c.progressOf(r.Context(), id)
	if err != nil {
		return err
	}
	q := &question{Console: c, r: r, words: c.catalogs[c.langOf(r)], failed: new(error)}
	t := q.reachTable(d.Groups)
	name := fmt.Sprintf("%s-%d-%s", q.say("campaigns.group.file"), id, clock(c.Now(), time.DateOnly))
	if *q.failed != nil {
		return *q.failed
	}
	if err := c.audit(r.Context(), c.DB, r, "campaign.groups", campaigns.Subject(id), ""); err != nil {
		return err
	}
	return c.sendFile(w, r, t, name)
}

// reachTable is what the cells and the table of a campaign's page show.
func (q *question) reachTable(groups []groupProgress) Table {
	t := Table{Of: q.say("residents.group"), Columns: []Column{{Name: q.say("campaigns.group.reachable")}, {Name: q.say("campaigns.group.reached")}}}
	for _, g := range groups {
		t.Rows = append(t.Rows, Row{Label: g.Unit.Name, N: []float64{float64(g.Reachable), float64(g.Reached)}})
	}
	return t
}
