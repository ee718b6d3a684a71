package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/gorilla/mux"

	"canhgiac/internal/audit"
	"canhgiac/reports"
	"canhgiac/residents"
)

// reportAnswer masks the reporter: who needs the whole number asks on the police page, with a reason.
type reportAnswer struct {
	Code        string          `json:"code"`
	State       reports.State   `json:"state"`
	Urgency     reports.Urgency `json:"urgency"`
	Sent        string          `json:"sent"`
	Origin      string          `json:"origin"`
	Reporter    string          `json:"reporter"`
	Kind        int             `json:"kind"`
	ScamNumber  string          `json:"scam_number"`
	Channel     int             `json:"channel"`
	Money       string          `json:"money"`
	When        string          `json:"when"`
	Band        int             `json:"band"`
	Callback    string          `json:"callback"`
	Officer     reports.Officer `json:"officer"`
	Messages    int             `json:"messages"`
	Unit        string          `json:"unit"`
	AlsoNamed   int             `json:"also_named"`
	CreatedAt   time.Time       `json:"created_at"`
	CompletedAt *time.Time      `json:"completed_at"`
	ReceivedAt  *time.Time      `json:"received_at"`
}

func reportOf(r reports.Report) reportAnswer {
	reporter := ""
	if r.Reporter != "" {
		reporter = r.Reporter.Masked()
	}
	return reportAnswer{r.Code, r.State, r.Urgency, r.Sent(), r.Origin, reporter, r.Kind, r.ScamNumber, r.Draft.Channel, r.Money, r.When, r.Band,
		r.Callback, r.Officer, r.Messages, r.UnitName, r.AlsoNamed, r.CreatedAt.UTC(), timeOrNull(r.CompletedAt), timeOrNull(r.ReceivedAt)}
}

func timeOrNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func (a *api) listReports(ctx context.Context, c *call) (answer, error) {
	limit, offset, err := c.query("limit", "offset", "state")
	if err != nil {
		return answer{}, err
	}
	state := reports.State(c.URL.Query().Get("state"))
	if state != "" && !slices.Contains(reports.States(), state) {
		return answer{}, problemf(http.StatusBadRequest, "query", "unknown state")
	}
	if err := a.readAudit(ctx, c, "report.list", "reports"); err != nil { // before: what was read must not be unknown
		return answer{}, err
	}
	page, err := a.Reports.List(ctx, reports.Filter{State: state, Limit: limit, Offset: offset})
	if err != nil {
		return answer{}, err
	}
	out := []reportAnswer{}
	for _, r := range page.Reports {
		out = append(out, reportOf(r))
	}
	return answer{Status: http.StatusOK, Body: struct {
		Reports []reportAnswer `json:"reports"`
		Total   int            `json:"total"`
	}{out, page.Total}}, nil
}

func (a *api) getReport(ctx context.Context, c *call) (answer, error) {
	by := reports.By{Name: c.token.who(), Role: "api", Addr: c.addr}
	d, err := a.Reports.Get(ctx, mux.Vars(c.Request)["code"], by) // leaves the audit row itself
	if err != nil {
		return answer{}, err
	}
	return answer{Status: http.StatusOK, Body: struct {
		reportAnswer
		Others     []string `json:"others"`
		RecordEnd  string   `json:"record_end"`
		RecordGood bool     `json:"record_intact"`
	}{reportOf(d.Report), append([]string{}, d.Others...), d.End, d.Broken == 0}}, nil
}

// getNumber tells whether a number was reported, and nothing of who reported it.
func (a *api) getNumber(ctx context.Context, c *call) (answer, error) {
	parsed, err := residents.ParsePhone(mux.Vars(c.Request)["phone"])
	if err != nil {
		return answer{}, invalid(fault{Field: "phone", Code: "phone_invalid"})
	}
	if err := a.readAudit(ctx, c, "number.read", "number:"+parsed.Phone.Masked()); err != nil {
		return answer{}, err
	}
	n, err := a.Reports.Named(ctx, string(parsed.Phone))
	if err != nil {
		return answer{}, err
	}
	return answer{Status: http.StatusOK, Body: struct {
		Phone    residents.Phone `json:"phone"`
		Reported bool            `json:"reported"`
		Reports  int             `json:"reports"`
		First    *time.Time      `json:"first_at"`
		Last     *time.Time      `json:"last_at"`
	}{parsed.Phone, n.Reports > 0, n.Reports, timeOrNull(n.First), timeOrNull(n.Last)}}, nil
}

func (a *api) readAudit(ctx context.Context, c *call, act, object string) error {
	return audit.Write(ctx, a.DB, audit.Entry{At: a.Now(), Who: c.token.who(), Role: "api", Act: act, Object: object, Addr: c.addr})
}
