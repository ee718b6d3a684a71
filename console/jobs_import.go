package console

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"unicode"

	"canhgiac/internal/jobs"
	"canhgiac/residents"
)

// A list is uploaded once and goes through twice: tried without being kept, then, when the officer has seen what it would
// do, kept. Both are jobs. Between the two the file waits in the database, for a day at most, so that any node can take
// the second step and the officer may go away meanwhile.
const (
	residentsTry    jobs.Kind = "residents_try"
	residentsImport jobs.Kind = "residents_import"
)

// maxUpload is what the reader of lists takes: some 400,000 rows of CSV.
const maxUpload = 64 << 20

// uploadsAtOnce bounds the memory that lists take before they are in the database; who comes later waits as long as for a page.
const uploadsAtOnce = 3

type importParams struct {
	FileName string          `json:"file_name"`
	Scope    residents.Scope `json:"scope"`           // of who asked, at that time; null is all
	Tried    int64           `json:"tried,omitempty"` // the job whose trial the officer agreed to
}

type importForm struct {
	Problem string // a key
	Says    string // what the reader of lists says of this file, in its own words
}

func (c *Console) importForm(w http.ResponseWriter, r *http.Request) error {
	return c.render(w, r, "import", importForm{})
}

// importTry takes a list in and tries it.
func (c *Console) importTry(w http.ResponseWriter, r *http.Request) error {
	waiting, given := context.WithTimeoutCause(r.Context(), c.pageTime, errBusy)
	defer given()
	if err := c.uploads.Acquire(waiting, 1); err != nil {
		return context.Cause(waiting)
	}
	defer c.uploads.Release(1)
	takesLong(r)
	name, content, err := uploaded(r)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return c.renderStatus(w, r, http.StatusRequestEntityTooLarge, "import", importForm{Problem: "residents.import.too_large"})
	case err != nil:
		return c.renderStatus(w, r, http.StatusUnprocessableEntity, "import", importForm{Problem: "residents.import.no_file"})
	}
	j, err := c.startJob(r, jobs.New{Kind: residentsTry, Title: name, Params: importParams{FileName: name, Scope: scopeOf(r.Context())}, Input: content}, "resident.try", "")
	if err != nil {
		return err
	}
	if j.State == jobs.Failed && j.Problem == fileProblem {
		return c.renderStatus(w, r, http.StatusUnprocessableEntity, "import", importForm{Says: j.Detail})
	}
	return toJob(w, r, j.ID)
}

// uploaded reads the file of a form. It goes from memory into the database and never lies in a temporary file, which
// nobody would sweep after a crash.
func uploaded(r *http.Request) (name string, content []byte, err error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return "", nil, err
	}
	for {
		part, err := parts.NextPart()
		if err != nil {
			return "", nil, err
		}
		if part.FormName() != "file" || part.FileName() == "" {
			continue
		}
		content, err := io.ReadAll(part)
		if err == nil && len(content) > maxUpload {
			err = &http.MaxBytesError{Limit: maxUpload}
		}
		if err == nil && len(content) == 0 {
			content = []byte("\n") // says of itself that it has no row
		}
		return fileName(part.FileName()), content, err
	}
}

// fileName is a file's name as a page and a log may show it.
func fileName(s string) string {
	s = path.Base(strings.ReplaceAll(strings.ToValidUTF8(s, ""), `\`, "/"))
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s))
	if letters := []rune(s); len(letters) > 100 {
		s = string(letters[:100])
	}
	return s
}

// importKeep takes the list that was tried into the directory. Pressed twice, it leads to the same job.
func (c *Console) importKeep(w http.ResponseWriter, r *http.Request) error {
	tried, err := c.readJob(r)
	if err != nil {
		return err
	}
	if !tried.Mine || tried.Kind != residentsTry || tried.State != jobs.Done {
		return errNoPage
	}
	var p importParams
	if err := json.Unmarshal(tried.Params, &p); err != nil {
		return fmt.Errorf("params of job %d: %w", tried.ID, err)
	}
	p.Tried, p.Scope = tried.ID, scopeOf(r.Context())
	j, err := c.startJob(r, jobs.New{Kind: residentsImport, Title: tried.Title, Params: p, Inputs: tried.ID}, "resident.keep", fmt.Sprintf("job:%d", tried.ID))
	if errors.Is(err, jobs.ErrNoInput) {
		return c.importKept(w, r, tried)
	}
	if err != nil {
		return err
	}
	return toJob(w, r, j.ID)
}

// importKept goes to the job that took a trial's list, or back to the trial, which then says that its file is gone.
func (c *Console) importKept(w http.ResponseWriter, r *http.Request, tried jobView) error {
	mine, err := c.Jobs.List(r.Context(), tried.By, jobsShown)
	if err != nil {
		return err
	}
	for _, j := range mine {
		var p importParams
		if j.Kind == c.kind(residentsImport) && json.Unmarshal(j.Params, &p) == nil && p.Tried == tried.ID {
			return toJob(w, r, j.ID)
		}
	}
	return toJob(w, r, tried.ID)
}

// importResult is what a job keeps of an import, for its page.
type importResult struct {
	Counts residents.Result `json:"counts"`
	Shown  []rejectedRow    `json:"shown,omitempty"` // the first of the rejected rows
	Bad    int              `json:"bad"`             // all of them
}

type rejectedRow struct {
	Row    int    `json:"row"`
	Reason string `json:"reason"`
}

const rejectsShown = 20

// fileProblem is a file that is no list; the detail says in the reader's own words why.
const fileProblem = "jobs.problem.file"

// importWork tries a list, or takes it in.
func (c *Console) importWork(keep bool) jobs.Work {
	return func(ctx context.Context, t *jobs.Task) error {
		var p importParams
		if err := t.Params(&p); err != nil {
			return err
		}
		j := t.Job()
		o := residents.ImportOptions{FileName: p.FileName, DryRun: !keep, By: j.By, Role: j.Role, Addr: j.Addr, Scope: p.Scope, Progress: t.Progress}
		// The list is taken in and the job is done in one commit: whoever pressed once has pressed once.
		o.Within = func(ctx context.Context, tx *sql.Tx, r residents.Result) error {
			if err := c.stillPractising(ctx, tx); err != nil {
				return err
			}
			if err := tellImport(t, r); err != nil {
				return err
			}
			return t.End(ctx, tx)
		}
		if err := c.stillPractising(ctx, c.DB); err != nil {
			return err
		}
		result, err := residents.NewImporter(c.DB, c.Now).Import(ctx, t.Input(), o)
		var unreadable *residents.FileError
		if errors.As(err, &unreadable) {
			return &jobs.Problem{Key: fileProblem, Detail: unreadable.Text}
		}
		if err != nil || keep {
			return err
		}
		t.KeepInput()
		return tellImport(t, result)
	}
}

const practisingSQL = `select exists (select from practice.state)`

// stillPractising stops what was asked for in a practice ward that was removed meanwhile.
func (c *Console) stillPractising(ctx context.Context, q interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}) error {
	if !c.practising {
		return nil
	}
	var still bool
	if err := q.QueryRowContext(ctx, practisingSQL).Scan(&still); err != nil || still {
		return err
	}
	return &jobs.Problem{Key: "jobs.problem.practice"}
}

func tellImport(t *jobs.Task, r residents.Result) error {
	told := importResult{Counts: r, Bad: len(r.Rejects.Rows)}
	for _, row := range r.Rejects.Rows[:min(rejectsShown, told.Bad)] {
		told.Shown = append(told.Shown, rejectedRow{row.Row, row.Reason})
	}
	t.Result(told)
	if told.Bad == 0 {
		return nil
	}
	out, err := t.Output("dong-bi-loai.csv", "text/csv; charset=utf-8")
	if err != nil {
		return err
	}
	return r.Rejects.WriteCSV(out)
}

type rejectCount struct {
	Key string
	N   int
}

type importView struct {
	importResult
	Reasons []rejectCount
	Kept    bool // else only tried
}

func importViewOf(j jobs.Job) (*importView, error) {
	v := &importView{Kept: j.Kind == residentsImport}
	if err := json.Unmarshal(j.Result, &v.importResult); err != nil {
		return nil, fmt.Errorf("result of job %d: %w", j.ID, err)
	}
	for key, n := range v.Counts.Rejected {
		v.Reasons = append(v.Reasons, rejectCount{key, n})
	}
	slices.SortFunc(v.Reasons, func(a, b rejectCount) int { return cmp.Or(b.N-a.N, strings.Compare(a.Key, b.Key)) })
	return v, nil
}
