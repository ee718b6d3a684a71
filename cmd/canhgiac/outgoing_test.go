package main

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"canhgiac/campaigns"
	"canhgiac/internal/postgres/pgtest"
	"canhgiac/ivr"
	"canhgiac/residents"
	"canhgiac/schedules"
)

// house is a whole node whose calls a provider of the test takes.
type house struct {
	*testing.T
	*node
	db    *sql.DB
	clock atomic.Int64 // microseconds
	mu    sync.Mutex
	rang  []url.Values // what the provider was asked to ring
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{T: t, db: pgtest.New(t)}
	h.move(time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)) // 09:00 of a Monday in Vietnam
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		h.mu.Lock()
		defer h.mu.Unlock()
		h.rang = append(h.rang, r.PostForm)
		w.WriteHeader(http.StatusCreated)
		_, _ = fmt.Fprintf(w, `{"sid":"CA%d"}`, len(h.rang))
	}))
	t.Cleanup(provider.Close)
	c := defaultConfig()
	carrier := defaultCarrier()
	carrier.Name, carrier.Addr, carrier.SystemID, carrier.Source.Addr = "viettel", "127.0.0.1:1", "ward", "X"
	c.Gateway.Carriers = []CarrierConfig{carrier}
	p := defaultProvider()
	p.Name, p.Dialect, p.Account, p.Secret, p.CallerID, p.APIURL, p.CallsPerSecond = "twilio", "twiml", "AC1", "0123456789abcdef", "02363111222", provider.URL, 100
	c.Voice.Providers, c.Voice.Outbound.Providers = []ProviderConfig{p}, []string{"twilio"}
	var err error
	if h.node, err = newNode(c, h.db, slog.New(slog.NewTextHandler(io.Discard, nil)), func() time.Time { return time.UnixMicro(h.clock.Load()).UTC() }); err != nil {
		t.Fatal(err)
	}
	if _, err := h.residents.LoadWard(t.Context(), "Thanh Khê", 2); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.outgoing.Run(ctx) }()
	t.Cleanup(func() { stop(); <-done })
	return h
}

func (h *house) move(to time.Time) { h.clock.Store(to.UnixMicro()) }

func (h *house) exec(query string, args ...any) {
	h.Helper()
	if _, err := h.db.Exec(query, args...); err != nil {
		h.Fatal(err)
	}
}

func (h *house) lives(phone string, kind residents.Kind, sms, call bool) {
	h.Helper()
	h.exec(`insert into residents (phone, phone_kind, name, name_fold, unit_id, wants_sms, wants_call, consent_at, created_at, updated_at)
		values ($1, $2, '', '', (select min(id) from units where kind = 'group'), $3, $4, $5, $5, $5)`, phone, kind, sms, call, h.now())
}

// fires runs a campaign that falls due now.
func (h *house) fires(c campaigns.Campaign) int64 {
	h.Helper()
	lan, huy := campaigns.User{Name: "lan", Role: "ward"}, campaigns.User{Name: "huy", Role: "ward"}
	ctx := h.Context()
	id, err := h.campaigns.Create(ctx, c, lan)
	for _, do := range []func() error{
		func() error { return h.campaigns.Submit(ctx, id, lan) },
		func() error { return h.campaigns.Approve(ctx, id, huy) },
		func() error { return h.campaigns.Start(ctx, id, lan) },
	} {
		if err == nil {
			err = do()
		}
	}
	if err != nil {
		h.Fatal(err)
	}
	h.move(h.now().Add(time.Minute))
	if _, err := h.runner.Tick(ctx); err != nil {
		h.Fatal(err)
	}
	return id
}

// rings waits until the provider was asked to ring so many numbers, and gives them.
func (h *house) rings(n int) []url.Values {
	h.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		h.mu.Lock()
		rang := slices.Clone(h.rang)
		h.mu.Unlock()
		if len(rang) >= n {
			return rang
		}
		if time.Now().After(deadline) {
			h.Fatalf("%d telephones rang, expected %d", len(rang), n)
		}
	}
}

func (h *house) refOf(v url.Values) string {
	h.Helper()
	at, err := url.Parse(v.Get("Url"))
	if err != nil {
		h.Fatal(err)
	}
	return at.Query().Get("ref")
}

// hears has the person take a call, hear it and hang up.
func (h *house) hears(v url.Values, sid string) {
	h.Helper()
	r, err := h.hotline.Answered(h.Context(), ivr.Incoming{Provider: "twilio", SID: sid, To: v.Get("To"), From: v.Get("From"), Ref: h.refOf(v)})
	if err == nil {
		_, err = h.hotline.Step(h.Context(), "twilio", sid, ivr.Input{Step: r.Step, Kind: ivr.InputKeys, Keys: "1"})
	}
	if err == nil {
		err = h.hotline.Ended(h.Context(), "twilio", sid, "completed")
	}
	if err != nil {
		h.Fatal(err)
	}
}

func (h *house) calls() []string {
	h.Helper()
	rows, err := h.db.Query(`select phone || ' ' || result from campaign_calls order by phone`)
	if err != nil {
		h.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			h.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

const (
	both, texts, deskPhone, reader = "+84901000001", "+84901000002", "+842363822333", "+84901000004"
)

func (h *house) ladder(channel string) campaigns.Campaign {
	h.Helper()
	ward, err := h.residents.Ward(h.Context())
	if err != nil {
		h.Fatal(err)
	}
	return campaigns.Campaign{
		Name: "KHÔNG SỢ", Contents: []campaigns.Content{{Text: "Ai gọi dọa bắt, bà con tắt máy.", Plain: "Ai goi doa bat, ba con tat may.", Voice: "loi_nhac-khong_so"}},
		Form: campaigns.Plain, Units: []int64{ward.ID}, Channel: channel, Cron: "1 9 * * *", Hours: schedules.Hours{From: 7 * 60, To: 22 * 60},
	}
}

func TestWhoIsNotReachedByMessageIsCalled(t *testing.T) {
	h := newHouse(t)
	h.lives(both, residents.Mobile, true, true)
	h.lives(texts, residents.Mobile, true, false) // agreed to messages alone
	h.lives(deskPhone, residents.Landline, true, true)
	h.lives(reader, residents.Mobile, true, true)
	id := h.fires(h.ladder(campaigns.ChannelSMSThenCall))
	first := h.rings(1)
	if first[0].Get("To") != deskPhone || first[0].Get("From") != "02363111222" {
		t.Fatalf("the landline is called at once, with our number: %v", first[0])
	}
	h.hears(first[0], "CA-desk")

	// One message arrives, the others do not.
	h.exec(`insert into sent (message_id, state, carrier, parts, done_at, submitted_at) select id, case phone when $1 then 'delivered' else 'failed' end, 'viettel', 1, $2, $2 from messages`,
		reader, h.now())
	if _, err := h.campaigns.Climb(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.move(h.now().Add(time.Second))
	h.hears(h.rings(2)[1], "CA-both")
	if got := h.calls(); !slices.Equal(got, []string{deskPhone + " heard", both + " heard"}) {
		t.Errorf("calls: %v", got)
	}
	n, err := h.campaigns.Counted(t.Context(), id, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(n.Groups) == 0 || n.Groups[0].Reachable != 4 || n.Groups[0].Reached != 3 || n.Groups[0].NotReached() != 1 {
		t.Errorf("coverage %+v, expected three of four, and one for the head of the group", n.Groups)
	}

	// It ends when nothing can come any more.
	h.move(h.now().Add(sendAndCallTime))
	h.exec(`update chunks set state = 'done'`)
	if _, err := h.campaigns.Climb(t.Context()); err != nil {
		t.Fatal(err)
	}
	if done, err := h.campaigns.Finish(t.Context()); err != nil || done != 1 {
		t.Errorf("%d campaigns ended, %v", done, err)
	}
	if len(h.rings(2)) != 2 {
		t.Error("somebody was called twice")
	}
}

// sendAndCallTime is when a run's last message has been called for.
const sendAndCallTime = 49 * time.Hour

func TestACampaignsCallWaitsForItsHoursItsPauseAndItsCaps(t *testing.T) {
	h := newHouse(t)
	h.lives(both, residents.Mobile, true, true)
	h.lives(deskPhone, residents.Landline, false, true)
	c := h.ladder(campaigns.ChannelCall)
	c.Caps.PerWeek = 1
	h.move(time.Date(2026, 11, 23, 0, 30, 0, 0, time.UTC)) // 07:30: messages may go, calls may not
	c.Cron = "31 7 * * *"
	// Somebody had a message this week.
	h.exec(`insert into contacts values ('x', $1, $2)`, deskPhone, h.now())
	id := h.fires(c)
	h.settled("queued")
	h.move(time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC))
	if rang := h.rings(1); rang[0].Get("To") != both {
		t.Fatalf("rang %v", rang)
	}
	h.settled("dialing", "suppressed weekly cap")
	if err := h.hotline.Placed(t.Context(), "twilio", h.refOf(h.rings(1)[0]), "CA1", ivr.Busy); err != nil {
		t.Fatal(err)
	}
	lan := campaigns.User{Name: "lan", Role: "ward"}
	if err := h.campaigns.Pause(t.Context(), id, lan); err != nil {
		t.Fatal(err)
	}
	h.move(time.Date(2026, 11, 23, 1, 6, 0, 0, time.UTC))
	h.heldUntil(time.Date(2026, 11, 23, 1, 7, 0, 0, time.UTC))
	if err := h.campaigns.Cancel(t.Context(), id, lan, "xong"); err != nil {
		t.Fatal(err)
	}
	h.settled("cancelled not wanted any more", "suppressed weekly cap")
	if got := h.calls(); !slices.Equal(got, []string{deskPhone + " not_allowed", both + " withdrawn"}) {
		t.Errorf("calls: %v", got)
	}
}

// settled waits until the queue's calls stand as told, one state each or all alike.
func (h *house) settled(want ...string) {
	h.Helper()
	var got []string
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		got = nil
		rows, err := h.db.Query(`select distinct trim(state || ' ' || reason) from outgoing_calls order by 1`)
		if err != nil {
			h.Fatal(err)
		}
		for rows.Next() {
			var s string
			if err := rows.Scan(&s); err != nil {
				h.Fatal(err)
			}
			got = append(got, s)
		}
		_ = rows.Close()
		if slices.Equal(got, want) {
			return
		}
	}
	h.Fatalf("calls stand at %q, expected %q", got, want)
}

func (h *house) heldUntil(want time.Time) {
	h.Helper()
	var got time.Time
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if err := h.db.QueryRow(`select max(next_at) from outgoing_calls where state = 'queued'`).Scan(&got); err != nil {
			h.Fatal(err)
		}
		if got.Equal(want) {
			return
		}
	}
	h.Fatalf("held until %v, expected %v", got, want)
}
