package console

import (
	"errors"
	"net/http"

	"github.com/gorilla/mux"

	"canhgiac/reports"
)

// reportTerm gives a report more time, or less, by a decision that the reason names.
func (c *Console) reportTerm(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return errBadForm
	}
	code, reason := mux.Vars(r)["code"], r.PostForm.Get("reason")
	err := c.Reports.SetTerm(r.Context(), code, c.by(r), reports.Term(r.PostForm.Get("term")), reason)
	switch {
	case errors.Is(err, reports.ErrDraft):
		return errBadForm
	case errors.Is(err, reports.ErrMove):
		return c.reportAgain(w, r, reportTyped{}, problem{http.StatusConflict, "error.report_term"})
	case errors.Is(err, reports.ErrReason):
		return c.reportAgain(w, r, reportTyped{}, err)
	case err != nil:
		return err
	}
	return c.done(w, r, "reports.term_set", "/reports/"+code+"#record")
}
