package console

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"net/http"

	"canhgiac/internal/audit"
)

type codesData struct {
	Factor        factor
	Codes         []string // new ones, shown this once
	Next, Problem string
}

func (c *Console) codesForm(w http.ResponseWriter, r *http.Request) error {
	f, err := c.factorOf(r.Context(), userOf(r).ID)
	if err != nil {
		return err
	}
	if !f.On {
		http.Redirect(w, r, "/account/factor", http.StatusSeeOther)
		return nil
	}
	return c.render(w, r, "account_codes", codesData{Factor: f, Next: localPath(r.FormValue("next"))})
}

// saltSQL also makes a second renewal at the same moment wait for the first, whose codes it then replaces.
const saltSQL = `update console_factors set salt = $2 where user_id = $1`

// codesRenew shows ten new codes in its own answer: they are kept nowhere from which a redirect could show them.
func (c *Console) codesRenew(w http.ResponseWriter, r *http.Request) error {
	ctx, user := r.Context(), userOf(r)
	f, err := c.factorOf(ctx, user.ID)
	if err != nil {
		return err
	}
	d := codesData{Factor: f, Next: localPath(r.PostForm.Get("next"))}
	if !f.On {
		http.Redirect(w, r, "/account/factor", http.StatusSeeOther)
		return nil
	}
	status, problem, err := c.confirm(w, r, r.PostForm.Get("password"))
	if err != nil {
		return err
	}
	if problem != "" {
		d.Problem = problem
		return c.renderStatus(w, r, status, "account_codes", d)
	}
	d.Codes = newRecoveryCodes()
	err = c.changing(r, "user.codes", "", func(tx *sql.Tx) error { return c.renewCodes(ctx, tx, user.ID, d.Codes) })
	if err != nil {
		return err
	}
	return c.render(w, r, "account_codes_new", d)
}

func (c *Console) renewCodes(ctx context.Context, tx *sql.Tx, user int64, codes []string) error {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails
	if err := one(tx.ExecContext(ctx, saltSQL, user, salt)); err != nil {
		return fmt.Errorf("recovery codes of user %d: %w", user, err)
	}
	return c.setCodes(ctx, tx, user, salt, codes)
}

// entryOf is an audit row of somebody whose sign-in may not be open yet.
func entryOf(r *http.Request, user User, act, object, detail string) audit.Entry {
	return audit.Entry{Who: user.Name, Role: string(user.Role), Act: act, Object: object, Detail: detail, Addr: addrOf(r)}
}
