package console

import (
	"errors"
	"net/http"

	"github.com/gorilla/mux"

	"canhgiac/reports"
)

// reportStep is a step that a report may take next, and what becomes of its deadline then.
type reportStep struct {
	To    reports.State
	Due   *reports.Due // nil: none runs after it
	Stops bool         // one runs now
}

// stepsOf gives what an officer may do next with a report; the first act, its reception, has a form of its own.
func (c *Console) stepsOf(r reports.Report) (steps []reportStep) {
	runs := c.dueOf(r) != nil
	for _, to := range r.State.Next() {
		if to == reports.Received {
			continue
		}
		r.State = to
		due := c.dueOf(r)
		steps = append(steps, reportStep{to, due, runs && due == nil})
	}
	return steps
}

// reportMove takes a report one step on. Two officers who chose at once: the slower one sees what was done.
func (c *Console) reportMove(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return errBadForm
	}
	code, to, why := mux.Vars(r)["code"], reports.State(r.PostForm.Get("to")), r.PostForm.Get("reason")
	err := c.Reports.Move(r.Context(), code, c.by(r), to, why)
	typed := reportTyped{To: to, Why: why}
	switch {
	case errors.Is(err, reports.ErrMove):
		return c.reportAgain(w, r, typed, problem{http.StatusConflict, "error.report_moved"})
	case errors.Is(err, reports.ErrReason):
		return c.reportAgain(w, r, typed, problem{http.StatusUnprocessableEntity, "error.report_why"})
	case err != nil:
		return err
	}
	return c.done(w, r, "reports.moved", "/reports/"+code+"#record")
}
