package console

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"

	"canhgiac/internal/jobs"
	"canhgiac/reports"
	"canhgiac/residents"
)

const (
	residentsExport jobs.Kind = "residents_export"
	reportsExport   jobs.Kind = "reports_export"
)

const csvType = "text/csv; charset=utf-8"

type exportParams struct {
	Reason string          `json:"reason"`
	Scope  residents.Scope `json:"scope"` // of who asked, at that time; null is all
	Lang   string          `json:"lang"`
	Whole  bool            `json:"whole,omitempty"` // whole phone numbers
	Audit  auditFilter     `json:"audit,omitzero"`  // which rows of the log
}

// exported makes a file of what write writes, named for the day.
func (c *Console) exported(ctx context.Context, t *jobs.Task, name string, write func(p exportParams, w io.Writer) error) error {
	var p exportParams
	if err := t.Params(&p); err != nil {
		return err
	}
	if err := c.stillPractising(ctx, c.DB); err != nil {
		return err
	}
	w, err := t.Output(name+"-"+clock(c.Now(), "2006-01-02-1504")+".csv", csvType)
	if err != nil {
		return err
	}
	if err := write(p, w); err != nil {
		return err
	}
	return c.stillPractising(ctx, c.DB) // else these may be real people's
}

func exportReason(r *http.Request) (string, error) {
	if err := r.ParseForm(); err != nil {
		return "", errBadForm
	}
	reason := strings.TrimSpace(r.PostForm.Get("reason"))
	if len([]rune(reason)) > 300 {
		return "", errBadForm
	}
	return reason, nil
}

func (c *Console) exportForm(w http.ResponseWriter, r *http.Request) error {
	return c.render(w, r, "reports_export", "")
}

// export begins a file of all reports. The reading itself leaves the audit row with the reason, before the first report.
func (c *Console) export(w http.ResponseWriter, r *http.Request) error {
	reason, err := exportReason(r)
	if err != nil {
		return err
	}
	if reason == "" {
		return c.renderStatus(w, r, http.StatusUnprocessableEntity, "reports_export", explain(reports.ErrReason).key)
	}
	j, err := c.startJob(r, jobs.New{Kind: reportsExport, Params: exportParams{Reason: reason, Scope: scopeOf(r.Context()), Lang: c.langOf(r)}}, "job.start", "")
	if err != nil {
		return err
	}
	return toJob(w, r, j.ID)
}

func (c *Console) reportsExportWork(ctx context.Context, t *jobs.Task) error {
	return c.exported(ctx, t, "tin-bao", func(p exportParams, w io.Writer) error {
		j := t.Job()
		by := reports.By{Name: j.By, Role: j.Role, Addr: j.Addr, Scope: p.Scope}
		_, err := c.Reports.Export(ctx, w, by, p.Reason, c.exportLabel(p.Lang), t.Progress)
		return err
	})
}

// exportLabel puts the file's values into the words of the pages.
func (c *Console) exportLabel(lang string) reports.Label {
	words := c.catalogs[lang]
	return func(column, value string) string {
		if column == "kind" {
			if key, err := strconv.Atoi(value); err == nil {
				return c.kindLabel(key)
			}
		}
		label, err := words.text("reports." + column + "." + value)
		if err != nil {
			c.Log.Error("export has no word", "column", column, "value", value)
			return value
		}
		return label
	}
}

func (c *Console) residentsExportForm(w http.ResponseWriter, r *http.Request) error {
	return c.render(w, r, "residents_export", "")
}

// residentsExport begins a file of the directory. Whole numbers need a reason.
func (c *Console) residentsExport(w http.ResponseWriter, r *http.Request) error {
	reason, err := exportReason(r)
	if err != nil {
		return err
	}
	p := exportParams{Reason: reason, Scope: scopeOf(r.Context()), Lang: c.langOf(r), Whole: r.PostForm.Get("whole") != ""}
	if p.Whole && reason == "" {
		return c.renderStatus(w, r, http.StatusUnprocessableEntity, "residents_export", "residents.export.need_reason")
	}
	detail := "masked"
	if p.Whole {
		detail = reason
	}
	j, err := c.startJob(r, jobs.New{Kind: residentsExport, Params: p}, "resident.export", detail)
	if err != nil {
		return err
	}
	return toJob(w, r, j.ID)
}

func (c *Console) residentsExportWork(ctx context.Context, t *jobs.Task) error {
	return c.exported(ctx, t, "danh-ba", func(p exportParams, w io.Writer) error {
		_, err := c.Residents.Export(ctx, w, residents.ExportOptions{Scope: p.Scope, Whole: p.Whole, Progress: t.Progress})
		return err
	})
}
