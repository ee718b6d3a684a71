package gateway

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
)

// hotSettingsSQL keeps the planner from what it did in measurements: 217 of 263 ms of a claim went into JIT, and a plan
// made while a table was small took 12 s over 500 receipts. Every statement of the hot path finds its rows by index;
// those that go through a list of ids say so by = any or a lateral limit, so that no plan can put the table outside the list.
// A node that vanishes in the middle of a transaction, its socket open, must not keep its locks from the others.
const hotSettingsSQL = `
set plan_cache_mode = force_generic_plan; set jit = off;
set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off;
set idle_in_transaction_session_timeout = '10s'`

// hot is one connection with its statements prepared, for one goroutine at a time. It stays out of the pool, since its
// settings would spoil the pool's other users.
type hot struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

func openHot(ctx context.Context, db *sql.DB) (*hot, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("open a connection for the queue: %w", err)
	}
	h := &hot{conn: conn, stmts: map[string]*sql.Stmt{}}
	if _, err := conn.ExecContext(ctx, hotSettingsSQL); err != nil {
		h.drop()
		return nil, fmt.Errorf("set up a connection for the queue: %w", err)
	}
	return h, nil
}

// drop closes the connection for good. lib/pq v1.12.3 can leave one poisoned after an error that came with a lost socket:
// every later query fails with "already a query being processed", so that no connection that saw an error is used again.
func (h *hot) drop() {
	_ = h.conn.Raw(func(any) error { return driver.ErrBadConn })
	_ = h.conn.Close()
}

func (h *hot) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	if st, ok := h.stmts[query]; ok {
		return st, nil
	}
	st, err := h.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	h.stmts[query] = st
	return st, nil
}

func (h *hot) exec(ctx context.Context, query string, args ...any) error {
	st, err := h.prepared(ctx, query)
	if err != nil {
		return err
	}
	_, err = st.ExecContext(ctx, args...)
	return err
}

// each runs query and calls row for every row that it gives.
func (h *hot) each(ctx context.Context, query string, row func(scan func(...any) error) error, args ...any) error {
	st, err := h.prepared(ctx, query)
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// errUncertain says that a commit got no answer: what it was to store may be stored.
var errUncertain = errors.New("no answer to a commit")

// transact runs work between begin and commit. sql.Tx would prepare each statement anew. After an error the connection is
// dropped by its holder, which also rolls back, unless the error is errUncertain.
func (h *hot) transact(ctx context.Context, work func() error) error {
	if _, err := h.conn.ExecContext(ctx, "begin"); err != nil {
		return err
	}
	if err := work(); err != nil {
		return err
	}
	if _, err := h.conn.ExecContext(ctx, "commit"); err != nil {
		return fmt.Errorf("%w: %w", errUncertain, err)
	}
	return nil
}

// hotPool shares a few hot connections among the workers of all carriers.
type hotPool struct {
	db   *sql.DB
	free chan *hot // a nil stands for one that is yet to be opened
}

func newHotPool(db *sql.DB, size int) *hotPool {
	p := &hotPool{db: db, free: make(chan *hot, size)}
	for range size {
		p.free <- nil
	}
	return p
}

// do lends a connection to work; after an error it is not used again.
func (p *hotPool) do(ctx context.Context, work func(h *hot) error) error {
	var h *hot
	select {
	case h = <-p.free:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { p.free <- h }()
	if h == nil {
		opened, err := openHot(ctx, p.db)
		if err != nil {
			return err
		}
		h = opened
	}
	if err := work(h); err != nil {
		h.drop()
		h = nil
		return err
	}
	return nil
}

// close drops what is idle; nobody may use the pool any more.
func (p *hotPool) close() {
	for range cap(p.free) {
		if h := <-p.free; h != nil {
			h.drop()
		}
	}
}
