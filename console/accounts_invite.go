package console

import (
	"net/http"
	"strings"
	"time"
)

// codeData is the page that shows a code, once: the answer to the form that made it, kept nowhere.
type codeData struct {
	User
	Code    string
	Address string // where it is typed in
	Until   time.Time
}

func (c *Console) accountNew(w http.ResponseWriter, r *http.Request) error {
	return c.accountForm(w, r, http.StatusOK, accountForm{Standing: Standing{Role: Ward}}, nil)
}

func (c *Console) accountForm(w http.ResponseWriter, r *http.Request, status int, f accountForm, problems map[string]string) error {
	groups, err := c.groups(r.Context())
	if err != nil {
		return err
	}
	return c.renderStatus(w, r, status, "user_new", accountData{Form: f, Roles: everyone, Groups: groups, Problems: problems})
}

func (c *Console) accountInvite(w http.ResponseWriter, r *http.Request) error {
	f, err := readAccountForm(r)
	if err != nil {
		return err
	}
	user, code, err := c.users.Invite(r.Context(), actorOf(r), f.Name, f.Standing)
	if problems := accountProblem(err); problems != nil {
		return c.accountForm(w, r, http.StatusUnprocessableEntity, f, problems)
	}
	if err != nil {
		return err
	}
	return c.showCode(w, r, user, code)
}

// accountReset is for a lost code and for a forgotten password alike.
func (c *Console) accountReset(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	reason, ok := reasonOf(r)
	if !ok {
		return c.accountPage(w, r, http.StatusUnprocessableEntity, id, nil, map[string]string{"": "error.reason"})
	}
	code, err := c.users.Reset(r.Context(), actorOf(r), id, reason)
	if err != nil {
		return c.accountAfter(w, r, id, nil, "", err)
	}
	found, err := c.users.accounts(r.Context(), []int64{id}, c.Session)
	if err != nil || len(found) == 0 {
		return err
	}
	return c.showCode(w, r, found[0].User, code)
}

func (c *Console) showCode(w http.ResponseWriter, r *http.Request, user User, code string) error {
	return c.render(w, r, "user_code", codeData{user, code, strings.TrimSuffix(c.PublicURL, "/") + "/invitation", c.Now().Add(invitationLasts)})
}
