package console

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lib/pq"

	"canhgiac/residents"
)

// accountsSQL: the first of the cases that holds is the state.
const accountsSQL = `
select u.id, u.name, u.full_name, u.role, coalesce(u.unit_id, 0), coalesce(n.name, ''), coalesce(u.signed_in_at, '0001-01-01'),
  coalesce(i.made_by, ''), coalesce(i.expires_at, '0001-01-01'),
  case when u.disabled_at is not null then 'disabled' when u.password <> '' then 'active' when i.expires_at > $1 then 'invited' else 'expired' end as state,
  exists (select from console_factors f where f.user_id = u.id),
  (select count(*) from console_signins s where s.user_id = u.id and s.created_at > $3 and s.stage <> 'factor'
     and u.disabled_at is null and u.password <> '' and s.proof = encode(sha256(u.password::bytea), 'hex'))
from console_users u left join units n on n.id = u.unit_id left join console_invitations i on i.user_id = u.id
where u.id = any($2)
order by array_position($2, u.id)`

// accounts gives those of ids that there are, in their order; life is how long a session lasts.
func (u *Users) accounts(ctx context.Context, ids []int64, life time.Duration) ([]Account, error) {
	rows, err := u.db.QueryContext(ctx, accountsSQL, u.now().UTC(), pq.Array(ids), u.now().UTC().Add(-life))
	if err != nil {
		return nil, fmt.Errorf("accounts: %w", err)
	}
	defer rows.Close()
	var all []Account
	for rows.Next() {
		var a Account
		if err := rows.Scan(&a.ID, &a.Name, &a.FullName, &a.Role, &a.UnitID, &a.UnitName, &a.SignedInAt, &a.InvitedBy, &a.InvitedUntil, &a.State, &a.Factor, &a.Sessions); err != nil {
			return nil, fmt.Errorf("accounts: %w", err)
		}
		a.Disabled = a.State == "disabled"
		all = append(all, a)
	}
	return all, rows.Err()
}

const accountsPerPage = 50

type accountListData struct {
	Text       string // part of a name that was asked for
	Rows       []Account
	Many       bool // more than one page without a search: there is something to look for
	From, To   int  // places of the first and last row shown, from 1
	Total      int
	Prev, Next string
}

// accountList reads everybody's names and no more to choose a page by them: a name is found with diacritics or without,
// and a ward has a thousand accounts at the most.
func (c *Console) accountList(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	d := accountListData{Text: strings.TrimSpace(q.Get("q"))}
	page := 1
	if q.Get("page") != "" {
		var err error
		if page, err = strconv.Atoi(q.Get("page")); err != nil || page < 1 || page > 1_000_000 {
			return errBadForm
		}
	}
	found, err := c.users.List(r.Context())
	if err != nil {
		return err
	}
	d.Many = len(found) > accountsPerPage
	if part := residents.Fold(d.Text); part != "" {
		found = slices.DeleteFunc(found, func(u User) bool {
			return !strings.Contains(u.Name, part) && !strings.Contains(residents.Fold(u.FullName), part)
		})
	}
	d.Total = len(found)
	begin, end := min((page-1)*accountsPerPage, d.Total), min(page*accountsPerPage, d.Total)
	d.From, d.To = begin+1, end
	var ids []int64
	for _, u := range found[begin:end] {
		ids = append(ids, u.ID)
	}
	if d.Rows, err = c.users.accounts(r.Context(), ids, c.Session); err != nil {
		return err
	}
	address := func(page int) string {
		v := url.Values{"page": {strconv.Itoa(page)}}
		if d.Text != "" {
			v.Set("q", d.Text)
		}
		return "/users?" + v.Encode()
	}
	if page > 1 {
		d.Prev = address(page - 1)
	}
	if end < d.Total {
		d.Next = address(page + 1)
	}
	return c.render(w, r, "users", d)
}
