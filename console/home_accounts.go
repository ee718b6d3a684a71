package console

import (
	"fmt"
	"net/http"
	"time"

	"github.com/lib/pq"
)

// accountNews is how long a change of an account is told at home, and how many of them.
const (
	accountNews     = 14 * 24 * time.Hour
	accountNewsMost = 5
)

// accountNewsActs are the acts after which somebody else may sign in as a colleague.
var accountNewsActs = pq.Array([]string{"user.invite", "user.add", "user.change", "user.reset", "user.password", "user.enable", "user.factor_reset"})

// accountHome tells police and ward of each account of theirs that an operator made, opened or gave a new code. An operator
// could otherwise invite a second account for themself and read reports by it unseen. A ward of one operator and one policeman
// has nobody to confirm an account, and must let a colleague in at night: so it is not held back, but told to those whose
// reports and people it opens.
func (c *Console) accountHome() {
	c.addSection(section{name: "accounts", order: homeSoon, roles: []Role{Ward, Police}, load: c.homeAccounts, shown: func(r *http.Request) (bool, error) {
		news, err := c.accountNews(r)
		return len(news) > 0, err
	}})
}

type accountNote struct {
	At           time.Time
	By, ByRole   string
	Act          string
	Name, Detail string
	SignInName   string
}

// accountNewsSQL also finds who was given the role and lost it again. The index of acts holds its rows by time.
const accountNewsSQL = `
select a.at, a.who, a.role, a.act, coalesce(nullif(u.full_name, ''), u.name), u.name, a.detail
from audit_log a join console_users u on a.object = 'user:' || u.name
where a.act = any($1) and a.at > $2 and u.id <> $4 and a.who <> u.name
  and (u.role = $3 or a.detail ~ ('(^|; )role: [^;]*\m' || $3 || '\M'))
order by a.at desc limit $5`

func (c *Console) accountNews(r *http.Request) ([]accountNote, error) {
	user := userOf(r)
	rows, err := c.DB.QueryContext(r.Context(), accountNewsSQL, accountNewsActs, c.Now().Add(-accountNews).UTC(), string(user.Role), user.ID, accountNewsMost)
	if err != nil {
		return nil, fmt.Errorf("changes of accounts: %w", err)
	}
	defer rows.Close()
	var all []accountNote
	words := c.catalogs[c.langOf(r)]
	for rows.Next() {
		var n accountNote
		if err := rows.Scan(&n.At, &n.By, &n.ByRole, &n.Act, &n.Name, &n.SignInName, &n.Detail); err != nil {
			return nil, fmt.Errorf("changes of accounts: %w", err)
		}
		n.Detail = words.auditDetail(n.Act, n.Detail)
		all = append(all, n)
	}
	return all, rows.Err()
}

func (c *Console) homeAccounts(r *http.Request) (any, error) { return c.accountNews(r) }
