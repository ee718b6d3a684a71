// Package practice keeps the tables of a ward to practise on: like the real ones, in a schema of their own. A pool from Open
// finds them in place of the real ones, and finds the real ones of what both share: accounts and the audit log.
package practice

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"canhgiac/internal/postgres"
)

// ErrBegun: somebody has begun already.
var ErrBegun = errors.New("there is practice data already")

// searchPath: what practice does not have is the real one.
const searchPath = "practice,public"

// Open gives a pool over the database of address that sees the practice tables. It holds few connections, and none for long.
func Open(address string) (*sql.DB, error) {
	db, err := postgres.Open(withPath(address))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(6)
	db.SetMaxIdleConns(1)
	db.SetConnMaxIdleTime(time.Minute)
	return db, nil
}

// withPath writes the search path into an address in either of PostgreSQL's forms.
func withPath(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "" {
		return strings.TrimSpace(address) + " search_path=" + searchPath
	}
	q := u.Query()
	q.Set("search_path", searchPath)
	u.RawQuery = q.Encode()
	return u.String()
}

// Store makes the tables and removes them.
type Store struct {
	db  *sql.DB
	now func() time.Time
}

// NewStore takes the pool of the real tables.
func NewStore(db *sql.DB, now func() time.Time) *Store { return &Store{db, now} }

// shared are the real tables that practice sees: who somebody is, what they did, and what they have running.
const shared = `(tablename like 'console\_%' or tablename in ('audit_log', 'goose_db_version', 'jobs', 'job_inputs', 'job_outputs'))`

// cloneSQL: foreign keys are left out, since nothing there outlives the whole. Triggers come along: they refuse changes and
// keep tallies there as here.
const cloneSQL = `
do $$
declare
  t text;
  d text;
begin
  for t in select tablename from pg_tables where schemaname = 'public' and not ` + shared + ` loop
    execute format('create table practice.%1$I (like public.%1$I including all)', t);
  end loop;
  for t, d in
    select c.relname, pg_get_triggerdef(g.oid) from pg_trigger g join pg_class c on c.oid = g.tgrelid
    where c.relnamespace = 'public'::regnamespace and not g.tgisinternal
    and exists (select from pg_tables p where p.schemaname = 'practice' and p.tablename = c.relname)
  loop
    execute replace(d, format(' ON public.%I ', t), format(' ON practice.%I ', t));
  end loop;
end $$`

// dropSQL goes before cloneSQL in one transaction. From the first beginning on, the tables always stand: where one was missing,
// what is under way in the practice pool would find the real one by the same name.
const dropSQL = `
do $$
declare
  t text;
begin
  for t in select tablename from pg_tables where schemaname = 'practice' and tablename not in ('state', 'acts') loop
    execute format('drop table practice.%I cascade', t);
  end loop;
end $$`

const forgetSQL = `delete from practice.acts`

const endStateSQL = `delete from practice.state`

// lockSQL: one begins or ends at a time.
const lockSQL = `select pg_advisory_xact_lock(4230, 0)`

const beginStateSQL = `insert into practice.state (schema_version, begun_at, begun_by)
select max(version_id), $1, $2 from public.goose_db_version`

const begunSQL = `select exists (select from practice.state where schema_version = (select max(version_id) from public.goose_db_version))`

type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func begun(ctx context.Context, q queryer) (is bool, err error) {
	if err := q.QueryRowContext(ctx, begunSQL).Scan(&is); err != nil {
		return false, fmt.Errorf("ask whether practice has begun: %w", err)
	}
	return is, nil
}

// Begun says whether there is practice data of this version of the program.
func (s *Store) Begun(ctx context.Context) (bool, error) { return begun(ctx, s.db) }

// Begin makes the tables, empty.
func (s *Store) Begin(ctx context.Context, tx *sql.Tx, by string) error {
	if _, err := tx.ExecContext(ctx, lockSQL); err != nil {
		return fmt.Errorf("begin practice: %w", err)
	}
	switch is, err := begun(ctx, tx); {
	case err != nil:
		return err
	case is:
		return ErrBegun
	}
	for _, q := range []string{dropSQL, forgetSQL, endStateSQL, cloneSQL} {
		if _, err := tx.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("begin practice: %w", err)
		}
	}
	if _, err := tx.ExecContext(ctx, beginStateSQL, s.now().UTC(), by); err != nil {
		return fmt.Errorf("begin practice: %w", err)
	}
	return nil
}

// Enter lets the rest of tx see the practice tables in place of the real ones.
func (s *Store) Enter(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, `set local search_path = `+searchPath); err != nil {
		return fmt.Errorf("enter practice: %w", err)
	}
	return nil
}

// End removes everything but what the audit log says of it; empty tables stay. Nothing to remove is no error.
func (s *Store) End(ctx context.Context, tx *sql.Tx) error {
	for _, q := range []string{lockSQL, dropSQL, cloneSQL, forgetSQL, endStateSQL} {
		if _, err := tx.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("end practice: %w", err)
		}
	}
	return nil
}

const actsSQL = `select who, act from practice.acts group by who, act`

// Acts is what was done since practice began: act, then by whom.
type Acts map[string]map[string]bool

// Acts reads them.
func (s *Store) Acts(ctx context.Context) (Acts, error) {
	rows, err := s.db.QueryContext(ctx, actsSQL)
	if err != nil {
		return nil, fmt.Errorf("read what was practised: %w", err)
	}
	defer rows.Close()
	all := Acts{}
	for rows.Next() {
		var who, act string
		if err := rows.Scan(&who, &act); err != nil {
			return nil, fmt.Errorf("read what was practised: %w", err)
		}
		if all[act] == nil {
			all[act] = map[string]bool{}
		}
		all[act][who] = true
	}
	return all, rows.Err()
}

// By says whether who did act.
func (a Acts) By(who, act string) bool { return a[act][who] }

// ByAnother says whether somebody else did.
func (a Acts) ByAnother(who, act string) bool {
	for w := range a[act] {
		if w != who {
			return true
		}
	}
	return false
}
