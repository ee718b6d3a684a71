package console

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"canhgiac/internal/jobs"
)

// atOnce is how long a form waits for the work that it began: a small file is done by then, and nobody sees a bar flicker.
const atOnce = 700 * time.Millisecond

// jobPages are where work that takes long is watched, left, come back to and cancelled. A job is its owner's; the operator
// sees that it is there and how it stands, never what it holds.
func (c *Console) jobPages(r *mux.Router) {
	c.page(r, "GET", "/jobs", everyone, c.jobList)
	c.page(r, "GET", "/jobs/{id:[0-9]+}", everyone, c.jobShow)
	c.page(r, "GET", "/jobs/{id:[0-9]+}/now", everyone, c.jobPart("job", "job_now"))
	c.page(r, "GET", "/jobs/{id:[0-9]+}/body", everyone, c.jobPart("job", "job_body"))
	c.page(r, "GET", "/jobs/{id:[0-9]+}/row", everyone, c.jobPart("jobs", "job_row"))
	c.page(r, "GET", "/jobs/{id:[0-9]+}/file", everyone, c.jobFile)
	c.page(r, "POST", "/jobs/{id:[0-9]+}/cancel", everyone, c.jobCancel)
	c.page(r, "POST", "/jobs/{id:[0-9]+}/discard", everyone, c.jobDiscard)
	c.live.Topic("job", everyone, c.jobRevision)
	c.live.Topic("job-state", everyone, c.jobStateRevision)
}

// Works are what the pages ask for, for the node's runner. A further kind is one more line here, and its words under
// jobs.kind.
func (c *Console) Works() map[jobs.Kind]jobs.Work {
	works := map[jobs.Kind]jobs.Work{
		c.kind(residentsTry):    c.importWork(false),
		c.kind(residentsImport): c.importWork(true),
		c.kind(residentsExport): c.residentsExportWork,
		c.kind(reportsExport):   c.reportsExportWork,
		c.kind(auditExport):     c.auditExportWork,
	}
	if c.Sounds != nil && !c.practising {
		works[soundSynthesis] = c.synthesisWork
	}
	if c.practice != nil {
		maps.Copy(works, c.practice.Works())
	}
	return works
}

// practiceKind marks the jobs of the practice ward: the table of jobs is one for both, their tables are not.
const practiceKind = "practice_"

func (c *Console) kind(k jobs.Kind) jobs.Kind {
	if c.practising {
		return practiceKind + k
	}
	return k
}

type jobView struct {
	jobs.Job
	Mine     bool // else an operator looks: no names, no result, no file
	Remains  time.Duration
	Known    bool   // Remains is no guess
	Revision string // of how far it is
	StateRev string // of what can be done with it
	Import   *importView
	Live     bool // the row fetches itself again
}

func (c *Console) jobView(r *http.Request, j jobs.Job) (jobView, error) {
	user := userOf(r)
	v := jobView{Job: j, Mine: j.By == user.Name && j.Role == string(user.Role), Revision: revisionOf(j), StateRev: stateRevisionOf(j), Live: !j.State.Ended()}
	plain, practised := strings.CutPrefix(string(j.Kind), practiceKind)
	if !v.Mine && user.Role != Operator || practised != c.practising {
		return v, errNoPage
	}
	v.Kind = jobs.Kind(plain)
	v.Remains, v.Known = j.Left(c.Now())
	if !v.Mine {
		v.Title, v.Detail, v.Params, v.Result, v.Output = "", "", nil, nil, jobs.File{}
		return v, nil
	}
	if (v.Kind == residentsTry || v.Kind == residentsImport) && j.State == jobs.Done && j.SweptAt.IsZero() {
		var err error
		if v.Import, err = importViewOf(v.Job); err != nil {
			return v, err
		}
	}
	return v, nil
}

// readJob gives the job that the address names, if it is one of the person who asks.
func (c *Console) readJob(r *http.Request) (jobView, error) {
	id, err := pathID(r)
	if err != nil {
		return jobView{}, err
	}
	j, err := c.Jobs.Get(r.Context(), id)
	if err != nil {
		return jobView{}, err
	}
	return c.jobView(r, j)
}

func (c *Console) jobShow(w http.ResponseWriter, r *http.Request) error {
	v, err := c.readJob(r)
	if err != nil {
		return err
	}
	return c.render(w, r, "job", v)
}

// jobPart answers with a part of a job's page that fetches itself again.
func (c *Console) jobPart(page, block string) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		v, err := c.readJob(r)
		if err != nil {
			return err
		}
		return c.fragment(w, r, page, block, v)
	}
}

type jobListData struct {
	Open, Ended []jobView
	Others      []jobView // what runs of other people, for the operator
}

// jobsLive rows of a list move: a page may listen to eight topics.
const (
	jobsShown = 50
	jobsLive  = 6
)

func (c *Console) jobList(w http.ResponseWriter, r *http.Request) error {
	user := userOf(r)
	mine, err := c.Jobs.List(r.Context(), user.Name, jobsShown)
	if err != nil {
		return err
	}
	var others []jobs.Job
	if user.Role == Operator {
		if others, err = c.Jobs.Unended(r.Context(), jobsShown); err != nil {
			return err
		}
	}
	var d jobListData
	live := 0
	for _, j := range append(mine, others...) {
		v, err := c.jobView(r, j)
		if err == errNoPage {
			continue // from when this person had another role
		}
		if err != nil {
			return err
		}
		if v.Live {
			live++
			v.Live = live <= jobsLive
		}
		switch {
		case !v.Mine:
			d.Others = append(d.Others, v)
		case j.State.Ended():
			d.Ended = append(d.Ended, v)
		case len(d.Open) == 0 || d.Open[len(d.Open)-1].ID > j.ID: // the operator's own are in both lists
			d.Open = append(d.Open, v)
		}
	}
	return c.render(w, r, "jobs", d)
}

// Revisions say nothing of a job but that it moved: any of a role's pages may listen to any number.
func revisionOf(j jobs.Job) string {
	return hashed(j.ID, j.State, j.Done, j.Total, j.Tries, j.CancelledBy)
}

func stateRevisionOf(j jobs.Job) string {
	return hashed(j.ID, j.State, j.CancelledBy, j.SweptAt, j.HasInput)
}

func (c *Console) jobRevision(ctx context.Context, id string) (string, error) {
	j, err := c.jobOfTopic(ctx, id)
	return revisionOf(j), err
}

func (c *Console) jobStateRevision(ctx context.Context, id string) (string, error) {
	j, err := c.jobOfTopic(ctx, id)
	return stateRevisionOf(j), err
}

func (c *Console) jobOfTopic(ctx context.Context, id string) (jobs.Job, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return jobs.Job{}, errNoPage
	}
	return c.Jobs.Get(ctx, n)
}

// startJob adds a job with the audit row of the act that asked for it, and gives it as it stands a moment later.
func (c *Console) startJob(r *http.Request, n jobs.New, act, detail string) (jobs.Job, error) {
	ctx, user := r.Context(), userOf(r)
	n.Kind = c.kind(n.Kind)
	n.By, n.Role, n.Addr = user.Name, string(user.Role), addrOf(r)
	tx, err := c.DB.BeginTx(ctx, nil)
	if err != nil {
		return jobs.Job{}, fmt.Errorf("start a %s: %w", n.Kind, err)
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
	id, err := c.Jobs.Add(ctx, tx, n)
	if err != nil {
		return jobs.Job{}, err
	}
	if err := c.audit(ctx, tx, r, act, fmt.Sprintf("job:%d", id), detail); err != nil {
		return jobs.Job{}, err
	}
	if err := tx.Commit(); err != nil {
		return jobs.Job{}, fmt.Errorf("start a %s: %w", n.Kind, err)
	}
	return c.Jobs.Await(ctx, id, atOnce)
}

func toJob(w http.ResponseWriter, r *http.Request, id int64) error {
	http.Redirect(w, r, fmt.Sprintf("/jobs/%d", id), http.StatusSeeOther)
	return nil
}
