package main

import (
	"context"
	"database/sql/driver"
	"sync/atomic"

	"canhgiac/internal/postgres"
)

// statements counts what a pool asks the database: a page that asks fifteen things is slow on a busy server, however quick
// each of them is.
type statements struct {
	driver.Connector
	asked atomic.Int64
}

func (s *statements) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := s.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return countedConn{c.(postgres.Conn), &s.asked}, nil
}

type countedConn struct {
	postgres.Conn
	asked *atomic.Int64
}

func (c countedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.asked.Add(1)
	return c.Conn.QueryContext(ctx, query, args)
}

func (c countedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.asked.Add(1)
	return c.Conn.ExecContext(ctx, query, args)
}
