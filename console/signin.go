package console

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"canhgiac/internal/audit"
)

func (c *Console) signinPages(r *mux.Router) {
	c.open(r, "GET", "/signin", c.signinForm)
	c.open(r, "POST", "/signin", c.signin)
	c.open(r, "POST", "/language", c.language)
	c.page(r, "POST", "/signout", everyone, c.signout)
}

type signinData struct{ Name, Next, Problem string }

func (c *Console) signinForm(w http.ResponseWriter, r *http.Request) error {
	next := localPath(r.URL.Query().Get("next"))
	if userOf(r).ID != 0 {
		http.Redirect(w, r, next, http.StatusSeeOther)
		return nil
	}
	return c.render(w, r, "signin", signinData{Next: next})
}

// Limits on failed sign-ins within failureWindow. The account's own limit counts per address, so that a stranger who
// guesses at an officer's name does not lock the officer out.
const (
	failureWindow  = 15 * time.Minute
	failuresByName = 5
	failuresByAddr = 30 // an office shares one address
)

func (c *Console) signin(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return errBadForm
	}
	name := strings.ToLower(strings.TrimSpace(r.PostForm.Get("name")))
	d := signinData{Name: name, Next: localPath(r.PostForm.Get("next"))}
	if !userName.MatchString(name) {
		name = "?" // what is no name may be a password typed into the wrong field: it goes nowhere
	}
	addr := addrOf(r)
	again := func(status int, act, key string) error {
		if err := c.audited(r.Context(), c.DB, audit.Entry{Who: name, Act: act, Object: "console", Addr: addr}); err != nil {
			return err
		}
		d.Problem = key
		return c.renderStatus(w, r, status, "signin", d)
	}
	allowed, err := c.mayTry(r.Context(), name, addr)
	if err != nil {
		return err
	}
	if !allowed {
		w.Header().Set("Retry-After", fmt.Sprint(int(failureWindow.Seconds())))
		return again(http.StatusTooManyRequests, "session.throttled", "signin.throttled")
	}
	user, err := c.users.check(r.Context(), name, r.PostForm.Get("password"))
	if errors.Is(err, ErrSignIn) {
		return again(http.StatusUnprocessableEntity, "session.refused", "signin.wrong")
	}
	if err != nil {
		return err
	}
	// A new token: one that was planted in the browser before must not become signed in (session fixation).
	if err := c.sessions.RenewToken(r.Context()); err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	c.sessions.Put(r.Context(), sessionUser, user.ID)
	c.sessions.Put(r.Context(), sessionProof, user.proof)
	if err := c.forgive(r.Context(), name, addr); err != nil {
		return err
	}
	if err := c.audited(r.Context(), c.DB, audit.Entry{Who: user.Name, Role: string(user.Role), Act: "session.signin", Object: "console", Addr: addr}); err != nil {
		return err
	}
	http.Redirect(w, r, d.Next, http.StatusSeeOther)
	return nil
}

// tryingSQL books the try as a failure before the password is looked at, so that a thousand tries at once are still a
// thousand; a right password takes it back. The lock makes tries from one address wait for each other's count.
const tryingSQL = `
with swept as (delete from console_failures where at <= $3)
insert into console_failures (name, addr, at) values ($1, $2, $4)`

const failuresSQL = `select count(*) filter (where name = $1), count(*) from console_failures where addr = $2 and at > $3`

func (c *Console) mayTry(ctx context.Context, name, addr string) (bool, error) {
	now := c.Now().UTC()
	tx, err := c.DB.BeginTx(ctx, nil)
	if err != nil {
		return false, fmt.Errorf("count failed sign-ins: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, `select pg_advisory_xact_lock(hashtext($1))`, "signin "+addr); err != nil {
		return false, fmt.Errorf("count failed sign-ins: %w", err)
	}
	var byName, byAddr int
	if err := tx.QueryRowContext(ctx, failuresSQL, name, addr, now.Add(-failureWindow)).Scan(&byName, &byAddr); err != nil {
		return false, fmt.Errorf("count failed sign-ins: %w", err)
	}
	if byName >= failuresByName || byAddr >= failuresByAddr {
		return false, nil
	}
	if _, err := tx.ExecContext(ctx, tryingSQL, name, addr, now.Add(-failureWindow), now); err != nil {
		return false, fmt.Errorf("count failed sign-ins: %w", err)
	}
	if err := tx.Commit(); err != nil {
		return false, fmt.Errorf("count failed sign-ins: %w", err)
	}
	return true, nil
}

const forgiveSQL = `delete from console_failures where name = $1 and addr = $2`

func (c *Console) forgive(ctx context.Context, name, addr string) error {
	if _, err := c.DB.ExecContext(ctx, forgiveSQL, name, addr); err != nil {
		return fmt.Errorf("forget failed sign-ins: %w", err)
	}
	return nil
}

func (c *Console) signout(w http.ResponseWriter, r *http.Request) error {
	if err := c.audit(r.Context(), c.DB, r, "session.signout", "console", ""); err != nil {
		return err
	}
	if err := c.sessions.Destroy(r.Context()); err != nil {
		return fmt.Errorf("sign out: %w", err)
	}
	http.Redirect(w, r, "/signin", http.StatusSeeOther)
	return nil
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

const (
	sessionUser  = "user"
	sessionProof = "proof"
)

type userKey struct{}

// withUser looks the user up on each request, so that whoever is disabled or has a new password is out at once.
func (c *Console) withUser(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if id := c.sessions.GetInt64(r.Context(), sessionUser); id != 0 {
			user, err := c.users.byID(r.Context(), id)
			if err != nil && !errors.Is(err, ErrNoUser) {
				c.fail(w, r, err)
				return
			}
			if user.proof != c.sessions.GetString(r.Context(), sessionProof) {
				user = User{} // the password was changed since
			}
			if user.scope, err = c.Residents.ScopeOf(r.Context(), user.UnitID); err != nil {
				c.fail(w, r, err)
				return
			}
			r = r.WithContext(context.WithValue(r.Context(), userKey{}, user))
		}
		next.ServeHTTP(w, r)
	})
}

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
