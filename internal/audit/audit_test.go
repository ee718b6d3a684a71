package audit_test

import (
	"context"
	"os"
	"testing"
	"time"

	"canhgiac/internal/audit"
	"canhgiac/internal/postgres/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func TestAnActIsKeptAndCannotBeChanged(t *testing.T) {
	db := pgtest.New(t)
	at := time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC)
	if err := audit.Write(context.Background(), db, audit.Entry{At: at, Who: "lan", Role: "police", Act: "report.read", Object: "report:2608-0417"}); err != nil {
		t.Fatal(err)
	}
	for _, change := range []string{`update audit_log set who = 'x'`, `delete from audit_log`, `truncate audit_log`} {
		if _, err := db.Exec(change); err == nil {
			t.Errorf("%s went through", change)
		}
	}
	var who string
	if err := db.QueryRow(`select who from audit_log`).Scan(&who); err != nil || who != "lan" {
		t.Fatalf("who = %q, %v", who, err)
	}
}
