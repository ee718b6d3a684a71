package console

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"
)

// newSessions: one sign-in lasts for life, a duty shift. A screen that nobody touches is locked before, and its session
// goes on, because the desk must still ring at three in the morning.
func newSessions(db *sql.DB, now func() time.Time, life time.Duration, secure bool, fail func(http.ResponseWriter, *http.Request, error)) *scs.SessionManager {
	m := scs.New()
	m.Store = sessionStore{db, now}
	m.Lifetime = life
	m.HashTokenInStore = true
	m.Cookie.Name = "canhgiac"
	m.Cookie.HttpOnly = true
	m.Cookie.SameSite = http.SameSiteLaxMode
	m.Cookie.Secure = secure
	m.Cookie.Persist = false // closing the browser on a shared machine ends it
	if secure {
		m.Cookie.Name = "__Host-canhgiac"
	}
	m.ErrorFunc = fail
	return m
}

// sessionStore keeps sessions in PostgreSQL, so that any node may answer. Times are the program's clock, not the server's.
type sessionStore struct {
	db  *sql.DB
	now func() time.Time
}

var _ scs.CtxStore = sessionStore{}

const findSessionSQL = `select data from console_sessions where token = $1 and expiry > $2`

func (s sessionStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	var data []byte
	err := s.db.QueryRowContext(ctx, findSessionSQL, token, s.now().UTC()).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil // as scs wants it
	}
	return data, err == nil, err
}

// commitSessionSQL also sweeps what has ended: as often as sessions are written, so it is never much.
const commitSessionSQL = `
with swept as (delete from console_sessions where expiry <= $4 and token <> $1)
insert into console_sessions (token, data, expiry) values ($1, $2, $3)
on conflict (token) do update set data = excluded.data, expiry = excluded.expiry`

func (s sessionStore) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	_, err := s.db.ExecContext(ctx, commitSessionSQL, token, data, expiry.UTC(), s.now().UTC())
	return err
}

const deleteSessionSQL = `delete from console_sessions where token = $1`

func (s sessionStore) DeleteCtx(ctx context.Context, token string) error {
	_, err := s.db.ExecContext(ctx, deleteSessionSQL, token)
	return err
}

// scs asks for the three without a context as well, and never calls them when those with one are there.

func (s sessionStore) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

func (s sessionStore) Commit(token string, data []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expiry)
}

func (s sessionStore) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }
