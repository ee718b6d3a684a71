package console

import (
	"context"
	"mime"
	"net/http"
	"regexp"
	"strings"

	"canhgiac/internal/practice"
)

// Practice is a second set of rooms, over the practice tables, whose pages stand under /practice. They are the same pages
// over other tables: what is real cannot be reached from there, and the address says where one is.
type Practice struct {
	Store *practice.Store
	Rooms Options // DB and all stores are over practice.Open's pool
}

const practicePath = "/practice"

// practised are the pages that /practice has; links to all others lead out of it.
var practised = []string{"/residents", "/campaigns", "/reports", "/jobs", "/live"}

// newPractice makes the pages of the practice ward for this console's accounts and sessions.
func (c *Console) newPractice(p *Practice) (*Console, error) {
	o := p.Rooms
	o.Practice, o.DatabaseURL, o.HandsetURL = nil, "", ""
	desk, err := New(o)
	if err != nil {
		return nil, err
	}
	desk.users, desk.sessions, desk.practising = c.users, c.sessions, true
	desk.practiceOver = func(ctx context.Context) bool {
		begun, err := p.Store.Begun(ctx)
		return err == nil && !begun
	}
	for _, words := range desk.catalogs {
		words.instead = map[string]string{"campaigns.message.suppressed": "practice.held"}
	}
	return desk, nil
}

// practicePages hand everything under /practice to the pages of the practice ward. They ask for roles themselves. Who is
// not signed in, or locked, is turned away here, with the whole address: the way back, and a form that is held meanwhile,
// must lead into practice again and never to the real page of the same name.
func (c *Console) practicePages() {
	inside := http.StripPrefix(practicePath, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user := userOf(r)
		user.UnitID, user.scope = 0, nil // there are other units there
		r = r.WithContext(context.WithValue(r.Context(), userKey{}, user))
		c.practice.router.ServeHTTP(&practiceWriter{ResponseWriter: w}, r)
	}))
	c.router.PathPrefix(practicePath + "/").HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !isPractised(strings.TrimPrefix(r.URL.Path, practicePath)):
			c.fail(w, r, errNoPage)
			return
		case userOf(r).ID == 0:
			c.fail(w, r, errNotSignedIn)
			return
		}
		switch begun, err := c.Practice.Store.Begun(r.Context()); {
		case err != nil:
			c.fail(w, r, err)
		case !begun:
			leavePractice(w, r)
		default:
			inside.ServeHTTP(w, r)
		}
	})
}

// leavePractice leads out of a practice ward that is no more: somebody took it away while this page of it lay open.
func leavePractice(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Header.Get("X-Part") != "":
		w.Header().Set("X-Door", firstDayPath) // parts.js goes there; a redirect would put that page into a corner of this one
		w.WriteHeader(http.StatusNoContent)
	case r.Header.Get("Accept") == "text/event-stream":
		w.WriteHeader(http.StatusNoContent)
	default:
		http.Redirect(w, r, firstDayPath, http.StatusSeeOther)
	}
}

func isPractised(path string) bool {
	for _, p := range practised {
		if path == p || strings.HasPrefix(path, p+"/") || strings.HasPrefix(path, p+"?") {
			return true
		}
	}
	return false
}

// practiceWriter keeps the addresses in an answer within /practice, and marks files that are taken out of it.
type practiceWriter struct {
	http.ResponseWriter
	began, html bool
}

func (w *practiceWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *practiceWriter) WriteHeader(status int) {
	w.began = true
	h := w.Header()
	for _, name := range []string{"Location", "X-Door"} {
		if to := h.Get(name); isPractised(to) {
			h.Set(name, practicePath+to)
		}
	}
	if kind, with, err := mime.ParseMediaType(h.Get("Content-Disposition")); err == nil && with["filename"] != "" {
		with["filename"] = "TAP-HUAN-" + with["filename"]
		h.Set("Content-Disposition", mime.FormatMediaType(kind, with))
	}
	w.html = strings.HasPrefix(h.Get("Content-Type"), "text/html")
	w.ResponseWriter.WriteHeader(status)
}

var linkInPage = regexp.MustCompile(`(\s(?:href|action|formaction|src|data-[a-z-]+)=")(/[^"]*)`)

// Write takes a page whole, as Console.write gives it.
func (w *practiceWriter) Write(p []byte) (int, error) {
	if !w.began {
		w.WriteHeader(http.StatusOK)
	}
	if !w.html {
		return w.ResponseWriter.Write(p)
	}
	moved := linkInPage.ReplaceAllFunc(p, func(link []byte) []byte {
		m := linkInPage.FindSubmatch(link)
		if !isPractised(string(m[2])) {
			return link
		}
		return []byte(string(m[1]) + practicePath + string(m[2]))
	})
	if _, err := w.ResponseWriter.Write(moved); err != nil {
		return 0, err
	}
	return len(p), nil
}
