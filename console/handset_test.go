package console

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"canhgiac/gateway/simulator"
	"canhgiac/residents"
)

// withHandsets gives the house a running simulator and the sample ward with one resident, Đặng Thị Lan of Tổ 7.
func withHandsets(t *testing.T, voiceURL string) (*house, *simulator.Simulator) {
	t.Helper()
	s, err := simulator.New(simulator.Options{
		SMPPAddr: "127.0.0.1:0", HTTPAddr: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler), VoiceURL: voiceURL, VoiceProvider: "thu",
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("simulator: %v", err)
		}
	})
	<-s.Ready()
	h := newHouse(t, func(o *Options) {
		o.HandsetURL, o.Hotline, o.Shortcode = "http://"+s.HTTPAddr(), "02363111222", "8088"
		o.Residents = residents.NewStore(o.DB, o.Now)
		addLan(t, o.DB, o.Residents)
	})
	return h, s
}

func addLan(t *testing.T, db *sql.DB, rs *residents.Store) {
	t.Helper()
	ward, err := rs.LoadWard(t.Context(), "Thanh Khê", 9)
	if err != nil {
		t.Fatal(err)
	}
	groups, err := rs.Groups(t.Context(), ward.ID)
	if err != nil {
		t.Fatal(err)
	}
	const insert = `insert into residents (phone, phone_kind, name, name_fold, unit_id, consent_at, created_at, updated_at)
		values ('+84901234567', 'mobile', 'Đặng Thị Lan', $1, $2, now(), now(), now())`
	if _, err := db.Exec(insert, residents.Fold("Đặng Thị Lan"), groups[6].ID); err != nil {
		t.Fatal(err)
	}
}

func TestAHandsetIsFoundByNameGroupAndNumber(t *testing.T) {
	h, _ := withHandsets(t, "")
	b := h.as(Ward)
	for _, tt := range []struct {
		is, query string
		number    string // of the phone that the page holds
	}{
		{"nothing asked", "", "0901234567"},
		{"a name without marks", "dang thi lan", "0901234567"},
		{"a group", "tổ 7", "0901234567"},
		{"a group written otherwise", "TO 07", "0901234567"},
		{"a number", "0901 234 567", "0901234567"},
		{"a number that is not registered", "+84 912 345 678", "0912345678"},
		{"another group", "tổ 8", ""},
		{"nobody", "xyz", ""},
	} {
		got := b.get("/handset?q=" + url.QueryEscape(tt.query))
		if got.status != http.StatusOK || !strings.Contains(got.body, `data-number="`+tt.number+`"`) {
			t.Errorf("%s: %d, want the phone %q", tt.is, got.status, tt.number)
		}
	}
	if body := b.get("/handset").body; strings.Contains(body, "<script>") || strings.Contains(body, "style=") || strings.Contains(body, "onclick") {
		t.Error("something is inline, which the policy forbids")
	}
}

func TestAHandsetsActsReachTheSimulatorAndTheAudit(t *testing.T) {
	h, s := withHandsets(t, "")
	b := h.as(Police)
	r, err := http.NewRequestWithContext(t.Context(), "GET", b.home+"/handset/0901234567/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := b.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()

	act := func(path, body string, want int, words string) {
		t.Helper()
		r, err := http.NewRequest("POST", b.home+"/handset/0901234567/"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if got := b.do(r); got.status != want || !strings.Contains(got.body, words) {
			t.Errorf("%s: %d %s, want %d %s", path, got.status, got.body, want, words)
		}
	}
	act("sms", `{"to":"8088","text":"TC"}`, http.StatusAccepted, "")
	act("sms", `{"to":"8088","text":" "}`, http.StatusBadRequest, "trống")
	act("keys", `{"digits":"1"}`, http.StatusConflict, "không có cuộc gọi")
	act("call", `{"to":"02363111222"}`, http.StatusServiceUnavailable, "Chưa nối tổng đài")
	act("ussd", `{"code":"*101#"}`, http.StatusServiceUnavailable, "Chưa nối nhà mạng")
	if n := s.Accepted().Waiting; n != 1 {
		t.Errorf("%d texts wait for a gateway, want 1", n)
	}
	lines := bufio.NewScanner(stream.Body)
	for lines.Scan() && lines.Text() != "event: sms" {
	}
	if !lines.Scan() || !strings.Contains(lines.Text(), `"text":"TC"`) {
		t.Errorf("the screen shows %q", lines.Text())
	}
	for act, want := range map[string]int{"handset.events": 1, "handset.sms": 2, "handset.call": 1, "handset.ussd": 1, "handset.keys": 0} {
		if got := h.audited(act); got != want {
			t.Errorf("%d rows of %s, want %d", got, act, want)
		}
	}
}

func TestTheHandsetIsForWhoIsSignedIn(t *testing.T) {
	h, s := withHandsets(t, "")
	for _, path := range []string{"sms", "call", "keys", "hangup", "ussd"} {
		if got := h.browser().post("/handset/0901234567/" + path); got.status < 300 || got.status == http.StatusBadRequest {
			t.Errorf("nobody may %s: %d", path, got.status)
		}
	}
	if got := h.browser().get("/handset/0901234567/events"); got.status != http.StatusSeeOther {
		t.Errorf("nobody may watch: %d", got.status)
	}
	if n := s.Accepted().Waiting; n != 0 {
		t.Errorf("%d texts were sent", n)
	}
}

func TestAPageThatFailsIsLoggedWithoutTheNumberInItsAddress(t *testing.T) {
	var log bytes.Buffer
	h := newHouse(t, func(o *Options) { o.HandsetURL, o.Log = "http://127.0.0.1:1", slog.New(slog.NewTextHandler(&log, nil)) })
	b := h.as(Police)
	if err := h.db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/handset/0901234567/events", "/0901234567/x", "/reports"} {
		if got := b.get(path); got.status != http.StatusInternalServerError {
			t.Errorf("%s: %d", path, got.status)
		}
	}
	if text := log.String(); strings.Contains(text, "0901234567") || !strings.Contains(text, "page=/handset") {
		t.Errorf("logged:\n%s", text)
	}
}

func TestAnOpenHandsetDoesNotHoldUpTheStop(t *testing.T) {
	h, _ := withHandsets(t, "")
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	b := h.as(Police)
	stream, err := b.Get(b.home + "/handset/0901234567/events")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, stream.Body) // returns only when the stream has ended
}

func TestTheHandsetSaysWhenTheSimulatorIsAway(t *testing.T) {
	h := newHouse(t, func(o *Options) {
		o.HandsetURL = "http://127.0.0.1:1"
		o.Residents = residents.NewStore(o.DB, o.Now)
	})
	got := h.as(Operator).post("/handset/0901234567/hangup")
	if got.status != http.StatusBadGateway || !strings.Contains(got.body, "chưa nối được") {
		t.Errorf("%d %s", got.status, got.body)
	}
	for _, address := range []string{"127.0.0.1:2780", "://", "simulator"} {
		if _, err := New(Options{DB: h.db, Now: time.Now, Log: h.Log, HandsetURL: address}); err == nil {
			t.Errorf("the address %q was taken", address)
		}
	}
}
