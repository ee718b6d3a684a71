package webhook_test

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"canhgiac/gateway/simulator"
	"canhgiac/internal/postgres/pgtest"
	"canhgiac/ivr"
	"canhgiac/ivr/prompts"
	"canhgiac/ivr/stringee"
	"canhgiac/ivr/twiml"
	"canhgiac/ivr/webhook"
	"canhgiac/reports"
	"canhgiac/residents"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

type noTexts struct{}

func (noTexts) SendText(context.Context, *sql.Tx, residents.Phone, string, string) error { return nil }

// TestACallOverTheWire is a whole call as a handset makes it: a voice provider that reads our documents, fetches our
// sounds and signs what it tells us, in real time. Nothing of ours is called but over HTTP.
func TestACallOverTheWire(t *testing.T) {
	t.Run("TwiML", func(t *testing.T) { callOverTheWire(t, (*simulator.Simulator).Call, "completed") })
	t.Run("Stringee", func(t *testing.T) { callOverTheWire(t, (*simulator.Simulator).CallByStringee, "USER_END_CALL") })
}

func callOverTheWire(t *testing.T, ring func(s *simulator.Simulator, from, to string, withheld bool) error, ends string) {
	db := pgtest.Shared(t)
	words, err := prompts.Load()
	if err != nil {
		t.Fatal(err)
	}
	sound, err := prompts.OpenSound(words, "")
	if err != nil {
		t.Fatal(err)
	}
	rs := residents.NewStore(db, time.Now)
	h, err := ivr.NewHotline(db, time.Now, words, rs, reports.NewStore(db, time.Now), noTexts{}, ivr.Options{Brand: "CATHANHKHEX", Hotline: "02363111222", Length: sound.Length})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewUnstartedServer(nil)
	base := "http://" + web.Listener.Addr().String()
	web.Config.Handler = webhook.Handler(webhook.Options{Hotline: h, Sound: sound, PublicURL: base, Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Providers: []webhook.Provider{
			{Name: "sim", Dialect: twiml.New(twiml.Account{SID: "AC9", Token: "s3cret"})},
			{Name: "sim-vn", Dialect: stringee.New(stringee.Account{SigningKey: "k3y", Number: "842473000001"}, time.Now)},
		}})
	web.Start()
	defer web.Close()

	sim, err := simulator.New(simulator.Options{SMPPAddr: "127.0.0.1:0", HTTPAddr: "127.0.0.1:0", VoiceURL: base, VoiceProvider: "sim",
		VoiceAccount: "AC9", VoiceSecret: "s3cret", Stringee: simulator.Stringee{Provider: "sim-vn", SigningKey: "k3y"}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	stopped := make(chan error, 1)
	go func() { stopped <- sim.Run(ctx) }()
	<-sim.Ready()
	screen := watch(ctx, t, "http://"+sim.HTTPAddr()+"/handsets/0901234567/events")

	if err := ring(sim, "0901234567", "02363111222", false); err != nil {
		t.Fatal(err)
	}
	// At first without the number; then all of it again, with.
	for i, press := range []string{"5", "2", "3", "#", "1", "1", "1", "2", "3", "0905123456#", "1", "1", "2", "1", "2", "1", "1"} {
		await(t, screen, "gather")
		if err := sim.Press("0901234567", press); err != nil {
			t.Fatalf("key %d: %v", i+1, err)
		}
	}
	heard := await(t, screen, "gather") // the code is being read
	if want := line(t, words, "doc_lai_tin_bao-1"); !strings.Contains(heard, want) {
		t.Errorf("before the last key %q was not heard, but %q", want, heard)
	}
	if err := sim.HangUp("0901234567"); err != nil {
		t.Fatal(err)
	}
	for ended := false; !ended; {
		if e := next(t, screen); e["name"] == "call" && e["state"] == "completed" {
			ended = true
		}
	}
	cancel()
	if err := <-stopped; err != nil && ctx.Err() == nil {
		t.Error(err)
	}
	var number, money string
	var complete bool
	if err := db.QueryRow(`select scam_number, money, completed_at is not null from reports`).Scan(&number, &money, &complete); err != nil ||
		number != "0905123456" || money != "lost" || !complete {
		t.Errorf("report of %q, money %q, complete %v, %v", number, money, complete, err)
	}
	var status string
	if err := db.QueryRow(`select end_status from calls`).Scan(&status); err != nil || status != ends {
		t.Errorf("the call's end: %q, %v", status, err)
	}
}

func line(t *testing.T, w *prompts.Words, name string) string {
	t.Helper()
	for _, l := range w.Lines() {
		if l.Name == name {
			return l.Text
		}
	}
	t.Fatalf("no line %s", name)
	return ""
}

// watch reads a handset's events until ctx ends.
func watch(ctx context.Context, t *testing.T, address string) <-chan map[string]any {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, "GET", address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	events := make(chan map[string]any, 1000)
	go func() {
		defer close(events)
		defer resp.Body.Close()
		lines := bufio.NewScanner(resp.Body)
		name := ""
		for lines.Scan() {
			if n, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				name = n
			}
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				e := map[string]any{}
				if json.Unmarshal([]byte(data), &e) != nil {
					return
				}
				e["name"] = name
				events <- e
			}
		}
	}()
	return events
}

func next(t *testing.T, events <-chan map[string]any) map[string]any {
	t.Helper()
	e, ok := <-events
	if !ok {
		t.Fatal("the handset went silent")
	}
	return e
}

// await gives the words heard until an event of that name.
func await(t *testing.T, events <-chan map[string]any, name string) string {
	t.Helper()
	var heard []string
	for {
		e := next(t, events)
		if text, ok := e["text"].(string); ok && e["name"] == "prompt" {
			heard = append(heard, text)
		}
		if e["name"] == name {
			return strings.Join(heard, " ")
		}
	}
}
