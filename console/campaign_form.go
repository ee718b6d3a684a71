package console

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"canhgiac/campaigns"
	"canhgiac/gateway"
	"canhgiac/gateway/sms"
	"canhgiac/residents"
	"canhgiac/schedules"
)

// campaignForm is a draft as it was typed: nothing is lost when something in it is wrong.
type campaignForm struct {
	ID       int64
	Revision int
	Name     string
	Contents []campaigns.Content
	Form     string
	Channel  string
	Whole    bool // the whole ward
	Groups   map[int64]bool
	When     whenView
	From, To string // "07:00"
	PerDay   string
	PerWeek  string
	Urgent   bool
	Reason   string
	Resend   bool
}

type campaignFormData struct {
	Form     campaignForm
	Groups   []residents.Unit               // that may be chosen
	Voices   []campaigns.Voice              // what calls can say; none: campaigns go by SMS alone
	Scoped   bool                           // they are not all of the ward's
	Problems map[string][]campaigns.Problem // by field
	Found    []problemAt                    // the same, for the head of the form
	Banner   string                         // a key: why nothing was kept
	Preview  campaignPreviewData
}

// formOf shows a campaign for editing.
func formOf(one campaigns.Campaign, ward int64) campaignForm {
	f := campaignForm{
		ID: one.ID, Revision: one.Revision, Name: one.Name, Contents: one.Contents, Form: string(one.Form), Channel: one.Channel, Groups: map[int64]bool{},
		When: whenOf(one.Cron), From: one.Hours.String()[:5], To: one.Hours.String()[6:],
		PerDay: strconv.Itoa(one.Caps.PerDay), PerWeek: strconv.Itoa(one.Caps.PerWeek),
		Urgent: one.Urgent, Reason: one.UrgentReason, Resend: one.Resend,
	}
	for _, u := range one.Units {
		if u == ward {
			f.Whole = true
		} else {
			f.Groups[u] = true
		}
	}
	return f
}

// readCampaignForm takes what was typed, and does what a button inside the form asks for: one text more, one less, marks off.
func readCampaignForm(r *http.Request) (f campaignForm, button string, err error) {
	if err := r.ParseForm(); err != nil {
		return f, "", errBadForm
	}
	p := r.PostForm
	f = campaignForm{
		Name: p.Get("name"), Form: p.Get("form"), Channel: p.Get("channel"), Whole: p.Get("audience") != "groups", Groups: map[int64]bool{},
		From: readTime(p.Get("from")), To: readTime(p.Get("to")), PerDay: p.Get("per_day"), PerWeek: p.Get("per_week"),
		Urgent: p.Get("urgent") != "", Reason: p.Get("urgent_reason"), Resend: p.Get("resend") != "",
	}
	f.Revision, _ = strconv.Atoi(p.Get("revision"))
	if len(p["text"]) != len(p["plain"]) || len(p["text"]) > 100 {
		return f, "", errBadForm
	}
	for i := range p["text"] {
		f.Contents = append(f.Contents, campaigns.Content{Text: p["text"][i], Plain: p["plain"][i]})
		if len(p["voice"]) == len(p["text"]) { // there is none where no calls are placed
			f.Contents[i].Voice = p["voice"][i]
		}
	}
	for _, u := range p["unit"] {
		id, err := strconv.ParseInt(u, 10, 64)
		if err != nil {
			return f, "", errBadForm
		}
		f.Groups[id] = true
	}
	f.When = whenView{Kind: p.Get("when"), Time: readTime(p.Get("time")), Cron: p.Get("cron"), Days: map[string]bool{}}
	for _, d := range p["day"] {
		f.When.Days[d] = true
	}
	button, which, _ := strings.Cut(p.Get("do"), "-")
	n, err := strconv.Atoi(which)
	inside := err == nil && n >= 0 && n < len(f.Contents)
	switch {
	case button == "add" || len(f.Contents) == 0:
		f.Contents = append(f.Contents, campaigns.Content{})
	case button == "remove" && inside && len(f.Contents) > 1:
		f.Contents = slices.Delete(f.Contents, n, n+1)
	case button == "unaccent" && inside:
		f.Contents[n].Plain = sms.Unaccent(sms.Normalise(f.Contents[n].Text))
	}
	return f, button, nil
}

// campaign is what the form means. What cannot be read at all is a problem at its field; the room judges the rest.
// all are the units that it goes to when the form chooses none.
func (f campaignForm) campaign(all []int64) (campaigns.Campaign, []campaigns.Problem) {
	one := campaigns.Campaign{
		ID: f.ID, Revision: f.Revision, Name: f.Name, Contents: f.Contents, Form: campaigns.Form(f.Form), Channel: f.Channel,
		Cron: f.When.cron(), Urgent: f.Urgent, UrgentReason: f.Reason, Resend: f.Resend,
	}
	if f.Whole {
		one.Units = all
	} else {
		for u, chosen := range f.Groups {
			if chosen {
				one.Units = append(one.Units, u)
			}
		}
		slices.Sort(one.Units)
	}
	var found []campaigns.Problem
	hours, err := schedules.ParseHours(f.From + "-" + f.To)
	if err == nil {
		one.Hours = hours
	}
	day, errDay := strconv.Atoi(strings.TrimSpace(f.PerDay))
	week, errWeek := strconv.Atoi(strings.TrimSpace(f.PerWeek))
	if errDay != nil || errWeek != nil {
		found = append(found, campaigns.Problem{Field: "caps", Code: "caps_wrong", Arg: "20"})
	} else {
		one.Caps = gateway.Caps{PerDay: day, PerWeek: week}
	}
	switch {
	case f.When.Kind != "cron" && !timeOfDay(f.When.Time):
		found = append(found, campaigns.Problem{Field: "cron", Code: "time_wrong", Arg: f.When.Time})
	case f.When.Kind == "weekly" && f.When.cron() == "":
		found = append(found, campaigns.Problem{Field: "cron", Code: "days_missing"})
	}
	return one, found
}

func (c *Console) campaignNew(w http.ResponseWriter, r *http.Request) error {
	f := formOf(c.Campaigns.Blank(), 0)
	f.Whole = true
	return c.campaignFormPage(w, r, http.StatusOK, campaignFormData{Form: f})
}

func (c *Console) campaignEdit(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	one, err := c.Campaigns.Get(r.Context(), id, scopeOf(r.Context()))
	if err != nil {
		return err
	}
	if !one.State.Allows(campaigns.ActEdit) {
		return c.campaignRefused(w, r, id, "campaigns.refused.move")
	}
	ward, err := c.Residents.Ward(r.Context())
	if err != nil {
		return err
	}
	return c.campaignFormPage(w, r, http.StatusOK, campaignFormData{Form: formOf(one, ward.ID)})
}

// campaignFormPage shows d.Form with the preview of what it says.
func (c *Console) campaignFormPage(w http.ResponseWriter, r *http.Request, status int, d campaignFormData) error {
	d.Scoped, d.Voices = scopeOf(r.Context()) != nil, c.Campaigns.Voices()
	var err error
	if d.Groups, err = c.groupsIn(r.Context()); err != nil {
		return err
	}
	units, err := c.unitsOf(r.Context())
	if err != nil {
		return err
	}
	one, _ := d.Form.campaign(units)
	if d.Preview, err = c.previewOf(r, one, nil); err != nil {
		return err
	}
	return c.renderStatus(w, r, status, "campaign_form", d)
}

// campaignPreview shows what the form on the page says, while it is being typed.
func (c *Console) campaignPreview(w http.ResponseWriter, r *http.Request) error {
	f, _, err := readCampaignForm(r)
	if err != nil {
		return err
	}
	units, err := c.unitsOf(r.Context())
	if err != nil {
		return err
	}
	one, _ := f.campaign(units)
	preview, err := c.previewOf(r, one, nil)
	if err != nil {
		return err
	}
	return c.fragment(w, r, "campaign_form", "campaign_preview", preview)
}

// campaignSave keeps a new campaign or a changed draft. The form's own buttons (one text more, marks off) come here as
// well, so that they work in a browser without scripts.
func (c *Console) campaignSave(w http.ResponseWriter, r *http.Request) error {
	f, button, err := readCampaignForm(r)
	if err != nil {
		return err
	}
	if r.URL.Path != "/campaigns/new" {
		if f.ID, err = pathID(r); err != nil {
			return err
		}
	}
	if button != "" && button != "save" {
		return c.campaignFormPage(w, r, http.StatusOK, campaignFormData{Form: f})
	}
	ctx := r.Context()
	units, err := c.unitsOf(r.Context())
	if err != nil {
		return err
	}
	one, found := f.campaign(units)
	checked, err := c.Campaigns.Check(ctx, one, scopeOf(ctx))
	if err != nil {
		return err
	}
	if found = append(found, checked...); len(found) > 0 {
		return c.campaignFormPage(w, r, http.StatusUnprocessableEntity, campaignFormData{Form: f, Problems: byField(found), Found: listed(found), Banner: "campaigns.refused.invalid"})
	}
	id := f.ID
	if id == 0 {
		id, err = c.Campaigns.Create(ctx, one, campaignUser(r))
	} else {
		err = c.Campaigns.Update(ctx, one, campaignUser(r))
	}
	if errors.Is(err, campaigns.ErrChanged) {
		return c.campaignFormPage(w, r, http.StatusConflict, campaignFormData{Form: f, Banner: "campaigns.refused.changed"})
	}
	if key := refusedKey(err); key != "" {
		return c.campaignRefused(w, r, id, key)
	}
	if err != nil {
		return err
	}
	return c.done(w, r, "campaigns.did.save", fmt.Sprintf("/campaigns/%d", id))
}
