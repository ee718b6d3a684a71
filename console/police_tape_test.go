package console

import (
	"context"
	"database/sql"
	"net/http"
	"strings"
	"testing"

	"canhgiac/ivr"
	"canhgiac/reports"
)

func TestARecordedCallIsHeardByThePoliceAloneWithAnAuditRowEach(t *testing.T) {
	h := newHouse(t, func(o *Options) {
		o.Taped = func(_ context.Context, sid string) (ivr.Sound, error) {
			return ivr.Sound{Type: "audio/wav", Data: []byte("RIFF of " + sid)}, nil
		}
	})
	r := h.report(reports.Draft{Ref: "1", Kind: 1})
	sum := strings.Repeat("cd", 32)
	h.tx(func(ctx context.Context, tx *sql.Tx) error {
		for _, row := range []struct{ sid, sound, purged string }{{"call-1", "x", ""}, {"call-0", "", "2026-01-01"}} { // the older one is purged
			if _, err := tx.ExecContext(ctx, `
				with c as (insert into calls (provider, sid, from_phone, from_kind, to_number, node, step, started_at, report_id, menu_version, voice)
				  select 'vnpt', $1, '', '', '', 'chao', 0, now(), $2, coalesce(max(id), 0), 'trung' from menu_versions returning id)
				insert into call_recordings (sid, call_id, at, seconds, sha256, type, sound, purged_at)
				select $1, id, now(), 62, $3, 'audio/wav', nullif($4, '')::bytea, nullif($5, '')::timestamptz from c`, row.sid, r.ID, sum, row.sound, row.purged); err != nil {
				return err
			}
		}
		return nil
	})
	page := h.as(Police).get("/reports/" + r.Code).body
	if link := `href="/reports/` + r.Code + `/calls/1"`; !strings.Contains(page, link) || !strings.Contains(page, "62 giây") || !strings.Contains(page, sum) ||
		strings.Contains(page, "/calls/2") {
		t.Error("the page does not show the one recorded call with its sum")
	}
	for want := 1; want <= 2; want++ {
		got := h.as(Police).get("/reports/" + r.Code + "/calls/1")
		if got.status != http.StatusOK || got.body != "RIFF of call-1" || h.audited("report.listen_call") != want {
			t.Errorf("%d %q, %d audit rows", got.status, got.body, h.audited("report.listen_call"))
		}
	}
	for _, nth := range []string{"0", "2", "x"} {
		if got := h.as(Police).get("/reports/" + r.Code + "/calls/" + nth); got.status != http.StatusNotFound {
			t.Errorf("call %s: %d", nth, got.status)
		}
	}
	for _, role := range []Role{Ward, Operator} {
		if got := h.as(role).get("/reports/" + r.Code + "/calls/1"); got.status != http.StatusForbidden {
			t.Errorf("%s hears it: %d", role, got.status)
		}
	}
	if n := h.audited("report.listen_call"); n != 2 {
		t.Errorf("%d audit rows", n)
	}
}
