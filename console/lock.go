package console

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"sort"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"canhgiac/internal/audit"
	"canhgiac/reports"
)

// The lock covers a screen that was left: by itself after console.idle_lock, or by a button. Nothing personal is answered
// then, whatever asks. The police's locked page goes on listening and rings, with counts alone, since their desk is left
// open for just that.

func (c *Console) lockPages(r *mux.Router) {
	c.during(r, "POST", "/lock", c.lockNow, stageOpen, stageSetup)
	c.during(r, "POST", "/here", func(w http.ResponseWriter, _ *http.Request) error { // somebody types: touch has it
		w.WriteHeader(http.StatusNoContent)
		return nil
	}, stageOpen, stageSetup)
	c.open(r, "GET", "/locked", c.locked)
	c.during(r, "POST", "/locked", c.unlock, stageLocked)
	c.during(r, "GET", "/locked/waiting", c.lockedWaiting, stageLocked)
	c.page(r, "GET", "/locked/held", everyone, c.heldForm)
	c.live.Topic(urgentTopic, []Role{Police}, func(ctx context.Context, _ string) (string, error) {
		n, err := c.Reports.Latest(ctx)
		return fmt.Sprint(n), err
	})
	c.live.Topic(signinTopic, nil, func(ctx context.Context, id string) (string, error) { // for nobody by name: liveEvents adds one's own
		var n int64
		if _, err := fmt.Sscan(id, &n); err != nil {
			return "", errNoPage
		}
		s, err := c.signinByID(ctx, n)
		return cmp.Or(string(s.Stage), "ended"), err // "" is what a topic says that nobody asked yet
	})
}

const (
	signinTopic = "signin" // signin-12: at which stage the sign-in is
	urgentTopic = "urgent" // the only topic that a locked page hears
)

const lockSQL = `update console_signins set stage = 'locked' where id = $1 and stage = 'open' and acted_at <= $2`

// lock locks s, unless somebody acted after it was looked at.
func (c *Console) lock(ctx context.Context, s signin, why string) error {
	acted := s.Acted
	if why != "idle" {
		acted = c.Now().Add(time.Hour) // whatever it is
	}
	return c.within(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, lockSQL, s.ID, acted.UTC())
		if err != nil {
			return fmt.Errorf("lock sign-in %d: %w", s.ID, err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return c.audited(ctx, tx, audit.Entry{Who: s.User.Name, Role: string(s.User.Role), Act: "session.lock", Object: "console", Detail: why, Addr: s.Addr})
	})
}

func (c *Console) lockNow(w http.ResponseWriter, r *http.Request) error {
	why := "button"
	if r.PostForm.Get("why") == "idle" { // the page saw it first
		why = "idle page"
	}
	if err := c.lock(r.Context(), signinOf(r), why); err != nil {
		return err
	}
	http.Redirect(w, r, withNext("/locked", localPath(r.PostForm.Get("next"))), http.StatusSeeOther)
	return nil
}

type lockedData struct {
	User          User // whose screen it is: not view.User, which is nobody
	Next, Problem string
	Factor        bool // a code unlocks too
	Waiting       *lockedCount
}

// lockedCount is what a locked desk may show: how many, never what.
type lockedCount struct {
	Urgent   []string // a name for each, to tell a new one from one that was there
	Revision string
}

func (c *Console) locked(w http.ResponseWriter, r *http.Request) error {
	next := localPath(r.URL.Query().Get("next"))
	if s := signinOf(r); s.Stage != stageLocked {
		http.Redirect(w, r, doorOf(s.Stage, next), http.StatusSeeOther)
		return nil
	}
	return c.showLocked(w, r, http.StatusOK, lockedData{Next: next})
}

func (c *Console) showLocked(w http.ResponseWriter, r *http.Request, status int, d lockedData) (err error) {
	s := signinOf(r)
	d.User, d.Factor = s.User, s.Factor
	if s.User.Role == Police {
		if d.Waiting, err = c.urgentCount(r.Context(), s.User); err != nil {
			return err
		}
	}
	return c.renderStatus(w, r, status, "locked", d)
}

func (c *Console) urgentCount(ctx context.Context, user User) (*lockedCount, error) {
	revision, err := c.Reports.Latest(ctx)
	if err != nil {
		return nil, err
	}
	list, err := c.Reports.List(ctx, reports.Filter{State: reports.New, Scope: user.scope})
	if err != nil {
		return nil, err
	}
	n := &lockedCount{Revision: fmt.Sprint(revision)}
	for _, r := range list.Reports {
		if r.Urgency.Urgent() {
			n.Urgent = append(n.Urgent, fmt.Sprint(r.ID))
		}
	}
	return n, nil
}

// lockedWaiting is the count fetching itself again.
func (c *Console) lockedWaiting(w http.ResponseWriter, r *http.Request) error {
	user := signinOf(r).User
	if user.Role != Police {
		return errDenied
	}
	n, err := c.urgentCount(r.Context(), user)
	if err != nil {
		return err
	}
	return c.fragment(w, r, "locked", "waiting", n)
}

const unlockSQL = `update console_signins set stage = 'open', acted_at = $2, used_at = $2 where id = $1 and stage = 'locked'`

// unlock takes the password, or a code of the second factor: both show that the right person is back.
func (c *Console) unlock(w http.ResponseWriter, r *http.Request) error {
	ctx, s := r.Context(), signinOf(r)
	d := lockedData{Next: localPath(r.PostForm.Get("next"))}
	typed := r.PostForm.Get("password")
	var status int
	var problem string
	var err error
	if _, isCode := codeForm(typed); isCode && s.Factor {
		status, problem, err = c.guarded(w, r, guessFactor, func(ctx context.Context) error {
			spend, err := c.appCode(ctx, s.User.ID, typed)
			if err != nil {
				return err
			}
			return c.unlocked(r, s, spend)
		})
	} else if status, problem, err = c.confirm(w, r, typed); err == nil && problem == "" {
		err = c.unlocked(r, s, byPassword)
	}
	if err != nil {
		return err
	}
	if problem != "" {
		d.Problem = problem
		return c.showLocked(w, r, status, d)
	}
	if c.sessions.Exists(ctx, sessionHeld) {
		d.Next = "/locked/held"
	}
	http.Redirect(w, r, d.Next, http.StatusSeeOther)
	return nil
}

// unlocked opens s again and spends the code by which.
func (c *Console) unlocked(r *http.Request, s signin, spend spending) error {
	ctx := r.Context()
	return c.within(ctx, func(tx *sql.Tx) error {
		detail, err := spend(ctx, tx)
		if err != nil {
			return err
		}
		res, err := tx.ExecContext(ctx, unlockSQL, s.ID, c.Now().UTC())
		if err != nil {
			return fmt.Errorf("unlock sign-in %d: %w", s.ID, err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 { // another tab did at the same moment
			return err
		}
		return c.audited(ctx, tx, entryOf(r, s.User, "session.unlock", "console", detail))
	})
}

// sessionHeld is where a session keeps a form that was sent to a locked screen.
const sessionHeld = "held"

// held is that form, to be sent after all. The script keeps what is half typed in the tab itself; this is for who has no
// script, or sent it at just that moment.
type held struct {
	Path   string
	Fields []heldField
}

type heldField struct{ Name, Value string }

// hold keeps the form that r brings. Files are lost, passwords and codes are not kept.
func (c *Console) hold(r *http.Request) error {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if r.Method != http.MethodPost || kind != "application/x-www-form-urlencoded" || strings.HasPrefix(r.URL.Path, "/account") {
		return nil
	}
	r.Body = http.MaxBytesReader(nil, r.Body, 64<<10)
	if legible(r) != nil {
		return nil
	}
	h := held{Path: r.URL.RequestURI()}
	for name, values := range r.PostForm {
		if strings.Contains(name, "password") {
			return nil
		}
		for _, v := range values {
			h.Fields = append(h.Fields, heldField{name, v})
		}
	}
	sort.SliceStable(h.Fields, func(i, j int) bool { return h.Fields[i].Name < h.Fields[j].Name })
	text, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("hold a form: %w", err)
	}
	c.sessions.Put(r.Context(), sessionHeld, text)
	return nil
}

// heldForm shows once what was kept, with a button that sends it: by then a person sees what is sent.
func (c *Console) heldForm(w http.ResponseWriter, r *http.Request) error {
	var h held
	if err := json.Unmarshal(c.sessions.PopBytes(r.Context(), sessionHeld), &h); err != nil {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return nil //nolint:nilerr // nothing is kept
	}
	return c.render(w, r, "locked_held", h)
}

// turnAway leads who is not at an open stage to where they belong. It tells false where an error page should say it.
func (c *Console) turnAway(w http.ResponseWriter, r *http.Request) bool {
	st, next := signinOf(r).Stage, "/"
	if r.Method == http.MethodGet && r.Header.Get("X-Part") == "" {
		next = r.URL.RequestURI()
	}
	to := doorOf(st, next)
	switch {
	case st == stageOpen:
		return false
	case r.Header.Get("X-Part") != "":
		w.Header().Set("X-Door", to) // parts.js goes there; a redirect would put the sign-in page into a corner of this one
		return false
	case r.Header.Get("Accept") == "text/event-stream" || r.Method != http.MethodGet && st == stageNone:
		return false
	case st == stageLocked:
		if back, err := url.Parse(r.Referer()); err == nil && r.Method != http.MethodGet && back.Host == r.Host {
			to = doorOf(st, localPath(back.RequestURI()))
		}
		if err := c.hold(r); err != nil {
			c.Log.Error("page failed", "method", r.Method, "page", pageOf(r), "error", err)
		}
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return true
}
