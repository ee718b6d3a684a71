package main

import (
	"context"
	"database/sql/driver"
	"sync/atomic"
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
	return countedConn{c.(fullConn), &s.asked}, nil
}

// fullConn is what database/sql asks of a connection that can do all.
type fullConn interface {
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

type countedConn struct {
	fullConn
	asked *atomic.Int64
}

func (c countedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.asked.Add(1)
	return c.fullConn.QueryContext(ctx, query, args)
}

func (c countedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.asked.Add(1)
	return c.fullConn.ExecContext(ctx, query, args)
}
