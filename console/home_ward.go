package console

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"canhgiac/campaigns"
	"canhgiac/gateway"
	"canhgiac/residents"
	"canhgiac/schedules"
)

const (
	behindDays = 30 // how long after its last run a campaign's groups are looked at
	behindRows = 5
)

// wardHome puts what the ward office works from on its home page.
func (c *Console) wardHome() {
	ward := []Role{Ward}
	c.live.Topic(wardTopic, ward, func(ctx context.Context, _ string) (string, error) { return c.wardRevision(ctx) })
	c.addSection(section{name: "to_do", live: wardTopic, order: homeNow, roles: ward, load: c.homeToDo})
	c.addSection(section{name: "today", live: wardTopic, order: homeSoon, roles: ward, load: c.homeToday})
	c.addSection(section{name: "behind", live: wardTopic, order: homeInfo, roles: ward, load: c.homeBehind})
	c.addSection(section{name: "import", live: wardTopic, order: homeInfo, roles: ward, load: c.homeImport})
}

const wardTopic = "ward-home"

// wardRevision changes with each act on a campaign, with a link that comes or goes, with a new import, and at midnight.
func (c *Console) wardRevision(ctx context.Context) (string, error) {
	act, err := c.Campaigns.Latest(ctx)
	if err != nil {
		return "", err
	}
	last, err := c.Residents.LastImport(ctx)
	if err != nil && !errors.Is(err, residents.ErrNotFound) {
		return "", err
	}
	troubles, err := c.linkTroubles(ctx)
	if err != nil {
		return "", err
	}
	revision := fmt.Sprint(act, " ", last.ID, " ", c.Now().In(schedules.Zone()).Format(time.DateOnly))
	for _, t := range troubles {
		revision += " " + t.Key + t.Name
	}
	return revision, nil
}

// toDo is one thing that waits for somebody, or goes wrong: a sentence of the catalogs, where to go for it, and how bad it is.
type toDo struct {
	Key     string // home.do.*
	Link    string
	Name    string // of the campaign, or of the carrier where there is no campaign
	Carrier string // that refuses the letters in Arg
	Arg     string
	Since   time.Time
	Problem bool
}

// homeToDo: what goes wrong first, then what waits for this user, then what waits for others.
func (c *Console) homeToDo(r *http.Request) (any, error) {
	all, err := c.linkTroubles(r.Context())
	if err != nil {
		return nil, err
	}
	open, err := c.Campaigns.List(r.Context(), scopeOf(r.Context()), campaignsShown, campaigns.Draft, campaigns.Submitted, campaigns.Approved, campaigns.Running, campaigns.Paused)
	if err != nil {
		return nil, err
	}
	var drafts []int64
	for _, one := range open {
		if one.State == campaigns.Draft && one.Wrote(userOf(r).Name) {
			drafts = append(drafts, one.ID)
		}
	}
	sentBack, err := c.Campaigns.SentBack(r.Context(), drafts...)
	if err != nil {
		return nil, err
	}
	var mine, others []toDo
	for _, one := range open {
		link := fmt.Sprintf("/campaigns/%d", one.ID)
		if one.State == campaigns.Draft {
			if by, is := sentBack[one.ID]; is && by.Who != userOf(r).Name {
				mine = append(mine, toDo{Key: "home.do.sent_back", Link: link, Name: one.Name, Since: by.At})
			}
			continue
		}
		next, err := c.Campaigns.Schedule(r.Context(), one.ID)
		if err != nil {
			return nil, err
		}
		if found := c.Campaigns.Unsendable(one, next.Fired+1); len(found) > 0 {
			all = append(all, toDo{Key: "home.do.refused", Link: link, Name: one.Name, Carrier: found[0].Carrier, Arg: found[0].Arg, Problem: true})
		}
		if next.LastError != "" {
			all = append(all, toDo{Key: "home.do.fire_failed", Link: link, Name: one.Name, Problem: true})
		}
		switch {
		case one.State == campaigns.Submitted && one.MayApprove(userOf(r).Name):
			mine = append(mine, toDo{Key: "home.do.approve", Link: link, Name: one.Name, Since: one.UpdatedAt})
		case one.State == campaigns.Submitted:
			others = append(others, toDo{Key: "home.do.approve_other", Link: link, Name: one.Name, Since: one.UpdatedAt})
		case one.State == campaigns.Approved:
			mine = append(mine, toDo{Key: "home.do.start", Link: link, Name: one.Name, Since: one.UpdatedAt})
		case one.State == campaigns.Paused:
			others = append(others, toDo{Key: "home.do.paused", Link: link, Name: one.Name, Since: one.UpdatedAt})
		}
	}
	return slices.Concat(all, mine, others), nil
}

// linkTroubles are the carriers that cannot be reached. Where none can, nothing goes out: that is said alone.
func (c *Console) linkTroubles(ctx context.Context) ([]toDo, error) {
	if c.practising {
		return nil, nil // nothing there ever meets a carrier
	}
	links, err := c.Gateway.LinksNow(ctx)
	if err != nil {
		return nil, err
	}
	var down []toDo
	for _, l := range links {
		if !l.Up {
			down = append(down, toDo{Key: "home.do.link_down", Name: l.Carrier, Since: l.Since, Problem: true})
		}
	}
	switch {
	case len(links) == 0:
		return []toDo{{Key: "home.do.no_carrier", Problem: true}}, nil
	case len(down) == len(links):
		return []toDo{{Key: "home.do.nothing_sent", Problem: true}}, nil
	}
	return down, nil
}

type todayRow struct {
	campaigns.Upcoming
	Quote gateway.Quote
}

type todayData struct {
	Due   []todayRow
	Fired []campaigns.Fired
	Next  *campaigns.Upcoming // the first of a later day, where nothing is left today
}

// homeToday is what goes out until midnight, with what it comes to, and what went out since the last.
func (c *Console) homeToday(r *http.Request) (any, error) {
	ctx := r.Context()
	now := c.Now().In(schedules.Zone())
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	tomorrow := midnight.AddDate(0, 0, 1)
	due, err := c.Campaigns.Upcoming(ctx, scopeOf(ctx), tomorrow.AddDate(0, 1, 0))
	if err != nil {
		return nil, err
	}
	var d todayData
	for _, one := range due {
		if !one.At.Before(tomorrow) {
			if len(d.Due) == 0 {
				d.Next = &one
			}
			break
		}
		row := todayRow{Upcoming: one}
		if row.Quote, err = c.Campaigns.Quote(ctx, one.Only()); err != nil {
			return nil, err
		}
		d.Due = append(d.Due, row)
	}
	d.Fired, err = c.Campaigns.FiredSince(ctx, scopeOf(ctx), midnight, 20)
	return d, err
}

type behindData struct {
	Campaign   campaigns.Fired
	Groups     []campaigns.Coverage // with the fewest reached
	Reachable  int
	Reached    int
	NotReached int
}

// homeBehind is the newest campaign's groups with the fewest reached: where a tổ trưởng has to go from door to door.
func (c *Console) homeBehind(r *http.Request) (any, error) {
	scope := scopeOf(r.Context())
	fired, err := c.Campaigns.FiredSince(r.Context(), scope, c.Now().AddDate(0, 0, -behindDays), 5)
	if err != nil || len(fired) == 0 {
		return behindData{}, err
	}
	counted, err := c.Campaigns.Counted(r.Context(), fired[0].Campaign, scope)
	if err != nil {
		return nil, err
	}
	d := behindData{Campaign: fired[0]}
	for _, g := range counted.Groups {
		d.Reachable, d.Reached, d.NotReached = d.Reachable+g.Reachable, d.Reached+g.Reached, d.NotReached+g.NotReached()
		if g.NotReached() > 0 {
			d.Groups = append(d.Groups, g)
		}
	}
	slices.SortStableFunc(d.Groups, func(a, b campaigns.Coverage) int {
		return cmp.Compare(a.Reached*b.Reachable, b.Reached*a.Reachable)
	})
	d.Groups = d.Groups[:min(len(d.Groups), behindRows)]
	return d, nil
}

// homeImport is nil where no list was ever imported.
func (c *Console) homeImport(r *http.Request) (any, error) {
	last, err := c.Residents.LastImport(r.Context())
	if errors.Is(err, residents.ErrNotFound) {
		return nil, nil
	}
	return last, err
}
