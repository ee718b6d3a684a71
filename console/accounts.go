package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"canhgiac/residents"
)

// accountPages are the operator's: who may sign in, as what, for which part of the ward.
func (c *Console) accountPages(r *mux.Router) {
	c.accountHome()
	operator := []Role{Operator}
	c.page(r, "GET", "/users", operator, c.accountList)
	c.page(r, "GET", "/users/new", operator, c.accountNew)
	c.page(r, "POST", "/users/new", operator, c.accountInvite)
	c.page(r, "GET", "/users/{id:[0-9]+}", operator, c.accountShow)
	c.page(r, "POST", "/users/{id:[0-9]+}", operator, c.accountChange)
	c.page(r, "POST", "/users/{id:[0-9]+}/reset", operator, c.accountReset)
	for act := range accountActs {
		c.page(r, "POST", "/users/{id:[0-9]+}/"+act, operator, c.accountAct(act))
	}
	c.addNav("/users", "nav.users", Operator)
	c.addWay("/users", "nav.users", "home.users", nil, Operator)
	c.invitationPages(r)
}

// Account is a user as the operator sees them.
type Account struct {
	User
	UnitName     string
	State        string // active, invited, expired (invited, and the code has ended) or disabled
	SignedInAt   time.Time
	InvitedBy    string
	InvitedUntil time.Time
	Factor       bool // a second one is set up
	Sessions     int  // open now
}

// accountForm is what was typed, as it was typed.
type accountForm struct {
	Name string
	Standing
}

type accountData struct {
	Account
	Self     bool
	Form     accountForm
	Roles    []Role
	Groups   []residents.Unit
	Problems map[string]string // by field, "" for the whole form: keys
}

func readAccountForm(r *http.Request) (accountForm, error) {
	if err := r.ParseForm(); err != nil {
		return accountForm{}, errBadForm
	}
	p := r.PostForm
	f := accountForm{Name: p.Get("name"), Standing: Standing{FullName: p.Get("full_name"), Role: Role(p.Get("role"))}}
	if p.Get("unit") != "" {
		unit, err := strconv.ParseInt(p.Get("unit"), 10, 64)
		if err != nil {
			return f, errBadForm
		}
		f.UnitID = unit
	}
	return f, nil
}

// accountProblem puts what was refused beside its field; nil for what is none of the user's.
func accountProblem(err error) map[string]string {
	for _, p := range []struct {
		err        error
		field, key string
	}{
		{ErrUserName, "name", "users.problem.name"}, {ErrTaken, "name", "users.problem.taken"},
		{ErrFullName, "full_name", "users.problem.full_name"}, {ErrUserRole, "role", "users.problem.role"},
		{ErrUserUnit, "unit", "users.problem.unit"}, {ErrLastOperator, "", "users.problem.last_operator"},
		{ErrSelf, "", "users.problem.self"}, {ErrDisabled, "", "users.problem.disabled"},
		{ErrInvitation, "", "users.problem.no_invitation"}, {ErrNoFactor, "", "users.problem.no_factor"},
	} {
		if errors.Is(err, p.err) {
			return map[string]string{p.field: p.key}
		}
	}
	return nil
}

func actorOf(r *http.Request) Actor {
	user := userOf(r)
	return Actor{user.ID, user.Name, user.Role, addrOf(r)}
}

// accountPage shows one account; with problems, what was typed stands in its form.
func (c *Console) accountPage(w http.ResponseWriter, r *http.Request, status int, id int64, f *accountForm, problems map[string]string) error {
	found, err := c.users.accounts(r.Context(), []int64{id}, c.Session)
	if err != nil {
		return err
	}
	if id == 0 || len(found) == 0 {
		return errNoPage
	}
	d := accountData{Account: found[0], Self: id == userOf(r).ID, Roles: everyone, Problems: problems}
	d.Form = accountForm{d.Name, Standing{d.FullName, d.Role, d.UnitID}}
	if f != nil {
		d.Form.Standing = f.Standing
	}
	if d.Groups, err = c.groups(r.Context()); err != nil {
		return err
	}
	return c.renderStatus(w, r, status, "user", d)
}

// groups are the ward's groups; none before a ward is loaded.
func (c *Console) groups(ctx context.Context) ([]residents.Unit, error) {
	ward, err := c.Residents.Ward(ctx)
	if errors.Is(err, residents.ErrNoWard) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return c.Residents.Groups(ctx, ward.ID)
}

func (c *Console) accountShow(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	return c.accountPage(w, r, http.StatusOK, id, nil, nil)
}

func (c *Console) accountChange(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	f, err := readAccountForm(r)
	if err != nil {
		return err
	}
	return c.accountAfter(w, r, id, &f, "users.did.change", c.users.Change(r.Context(), actorOf(r), id, f.Standing))
}

// accountAfter comes back to the account, or to the form with what was wrong in it.
func (c *Console) accountAfter(w http.ResponseWriter, r *http.Request, id int64, f *accountForm, did string, err error) error {
	if problems := accountProblem(err); problems != nil {
		return c.accountPage(w, r, http.StatusUnprocessableEntity, id, f, problems)
	}
	if errors.Is(err, ErrNoUser) {
		return errNoPage
	}
	if err != nil {
		return err
	}
	return c.done(w, r, did, fmt.Sprintf("/users/%d", id))
}

// accountActs are the acts that are one button, each with its reason where one is asked for.
var accountActs = map[string]struct {
	do     func(u *Users, ctx context.Context, by Actor, id int64, reason string) error
	reason bool
	did    string
}{
	"disable": {(*Users).Disable, true, "users.did.disable"},
	"enable":  {(*Users).Enable, true, "users.did.enable"},
	"factor":  {(*Users).DropFactor, true, "users.did.factor"},
	"end":     {(*Users).EndSessions, true, "users.did.end"},
	"uninvite": {func(u *Users, ctx context.Context, by Actor, id int64, _ string) error {
		return u.Uninvite(ctx, by, id)
	},
		false, "users.did.uninvite"},
}

func (c *Console) accountAct(name string) handler {
	act := accountActs[name]
	return func(w http.ResponseWriter, r *http.Request) error {
		id, err := pathID(r)
		if err != nil {
			return err
		}
		reason, ok := reasonOf(r)
		if act.reason && !ok {
			return c.accountPage(w, r, http.StatusUnprocessableEntity, id, nil, map[string]string{"": "error.reason"})
		}
		return c.accountAfter(w, r, id, nil, act.did, act.do(c.users, r.Context(), actorOf(r), id, reason))
	}
}

// reasonOf is the reason that a form gives; one of no words or of more than 300 letters is none.
func reasonOf(r *http.Request) (string, bool) {
	if err := r.ParseForm(); err != nil {
		return "", false
	}
	reason := strings.TrimSpace(r.PostForm.Get("reason"))
	n := len([]rune(reason))
	return reason, n > 0 && n <= 300
}
