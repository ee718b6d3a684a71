package console

import (
	"context"
	"database/sql"
	"net/http"
	"slices"
	"strings"
	"testing"

	"canhgiac/ivr"
	"canhgiac/reports"
)

func (h *house) tx(do func(context.Context, *sql.Tx) error) {
	h.t.Helper()
	tx, err := h.db.Begin()
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := do(context.Background(), tx); err != nil {
		h.t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) missed(id int64, messages ...reports.Message) {
	h.t.Helper()
	h.tx(func(ctx context.Context, tx *sql.Tx) error {
		if err := h.Reports.SetOfficer(ctx, tx, id, reports.Missed); err != nil {
			return err
		}
		for _, m := range messages {
			m.At = h.Now()
			if err := h.Reports.AddMessage(ctx, tx, id, m); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestEachReportSaysTrulyHowTheCallerLeft(t *testing.T) {
	h := newHouse(t)
	b := h.as(Police)
	midway := h.report(reports.Draft{Ref: "midway", Kind: 1})
	noNumber := h.report(reports.Draft{Origin: "sms", Ref: "no number"})
	missed := h.report(reports.Draft{Ref: "missed", Reporter: "+84901234567"})
	h.missed(missed.ID)
	spoken := h.report(reports.Draft{Ref: "spoken"})
	h.missed(spoken.ID, reports.Message{SID: "RE1", URL: "https://provider.example/RE1", Seconds: 8})
	met := h.report(reports.Draft{Ref: "met", Kind: 2})
	h.tx(func(ctx context.Context, tx *sql.Tx) error { return h.Reports.SetOfficer(ctx, tx, met.ID, reports.Met) })
	metLater := h.report(reports.Draft{Ref: "met later", Kind: 2})
	h.missed(metLater.ID, reports.Message{SID: "RE1", URL: "https://provider.example/RE1"})
	h.tx(func(ctx context.Context, tx *sql.Tx) error {
		return h.Reports.SetOfficer(ctx, tx, metLater.ID, reports.Met)
	})
	sent := h.report(reports.Draft{Ref: "sent", Kind: 3, Complete: true})

	truths := []string{"gác máy giữa chừng", "chưa ghi rõ số kẻ gian", "chưa để lại lời nhắn", "chưa ai nghe máy, và đã để lại lời nhắn", "đã nói chuyện với cán bộ trực", "đã có lần nói chuyện"}
	for _, c := range []struct {
		r    reports.Report
		says string
		tag  string
	}{
		{midway, "gác máy giữa chừng", "Chưa gửi xong"},
		{noNumber, "chưa ghi rõ số kẻ gian", "Chưa gửi xong"},
		{missed, "chưa để lại lời nhắn", "Chưa ai nghe máy"},
		{spoken, "chưa ai nghe máy, và đã để lại lời nhắn", "Lời nhắn thoại"},
		{met, "đã nói chuyện với cán bộ trực", "Đã gặp cán bộ"},
		{metLater, "đã có lần nói chuyện", "Lời nhắn thoại"},
		{sent, "", ""},
	} {
		body := b.get("/reports/" + c.r.Code).body
		for _, said := range truths {
			if strings.Contains(body, said) != (said == c.says) {
				t.Errorf("report %s: %q is said: %v", c.r.Ref, said, said != c.says)
			}
		}
		if c.tag != "" && !strings.Contains(body, `<span class="tag">`+c.tag+`</span>`) {
			t.Errorf("report %s has no tag %q", c.r.Ref, c.tag)
		}
	}
	list := b.get("/reports").body
	for _, tag := range []string{"Cần gặp cán bộ", "Chưa ai nghe máy", "Lời nhắn thoại", "Đã gặp cán bộ", "Chưa gửi xong"} {
		if !strings.Contains(list, tag) {
			t.Errorf("the list shows no %q", tag)
		}
	}
	order := []int{strings.Index(list, spoken.Code), strings.Index(list, missed.Code), strings.Index(list, sent.Code)}
	if !slices.IsSorted(order) || order[0] < 0 {
		t.Errorf("who needed an officer does not stand above an ordinary report: %v", order)
	}
}

func TestAMessageIsHeardAtTheProvidersAndAudited(t *testing.T) {
	h := newHouse(t)
	b := h.as(Police)
	r := h.report(reports.Draft{Ref: "1", Kind: 1})
	h.missed(r.ID, reports.Message{SID: "RE1", URL: "https://provider.example/RE1", Seconds: 8},
		reports.Message{SID: "RE2", URL: "javascript:alert(1)"})
	page := b.get("/reports/" + r.Code)
	link := `<a class="btn small" href="/reports/` + r.Code + `/messages/1" target="_blank" rel="noreferrer noopener">Nghe lời nhắn</a>`
	for _, want := range []string{"Lời nhắn thoại, 8 giây", link, "không cho địa chỉ để nghe"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if strings.Contains(page.body, `href="javascript`) || strings.Contains(page.body, "/messages/2") {
		t.Error("an address that is no web address became a link")
	}
	if got := b.get("/reports/" + r.Code + "/messages/1"); got.status != http.StatusSeeOther || got.header.Get("Location") != "https://provider.example/RE1" ||
		got.header.Get("Referrer-Policy") != "no-referrer" || h.audited("report.listen") != 1 {
		t.Errorf("%d %v, %d audit rows", got.status, got.header, h.audited("report.listen"))
	}
	for _, nth := range []string{"0", "2", "3", "x", "-1"} {
		if got := b.get("/reports/" + r.Code + "/messages/" + nth); got.status != http.StatusNotFound {
			t.Errorf("message %s: %d", nth, got.status)
		}
	}
	if got := h.as(Ward).get("/reports/" + r.Code + "/messages/1"); got.status != http.StatusForbidden {
		t.Errorf("an officer of the ward hears it: %d", got.status)
	}
	if n := h.audited("report.listen"); n != 1 {
		t.Errorf("%d audit rows", n)
	}
}

func TestAMessageSpokenToUsIsPlayedHereAndAudited(t *testing.T) {
	h := newHouse(t, func(o *Options) {
		o.Spoken = func(_ context.Context, key string) (ivr.Sound, error) {
			if key != "msg-1" {
				return ivr.Sound{}, reports.ErrNotFound
			}
			return ivr.Sound{Type: "audio/wav", Data: []byte("RIFF...")}, nil
		}
	})
	r := h.report(reports.Draft{Ref: "1", Kind: 1})
	h.missed(r.ID, reports.Message{SID: "msg-1", URL: "spoken:msg-1", Seconds: 3}, reports.Message{SID: "msg-2", URL: "spoken:msg-1"},
		reports.Message{SID: "msg-3", URL: "spoken:msg-3"})
	sum := strings.Repeat("ab", 32)
	if _, err := h.db.Exec(`insert into spoken_messages (sid, provider, call_sid, at, seconds, sha256, sound) values ('msg-1', 'vnpt', '1', now(), 3, $1, '')`, sum); err != nil {
		t.Fatal(err)
	}
	if page := h.as(Police).get("/reports/" + r.Code); !strings.Contains(page.body, sum) {
		t.Error("the page does not show the sound's sum")
	}
	got := h.as(Police).get("/reports/" + r.Code + "/messages/1")
	if got.status != http.StatusOK || got.header.Get("Content-Type") != "audio/wav" || got.body != "RIFF..." || h.audited("report.listen") != 1 {
		t.Errorf("%d %v %q, %d audit rows", got.status, got.header, got.body, h.audited("report.listen"))
	}
	for _, nth := range []string{"2", "3"} { // the address of another one; a sound that has not come yet
		if got := h.as(Police).get("/reports/" + r.Code + "/messages/" + nth); got.status != http.StatusNotFound {
			t.Errorf("message %s: %d", nth, got.status)
		}
	}
	if got := h.as(Ward).get("/reports/" + r.Code + "/messages/1"); got.status != http.StatusForbidden {
		t.Errorf("an officer of the ward hears it: %d", got.status)
	}
}
