package console

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"canhgiac/internal/audit"
)

type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// audit writes who did what. tx is the act's own transaction where it changes something, or c.DB for a read. object is
// an id or code (campaign:12); phone numbers and texts stay out of both object and detail.
func (c *Console) audit(ctx context.Context, tx execer, r *http.Request, act, object, detail string) error {
	user := userOf(r)
	return c.audited(ctx, tx, audit.Entry{Who: user.Name, Role: string(user.Role), Act: act, Object: object, Detail: detail, Addr: addrOf(r)})
}

func (c *Console) audited(ctx context.Context, tx execer, e audit.Entry) error {
	e.At = c.Now()
	return audit.Write(ctx, tx, e)
}

func (c *Console) auditPages(r *mux.Router) {
	c.page(r, "GET", "/audit", []Role{Operator}, c.auditList)
	c.addNav("/audit", "nav.audit", Operator)
	c.addWay("/audit", "nav.audit", "home.audit", nil, Operator)
}

type auditRow struct {
	ID                                   int64
	At                                   time.Time
	Who, Role, Act, Object, Detail, Addr string
}

type auditData struct {
	Who, Act, Object string
	Rows             []auditRow
	Next             int64 // ask for rows before this id; 0 = these are the last
}

const auditPage = 100

// auditSQL goes by id, not by offset: new rows at the top do not shift what lies below.
const auditSQL = `
select id, at, who, role, act, object, detail, addr from audit_log
where ($1 = '' or who = $1) and ($2 = '' or act like $2 || '%') and ($3 = '' or object = $3 or object like $3 || ':%')
  and ($4 = 0 or id < $4)
order by id desc limit $5`

func (c *Console) auditList(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	d := auditData{Who: strings.TrimSpace(q.Get("who")), Act: strings.TrimSpace(q.Get("act")), Object: strings.TrimSpace(q.Get("object"))}
	before, err := strconv.ParseInt(q.Get("before"), 10, 64)
	if err != nil && q.Get("before") != "" {
		return errBadForm
	}
	escape := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace
	rows, err := c.DB.QueryContext(r.Context(), auditSQL, d.Who, escape(d.Act), d.Object, before, auditPage)
	if err != nil {
		return fmt.Errorf("audit page: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var a auditRow
		if err := rows.Scan(&a.ID, &a.At, &a.Who, &a.Role, &a.Act, &a.Object, &a.Detail, &a.Addr); err != nil {
			return fmt.Errorf("audit page: %w", err)
		}
		d.Rows = append(d.Rows, a)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("audit page: %w", err)
	}
	if len(d.Rows) == auditPage {
		d.Next = d.Rows[auditPage-1].ID
	}
	if err := c.audit(r.Context(), c.DB, r, "audit.read", "audit", ""); err != nil {
		return err
	}
	return c.render(w, r, "audit", d)
}
