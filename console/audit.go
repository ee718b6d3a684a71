package console

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"

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

// within runs an act together with its audit row.
func (c *Console) within(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := c.DB.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin an act: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := do(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("end an act: %w", err)
	}
	return nil
}

func (c *Console) auditPages(r *mux.Router) {
	c.page(r, "GET", "/audit", []Role{Operator}, c.auditList)
	c.page(r, "POST", "/audit/export", []Role{Operator}, c.auditExportStart)
	c.addNav("/audit", "nav.audit", Operator)
	c.addWay("/audit", "nav.audit", "home.audit", nil, Operator)
}
