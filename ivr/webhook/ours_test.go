package webhook_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"canhgiac/gateway/simulator"
	"canhgiac/internal/postgres/pgtest"
	"canhgiac/ivr"
	"canhgiac/ivr/prompts"
	"canhgiac/ivr/twiml"
	"canhgiac/ivr/webhook"
	"canhgiac/reports"
	"canhgiac/residents"
)

// later is a Dialer that is known only once the provider listens.
type later struct{ ivr.Dialer }

// TestACallOfOursOverTheWire: the provider is asked by its REST API, a telephone rings, and what the person does with it comes
// back, in real time.
func TestACallOfOursOverTheWire(t *testing.T) {
	for _, c := range []struct {
		is       string
		ring     time.Duration
		resident simulator.Resident
		does     func(t *testing.T, sim *simulator.Simulator, screen <-chan map[string]any)
		want     string
	}{
		{"the person takes it and presses a key", time.Minute, simulator.Resident{Outcome: "answer", After: time.Hour}, func(t *testing.T, sim *simulator.Simulator, screen <-chan map[string]any) {
			awaitCall(t, screen, "ringing")
			do(t, sim.PickUp("0901234567"))
			await(t, screen, "gather")
			do(t, sim.Press("0901234567", "1"))
			await(t, screen, "gather")
			do(t, sim.HangUp("0901234567"))
			awaitCall(t, screen, "completed")
		}, "answered"},
		{"the person declines", time.Minute, simulator.Resident{Outcome: "answer", After: time.Hour}, func(t *testing.T, sim *simulator.Simulator, screen <-chan map[string]any) {
			awaitCall(t, screen, "ringing")
			do(t, sim.HangUp("0901234567"))
			awaitCall(t, screen, "busy")
		}, "busy"},
		{"nobody is there", time.Second, simulator.Resident{Outcome: "no-answer"}, func(t *testing.T, _ *simulator.Simulator, screen <-chan map[string]any) {
			awaitCall(t, screen, "no-answer")
		}, "no_answer"},
	} {
		t.Run(c.is, func(t *testing.T) {
			db := pgtest.Shared(t)
			words, err := prompts.Load()
			do(t, err)
			sound, err := prompts.OpenSound(words, "")
			do(t, err)
			log := slog.New(slog.DiscardHandler)
			rs := residents.NewStore(db, time.Now)
			dialer := &later{}
			outgoing := ivr.NewOutgoing(db, time.Now, rs, ivr.OutgoingOptions{Ring: c.ring, Log: log,
				Lines: []ivr.Line{{Provider: "sim", CallerID: "+842363111222", PerSecond: 10, Concurrent: 1, Dialer: dialer}}})
			h, err := ivr.NewHotline(db, time.Now, words, rs, reports.NewStore(db, time.Now), noTexts{},
				ivr.Options{Brand: "CATHANHKHEX", Hotline: "02363111222", Length: sound.Length, Outgoing: outgoing})
			do(t, err)
			web := httptest.NewUnstartedServer(nil)
			base := "http://" + web.Listener.Addr().String()
			web.Config.Handler = webhook.Handler(webhook.Options{Hotline: h, Sound: sound, PublicURL: base, Now: time.Now, Log: log,
				Providers: []webhook.Provider{{Name: "sim", Dialect: twiml.New(twiml.Account{SID: "AC9", Token: "s3cret"})}}})
			web.Start()
			defer web.Close()
			sim, err := simulator.New(simulator.Options{SMPPAddr: "127.0.0.1:0", HTTPAddr: "127.0.0.1:0", VoiceURL: base, VoiceProvider: "sim",
				VoiceAccount: "AC9", VoiceSecret: "s3cret", Resident: c.resident, Log: log})
			do(t, err)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			stopped := make(chan error, 1)
			go func() { stopped <- sim.Run(ctx) }()
			<-sim.Ready()
			dialer.Dialer = webhook.NewDialer(webhook.Provider{Name: "sim", Dialect: twiml.New(twiml.Account{
				SID: "AC9", Token: "s3cret", API: "http://" + sim.HTTPAddr(), Key: "AC9", KeySecret: "s3cret", DetectMachines: true})}, base, nil, log)
			screen := watch(ctx, t, "http://"+sim.HTTPAddr()+"/handsets/0901234567/events")

			tx, err := db.Begin()
			do(t, err)
			do(t, outgoing.Want(ctx, tx, ivr.Wanted{Key: "call", To: "+84901234567", Why: ivr.Callback}))
			do(t, tx.Commit())
			dialling, stop := context.WithCancel(ctx)
			dialled := make(chan error, 1)
			go func() { dialled <- outgoing.Run(dialling) }()
			c.does(t, sim, screen)
			stop()
			do(t, <-dialled)
			cancel() // the simulator tells of the call's end before it stops
			if err := <-stopped; err != nil && ctx.Err() == nil {
				t.Error(err)
			}
			var outcome string
			do(t, db.QueryRow(`select coalesce(outcome, 'open') from outgoing_attempts`).Scan(&outcome))
			if outcome != c.want {
				t.Errorf("outcome %s, expected %s", outcome, c.want)
			}
		})
	}
}

func do(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// awaitCall reads the screen until the call comes to a state.
func awaitCall(t *testing.T, screen <-chan map[string]any, state string) {
	t.Helper()
	for {
		if e := next(t, screen); e["name"] == "call" && e["state"] == state {
			return
		}
	}
}
