package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/gorilla/mux"
)

// myPages are everybody's own account.
func (c *Console) myPages(r *mux.Router) {
	c.page(r, "GET", "/account", everyone, c.account)
	c.page(r, "GET", "/account/password", everyone, c.passwordForm)
	c.page(r, "POST", "/account/password", everyone, c.changePassword)
	c.during(r, "GET", "/account/factor", c.factorSetup, stageOpen, stageSetup)
	c.during(r, "POST", "/account/factor", c.factorSet, stageOpen, stageSetup)
	c.during(r, "GET", "/account/factor/picture", c.factorPicture, stageOpen, stageSetup)
	c.page(r, "POST", "/account/factor/remove", everyone, c.factorRemove)
	c.page(r, "GET", "/account/codes", everyone, c.codesForm)
	c.page(r, "POST", "/account/codes", everyone, c.codesRenew)
	c.page(r, "POST", "/account/sessions/{id:[0-9]+}/end", everyone, c.sessionEnd)
	c.page(r, "POST", "/account/sessions/end", everyone, c.sessionsEnd)
}

type myData struct {
	Factor   factor
	Must     bool // the role must have a second factor
	Sessions []session
	Life     time.Duration
	Idle     time.Duration
}

// account is what a person may look at and change of their own: password, second factor, and where they are signed in.
func (c *Console) account(w http.ResponseWriter, r *http.Request) error {
	d := myData{Must: has(c.TOTP, userOf(r).Role), Life: c.Session, Idle: c.IdleLock}
	var err error
	if d.Factor, err = c.factorOf(r.Context(), userOf(r).ID); err != nil {
		return err
	}
	if d.Sessions, err = c.sessionsOf(r.Context(), userOf(r).ID, signinOf(r).ID); err != nil {
		return err
	}
	return c.render(w, r, "account", d)
}

// session is one sign-in as its owner sees it.
type session struct {
	ID              int64
	Here            bool
	Stage           stage
	Since, Used     time.Time
	Addr            string
	Browser, System string
}

const sessionsSQL = `
select id, stage, created_at, used_at, addr, browser from console_signins where user_id = $1 and created_at > $2 and stage <> 'factor'
order by used_at desc, id desc`

// sessionsOf lists where user is signed in, here first.
func (c *Console) sessionsOf(ctx context.Context, user, here int64) ([]session, error) {
	rows, err := c.DB.QueryContext(ctx, sessionsSQL, user, c.Now().Add(-c.Session).UTC())
	if err != nil {
		return nil, fmt.Errorf("sessions of user %d: %w", user, err)
	}
	defer rows.Close()
	var all []session
	for rows.Next() {
		var s session
		var agent string
		if err := rows.Scan(&s.ID, &s.Stage, &s.Since, &s.Used, &s.Addr, &agent); err != nil {
			return nil, fmt.Errorf("sessions of user %d: %w", user, err)
		}
		s.Here = s.ID == here
		s.Browser, s.System = browserOf(agent)
		all = append(all, s)
	}
	slices.SortStableFunc(all, func(a, b session) int {
		switch {
		case a.Here:
			return -1
		case b.Here:
			return 1
		}
		return 0
	})
	return all, rows.Err()
}

const endSessionSQL = `delete from console_signins where id = $1 and user_id = $2`

// sessionEnd ends one of the person's own sessions. Its pages learn of it at their next request, an open stream within
// seconds.
func (c *Console) sessionEnd(w http.ResponseWriter, r *http.Request) error {
	id := mux.Vars(r)["id"]
	if id == fmt.Sprint(signinOf(r).ID) {
		return c.signout(w, r)
	}
	tx, err := c.DB.BeginTx(r.Context(), nil)
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if len(id) > 18 {
		return errNoPage
	}
	if err := one(tx.ExecContext(r.Context(), endSessionSQL, id, userOf(r).ID)); errors.Is(err, ErrNoUser) {
		return c.done(w, r, "account.session_gone", "/account")
	} else if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	if err := c.audit(r.Context(), tx, r, "session.revoke", "session:"+id, ""); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return c.done(w, r, "account.session_ended", "/account")
}

// sessionsEnd ends all but this one.
func (c *Console) sessionsEnd(w http.ResponseWriter, r *http.Request) error {
	tx, err := c.DB.BeginTx(r.Context(), nil)
	if err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(r.Context(), dropSigninsSQL, userOf(r).ID, signinOf(r).ID); err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	if err := c.audit(r.Context(), tx, r, "session.revoke", "session:others", ""); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return c.done(w, r, "account.sessions_ended", "/account")
}
