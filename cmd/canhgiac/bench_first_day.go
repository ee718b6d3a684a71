package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"canhgiac/internal/jobs"
	"canhgiac/residents/sample"
)

// firstDay is what two officers of the ward and one of the police do on their first day, by the forms of the pages, with
// the database of a large ward. Each step adds the pages that it opens.
type firstDay struct {
	*benchWard
	client *http.Client
	steps  []dayStep
	all    []time.Duration
}

type dayStep struct {
	Name    string
	Took    time.Duration
	Pages   int
	Slowest time.Duration
	Path    string // of the slowest
}

// step does one thing and keeps how long it took.
func (d *firstDay) step(name string, do func() error) error {
	d.steps = append(d.steps, dayStep{Name: name})
	start := time.Now()
	err := do()
	d.steps[len(d.steps)-1].Took = time.Since(start)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// ask sends one request and gives where it leads to, "" for a page of its own.
func (d *firstDay) ask(ctx context.Context, method, path, kind string, body io.Reader) (to string, err error) {
	r, err := http.NewRequestWithContext(ctx, method, d.server.URL+path, body)
	if err != nil {
		return "", err
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	start := time.Now()
	resp, err := d.client.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	took := time.Since(start)
	if err != nil {
		return "", err
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return "", fmt.Errorf("%s %s: %s, %d bytes", method, path, resp.Status, len(page))
	}
	if method != http.MethodGet {
		return resp.Header.Get("Location"), nil // a form may wait for the work that it began
	}
	s := &d.steps[len(d.steps)-1]
	if s.Pages++; took > s.Slowest {
		s.Slowest, s.Path = took, path
	}
	d.all = append(d.all, took)
	return resp.Header.Get("Location"), nil
}

func (d *firstDay) get(ctx context.Context, paths ...string) error {
	for _, path := range paths {
		if _, err := d.ask(ctx, http.MethodGet, path, "", nil); err != nil {
			return err
		}
	}
	return nil
}

// post sends a form and opens the page that it leads to.
func (d *firstDay) post(ctx context.Context, path string, fields ...string) (string, error) {
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	to, err := d.ask(ctx, http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	if to == "" {
		return "", fmt.Errorf("POST %s: the form came back", path)
	}
	return to, d.get(ctx, to)
}

// watch opens the page of a job until it has ended, as its bar does.
func (d *firstDay) watch(ctx context.Context, page string) error {
	id, err := strconv.ParseInt(strings.TrimPrefix(page, "/jobs/"), 10, 64)
	if err != nil {
		return fmt.Errorf("%s is no job: %w", page, err)
	}
	for {
		if err := d.get(ctx, page+"/now"); err != nil {
			return err
		}
		switch j, err := d.node.jobs.Store.Get(ctx, id); {
		case err != nil:
			return err
		case j.State == jobs.Done:
			return d.get(ctx, page)
		case j.State.Ended():
			return fmt.Errorf("job %d is %s: %s", id, j.State, j.Problem)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(250 * time.Millisecond):
		}
	}
}

func (d *firstDay) signsIn(ctx context.Context, name string) error {
	return d.step(name+" signs in", func() (err error) {
		if d.client, err = d.signIn(ctx, name); err != nil {
			return err
		}
		return d.get(ctx, "/")
	})
}

func (d *firstDay) imports(ctx context.Context) error {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	file, err := form.CreateFormFile("file", "danh-sach.csv")
	if err != nil {
		return err
	}
	if _, err := file.Write(sample.Residents); err != nil {
		return err
	}
	if err := form.Close(); err != nil {
		return err
	}
	var tried string
	if err := d.step("a list of 3,000 rows is tried", func() error {
		if tried, err = d.ask(ctx, http.MethodPost, "/residents/import", form.FormDataContentType(), &body); err != nil {
			return err
		}
		return d.watch(ctx, tried)
	}); err != nil {
		return err
	}
	return d.step("and kept", func() error {
		kept, err := d.ask(ctx, http.MethodPost, strings.Replace(tried, "/jobs/", "/residents/import/", 1)+"/keep", "application/x-www-form-urlencoded", nil)
		if err != nil {
			return err
		}
		return d.watch(ctx, kept)
	})
}

const revisionSQL = `select revision from campaigns where id = $1`

// writes takes a campaign to the whole ward from the empty form to its start, with the second pair of eyes.
func (d *firstDay) writes(ctx context.Context) (page string, err error) {
	contents, err := d.node.reminders()
	if err != nil {
		return "", err
	}
	author, blank := d.client, d.node.campaigns.Blank()
	hours := blank.Hours.String()
	if err := d.step("a campaign is written and submitted", func() error {
		if err := d.get(ctx, "/campaigns", "/campaigns/new"); err != nil {
			return err
		}
		if page, err = d.post(ctx, "/campaigns/new", "name", "Ngày đầu tiên", "text", contents[0].Text, "plain", contents[0].Plain, "form", string(blank.Form), "audience", "ward",
			"when", "cron", "cron", blank.Cron, "from", hours[:5], "to", hours[6:], "per_day", strconv.Itoa(blank.Caps.PerDay), "per_week", strconv.Itoa(blank.Caps.PerWeek), "do", "save"); err != nil {
			return err
		}
		page, _, _ = strings.Cut(page, "?")
		_, err := d.post(ctx, page+"/submit")
		return err
	}); err != nil {
		return "", err
	}
	if err := d.signsIn(ctx, sampleApprover.Name); err != nil {
		return "", err
	}
	if err := d.step("the second officer approves", func() error {
		var revision string
		if err := d.db.QueryRowContext(ctx, revisionSQL, strings.TrimPrefix(page, "/campaigns/")).Scan(&revision); err != nil {
			return err
		}
		if err := d.get(ctx, page); err != nil {
			return err
		}
		_, err := d.post(ctx, page+"/approve", "revision", revision)
		return err
	}); err != nil {
		return "", err
	}
	d.client = author
	return page, d.step("it is started", func() error {
		_, err := d.post(ctx, page+"/start")
		return err
	})
}

// watches plays the schedule, and looks at the campaign while its audience is written out. Then the campaign is cancelled:
// the ward is measured again.
func (d *firstDay) watches(ctx context.Context, page string) error {
	id, err := strconv.ParseInt(strings.TrimPrefix(page, "/campaigns/"), 10, 64)
	if err != nil {
		return err
	}
	if err := d.step("its audience is written out, and watched", func() error {
		fired := make(chan error, 1)
		go func() {
			fired <- inTx(ctx, d.db, func(tx *sql.Tx) error { return d.node.campaigns.Fire(ctx, tx, id, time.Now(), 1) })
		}()
		for {
			if err := d.get(ctx, page+"/expansion", page+"/progress"); err != nil {
				return errors.Join(err, <-fired)
			}
			select {
			case err := <-fired:
				return errors.Join(err, d.get(ctx, page))
			case <-time.After(250 * time.Millisecond):
			}
		}
	}); err != nil {
		return err
	}
	return d.node.campaigns.Cancel(ctx, id, sampleAuthor, "đo")
}

const waitingReportSQL = `select code from reports where state = 'new' order by id limit 1`

func (d *firstDay) receives(ctx context.Context) error {
	var code string
	if err := d.db.QueryRowContext(ctx, waitingReportSQL).Scan(&code); err != nil {
		return fmt.Errorf("find a new report: %w", err)
	}
	page := "/reports/" + code
	if err := d.step("a report is received, noted, its number shown", func() error {
		if err := d.get(ctx, "/reports", page); err != nil {
			return err
		}
		if _, err := d.post(ctx, page+"/receive"); err != nil {
			return err
		}
		if _, err := d.post(ctx, page+"/note", "note", "Đã gọi lại cho bà con."); err != nil {
			return err
		}
		_, err := d.ask(ctx, http.MethodPost, page+"/reveal", "application/x-www-form-urlencoded", strings.NewReader("reason=goi+lai"))
		return err
	}); err != nil {
		return err
	}
	return d.step("all reports are exported, and the file fetched", func() error {
		if err := d.get(ctx, "/reports/export"); err != nil {
			return err
		}
		to, err := d.ask(ctx, http.MethodPost, "/reports/export", "application/x-www-form-urlencoded", strings.NewReader("reason=bao+cao"))
		if err != nil {
			return err
		}
		if err := d.watch(ctx, to); err != nil {
			return err
		}
		return d.get(ctx, to+"/file")
	})
}

// benchFirstDay goes through the day and prints each step.
func benchFirstDay(ctx context.Context, o pagesOptions, out, progress io.Writer) (err error) {
	w, err := newBenchWard(ctx, bigWard(o.residents), o.dir, progress)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	d := &firstDay{benchWard: w}
	if err := d.signsIn(ctx, sampleAuthor.Name); err != nil {
		return err
	}
	if err := d.imports(ctx); err != nil {
		return err
	}
	page, err := d.writes(ctx)
	if err != nil {
		return err
	}
	if err := d.watches(ctx, page); err != nil {
		return err
	}
	if err := d.signsIn(ctx, "congan"); err != nil {
		return err
	}
	if err := d.receives(ctx); err != nil {
		return err
	}
	return d.print(out)
}

func (d *firstDay) print(out io.Writer) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "step\tseconds\tpages\tslowest, ms\t")
	for _, s := range d.steps {
		fmt.Fprintf(t, "%s\t%.2f\t%d\t%.0f\t%s\n", s.Name, s.Took.Seconds(), s.Pages, ms(s.Slowest), s.Path)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\n%d pages: p50 %.0f ms, p95 %.0f ms\n", len(d.all), share(d.all, 0.5), share(d.all, 0.95))
	return err
}
