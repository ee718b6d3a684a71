package console

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"canhgiac/reports"
)

// sessionOpened holds the codes of other beats' reports that an officer opened for a reason, until the session ends.
const sessionOpened = "opened_reports"

type reportOutsideData struct{ Code, Problem string }

// reportOutside is what an officer of another beat finds in place of a report: where it is, and the way in for somebody whose
// caller is reading the code out.
func (c *Console) reportOutside(w http.ResponseWriter, r *http.Request, status int, problem string) error {
	code, err := reports.ParseCode(mux.Vars(r)["code"])
	if err != nil {
		return err
	}
	if err := c.outside(r); err != nil {
		return err
	}
	return c.renderStatus(w, r, status, "report_outside", reportOutsideData{code, problem})
}

func (c *Console) reportOpen(w http.ResponseWriter, r *http.Request) error {
	reason, ok := reasonOf(r)
	if !ok {
		return c.reportOutside(w, r, http.StatusUnprocessableEntity, "error.reason")
	}
	code, err := c.Reports.Open(r.Context(), mux.Vars(r)["code"], c.by(r), reason)
	if errors.Is(err, reports.ErrReason) {
		return c.reportOutside(w, r, http.StatusUnprocessableEntity, "error.reason")
	}
	if err != nil {
		return err
	}
	opened := c.by(r).Opened
	if !slices.Contains(opened, code) {
		c.sessions.Put(r.Context(), sessionOpened, strings.Join(append(opened, code), " "))
	}
	http.Redirect(w, r, "/reports/"+code, http.StatusSeeOther)
	return nil
}
