package console

import (
	"context"
	"database/sql"
	"net/http"
)

// sessionSecret is where a session keeps the sealed secret of a factor that is being set up, until its first code is right.
const sessionSecret = "factor"

type setupData struct {
	Factor  factor
	Must    bool   // the role must have one
	Fresh   bool   // a secret is shown, to be taken by an app
	Secret  string // in groups of four, to type where there is no camera
	Ask     bool   // the password is asked for again
	Next    string
	Problem string
}

// factorSetup shows a new secret as a picture and as text where there is no factor, or ?new=1 asks for another; else how
// the factor stands.
func (c *Console) factorSetup(w http.ResponseWriter, r *http.Request) error {
	d, _, err := c.setup(r, r.FormValue("new") == "1")
	if err != nil {
		return err
	}
	return c.render(w, r, "account_factor", d)
}

func (c *Console) setup(r *http.Request, anew bool) (setupData, []byte, error) {
	ctx, s := r.Context(), signinOf(r)
	d := setupData{Must: has(c.TOTP, s.User.Role), Next: localPath(r.FormValue("next")), Ask: s.Stage == stageOpen}
	var err error
	if d.Factor, err = c.factorOf(ctx, s.User.ID); err != nil {
		return d, nil, err
	}
	if d.Fresh = anew || !d.Factor.On; !d.Fresh {
		return d, nil, nil
	}
	secret, _, err := c.seals.open(c.sessions.GetBytes(ctx, sessionSecret), s.User.ID)
	if err != nil { // none yet, or one that another key sealed
		secret = newCodeSecret()
		c.sessions.Put(ctx, sessionSecret, c.seals.seal(secret, s.User.ID))
	}
	text := secretText(secret)
	for i := 0; i < len(text); i += 4 {
		d.Secret += text[i:min(i+4, len(text))] + " "
	}
	return d, secret, nil
}

// factorPicture is the secret as a QR code. It is an answer of its own and no data: address, which the pages' policy does
// not allow, and like all pages it is kept nowhere.
func (c *Console) factorPicture(w http.ResponseWriter, r *http.Request) error {
	secret, _, err := c.seals.open(c.sessions.GetBytes(r.Context(), sessionSecret), signinOf(r).User.ID)
	if err != nil {
		return errNoPage
	}
	picture, err := codePicture(codeAddress(secret, "Cảnh Giác", signinOf(r).User.Name))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "image/png")
	_, _ = w.Write(picture)
	return nil
}

// factorSet takes the first code of the new factor, which shows that the app has the secret and the right time.
func (c *Console) factorSet(w http.ResponseWriter, r *http.Request) error {
	ctx, s := r.Context(), signinOf(r)
	d, secret, err := c.setup(r, true)
	if err != nil {
		return err
	}
	again := func(status int, problem string) error {
		d.Problem = problem
		return c.renderStatus(w, r, status, "account_factor", d)
	}
	if d.Ask {
		if status, problem, err := c.confirm(w, r, r.PostForm.Get("password")); err != nil {
			return err
		} else if problem != "" {
			return again(status, problem)
		}
	}
	code, ok := codeForm(r.PostForm.Get("code"))
	step := int64(0)
	if ok {
		if step, ok, err = stepOf(secret, code, c.Now(), 0); err != nil {
			return err
		}
	}
	if !ok {
		problem, err := c.words(r).text("factor.wrong_first")
		if err != nil {
			return err
		}
		return again(http.StatusUnprocessableEntity, problem)
	}
	codes := newRecoveryCodes()
	err = c.changing(r, "user.factor_on", "", func(tx *sql.Tx) error {
		return c.setFactor(ctx, tx, s.User.ID, secret, step, s.ID, codes)
	})
	if err != nil {
		return err
	}
	c.sessions.Remove(ctx, sessionSecret)
	if err := c.enter(r, s.User, stageOpen, s); err != nil {
		return err
	}
	r = r.WithContext(context.WithValue(ctx, userKey{}, s.User)) // open from here on: the page has its head
	return c.render(w, r, "account_codes_new", codesData{Codes: codes, Next: d.Next})
}

// changing runs a change of one's own second factor with its audit row.
func (c *Console) changing(r *http.Request, act, detail string, do func(*sql.Tx) error) error {
	user := signinOf(r).User
	return c.within(r.Context(), func(tx *sql.Tx) error {
		if err := do(tx); err != nil {
			return err
		}
		return c.audited(r.Context(), tx, entryOf(r, user, act, "user:"+user.Name, detail))
	})
}

// factorRemove is for roles that may do without.
func (c *Console) factorRemove(w http.ResponseWriter, r *http.Request) error {
	d, _, err := c.setup(r, false)
	if err != nil {
		return err
	}
	if d.Must || !d.Factor.On {
		http.Redirect(w, r, "/account/factor", http.StatusSeeOther)
		return nil
	}
	status, problem, err := c.confirm(w, r, r.PostForm.Get("password"))
	if err != nil {
		return err
	}
	if problem != "" {
		d.Problem = problem
		return c.renderStatus(w, r, status, "account_factor", d)
	}
	err = c.changing(r, "user.factor_off", "", func(tx *sql.Tx) error {
		return dropFactor(r.Context(), tx, userOf(r).ID, signinOf(r).ID)
	})
	if err != nil {
		return err
	}
	return c.done(w, r, "factor.removed", "/account")
}
