package practice_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"canhgiac/internal/audit"
	"canhgiac/internal/postgres/pgtest"
	"canhgiac/internal/practice"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func in(t *testing.T, db *sql.DB, do func(tx *sql.Tx) error) error {
	t.Helper()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

func one[T any](t *testing.T, db *sql.DB, query string) (v T) {
	t.Helper()
	if err := db.QueryRow(query).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}

func TestPracticeHasTablesOfItsOwnAndLeavesNothingButTheAuditLog(t *testing.T) {
	real := pgtest.New(t)
	ctx := context.Background()
	s := practice.NewStore(real, time.Now)
	begin := func() error {
		return in(t, real, func(tx *sql.Tx) error { return s.Begin(ctx, tx, "lan") })
	}
	if err := begin(); err != nil {
		t.Fatal(err)
	}
	if err := begin(); !errors.Is(err, practice.ErrBegun) {
		t.Errorf("begin twice: %v", err)
	}
	db := pgtest.Beside(t, real, practice.Open)
	const units = `insert into units (kind, name, fold, valid_from) values ('ward', 'Tập huấn', 'tap huan', '2026-01-01')`
	if _, err := db.Exec(units); err != nil {
		t.Fatal(err)
	}
	if n := one[int](t, real, `select count(*) from units`); n != 0 {
		t.Errorf("the real ward has %d units of practice", n)
	}
	if err := audit.Write(ctx, db, audit.Entry{At: time.Now(), Who: "lan", Act: "report.read", Object: "report:1"}); err != nil {
		t.Fatal(err)
	}
	if got := one[string](t, real, `select object from audit_log`); got != "practice/report:1" {
		t.Errorf("the audit log says %q", got)
	}
	if acts, err := s.Acts(ctx); err != nil || !acts.By("lan", "report.read") || acts.ByAnother("lan", "report.read") || !acts.ByAnother("an", "report.read") {
		t.Errorf("acts: %v, %v", acts, err)
	}
	if err := audit.Write(ctx, real, audit.Entry{At: time.Now(), Who: "lan", Act: "report.note", Object: "report:2"}); err != nil {
		t.Fatal(err)
	}
	if acts, err := s.Acts(ctx); err != nil || acts.By("lan", "report.note") {
		t.Errorf("a real act counts as practised: %v, %v", acts, err)
	}

	if err := in(t, real, func(tx *sql.Tx) error { return s.End(ctx, tx) }); err != nil {
		t.Fatal(err)
	}
	if n := one[int](t, real, `select count(*) from practice.units`); n != 0 {
		t.Errorf("%d units are left behind", n)
	}
	if _, err := real.Exec(strings.Replace(units, "Tập huấn", "Thanh Khê", 1)); err != nil {
		t.Fatal(err)
	}
	if n := one[int](t, db, `select count(*) from units`); n != 0 {
		t.Error("whoever still practises after the end finds the real ward")
	}
	if n := one[int](t, real, `select (select count(*) from practice.acts) + (select count(*) from practice.state)`); n != 0 {
		t.Errorf("%d rows left of what was practised", n)
	}
	if n := one[int](t, real, `select count(*) from audit_log`); n != 2 {
		t.Errorf("the audit log has %d rows", n)
	}
	if is, err := s.Begun(ctx); is || err != nil {
		t.Errorf("begun after the end: %v, %v", is, err)
	}
}

// A view, or a table with children, would be the real one in practice.
func TestWhatPracticeSharesWithTheRealIsOnlyAccountsJobsAndTheAuditLog(t *testing.T) {
	db := pgtest.New(t)
	s := practice.NewStore(db, time.Now)
	if err := in(t, db, func(tx *sql.Tx) error { return s.Begin(context.Background(), tx, "lan") }); err != nil {
		t.Fatal(err)
	}
	rows, err := db.Query(`select relname from pg_class c where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')
		and not exists (select from pg_class p where p.relnamespace = 'practice'::regnamespace and p.relname = c.relname)`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	shared := 0
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		shared++
		// The jobs of practice are of kinds of their own, since one runner serves both.
		if !slices.Contains([]string{"audit_log", "goose_db_version", "jobs", "job_inputs", "job_outputs"}, name) && !strings.HasPrefix(name, "console_") {
			t.Errorf("practice would use the real %s", name)
		}
	}
	if shared < 4 {
		t.Errorf("only %d tables are shared", shared)
	}
	if n := one[int](t, db, `select count(*) from pg_trigger g join pg_class c on c.oid = g.tgrelid where c.relnamespace = 'practice'::regnamespace and tgname like '%append_only'`); n < 2 {
		t.Errorf("practice has %d append-only triggers", n)
	}
	if _, err := db.Exec(`update goose_db_version set version_id = version_id + 1 where version_id = (select max(version_id) from goose_db_version)`); err != nil {
		t.Fatal(err)
	}
	if is, err := s.Begun(context.Background()); is || err != nil {
		t.Errorf("tables of an older version are still in use: %v, %v", is, err)
	}
	if err := in(t, db, func(tx *sql.Tx) error { return s.Begin(context.Background(), tx, "lan") }); err != nil {
		t.Errorf("begin over what an older version left: %v", err)
	}
}
