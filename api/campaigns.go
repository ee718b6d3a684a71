package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/gorilla/mux"

	"canhgiac/campaigns"
	"canhgiac/gateway"
	"canhgiac/schedules"
)

type caps struct {
	PerDay  int `json:"per_day"`
	PerWeek int `json:"per_week"`
}

// campaignRequest is what a caller may say of a campaign; what it leaves out is as the ward's defaults have it.
type campaignRequest struct {
	Name         string              `json:"name"`
	Contents     []campaigns.Content `json:"contents"`
	Form         campaigns.Form      `json:"form"`
	Units        []int64             `json:"units"`
	Cron         string              `json:"cron"`
	Hours        string              `json:"hours"`
	Caps         caps                `json:"caps"`
	Urgent       bool                `json:"urgent"`
	UrgentReason string              `json:"urgent_reason"`
	Resend       bool                `json:"resend"`
}

func requestOf(c campaigns.Campaign) campaignRequest {
	return campaignRequest{c.Name, c.Contents, c.Form, c.Units, c.Cron, c.Hours.String(), caps{c.Caps.PerDay, c.Caps.PerWeek},
		c.Urgent, c.UrgentReason, c.Resend}
}

type campaignAnswer struct {
	ID int64 `json:"id"`
	campaignRequest
	State          campaigns.State   `json:"state"`
	Author         string            `json:"author"`
	Approver       string            `json:"approver"`
	SecondApprover string            `json:"second_approver,omitempty"`
	CreatedAt      time.Time         `json:"created_at"`
	UpdatedAt      time.Time         `json:"updated_at"`
	Progress       *gateway.Progress `json:"progress,omitempty"` // of one campaign, not in lists
}

func campaignOf(c campaigns.Campaign, p *gateway.Progress) campaignAnswer {
	return campaignAnswer{c.ID, requestOf(c), c.State, c.Author, c.Approver, c.SecondApprover, c.CreatedAt.UTC(), c.UpdatedAt.UTC(), p}
}

func (a *api) listCampaigns(ctx context.Context, c *call) (answer, error) {
	limit, _, err := c.query("limit", "state")
	if err != nil {
		return answer{}, err
	}
	var states []campaigns.State
	if s := c.URL.Query().Get("state"); s != "" {
		states = append(states, campaigns.State(s))
	}
	list, err := a.Campaigns.List(ctx, nil, limit, states...)
	if err != nil {
		return answer{}, err
	}
	out := []campaignAnswer{}
	for _, one := range list {
		out = append(out, campaignOf(one, nil))
	}
	return answer{Status: http.StatusOK, Body: struct {
		Campaigns []campaignAnswer `json:"campaigns"`
	}{out}}, nil
}

func (a *api) createCampaign(ctx context.Context, c *call) (answer, error) {
	campaign := a.Campaigns.Blank()
	req := requestOf(campaign)
	if err := c.decode(&req); err != nil {
		return answer{}, err
	}
	hours, err := schedules.ParseHours(req.Hours)
	if err != nil {
		return answer{}, invalid(fault{Field: "hours", Code: "hours_wrong", Arg: req.Hours})
	}
	campaign.Name, campaign.Contents, campaign.Form, campaign.Units, campaign.Cron = req.Name, req.Contents, req.Form, req.Units, req.Cron
	campaign.Hours, campaign.Caps = hours, gateway.Caps{PerDay: req.Caps.PerDay, PerWeek: req.Caps.PerWeek}
	campaign.Urgent, campaign.UrgentReason, campaign.Resend = req.Urgent, req.UrgentReason, req.Resend
	id, err := a.Campaigns.Create(ctx, campaign, c.user())
	if err != nil {
		return answer{}, err
	}
	out, err := a.campaign(ctx, id)
	out.Status, out.Location = http.StatusCreated, prefix+"/campaigns/"+strconv.FormatInt(id, 10)
	return out, err
}

func (a *api) getCampaign(ctx context.Context, c *call) (answer, error) {
	id, err := strconv.ParseInt(mux.Vars(c.Request)["id"], 10, 64)
	if err != nil {
		return answer{}, campaigns.ErrNotFound
	}
	return a.campaign(ctx, id)
}

func (a *api) campaign(ctx context.Context, id int64) (answer, error) {
	campaign, err := a.Campaigns.Get(ctx, id, nil)
	if err != nil {
		return answer{}, err
	}
	counted, err := a.Campaigns.Counted(ctx, id, nil)
	if err != nil {
		return answer{}, err
	}
	return answer{Status: http.StatusOK, Body: campaignOf(campaign, &counted.Progress)}, nil
}

// actOnCampaign moves a campaign. The rules are the campaign's own: a token that wrote one cannot approve it either.
func (a *api) actOnCampaign(ctx context.Context, c *call) (answer, error) {
	vars := mux.Vars(c.Request)
	id, err := strconv.ParseInt(vars["id"], 10, 64)
	if err != nil {
		return answer{}, campaigns.ErrNotFound
	}
	var req struct {
		Reason string `json:"reason"`
	}
	if len(c.body) > 0 {
		if err := c.decode(&req); err != nil {
			return answer{}, err
		}
	}
	switch by := c.user(); vars["action"] {
	case "submit":
		err = a.Campaigns.Submit(ctx, id, by)
	case "approve":
		err = a.Campaigns.Approve(ctx, id, by)
	case "start":
		err = a.Campaigns.Start(ctx, id, by)
	case "pause":
		err = a.Campaigns.Pause(ctx, id, by)
	case "resume":
		err = a.Campaigns.Resume(ctx, id, by)
	case "cancel":
		err = a.Campaigns.Cancel(ctx, id, by, req.Reason)
	default:
		return answer{}, problemf(http.StatusNotFound, "no_route", "a campaign can be told to submit, approve, start, pause, resume or cancel")
	}
	if err != nil {
		return answer{}, err
	}
	return a.campaign(ctx, id)
}

func (c *call) user() campaigns.User {
	return campaigns.User{Name: c.token.who(), Role: "api", Addr: c.addr}
}
