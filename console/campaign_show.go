package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"canhgiac/campaigns"
	"canhgiac/gateway"
	"canhgiac/gateway/sms"
	"canhgiac/residents"
	"canhgiac/schedules"
)

// formPreview is one form of a text as a phone shows it, with its price and what is to be said about it.
type formPreview struct {
	Text     string
	Size     sms.Size
	Chosen   bool // this form is the one that leaves
	Problems []campaigns.Problem
	Warnings []campaigns.Problem
}

type textPreview struct {
	Nth         int
	Due         time.Time // when it falls due, if it is known
	Sent        time.Time // when it fell due, once it has
	Text, Plain formPreview
}

type campaignPreviewData struct {
	Texts    []textPreview
	Audience int
	Numbers  bool // Audience is known: units were chosen
	Parts    int  // paid for when all texts go to all
}

// previewOf shows what a campaign says, and to how many. runs are those it has had.
func (c *Console) previewOf(r *http.Request, one campaigns.Campaign, runs []campaigns.Run) (campaignPreviewData, error) {
	var d campaignPreviewData
	sent := map[int]time.Time{}
	for _, run := range runs {
		sent[run.Nth] = run.DueAt
	}
	var due []time.Time
	if cron, err := schedules.ParseCron(one.Cron); err == nil && !one.State.Ended() {
		due = cron.NextN(c.Now(), len(one.Contents)-len(sent))
	}
	parts := 0
	for i, content := range one.Contents {
		t := textPreview{
			Nth:   i + 1,
			Sent:  sent[i+1],
			Text:  formPreview{Text: content.Text, Size: sms.Measure(content.Text), Chosen: one.Form == campaigns.Accented},
			Plain: formPreview{Text: content.Plain, Size: sms.Measure(content.Plain), Chosen: one.Form != campaigns.Accented},
		}
		for _, p := range campaigns.CheckContent(content) {
			if p.Code == "text_missing" { // an empty box says so by itself
				continue
			}
			if p.Field == "text" {
				t.Text.Problems = append(t.Text.Problems, p)
			} else {
				t.Plain.Problems = append(t.Plain.Problems, p)
			}
		}
		for _, p := range campaigns.Warnings(content, c.Campaigns.Traps()) {
			if p.Code == "trap" {
				p.Code = c.trapKey(r, p.Arg)
			}
			if p.Field == "text" {
				t.Text.Warnings = append(t.Text.Warnings, p)
			} else {
				t.Plain.Warnings = append(t.Plain.Warnings, p)
			}
		}
		if t.Sent.IsZero() && len(due) > 0 {
			t.Due, due = due[0], due[1:]
		}
		if one.Form == campaigns.Accented {
			parts += t.Text.Size.Parts
		} else {
			parts += t.Plain.Size.Parts
		}
		d.Texts = append(d.Texts, t)
	}
	if len(one.Units) > 0 {
		n, err := c.Campaigns.CountAudience(r.Context(), one)
		if err != nil {
			return d, err
		}
		d.Audience, d.Numbers, d.Parts = n, true, n*parts
	}
	return d, nil
}

const trapWords = "campaigns." + "problem."

// trapKey is the words about one trap, or the general ones for a trap that came with newer texts.
func (c *Console) trapKey(r *http.Request, phrase string) string {
	code := "trap_" + strings.ReplaceAll(residents.Fold(phrase), " ", "_")
	if _, err := c.catalogs[c.langOf(r)].text(trapWords+code, "Arg", ""); err != nil {
		return "trap"
	}
	return code
}

// stepView is what comes next for a campaign, and whether the one who looks may do it.
type stepView struct {
	campaigns.Campaign
	MayApprove bool
	Revision   string // of the state, for the live page
	NextAt     time.Time
	Fired      int
}

type campaignData struct {
	campaigns.Campaign
	Refused  string // a key: why the last act was not done
	Step     stepView
	Live     progressData
	Preview  campaignPreviewData
	When     whenView
	Whole    bool
	Units    []residents.Unit // chosen groups, unless the whole ward
	Runs     []campaigns.Run
	History  []campaigns.HistoryEntry
	HasFired bool
}

// progressData is the part of the page that moves.
type progressData struct {
	ID       int64
	Revision string
	Progress gateway.Progress
	Bar      []barPart
	Groups   []groupProgress
	Reach    campaigns.Coverage // all groups together
}

// barPart is one state's share of a bar of a hundred.
type barPart struct {
	State string
	N     int
	X, W  string // for an SVG rectangle: a style attribute would break the page's content policy
}

type groupProgress struct {
	campaigns.Coverage
	Bar []barPart
}

func barOf(p gateway.Progress) []barPart {
	if p.Total == 0 {
		return nil
	}
	x := 0.0
	var bar []barPart
	for _, s := range []struct {
		state string
		n     int
	}{
		{"delivered", p.Delivered}, {"accepted", p.Accepted}, {"submitting", p.Submitting}, {"queued", p.Queued}, {"unknown", p.Unknown},
		{"failed", p.Failed}, {"expired", p.Expired}, {"suppressed", p.Suppressed}, {"cancelled", p.Cancelled},
	} {
		w := 100 * float64(s.n) / float64(p.Total)
		bar = append(bar, barPart{s.state, s.n, strconv.FormatFloat(x, 'f', 3, 64), strconv.FormatFloat(w, 'f', 3, 64)})
		x += w
	}
	return bar
}

func (c *Console) progressOf(ctx context.Context, id int64) (progressData, error) {
	d := progressData{ID: id}
	var err error
	// The revision first: what changes between the two is then fetched once more, not missed.
	if d.Revision, err = c.campaignRevision(ctx, strconv.FormatInt(id, 10)); err != nil {
		return d, err
	}
	if d.Progress, err = c.Campaigns.Progress(ctx, id); err != nil {
		return d, err
	}
	d.Bar = barOf(d.Progress)
	groups, err := c.Campaigns.Coverage(ctx, id)
	if err != nil {
		return d, err
	}
	for _, g := range groups {
		d.Groups = append(d.Groups, groupProgress{g, barOf(g.Progress)})
		d.Reach.Reachable += g.Reachable
		d.Reach.Delivered += g.Delivered
	}
	return d, nil
}

func (c *Console) stepOf(r *http.Request, one campaigns.Campaign) (stepView, error) {
	v := stepView{Campaign: one, MayApprove: one.MayApprove(userOf(r).Name)}
	next, err := c.Campaigns.Schedule(r.Context(), one.ID)
	if err != nil {
		return v, err
	}
	v.NextAt, v.Fired = next.NextAt, next.Fired
	v.Revision = stateRevision(one, next)
	return v, nil
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
	one, err := c.Campaigns.Get(ctx, id)
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
	if d.Live, err = c.progressOf(ctx, id); err != nil {
		return err
	}
	if d.History, err = c.Campaigns.History(ctx, id); err != nil {
		return err
	}
	ward, err := c.Residents.Ward(ctx)
	if err != nil {
		return err
	}
	groups, err := c.Residents.Groups(ctx, ward.ID)
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

func (c *Console) campaignProgress(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	d, err := c.progressOf(r.Context(), id)
	if err != nil {
		return err
	}
	return c.fragment(w, r, "campaign", "campaign_progress", d)
}

func (c *Console) campaignStep(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	one, err := c.Campaigns.Get(r.Context(), id)
	if err != nil {
		return err
	}
	step, err := c.stepOf(r, one)
	if err != nil {
		return err
	}
	return c.fragment(w, r, "campaign", "campaign_step", step)
}

// campaignRevision says where a campaign's messages stand.
func (c *Console) campaignRevision(ctx context.Context, id string) (string, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return "", errNoPage
	}
	p, err := c.Campaigns.Progress(ctx, n)
	return fmt.Sprint(p), err
}

// campaignStateRevision says where the campaign itself stands: what its next step is made of.
func (c *Console) campaignStateRevision(ctx context.Context, id string) (string, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return "", errNoPage
	}
	one, err := c.Campaigns.Get(ctx, n)
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
