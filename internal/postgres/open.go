package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"

	"github.com/lib/pq"
)

// Open gives a pool over url that survives what lib/pq v1.12.3 does not: an ErrorResponse followed by a dropped socket
// leaves a connection on which every later query fails, and which the pool keeps handing out.
func Open(url string) (*sql.DB, error) {
	c, err := Connector(url)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(c), nil
}

// Connector makes the connections of such a pool.
func Connector(url string) (driver.Connector, error) {
	c, err := pq.NewConnector(url)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	return guard{c}, nil
}

// guard gives connections that tell the pool when they are poisoned.
type guard struct{ driver.Connector }

func (g guard) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := g.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return guarded{c.(Conn)}, nil
}

// Conn is all that database/sql asks of lib/pq's connections: whoever wraps one must not lose a part of it.
type Conn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
	driver.NamedValueChecker
}

type guarded struct{ Conn }

func (c guarded) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	rows, err := c.Conn.QueryContext(ctx, query, args)
	return rows, poisoned(err)
}

func (c guarded) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	res, err := c.Conn.ExecContext(ctx, query, args)
	return res, poisoned(err)
}

// poisoned is ErrBadConn for the error by which such a connection is known: the pool drops it and asks another one, which
// is safe, since nothing was sent. lib/pq does not export it.
func poisoned(err error) error {
	if err != nil && err.Error() == "pq: there is already a query being processed on this connection" {
		return driver.ErrBadConn
	}
	return err
}
