package console

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/gorilla/mux"

	"canhgiac/internal/audit"
	"canhgiac/internal/passwords"
)

// invitationPages let somebody in who was handed a code: first name and code, then a password of their own.
func (c *Console) invitationPages(r *mux.Router) {
	c.open(r, "GET", "/invitation", c.invitationForm)
	c.open(r, "POST", "/invitation", c.invitationCode)
	c.open(r, "GET", "/invitation/password", c.invitationPassword)
	c.open(r, "POST", "/invitation/password", c.invitationAccept)
}

// What a session holds between the two steps. The code's hash is asked for again at the second: it may have been taken back.
const (
	sessionInvitedName = "invited_name"
	sessionInvitedHash = "invited_hash"
)

type invitationData struct{ Name, Problem string } // Problem in the page's words

func (c *Console) invitationForm(w http.ResponseWriter, r *http.Request) error {
	return c.render(w, r, "invitation", invitationData{})
}

func (c *Console) invitationCode(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return errBadForm
	}
	name := strings.ToLower(strings.TrimSpace(r.PostForm.Get("name")))
	if !userName.MatchString(name) {
		name = "?" // what is no name may be the code typed into the wrong field: it goes nowhere
	}
	addr := addrOf(r)
	again := func(status int, act, problem string) error {
		if err := c.refused(r.Context(), audit.Entry{Who: name, Act: act, Object: "console", Addr: addr}); err != nil {
			return err
		}
		return c.renderStatus(w, r, status, "invitation", invitationData{name, problem})
	}
	wait, err := c.mayTry(r.Context(), guessInvitation, name, addr)
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
	hash := invitationHash(r.PostForm.Get("code"))
	user, err := c.users.invited(r.Context(), name, hash)
	if errors.Is(err, ErrInvitation) {
		problem, err := c.words(r).text("invitation.wrong")
		if err != nil {
			return err
		}
		return again(http.StatusUnprocessableEntity, "session.invitation_refused", problem)
	}
	if err != nil {
		return err
	}
	if err := c.forgive(r.Context(), guessInvitation, name, addr); err != nil {
		return err
	}
	// A new token: one that was planted in the browser before must not follow the invited one in.
	if err := c.sessions.RenewToken(r.Context()); err != nil {
		return fmt.Errorf("invitation: %w", err)
	}
	c.sessions.Put(r.Context(), sessionInvitedName, user.Name)
	c.sessions.Put(r.Context(), sessionInvitedHash, hash)
	http.Redirect(w, r, "/invitation/password", http.StatusSeeOther)
	return nil
}

// invitedOf gives who typed a right code in this browser, with its hash, or ErrInvitation.
func (c *Console) invitedOf(r *http.Request) (User, string, error) {
	name, hash := c.sessions.GetString(r.Context(), sessionInvitedName), c.sessions.GetString(r.Context(), sessionInvitedHash)
	if name == "" {
		return User{}, "", ErrInvitation
	}
	user, err := c.users.invited(r.Context(), name, hash)
	return user, hash, err
}

type choosePasswordData struct {
	User
	Least   int // characters
	Problem string
}

// passwordProblem gives the words for what is wrong with a new password; "" when that is not what is wrong.
func passwordProblem(err error) string {
	if !errors.Is(err, ErrPassword) {
		return ""
	}
	for _, p := range []struct {
		err error
		key string
	}{
		{passwords.ErrShort, "password.short"}, {passwords.ErrLong, "password.long"}, {passwords.ErrForm, "password.form"},
		{passwords.ErrCommon, "password.common"}, {passwords.ErrSimple, "password.simple"},
	} {
		if errors.Is(err, p.err) {
			return p.key
		}
	}
	return "password.words"
}

func (c *Console) invitationPassword(w http.ResponseWriter, r *http.Request) error {
	user, _, err := c.invitedOf(r)
	if errors.Is(err, ErrInvitation) {
		http.Redirect(w, r, "/invitation", http.StatusSeeOther)
		return nil
	}
	if err != nil {
		return err
	}
	return c.render(w, r, "invitation_password", choosePasswordData{User: user, Least: c.users.least(user.Role)})
}

// invitationAccept keeps the password and goes to the sign-in, which asks for it once more and leads to a second factor where
// the role needs one: there is one way in.
func (c *Console) invitationAccept(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return errBadForm
	}
	user, hash, err := c.invitedOf(r)
	if errors.Is(err, ErrInvitation) {
		http.Redirect(w, r, "/invitation", http.StatusSeeOther)
		return nil
	}
	if err != nil {
		return err
	}
	again := func(key string) error {
		return c.renderStatus(w, r, http.StatusUnprocessableEntity, "invitation_password", choosePasswordData{user, c.users.least(user.Role), key})
	}
	password := r.PostForm.Get("password")
	if password != r.PostForm.Get("again") {
		return again("invitation.differ")
	}
	err = c.users.accept(r.Context(), addrOf(r), user, hash, password)
	if key := passwordProblem(err); key != "" {
		return again(key)
	}
	switch {
	case errors.Is(err, ErrInvitation):
		http.Redirect(w, r, "/invitation", http.StatusSeeOther)
		return nil
	case err != nil:
		return err
	}
	if err := c.sessions.Destroy(r.Context()); err != nil {
		return fmt.Errorf("invitation: %w", err)
	}
	http.Redirect(w, r, "/signin", http.StatusSeeOther)
	return nil
}
