package console

import (
	"net/http"
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
	Texts   []textPreview
	Numbers bool          // the quote is known: units were chosen
	Quote   gateway.Quote // all texts to all
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
	for i, content := range one.Contents {
		content = campaigns.Content{Text: campaigns.Clean(content.Text), Plain: campaigns.Clean(content.Plain)}
		t := textPreview{
			Nth:   i + 1,
			Sent:  sent[i+1],
			Text:  formPreview{Text: content.Text, Size: c.Campaigns.Measure(content.Text), Chosen: one.Form == campaigns.Accented},
			Plain: formPreview{Text: content.Plain, Size: c.Campaigns.Measure(content.Plain), Chosen: one.Form != campaigns.Accented},
		}
		for _, p := range append(campaigns.CheckContent(content), c.Campaigns.CheckCarriers(content, one.Form)...) {
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
		d.Texts = append(d.Texts, t)
	}
	if len(one.Units) > 0 {
		ward, err := c.Residents.Ward(r.Context())
		if err != nil {
			return d, err
		}
		one.Units = scopeOf(r.Context()).Narrow(one.Units, ward.ID)
		if d.Quote, err = c.Campaigns.Quote(r.Context(), one); err != nil {
			return d, err
		}
		d.Numbers = true
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
