package console

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/gorilla/mux"

	"canhgiac/campaigns"
)

// campaignPages are the ward office's: write, preview, have approved, start, watch.
func (c *Console) campaignPages(r *mux.Router) {
	ward := []Role{Ward}
	c.page(r, "GET", "/campaigns", ward, c.campaignList)
	c.page(r, "GET", "/campaigns/new", ward, c.campaignNew)
	c.page(r, "POST", "/campaigns/new", ward, c.campaignSave)
	c.page(r, "POST", "/campaigns/preview", ward, c.campaignPreview)
	c.page(r, "GET", "/campaigns/{id:[0-9]+}", ward, c.campaignShow)
	c.page(r, "GET", "/campaigns/{id:[0-9]+}/edit", ward, c.campaignEdit)
	c.page(r, "POST", "/campaigns/{id:[0-9]+}/edit", ward, c.campaignSave)
	c.page(r, "GET", "/campaigns/{id:[0-9]+}/progress", ward, c.campaignProgress)
	c.page(r, "GET", "/campaigns/{id:[0-9]+}/step", ward, c.campaignStep)
	c.page(r, "GET", "/campaigns/{id:[0-9]+}/groups.csv", ward, c.campaignGroups)
	for act := range campaignDid {
		c.page(r, "POST", "/campaigns/{id:[0-9]+}/"+act, ward, c.campaignAct(act))
	}
	c.page(r, "GET", "/campaigns/{id:[0-9]+}/expansion", ward, c.campaignExpansion)
	c.live.Topic("campaign-expansion", ward, c.expansionRevision)
	c.live.Topic("campaign", ward, c.campaignRevision)
	c.live.Topic("campaign-state", ward, c.campaignStateRevision)
	c.addNav("/campaigns", "nav.campaigns", Ward)
	c.addWay("/campaigns", "nav.campaigns", "home.campaigns", nil, Ward)
	c.wardHome()
}

func campaignUser(r *http.Request) campaigns.User {
	u := userOf(r)
	return campaigns.User{Name: u.Name, Role: string(u.Role), Addr: addrOf(r), Scope: u.scope}
}

func pathID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(mux.Vars(r)["id"], 10, 64)
	if err != nil {
		return 0, errNoPage
	}
	return id, nil
}

type campaignRow struct {
	campaigns.Campaign
	When whenView
	By   string
	Mine bool // the next step is this user's
}

type campaignListData struct {
	Open  []campaignRow // what somebody still has to do something with
	Ended []campaignRow
}

const campaignsShown = 200

func (c *Console) campaignList(w http.ResponseWriter, r *http.Request) error {
	all, err := c.Campaigns.List(r.Context(), scopeOf(r.Context()), campaignsShown)
	if err != nil {
		return err
	}
	var d campaignListData
	name, scope := userOf(r).Name, scopeOf(r.Context())
	var authors []string
	for _, one := range all {
		authors = append(authors, one.Author)
	}
	names, err := c.users.people(r.Context(), authors...)
	if err != nil {
		return err
	}
	for _, one := range all {
		row := campaignRow{Campaign: one, When: whenOf(one.Cron), By: names.Of(one.Author)}
		switch one.State {
		case campaigns.Done, campaigns.Cancelled:
			d.Ended = append(d.Ended, row)
			continue
		case campaigns.Submitted:
			row.Mine = one.MayApprove(name) && scope.HasAll(one.Units)
		case campaigns.Draft:
			row.Mine = one.Wrote(name) && scope.HasAll(one.Units)
		}
		d.Open = append(d.Open, row)
	}
	return c.render(w, r, "campaigns", d)
}

// campaignAct makes one move and comes back to the campaign. What the room refuses stands on the campaign's page, beside
// the state that it has by now.
func (c *Console) campaignAct(act string) handler {
	return func(w http.ResponseWriter, r *http.Request) error { return c.campaignMove(w, r, act) }
}

func (c *Console) campaignMove(w http.ResponseWriter, r *http.Request, act string) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return errBadForm
	}
	by, ctx := campaignUser(r), r.Context()
	reason := strings.TrimSpace(r.PostForm.Get("reason"))
	if len([]rune(reason)) > 300 {
		return errBadForm
	}
	if act == "sendback" && reason == "" {
		return c.campaignRefused(w, r, id, "campaigns.refused.reason")
	}
	switch act {
	case "copy":
		copied, err := c.Campaigns.Copy(ctx, id, by)
		if err != nil {
			return err
		}
		return c.done(w, r, campaignDid[act], fmt.Sprintf("/campaigns/%d/edit", copied))
	case "submit":
		err = c.Campaigns.Submit(ctx, id, by)
	case "sendback":
		err = c.Campaigns.SendBack(ctx, id, by, reason)
	case "approve":
		// Approved is what the approver saw: a text that changed since the page was opened is not it.
		if one, err := c.Campaigns.Get(ctx, id, scopeOf(ctx)); err != nil {
			return err
		} else if strconv.Itoa(one.Revision) != r.PostForm.Get("revision") {
			return c.campaignRefused(w, r, id, "campaigns.refused.changed")
		}
		err = c.Campaigns.Approve(ctx, id, by)
	case "start":
		err = c.Campaigns.Start(ctx, id, by)
	case "pause":
		err = c.Campaigns.Pause(ctx, id, by)
	case "resume":
		err = c.Campaigns.Resume(ctx, id, by)
	case "cancel":
		err = c.Campaigns.Cancel(ctx, id, by, reason)
	}
	if key := refusedKey(err); key != "" {
		return c.campaignRefused(w, r, id, key)
	}
	if err != nil {
		return err
	}
	return c.done(w, r, campaignDid[act], fmt.Sprintf("/campaigns/%d", id))
}

// campaignDid are the acts, each with what the next page says was done.
var campaignDid = map[string]string{
	"submit": "campaigns.did.submit", "sendback": "campaigns.did.sendback", "approve": "campaigns.did.approve", "start": "campaigns.did.start",
	"copy": "campaigns.did.copy", "pause": "campaigns.did.pause", "resume": "campaigns.did.resume", "cancel": "campaigns.did.cancel",
}
