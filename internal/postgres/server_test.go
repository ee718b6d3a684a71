package postgres_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"canhgiac/internal/postgres"
)

// folder gives a place that a server which had to step down from root can reach.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "cgpg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "pg")
}

func start(t *testing.T, dir string) *postgres.Server {
	t.Helper()
	s, err := postgres.Start(context.Background(), postgres.Options{Dir: dir, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func exec(t *testing.T, s *postgres.Server, query string) {
	t.Helper()
	db, err := sql.Open("postgres", s.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(query); err != nil {
		t.Fatal(err)
	}
}

func TestDataOutlivesAStop(t *testing.T) {
	dir := folder(t)
	s := start(t, dir)
	exec(t, s, `create table kept (n int)`)
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	exec(t, start(t, dir), `insert into kept values (1)`)
}

func TestAStalePidOfAnotherProgramDoesNotStopTheStart(t *testing.T) {
	dir := folder(t)
	s := start(t, dir)
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	// A pid file left by a kill -9, whose number now belongs to this test program.
	stale := strings.Join([]string{strconv.Itoa(os.Getpid()), dir + "/data", "1", "5432", dir, "", "", "ready"}, "\n")
	if err := os.WriteFile(dir+"/data/postmaster.pid", []byte(stale), 0o600); err != nil {
		t.Fatal(err)
	}
	exec(t, start(t, dir), `select 1`)
}

func TestALiveOrphanIsAdopted(t *testing.T) {
	dir := folder(t)
	first := start(t, dir)
	exec(t, first, `create table kept (n int)`)
	second := start(t, dir)
	exec(t, second, `insert into kept values (1)`)
}

func TestAnotherVersionsDataIsRefusedAndKept(t *testing.T) {
	dir := folder(t)
	s := start(t, dir)
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	version := dir + "/data/PG_VERSION"
	if err := os.WriteFile(version, []byte("9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := postgres.Start(context.Background(), postgres.Options{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "was made by PostgreSQL 9") {
		t.Fatalf("want a refusal that names the version, got %v", err)
	}
	if _, err := os.Stat(dir + "/data/base"); err != nil {
		t.Fatal("the data folder must be left as it was")
	}
}

func TestALongPathGetsAShortSocket(t *testing.T) {
	dir := filepath.Join(folder(t), strings.Repeat("long/", 25), "pg")
	exec(t, start(t, dir), `select 1`)
}
