// Package webhooktest runs a dialect against a real hotline on a database of its own.
package webhooktest

import (
	"context"
	"database/sql"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
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
	return NewWhere(t, db, provider, ivr.Options{}, make, lines...)
}

// NewWhere is a Bench whose hotline has o.
func NewWhere(t testing.TB, db *sql.DB, provider string, o ivr.Options, make func(now func() time.Time) webhook.Dialect, lines ...ivr.Line) *Bench {
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
	o.Brand, o.Hotline, o.Officer = "CATHANHKHEX", "02363111222", []string{"+842363000001", "+842363000002"}
	o.Length, o.Outgoing, o.Log = sound.Length, b.Outgoing, log
	b.Hotline, err = ivr.NewHotline(db, now, words, rs, reports.NewStore(db, now), noTexts{}, o)
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

// Exchange is a provider's REST API: it answers each request as the test says, and keeps it.
type Exchange struct {
	*httptest.Server
	Asked chan Asked
}

// Asked is one request to an Exchange.
type Asked struct {
	*http.Request
	Body []byte
}

// NewExchange answers every request with status and body.
func NewExchange(t testing.TB, status int, body string) *Exchange {
	t.Helper()
	x := &Exchange{Asked: make(chan Asked, 100)}
	x.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read a request: %v", err)
		}
		x.Asked <- Asked{r, got}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body) // whoever went away has been told nothing
	}))
	t.Cleanup(x.Close)
	return x
}

// Dial has a call to somebody wanted and placed, and gives what the provider was asked.
func (b *Bench) Dial(t testing.TB, x *Exchange, to residents.Phone) Asked {
	t.Helper()
	tx, err := b.DB.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Outgoing.Want(t.Context(), tx, ivr.Wanted{Key: "call to " + string(to), To: to, Why: ivr.Callback}); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Outgoing.Run(ctx) }()
	limit := time.NewTimer(30 * time.Second)
	defer limit.Stop()
	select {
	case asked := <-x.Asked:
		stop()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		return asked
	case <-limit.C:
		stop()
		t.Fatalf("no call was asked for; %v, log\n%s", <-ended, b.Log)
		return Asked{}
	}
}
