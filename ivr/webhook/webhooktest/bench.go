// Package webhooktest runs a dialect against a real hotline on a database of its own.
package webhooktest

import (
	"context"
	"database/sql"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"canhgiac/ivr"
	"canhgiac/ivr/prompts"
	"canhgiac/ivr/webhook"
	"canhgiac/reports"
	"canhgiac/residents"
)

// Public is the address that providers of a Bench know.
const Public = "https://canhgiac.example.vn"

// Bench is the webhooks of one provider.
type Bench struct {
	http.Handler
	Hotline  *ivr.Hotline
	Outgoing *ivr.Outgoing
	DB       *sql.DB
	Log      *strings.Builder
	Now      time.Time // stands still until a test moves it
}

type noTexts struct{}

func (noTexts) SendText(context.Context, *sql.Tx, residents.Phone, string, string) error { return nil }

// New is a Bench on db. make gives the dialect, with the bench's time. lines place calls.
func New(t testing.TB, db *sql.DB, provider string, make func(now func() time.Time) webhook.Dialect, lines ...ivr.Line) *Bench {
	t.Helper()
	b := &Bench{DB: db, Log: &strings.Builder{}, Now: time.Date(2026, 8, 27, 7, 5, 0, 0, time.UTC)}
	now := func() time.Time { return b.Now }
	words, err := prompts.Load()
	if err != nil {
		t.Fatal(err)
	}
	sound, err := prompts.OpenSound(words, "")
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(b.Log, nil))
	rs := residents.NewStore(db, now)
	b.Outgoing = ivr.NewOutgoing(db, now, rs, ivr.OutgoingOptions{Lines: lines, Log: log})
	b.Hotline, err = ivr.NewHotline(db, now, words, rs, reports.NewStore(db, now), noTexts{}, ivr.Options{
		Brand: "CATHANHKHEX", Hotline: "02363111222", Officer: []string{"+842363000001", "+842363000002"}, Length: sound.Length, Outgoing: b.Outgoing, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	b.Handler = webhook.Handler(webhook.Options{Hotline: b.Hotline, Sound: sound, PublicURL: Public + "/", Now: now, Log: log,
		Providers: []webhook.Provider{{Name: provider, Dialect: make(now)}}})
	return b
}

// Column gives the rows of a query of one column, each as text.
func (b *Bench) Column(t testing.TB, query string) []string {
	t.Helper()
	rows, err := b.DB.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
