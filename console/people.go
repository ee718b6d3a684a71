package console

import (
	"context"
	"fmt"

	"github.com/lib/pq"
)

// people are accounts by what their owners type at sign-in, which is what records keep.
type people map[string]string

// Of gives the name by which colleagues know who did something; what is no account, such as an API token, keeps its own.
func (p people) Of(name string) string {
	if full := p[name]; full != "" {
		return full
	}
	return name
}

// peopleSQL: where two are called the same, the sign-in name tells them apart.
const peopleSQL = `
select u.name, u.full_name || case when exists (select from console_users o where o.full_name = u.full_name and o.id <> u.id) then ' (' || u.name || ')' else '' end
from console_users u where u.name = any($1) and u.full_name <> ''`

// people finds the names of those who did something; "" among them is nobody.
func (u *Users) people(ctx context.Context, names ...string) (people, error) {
	rows, err := u.db.QueryContext(ctx, peopleSQL, pq.Array(names))
	if err != nil {
		return nil, fmt.Errorf("names of people: %w", err)
	}
	defer rows.Close()
	all := people{}
	for rows.Next() {
		var name, full string
		if err := rows.Scan(&name, &full); err != nil {
			return nil, fmt.Errorf("names of people: %w", err)
		}
		all[name] = full
	}
	return all, rows.Err()
}
