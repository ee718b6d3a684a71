package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"canhgiac/campaigns"
	"canhgiac/residents"
	"canhgiac/schedules"
)

// stepView is what comes next for a campaign, and whether the one who looks may do it.
type stepView struct {
	campaigns.Campaign
	MayApprove bool
	Foreign    bool   // it names units that are not theirs: they look on
	Revision   string // of the state, for the live page
	NextAt     time.Time
	Fired      int
	Names      people
	SentBack   campaigns.HistoryEntry // of a draft: who sent it back last, and what is to be changed; nobody = never
}

type campaignData struct {
	campaigns.Campaign
	Refused  string // a key: why the last act was not done
	Step     stepView
	Live     progressData
	Expands  expansionView
	Preview  campaignPreviewData
	When     whenView
	Whole    bool
	Units    []residents.Unit // chosen groups, unless the whole ward
	Runs     []campaigns.Run
	History  []campaigns.HistoryEntry
	HasFired bool
	Voices   []campaigns.Voice // of each text, where the campaign calls
	Names    people
}

func (c *Console) stepOf(r *http.Request, one campaigns.Campaign) (stepView, error) {
	v := stepView{Campaign: one, MayApprove: one.MayApprove(userOf(r).Name), Foreign: !scopeOf(r.Context()).HasAll(one.Units)}
	next, err := c.Campaigns.Schedule(r.Context(), one.ID)
	if err != nil {
		return v, err
	}
	v.NextAt, v.Fired = next.NextAt, next.Fired
	v.Revision = stateRevision(one, next)
	if one.State == campaigns.Draft {
		by, err := c.Campaigns.SentBack(r.Context(), one.ID)
		if err != nil {
			return v, err
		}
		v.SentBack = by[one.ID]
	}
	v.Names, err = c.users.people(r.Context(), one.Author, one.Approver, v.SentBack.Who)
	return v, err
}

func (c *Console) campaignShow(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	return c.campaignPage(w, r, http.StatusOK, id, "")
}

// campaignRefused shows the campaign with the reason why nothing was done.
func (c *Console) campaignRefused(w http.ResponseWriter, r *http.Request, id int64, key string) error {
	return c.campaignPage(w, r, http.StatusConflict, id, key)
}

func (c *Console) campaignPage(w http.ResponseWriter, r *http.Request, status int, id int64, refused string) error {
	ctx := r.Context()
	one, err := c.Campaigns.Get(ctx, id, scopeOf(ctx))
	if err != nil {
		return err
	}
	d := campaignData{Campaign: one, Refused: refused, When: whenOf(one.Cron)}
	if d.Step, err = c.stepOf(r, one); err != nil {
		return err
	}
	if d.Runs, err = c.Campaigns.Runs(ctx, id); err != nil {
		return err
	}
	if d.Preview, err = c.previewOf(r, one, d.Runs); err != nil {
		return err
	}
	d.HasFired = len(d.Runs) > 0
	if one.Calls() {
		for _, content := range one.Contents {
			d.Voices = append(d.Voices, c.voice(content.Voice))
		}
	}
	if d.Live, err = c.progressOf(ctx, id); err != nil {
		return err
	}
	if d.Expands, err = c.expansionOf(ctx, id); err != nil {
		return err
	}
	if d.History, err = c.Campaigns.History(ctx, id); err != nil {
		return err
	}
	who := append([]string{one.Author, one.Approver, one.SecondApprover}, one.Editors...)
	for _, h := range d.History {
		who = append(who, h.Who)
	}
	if d.Names, err = c.users.people(ctx, who...); err != nil {
		return err
	}
	ward, err := c.Residents.Ward(ctx)
	if err != nil {
		return err
	}
	groups, err := c.groupsIn(ctx)
	if err != nil {
		return err
	}
	for _, u := range one.Units {
		d.Whole = d.Whole || u == ward.ID
	}
	for _, g := range groups {
		for _, u := range one.Units {
			if u == g.ID {
				d.Units = append(d.Units, g)
			}
		}
	}
	return c.renderStatus(w, r, status, "campaign", d)
}

// voice gives what a text is said as; only its name where that cannot be said any more.
func (c *Console) voice(name string) campaigns.Voice {
	for _, v := range c.Campaigns.Voices() {
		if v.Name == name {
			return v
		}
	}
	return campaigns.Voice{Name: name}
}

func (c *Console) campaignStep(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	one, err := c.Campaigns.Get(r.Context(), id, scopeOf(r.Context()))
	if err != nil {
		return err
	}
	step, err := c.stepOf(r, one)
	if err != nil {
		return err
	}
	return c.fragment(w, r, "campaign", "campaign_step", step)
}

// campaignStateRevision says where the campaign itself stands: what its next step is made of.
func (c *Console) campaignStateRevision(ctx context.Context, id string) (string, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return "", errNoPage
	}
	one, err := c.Campaigns.Get(ctx, n, scopeOf(ctx))
	if err != nil {
		return "", err
	}
	next, err := c.Campaigns.Schedule(ctx, n)
	return stateRevision(one, next), err
}

func stateRevision(one campaigns.Campaign, next schedules.Schedule) string {
	return fmt.Sprint(one.State, one.Revision, one.UpdatedAt.Unix(), next.Fired)
}

// refusedKey gives the words for what the room refused; "" when it refused nothing, or when the error is none of the user's.
func refusedKey(err error) string {
	var invalid *campaigns.InvalidError
	switch {
	case errors.Is(err, campaigns.ErrSelfApproval):
		return "campaigns.refused.self"
	case errors.Is(err, campaigns.ErrMove):
		return "campaigns.refused.move"
	case errors.Is(err, campaigns.ErrChanged):
		return "campaigns.refused.changed"
	case errors.As(err, &invalid):
		return "campaigns.refused.invalid"
	}
	return ""
}
