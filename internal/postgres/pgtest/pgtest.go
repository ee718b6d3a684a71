// Package pgtest gives each test a real PostgreSQL database of its own, already migrated.
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
//	func TestX(t *testing.T)    { db := pgtest.New(t) }
package pgtest

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	"canhgiac/internal/postgres"
	"canhgiac/migrations"
)

const template = "canhgiac" // migrated once; every test's database is a copy of it

// server is set by Main before any test runs and never changed after.
var (
	server *postgres.Server
	serial atomic.Int64
)

// Main runs the package's tests with a private server beside them, and removes it afterwards.
func Main(m *testing.M) int {
	dir, err := os.MkdirTemp("", "cgtest")
	if err != nil {
		return fail(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil { // the server may run as another user
		return fail(err)
	}
	ctx := context.Background()
	server, err = postgres.Start(ctx, postgres.Options{Dir: dir + "/pg", NoSync: true})
	if err != nil {
		return fail(err)
	}
	defer func() { _ = server.Stop() }()
	db, err := sql.Open("postgres", server.URL())
	if err != nil {
		return fail(err)
	}
	if err := migrations.Up(ctx, db); err != nil {
		return fail(err)
	}
	if err := db.Close(); err != nil { // a template with a session open cannot be copied
		return fail(err)
	}
	return m.Run()
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, "pgtest:", err)
	return 1
}

// URL makes a fresh, migrated database and gives its connection string, for tests that start the program itself.
func URL(t testing.TB) string { return create(t, template) }

// EmptyURL is URL without the migrations.
func EmptyURL(t testing.TB) string { return create(t, "template0") }

func create(t testing.TB, template string) string {
	t.Helper()
	if server == nil {
		t.Fatal("pgtest: the package has no TestMain that calls pgtest.Main")
	}
	admin, err := sql.Open("postgres", server.DatabaseURL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	name := fmt.Sprintf("test_%d", serial.Add(1))
	if _, err := admin.Exec(fmt.Sprintf(`create database %s template %s`, name, template)); err != nil {
		t.Fatalf("create the test's database: %v", err)
	}
	return server.DatabaseURL(name)
}

// Beside opens db's database once more, by open; it is closed when the test ends.
func Beside(t testing.TB, db *sql.DB, open func(url string) (*sql.DB, error)) *sql.DB {
	t.Helper()
	var name string
	if err := db.QueryRow(`select current_database()`).Scan(&name); err != nil {
		t.Fatal(err)
	}
	beside, err := open(server.DatabaseURL(name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = beside.Close() })
	return beside
}

// New opens a fresh, migrated database that is closed when the test ends.
func New(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", URL(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
