package console

import (
	"context"
	"database/sql"
	"fmt"
	"hash/fnv"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"canhgiac/internal/jobs"
)

// jobCancel asks for the end of a job. The operator may do so too, for one that holds up the machine.
func (c *Console) jobCancel(w http.ResponseWriter, r *http.Request) error {
	v, err := c.readJob(r)
	if err != nil {
		return err
	}
	if !v.State.Ended() {
		err = c.jobAct(r, "job.cancel", v.ID, func(ctx context.Context, tx *sql.Tx) error { return c.Jobs.Cancel(ctx, tx, v.ID, userOf(r).Name) })
		if err != nil {
			return err
		}
	}
	if _, err := c.Jobs.Await(r.Context(), v.ID, atOnce); err != nil {
		return err
	}
	return c.done(w, r, "jobs.did.cancel", fmt.Sprintf("/jobs/%d", v.ID))
}

// jobDiscard takes the files of a job away before their day is over.
func (c *Console) jobDiscard(w http.ResponseWriter, r *http.Request) error {
	v, err := c.readJob(r)
	if err != nil {
		return err
	}
	if !v.Mine {
		return errNoPage
	}
	err = c.jobAct(r, "job.discard", v.ID, func(ctx context.Context, tx *sql.Tx) error { return c.Jobs.Discard(ctx, tx, v.ID) })
	if err != nil {
		return err
	}
	return c.done(w, r, "jobs.did.discard", fmt.Sprintf("/jobs/%d", v.ID))
}

func (c *Console) jobAct(r *http.Request, act string, id int64, do func(ctx context.Context, tx *sql.Tx) error) error {
	ctx := r.Context()
	tx, err := c.DB.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("%s %d: %w", act, id, err)
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
	if err := do(ctx, tx); err != nil {
		return err
	}
	if err := c.audit(ctx, tx, r, act, fmt.Sprintf("job:%d", id), ""); err != nil {
		return err
	}
	return tx.Commit()
}

// jobFile gives what a job made, to its owner alone. Each time leaves an audit row.
func (c *Console) jobFile(w http.ResponseWriter, r *http.Request) error {
	v, err := c.readJob(r)
	if err != nil {
		return err
	}
	if !v.Mine || v.State != jobs.Done || v.Output.Name == "" || !v.SweptAt.IsZero() {
		return errNoPage
	}
	if err := c.audit(r.Context(), c.DB, r, "job.fetch", fmt.Sprintf("job:%d", v.ID), v.Output.Name); err != nil {
		return err
	}
	takesLong(r)
	w.Header().Set("Content-Type", v.Output.Type)
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": v.Output.Name}))
	w.Header().Set("Content-Length", strconv.FormatInt(v.Output.Size, 10))
	if _, err := io.Copy(patient{w}, c.Jobs.Open(r.Context(), v.Job)); err != nil && r.Context().Err() == nil {
		// Half a file must not look like a whole one: the connection breaks, and the browser says so.
		c.Log.Error("a job's file broke off", "job", v.ID, "error", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

// patient gives each piece of a long file its own time: the server's time for an answer is a page's.
type patient struct{ w http.ResponseWriter }

func (p patient) Write(b []byte) (int, error) {
	_ = http.NewResponseController(p.w).SetWriteDeadline(time.Now().Add(30 * time.Second)) // not every writer can set one
	return p.w.Write(b)
}

// hashed is for revisions that tell that something moved, and not where to.
func hashed(parts ...any) string {
	h := fnv.New64a()
	fmt.Fprint(h, parts...)
	return strconv.FormatUint(h.Sum64(), 36)
}
