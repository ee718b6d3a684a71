package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

type passwordData struct {
	Problem string // in the page's words
	Field   string // whose problem it is: old, new, again
	Least   int
}

func (c *Console) passwordForm(w http.ResponseWriter, r *http.Request) error {
	return c.render(w, r, "account_password", passwordData{Least: c.users.least(userOf(r).Role)})
}

const ownPasswordSQL = `update console_users set password = $2 where id = $1`

func (c *Console) changePassword(w http.ResponseWriter, r *http.Request) error {
	ctx, user := r.Context(), userOf(r)
	d := passwordData{Least: c.users.least(user.Role)}
	again := func(status int, field, problem string) error {
		d.Field, d.Problem = field, problem
		return c.renderStatus(w, r, status, "account_password", d)
	}
	say := func(field, key string) error {
		problem, err := c.words(r).text(key, "Least", d.Least)
		if err != nil {
			return err
		}
		return again(http.StatusUnprocessableEntity, field, problem)
	}
	if status, problem, err := c.confirm(w, r, r.PostForm.Get("old")); err != nil {
		return err
	} else if problem != "" {
		return again(status, "old", problem)
	}
	fresh := r.PostForm.Get("new")
	if fresh != r.PostForm.Get("again") {
		return say("again", "invitation.differ")
	}
	hash, err := c.users.hash(ctx, user, fresh)
	if key := passwordProblem(err); key != "" {
		return say("new", key)
	}
	if err != nil {
		return err
	}
	tx, err := c.DB.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("change password: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := one(tx.ExecContext(ctx, ownPasswordSQL, user.ID, hash)); err != nil {
		return fmt.Errorf("change password: %w", err)
	}
	if _, err := tx.ExecContext(ctx, dropSigninsSQL, user.ID, signinOf(r).ID); err != nil {
		return fmt.Errorf("change password: %w", err)
	}
	if err := c.audit(ctx, tx, r, "user.password_change", "user:"+user.Name, ""); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("change password: %w", err)
	}
	if user, err = c.users.byID(ctx, user.ID); err != nil { // its proof is the new password's
		return err
	}
	if err := c.enter(r, user, stageOpen, signinOf(r)); err != nil {
		return err
	}
	return c.done(w, r, "account.password_changed", "/account")
}

// confirm asks for the person's password again before what would let another take the account over. It gives a problem in
// the page's words where the password is wrong, or was tried too often.
func (c *Console) confirm(w http.ResponseWriter, r *http.Request, password string) (status int, problem string, err error) {
	user := signinOf(r).User
	status, problem, err = c.guarded(w, r, guessPassword, func(ctx context.Context) error {
		_, err := c.users.check(ctx, user.Name, password)
		return err
	})
	return status, problem, err
}

// guarded runs a look at something that might be guessed, within its limits.
func (c *Console) guarded(w http.ResponseWriter, r *http.Request, what guess, look func(context.Context) error) (status int, problem string, err error) {
	ctx, user := r.Context(), signinOf(r).User
	refused := func(act string) error {
		return c.refused(ctx, entryOf(r, user, act, "console", ""))
	}
	wait, err := c.mayTry(ctx, what, user.Name, addrOf(r))
	if err != nil {
		return 0, "", err
	}
	if wait > 0 {
		if err := refused("session.throttled"); err != nil {
			return 0, "", err
		}
		problem, err := c.mustWait(w, r, wait)
		return http.StatusTooManyRequests, problem, err
	}
	err = look(ctx)
	if errors.Is(err, ErrSignIn) || errors.Is(err, errCode) {
		if err := refused("session.refused"); err != nil {
			return 0, "", err
		}
		key := "account.wrong_password"
		if errors.Is(err, errCode) {
			key = "factor.wrong"
		}
		problem, err := c.words(r).text(key)
		return http.StatusUnprocessableEntity, problem, err
	}
	if err != nil {
		return 0, "", err
	}
	return http.StatusOK, "", c.forgive(ctx, what, user.Name, addrOf(r))
}
