package console

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"canhgiac/campaigns"
	"canhgiac/internal/jobs"
	"canhgiac/ivr/sounds"
	"canhgiac/reports"
	"canhgiac/residents"
)

// problem is an error that a person can be told: a status and a key of the catalogs.
type problem struct {
	status int
	key    string
}

func (p problem) Error() string { return p.key }

var (
	errNotSignedIn = problem{http.StatusUnauthorized, "error.not_signed_in"}
	errDenied      = problem{http.StatusForbidden, "error.denied"}
	errNoPage      = problem{http.StatusNotFound, "error.no_page"}
	errBadForm     = problem{http.StatusBadRequest, "error.bad_form"}
	errInternal    = problem{http.StatusInternalServerError, "error.internal"}
)

type errorData struct{ Title, Key string }

// title says in three words what became of the request.
func (p problem) title() string {
	switch p.status {
	case http.StatusNotFound:
		return "error.title.missing"
	case http.StatusForbidden:
		return "error.title.denied"
	}
	return "error.title"
}

// explain chooses the problem for an error of a room.
func explain(err error) problem {
	var p problem
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &tooLarge):
		return problem{http.StatusRequestEntityTooLarge, "error.too_large"}
	case errors.Is(err, residents.ErrOutside):
		return problem{http.StatusNotFound, "error.outside"}
	case errors.Is(err, campaigns.ErrNotFound):
		return problem{http.StatusNotFound, "error.no_campaign"}
	case errors.Is(err, jobs.ErrNotFound), errors.Is(err, sounds.ErrNotFound):
		return errNoPage
	case errors.Is(err, residents.ErrNotFound):
		return problem{http.StatusNotFound, "error.no_resident"}
	case errors.Is(err, residents.ErrNoWard):
		return problem{http.StatusConflict, "error.no_ward"}
	case errors.Is(err, reports.ErrNotFound):
		return problem{http.StatusNotFound, "error.no_report"}
	case errors.Is(err, reports.ErrCode):
		return problem{http.StatusNotFound, "error.bad_code"}
	case errors.Is(err, reports.ErrMove):
		return problem{http.StatusConflict, "error.report_move"}
	case errors.Is(err, reports.ErrReason):
		return problem{http.StatusUnprocessableEntity, "error.reason"}
	case errors.Is(err, reports.ErrNote):
		return problem{http.StatusUnprocessableEntity, "error.note"}
	}
	return errInternal
}

// pageOf names a page by its pattern: the handset's addresses hold numbers, which logs must not.
func pageOf(r *http.Request) string {
	if route := mux.CurrentRoute(r); route != nil {
		if pattern, err := route.GetPathTemplate(); err == nil {
			return pattern
		}
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if strings.Trim(first, "abcdefghijklmnopqrstuvwxyz") != "" {
		return "?"
	}
	return "/" + first
}

// fail answers with the error's page. What is no problem of the user's is logged, and the page tells nothing of it.
func (c *Console) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := explain(err)
	switch {
	case c.practising && r.Context().Err() == nil && c.practiceOver(r.Context()):
		leavePractice(w, r) // its tables went between two reads of this page
		return
	case context.Cause(r.Context()) == errBusy:
		p = errBusy
		w.Header().Set("Retry-After", "10")
		c.Log.Warn("page took too long", "method", r.Method, "page", pageOf(r), "error", err)
	case r.Context().Err() != nil:
		return // the browser went away
	}
	if p == errInternal {
		c.Log.Error("page failed", "method", r.Method, "page", pageOf(r), "error", err)
	}
	if p == errNotSignedIn && c.turnAway(w, r) {
		return
	}
	if err := c.renderStatus(w, r, p.status, "error", errorData{p.title(), p.key}); err != nil {
		c.Log.Error("error page failed", "error", err)
		http.Error(w, http.StatusText(p.status), p.status)
	}
}
