// Package audit appends who did what to whom, for the pages, the API and the commands alike.
package audit

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Entry is one act. It names things by id or code; phone numbers and report texts stay out of it.
type Entry struct {
	At     time.Time
	Who    string // user name, token name, or "command" for an act from the shell
	Role   string
	Act    string // dotted: report.read, campaign.approve, session.signin
	Object string // what it was done to: report:2608-0417, campaign:12
	Detail string // a reason given, or what changed
	Addr   string // the client's network address, empty for a command
}

// execer is a *sql.Tx where the act changes something, so that both stand or fall together, or a *sql.DB for a read.
type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

const writeSQL = `insert into audit_log (at, who, role, act, object, detail, addr) values ($1, $2, $3, $4, $5, $6, $7)`

// Write appends e. The table refuses update and delete.
func Write(ctx context.Context, x execer, e Entry) error {
	if _, err := x.ExecContext(ctx, writeSQL, e.At.UTC(), e.Who, e.Role, e.Act, e.Object, e.Detail, e.Addr); err != nil {
		return fmt.Errorf("audit %s of %s: %w", e.Act, e.Object, err)
	}
	return nil
}
