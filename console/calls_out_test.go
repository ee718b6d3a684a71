package console

import (
	"context"
	"database/sql"
	"net/http"
	"strings"
	"testing"

	"canhgiac/campaigns"
	"canhgiac/ivr"
	"canhgiac/residents"
	"canhgiac/schedules"
)

// callers stands for the hotline's queue, of which a draft wants nothing.
type callers struct{}

func (callers) Call(context.Context, *sql.Tx, int64, string, []residents.Phone) error { return nil }
func (callers) Withdraw(context.Context, *sql.Tx, int64) error                        { return nil }

func TestACampaignByCallNamesWhatTheCallSays(t *testing.T) {
	h := newHouse(t, func(o *Options) {
		o.Campaigns = campaigns.NewStore(o.DB, o.Now, o.Gateway, o.Residents, schedules.NewStore(o.DB, o.Now),
			campaigns.Options{Caller: callers{}, Voices: []campaigns.Voice{{Name: "loi_nhac-khong_so", Words: "Điều một, không sợ."}, {Name: "loi_nhac"}}})
	})
	h.withWard()
	lan := h.signedIn("ward")
	if got := lan.get("/campaigns/new"); !strings.Contains(got.body, `name="channel"`) || !strings.Contains(got.body, "Cả sáu lời nhắc") {
		t.Error("the form offers no calls")
	}
	if got := lan.post("/campaigns/new", goodForm("channel", "sms_call", "voice", "")...); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, "Xin chọn lời đọc khi gọi điện.") {
		t.Errorf("a call that says nothing: %d", got.status)
	}
	if got := lan.post("/campaigns/new", goodForm("channel", "sms_call", "voice", "loi_nhac-khong_so")...); got.status != http.StatusSeeOther {
		t.Fatalf("saved: %d %s", got.status, got.body)
	}
	if got := lan.get("/campaigns/1"); !strings.Contains(got.body, "Tin nhắn, ai không nhận được thì gọi điện") || !strings.Contains(got.body, "Điều một, không sợ.") {
		t.Error("the page does not say how the campaign goes, or what its calls say")
	}
	if got := lan.get("/campaigns/1/edit"); !strings.Contains(got.body, `value="sms_call" checked`) || !strings.Contains(got.body, `value="loi_nhac-khong_so" selected`) {
		t.Error("the form forgets what was chosen")
	}
	if _, err := h.db.Exec(`insert into campaign_runs (id, campaign_id, due_at, nth, created_at) overriding system value values (9, 1, now(), 1, now());
		insert into campaign_calls values (9, '+84901000001', 1, now(), now(), 'heard'), (9, '+84901000002', 1, now(), null, '')`); err != nil {
		t.Fatal(err)
	}
	if got := lan.get("/campaigns/1/progress"); !strings.Contains(got.body, "Đã nghe lời nhắc") || !strings.Contains(got.body, "Còn chờ gọi") {
		t.Error("the page does not say what became of the calls")
	}
}

func TestWithoutALineToCallTheFormOffersNoCalls(t *testing.T) {
	h := newHouse(t)
	h.withWard()
	if got := h.signedIn("ward").get("/campaigns/new"); strings.Contains(got.body, `name="channel"`) {
		t.Error("calls are offered that nobody places")
	}
}

func TestTheSystemPageShowsTheLinesThatCallsGoOutBy(t *testing.T) {
	h := newHouse(t, func(o *Options) {
		o.Outgoing = ivr.NewOutgoing(o.DB, o.Now, o.Residents, ivr.OutgoingOptions{
			Lines: []ivr.Line{{Provider: "twilio", PerSecond: 1, Concurrent: 10}}, Missed: ivr.Missed{Numbers: []string{"02363111333"}}})
	})
	b := h.as(Operator)
	if got := b.get("/system"); !strings.Contains(got.body, "twilio") || !strings.Contains(got.body, "Sẵn sàng") {
		t.Error("the line is not shown")
	}
	if _, err := h.db.Exec(`insert into outgoing_lines values ('twilio', now(), '2100-01-01', 4);
		insert into outgoing_calls (key, phone, why, priority, state, next_at, expires_at, created_at) values ('x', '+84901000001', 'callback', 0, 'queued', '2020-01-01', '2100-01-01', '2020-01-01');
		insert into missed_calls (provider, sid, phone, to_number, at, fate) select 'twilio', n::text, '', '', '2000-01-01', 'limit' from generate_series(1, 3) n;
		insert into missed_calls (provider, sid, phone, to_number, at, fate) select 'twilio', n::text, '', '', now(), 'limit' from generate_series(4, 8) n`); err != nil {
		t.Fatal(err)
	}
	got := b.get("/system")
	for _, want := range []string{"Bị từ chối", "tổng đài chưa gọi lại", "Đường gọi twilio đã từ chối 4 cuộc gọi liền nhau.",
		"Gọi lại: 0 trong một giờ qua (hạn mức 60), 0 trong 24 giờ (hạn mức 400).", "Số cuộc gọi lại đã đến hạn mức: trong 24 giờ, 5 cuộc gọi nhỡ được trả lời ngay"} {
		if !strings.Contains(got.body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}
