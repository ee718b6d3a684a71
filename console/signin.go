package console

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"canhgiac/internal/audit"
)

func (c *Console) signinPages(r *mux.Router) {
	c.open(r, "GET", "/signin", c.signinForm)
	c.open(r, "POST", "/signin", c.signin)
	c.during(r, "GET", "/signin/factor", c.factorForm, stageFactor)
	c.during(r, "POST", "/signin/factor", c.signinFactor, stageFactor)
	c.open(r, "POST", "/language", c.language)
	c.open(r, "POST", "/signout", c.signout)
}

type signinData struct{ Name, Next, Problem string } // Problem in the page's words

func (c *Console) signinForm(w http.ResponseWriter, r *http.Request) error {
	next := localPath(r.URL.Query().Get("next"))
	if st := signinOf(r).Stage; st != stageNone {
		http.Redirect(w, r, doorOf(st, next), http.StatusSeeOther)
		return nil
	}
	return c.render(w, r, "signin", signinData{Next: next})
}

func (c *Console) signin(w http.ResponseWriter, r *http.Request) error {
	name := strings.ToLower(strings.TrimSpace(r.PostForm.Get("name")))
	d := signinData{Name: name, Next: localPath(r.PostForm.Get("next"))}
	if !userName.MatchString(name) {
		name = "?" // what is no name may be a password typed into the wrong field: it goes nowhere
		d.Name = ""
	}
	again := func(status int, act, problem string) error {
		if err := c.refused(r.Context(), audit.Entry{Who: name, Act: act, Object: "console", Addr: addrOf(r)}); err != nil {
			return err
		}
		d.Problem = problem
		return c.renderStatus(w, r, status, "signin", d)
	}
	wait, err := c.mayTry(r.Context(), guessPassword, name, addrOf(r))
	if err != nil {
		return err
	}
	if wait > 0 {
		problem, err := c.mustWait(w, r, wait)
		if err != nil {
			return err
		}
		return again(http.StatusTooManyRequests, "session.throttled", problem)
	}
	user, err := c.users.check(r.Context(), name, r.PostForm.Get("password"))
	if errors.Is(err, ErrSignIn) {
		problem, err := c.words(r).text("signin.wrong")
		if err != nil {
			return err
		}
		return again(http.StatusUnprocessableEntity, "session.refused", problem)
	}
	if err != nil {
		return err
	}
	if err := c.forgive(r.Context(), guessPassword, name, addrOf(r)); err != nil {
		return err
	}
	factor, err := c.factorOf(r.Context(), user.ID)
	if err != nil {
		return err
	}
	if factor.On {
		if err := c.enter(r, user, stageFactor, signin{}); err != nil {
			return err
		}
		http.Redirect(w, r, withNext("/signin/factor", d.Next), http.StatusSeeOther)
		return nil
	}
	if err := c.admitted(r, user, signin{}, "session.signin", byPassword); err != nil {
		return err
	}
	http.Redirect(w, r, d.Next, http.StatusSeeOther)
	return nil
}

// byPassword is for who needs no code: there is nothing to spend.
func byPassword(context.Context, *sql.Tx) (string, error) { return "", nil }

// admitted opens the console to user, who has given all that is asked for, and spends the code by which; see enter for from.
func (c *Console) admitted(r *http.Request, user User, from signin, act string, spend spending) error {
	return c.enter(r, user, stageOpen, from, func(ctx context.Context, tx *sql.Tx) error {
		detail, err := spend(ctx, tx)
		if err != nil {
			return err
		}
		if err := c.users.signedIn(ctx, tx, user.ID); err != nil {
			return err
		}
		return c.audited(ctx, tx, entryOf(r, user, act, "console", detail))
	})
}

// signout works at every stage: also from the locked screen, and where the code is asked for.
func (c *Console) signout(w http.ResponseWriter, r *http.Request) error {
	s := signinOf(r)
	if s.Stage == stageNone {
		http.Redirect(w, r, "/signin", http.StatusSeeOther)
		return nil
	}
	err := c.within(r.Context(), func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(r.Context(), leaveSQL, s.ID); err != nil {
			return fmt.Errorf("sign out: %w", err)
		}
		return c.audited(r.Context(), tx, entryOf(r, s.User, "session.signout", "console", ""))
	})
	if err != nil {
		return err
	}
	if err := c.sessions.Destroy(r.Context()); err != nil {
		return fmt.Errorf("sign out: %w", err)
	}
	http.Redirect(w, r, "/signin", http.StatusSeeOther)
	return nil
}

// doorOf is where a sign-in at st belongs; next is where it wants to go in the end.
func doorOf(st stage, next string) string {
	switch st {
	case stageFactor:
		return withNext("/signin/factor", next)
	case stageSetup:
		return withNext("/account/factor", next)
	case stageLocked:
		return withNext("/locked", next)
	case stageOpen:
		return next
	}
	return withNext("/signin", next)
}

func withNext(path, next string) string {
	if next == "" || next == "/" {
		return path
	}
	return path + "?next=" + url.QueryEscape(next)
}

// during adds a page for a person at one of stages; others are led to where they belong.
func (c *Console) during(r *mux.Router, method, path string, h handler, stages ...stage) {
	c.open(r, method, path, func(w http.ResponseWriter, r *http.Request) error {
		if st := signinOf(r).Stage; !slices.Contains(stages, st) {
			http.Redirect(w, r, doorOf(st, localPath(r.FormValue("next"))), http.StatusSeeOther)
			return nil
		}
		return h(w, r)
	})
}

func (c *Console) language(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return errBadForm
	}
	lang := r.PostForm.Get("lang")
	if _, known := c.catalogs[lang]; !known {
		return errBadForm
	}
	http.SetCookie(w, &http.Cookie{Name: "lang", Value: lang, Path: "/", MaxAge: 365 * 24 * 60 * 60, HttpOnly: true,
		Secure: c.sessions.Cookie.Secure, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, localPath(r.PostForm.Get("back")), http.StatusSeeOther)
	return nil
}

type userKey struct{}

// userOf gives who asks; the zero User is somebody not signed in.
func userOf(r *http.Request) User {
	user, _ := r.Context().Value(userKey{}).(User)
	return user
}

// admit lets in who has one of roles. A denied user leaves an audit row.
func (c *Console) admit(w http.ResponseWriter, r *http.Request, roles []Role) error {
	user := userOf(r)
	if user.ID == 0 {
		return errNotSignedIn
	}
	for _, role := range roles {
		if user.Role == role {
			return nil
		}
	}
	if err := c.audit(r.Context(), c.DB, r, "page.denied", r.Method+" "+r.URL.Path, ""); err != nil {
		return err
	}
	return errDenied
}

// localPath keeps a redirect on this site: anything that a browser could read as another host becomes the home page.
func localPath(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") || strings.ContainsAny(s, "\\\t\r\n") {
		return "/"
	}
	return s
}

func addrOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
