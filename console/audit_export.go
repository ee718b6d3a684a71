package console

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"

	"canhgiac/internal/audit"
	"canhgiac/internal/jobs"
	"canhgiac/residents"
)

const auditExport jobs.Kind = "audit_export"

var errNoReason = errors.New("an export of the audit log needs a reason")

// auditExportColumns are the headings of the file.
var auditExportColumns = []string{"audit.at", "audit.at_utc", "audit.who", "audit.role", "audit.act", "audit.act_code", "audit.object", "audit.detail", "audit.addr"}

// exportAudit writes the rows of a filter as CSV for a spreadsheet: UTF-8 with a BOM, RFC 4180, no cell that runs as a formula.
// The audit row is written first: whoever got half of a file has still taken it. Rows come and go one by one; progress hears
// of every thousandth.
func (c *Console) exportAudit(ctx context.Context, w io.Writer, by Actor, lang string, f auditFilter, reason string, progress func(done, total int)) (n int, err error) {
	if reason == "" {
		return 0, errNoReason
	}
	f.Before = 0
	total, err := c.auditCount(ctx, f)
	if err != nil {
		return 0, err
	}
	detail := reason
	if q := f.Query(); q != "" {
		detail += " (" + q + ")"
	}
	if err := c.audited(ctx, c.DB, audit.Entry{Who: by.Name, Role: string(by.Role), Act: "audit.export", Object: "audit", Detail: detail, Addr: by.Addr}); err != nil {
		return 0, err
	}
	words := c.catalogs[lang]
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return 0, fmt.Errorf("export audit: %w", err)
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	line := func(cells ...string) error {
		for i, s := range cells {
			cells[i] = residents.GuardCell(s)
		}
		return out.Write(cells)
	}
	var head []string
	for _, key := range auditExportColumns {
		head = append(head, words.textOr(key, key))
	}
	if err := line(head...); err != nil {
		return 0, fmt.Errorf("export audit: %w", err)
	}
	err = c.auditRows(ctx, f, 0, func(a auditRow) error {
		if n++; n%1000 == 0 {
			progress(n, max(n, total))
		}
		return line(clock(a.At, "2006-01-02 15:04:05"), a.At.UTC().Format("2006-01-02T15:04:05Z"), a.Who, words.textOr("role."+a.Role, a.Role),
			words.textOr("audit.act."+a.Act, a.Act), a.Act, words.auditObject(a.Object), words.auditDetail(a.Act, a.Detail), a.Addr)
	})
	if err != nil {
		return n, err
	}
	out.Flush()
	progress(n, n)
	return n, out.Error()
}

// auditExportStart begins a file of what the page's filter shows. The reading itself leaves the audit row with the reason.
func (c *Console) auditExportStart(w http.ResponseWriter, r *http.Request) error {
	reason, ok := reasonOf(r)
	f := readAuditFilter(r.PostForm)
	if !ok {
		return c.auditShow(w, r, http.StatusUnprocessableEntity, auditData{Filter: f, Problem: "error.reason"})
	}
	if f.Act != "" && len(actsOf(f.Act)) == 0 {
		return errBadForm
	}
	if _, wrong := f.args(0); wrong != "" {
		return c.auditShow(w, r, http.StatusUnprocessableEntity, auditData{Filter: f})
	}
	f.Before = 0
	j, err := c.startJob(r, jobs.New{Kind: auditExport, Params: exportParams{Reason: reason, Lang: c.langOf(r), Audit: f}}, "job.start", "")
	if err != nil {
		return err
	}
	return toJob(w, r, j.ID)
}

func (c *Console) auditExportWork(ctx context.Context, t *jobs.Task) error {
	return c.exported(ctx, t, "nhat-ky", func(p exportParams, w io.Writer) error {
		j := t.Job()
		_, err := c.exportAudit(ctx, w, Actor{Name: j.By, Role: Role(j.Role), Addr: j.Addr}, p.Lang, p.Audit, p.Reason, t.Progress)
		return err
	})
}
