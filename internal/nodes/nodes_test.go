package nodes

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"canhgiac/internal/postgres/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func TestANodeTellsHowItStandsAndWhatItLogged(t *testing.T) {
	db, ctx := pgtest.New(t), context.Background()
	mark := filepath.Join(t.TempDir(), "mark")
	if err := os.WriteFile(mark, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	logs := Count(slog.NewJSONHandler(&out, nil))
	log := slog.New(logs)
	now := func() time.Time { return time.Now().Add(5 * time.Second) } // its clock is fast
	end := time.Now().Add(20 * 24 * time.Hour).UTC().Truncate(time.Second)
	teller := &Teller{DB: db, Node: NewNode(now()), Now: now, Log: log, Logs: logs, Schema: 7, BackupMark: mark,
		Certificates: func(context.Context) ([]Certificate, error) {
			return []Certificate{{"http", "phuong.example", end}}, nil
		}}
	for range 3 {
		log.With("part", "sender").Error("store outcomes", "carrier", "viettel", "error", "x")
	}
	log.Warn("of no part")
	log.Info("not counted")
	for range 2 {
		if err := teller.Tell(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.Contains(out.String(), "not counted") || strings.Count(out.String(), "store outcomes") != 3 {
		t.Errorf("the log itself has %s", out.String())
	}
	all, err := NewStore(db).List(ctx)
	if err != nil || len(all) != 1 {
		t.Fatalf("%v %v", all, err)
	}
	n := all[0]
	if n.State.Schema != 7 {
		t.Errorf("the node's schema is %d", n.State.Schema)
	}
	if !n.Lives() || n.ID != teller.Node.ID || n.PID != os.Getpid() || n.ClockOff < 4900*time.Millisecond || n.ClockOff > 5100*time.Millisecond || n.RoundTrip <= 0 {
		t.Errorf("%+v", n)
	}
	if living, err := NewStore(db).Living(ctx); err != nil || !slices.Equal(living, []string{n.ID}) {
		t.Errorf("%q live: %v", living, err)
	}
	if len(n.State.Certificates) != 1 || !n.State.Certificates[0].NotAfter.Equal(end) || n.State.BackupAt == nil || len(n.State.Disks) < 2 || n.State.Disks[0].Total <= 0 {
		t.Errorf("%+v", n.State)
	}
	logged, err := NewStore(db).Logged(ctx, time.Now().Add(-time.Hour), 10)
	if err != nil || len(logged) != 2 {
		t.Fatalf("%v %v", logged, err)
	}
	for _, l := range logged {
		if l.Message == "store outcomes" && (l.Count != 3 || l.Part != "sender" || l.Level != "ERROR") || l.Message == "of no part" && (l.Count != 1 || l.Level != "WARN") {
			t.Errorf("%+v", l)
		}
	}
	if _, err := db.Exec(`update nodes set seen_at = seen_at - interval '1 minute'`); err != nil {
		t.Fatal(err)
	}
	if living, err := NewStore(db).Living(ctx); err != nil || len(living) != 0 {
		t.Errorf("%q live: %v", living, err)
	}
	if all, err := NewStore(db).List(ctx); err != nil || all[0].Lives() {
		t.Errorf("after a minute without a word: %+v %v", all, err)
	}
}

func TestWhatIsOldIsForgottenAndAFloodIsBounded(t *testing.T) {
	db, ctx := pgtest.New(t), context.Background()
	logs := Count(slog.DiscardHandler)
	at := time.Now()
	teller := &Teller{DB: db, Node: NewNode(at), Now: func() time.Time { return at }, Log: slog.New(slog.DiscardHandler), Logs: logs}
	for i := range 2 * mostKinds {
		_ = logs.Handle(ctx, slog.NewRecord(at, slog.LevelWarn, strings.Repeat("x", i+1), 0))
	}
	if err := teller.Tell(ctx); err != nil {
		t.Fatal(err)
	}
	count := func() (n int) {
		t.Helper()
		if err := db.QueryRow(`select count(*) from node_logs where length(message) <= 200`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count(); n != mostKinds {
		t.Errorf("%d kinds", n)
	}
	at = at.Add(keepLogs + time.Minute)
	if err := teller.Tell(ctx); err != nil {
		t.Fatal(err)
	}
	if n := count(); n != 0 {
		t.Errorf("%d kinds a month later", n)
	}
}

func TestAVersionIsSaidAlsoWhereTheProgramWasBuiltWithoutCommits(t *testing.T) {
	made := time.Date(2026, 11, 23, 13, 5, 0, 0, time.FixedZone("", 7*60*60))
	at := func(settings ...debug.BuildSetting) *debug.BuildInfo { return &debug.BuildInfo{Settings: settings} }
	commit := debug.BuildSetting{Key: "vcs.revision", Value: "04bca2f0123456789"}
	for _, c := range []struct {
		built string
		info  *debug.BuildInfo
		made  time.Time
		want  string
	}{
		{"from a commit", at(commit), made, "04bca2f012"},
		{"from a commit and changes", at(commit, debug.BuildSetting{Key: "vcs.modified", Value: "true"}), made, "04bca2f012+"},
		{"by its version from a proxy", &debug.BuildInfo{Main: debug.Module{Version: "v1.2.0"}}, made, "v1.2.0"},
		{"from an archive", &debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}, made, "2026-11-23 06:05 UTC"},
		{"by nobody knows what", nil, time.Time{}, "?"},
	} {
		if got := version(c.info, c.made); got != c.want {
			t.Errorf("built %s: %q, want %q", c.built, got, c.want)
		}
	}
	if fileTime().IsZero() {
		t.Error("a program's file has no time")
	}
}
