package callers_test

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"canhgiac/internal/postgres/pgtest"
	"canhgiac/ivr"
	"canhgiac/ivr/callers"
	"canhgiac/ivr/prompts"
	"canhgiac/reports"
	"canhgiac/residents"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

var (
	seed   = flag.Uint64("seed", 1, "of the town")
	person = flag.Int("person", -1, "let this one call alone")
)

type noTexts struct{}

func (noTexts) SendText(context.Context, *sql.Tx, residents.Phone, string, string) error { return nil }

// hotline makes nodes on db.
func hotline(t *testing.T, db *sql.DB) func(func() time.Time) (*ivr.Hotline, error) {
	t.Helper()
	words, err := prompts.Load()
	if err != nil {
		t.Fatal(err)
	}
	sound, err := prompts.OpenSound(words, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := residents.NewStore(db, time.Now).LoadWard(t.Context(), "Thanh Khê", 2); err != nil {
		t.Fatal(err)
	}
	return func(now func() time.Time) (*ivr.Hotline, error) {
		return ivr.NewHotline(db, now, words, residents.NewStore(db, now), reports.NewStore(db, now), noTexts{}, ivr.Options{
			Brand: "CATHANHKHEX", Hotline: "02363111222", Officer: []string{"101", "102"}, Length: sound.Length, Log: slog.New(slog.DiscardHandler),
		})
	}
}

// TestNobodyIsLost lets some hundred people call; `make bench` lets ten thousand.
func TestNobodyIsLost(t *testing.T) {
	db := pgtest.New(t)
	o := callers.Options{Seed: *seed, Calls: 250, Lines: 4, DB: db, Hotline: hotline(t, db)}
	if *person >= 0 {
		o.First, o.Calls, o.Lines = *person, 1, 1
	}
	r, err := callers.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	replay := func(n int) string {
		return fmt.Sprintf("go test ./ivr/callers -run TestNobodyIsLost -args -seed %d -person %d", *seed, n)
	}
	if err := r.Error(replay); err != nil {
		t.Error(err)
	}
	r.Broken = nil
	t.Logf("%+v", r)
}
