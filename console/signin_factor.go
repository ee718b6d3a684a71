package console

import (
	"errors"
	"net/http"
)

type factorData struct {
	Next, Problem string
	Recovery      bool // a recovery code is asked for
}

func (c *Console) factorForm(w http.ResponseWriter, r *http.Request) error {
	return c.render(w, r, "signin_factor", factorData{Next: localPath(r.FormValue("next")), Recovery: r.FormValue("how") == "recovery"})
}

// signinFactor is the second half of a sign-in: a code of the app, or one of the recovery codes.
func (c *Console) signinFactor(w http.ResponseWriter, r *http.Request) error {
	ctx, s := r.Context(), signinOf(r)
	d := factorData{Next: localPath(r.PostForm.Get("next")), Recovery: r.PostForm.Get("how") == "recovery"}
	again := func(status int, act, problem string) error {
		d.Problem = problem
		if err := c.refused(ctx, entryOf(r, s.User, act, "console", "")); err != nil {
			return err
		}
		return c.renderStatus(w, r, status, "signin_factor", d)
	}
	wait, err := c.mayTry(ctx, guessFactor, s.User.Name, addrOf(r))
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
	look, act := c.appCode, "session.signin"
	if d.Recovery {
		look, act = c.recoveryCode, "session.recovery"
	}
	spend, err := look(ctx, s.User.ID, r.PostForm.Get("code"))
	if err == nil {
		err = c.admitted(r, s.User, s, act, spend)
	}
	if errors.Is(err, errCode) {
		key := "factor.wrong"
		if d.Recovery {
			key = "factor.wrong_recovery"
		}
		problem, err := c.words(r).text(key)
		if err != nil {
			return err
		}
		return again(http.StatusUnprocessableEntity, "session.factor_refused", problem)
	}
	if errors.Is(err, errSealed) {
		c.Log.Error("a second factor cannot be read: console.secret was changed without console.secret_before; recovery codes work, or reset the factor", "user", s.User.ID)
		problem, err := c.words(r).text("factor.unreadable")
		if err != nil {
			return err
		}
		return again(http.StatusConflict, "session.factor_refused", problem)
	}
	if err != nil {
		return err
	}
	if err := c.forgive(ctx, guessFactor, s.User.Name, addrOf(r)); err != nil {
		return err
	}
	if d.Recovery {
		return c.done(w, r, "factor.recovery_used", withNext("/account/codes", d.Next))
	}
	http.Redirect(w, r, d.Next, http.StatusSeeOther)
	return nil
}
