package pgtest

import (
	"database/sql"
	"sync"
	"testing"
)

// shared is the one database of Shared. It lives as long as the server.
var shared struct {
	sync.Mutex
	db *sql.DB
}

// emptySQL: tables without rows are left alone, since truncating costs a file each. As a replica no trigger fires, so
// that what may never be removed is removed all the same. A row that was rolled back has left its number behind: sequences
// begin again whether or not their tables have rows.
const emptySQL = `
set local session_replication_role = replica;
do $$
declare
  name text;
  filled boolean;
  full_ones text[] := '{}';
begin
  for name in select quote_ident(tablename) from pg_tables where schemaname = 'public' and tablename <> 'goose_db_version' loop
    execute 'select exists (select from ' || name || ')' into filled;
    if filled then
      full_ones := full_ones || name;
    end if;
  end loop;
  if full_ones <> '{}' then
    execute 'truncate ' || array_to_string(full_ones, ', ') || ' restart identity cascade';
  end if;
  perform setval(format('%I.%I', schemaname, sequencename), start_value, false) from pg_sequences
  where schemaname = 'public' and last_value is not null and sequencename not like 'goose%';
end $$`

// Shared gives the package's one shared database, emptied, to the test alone until it ends. Emptying costs a tenth of
// making one; New is for tests that run beside others, stop the server, or change the tables.
func Shared(t testing.TB) *sql.DB {
	t.Helper()
	shared.Lock()
	t.Cleanup(shared.Unlock)
	if shared.db == nil {
		db, err := sql.Open("postgres", URL(t))
		if err != nil {
			t.Fatal(err)
		}
		shared.db = db
	}
	tx, err := shared.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(t.Context(), emptySQL); err != nil {
		t.Fatalf("empty the shared database: %v", err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	return shared.db
}
