package console

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"runtime"
	"testing"

	"canhgiac/reports"
)

// weighed counts what is written and, at each step of it, how much memory is in use once what nobody holds is gone.
type weighed struct {
	step, lines int
	next        int
	size        int64
	first, most uint64
}

func (w *weighed) Write(p []byte) (int, error) {
	w.lines += bytes.Count(p, []byte("\n"))
	w.size += int64(len(p))
	if w.lines >= w.next {
		w.next = w.lines + w.step
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		if w.first == 0 {
			w.first = m.HeapAlloc
		}
		w.most = max(w.most, m.HeapAlloc)
	}
	return len(p), nil
}

func TestALongExportTakesNoMoreMemoryThanAShortOne(t *testing.T) {
	ctx := context.Background()
	for name, c := range map[string]struct {
		rows  int
		fill  string
		write func(h *house, w io.Writer) (int, error)
	}{
		"the audit log": {200_000, `insert into audit_log (at, who, role, act, object, detail, addr)
			select timestamptz '2026-01-01' + n * interval '1 second', 'lan', 'police', 'report.read', 'report:' || n, repeat('lý do ', 10), '10.0.0.1' from generate_series(1, $1) n`,
			func(h *house, w io.Writer) (int, error) {
				return h.exportAudit(ctx, w, Actor{Name: "operator", Role: Operator}, "vi", auditFilter{Who: "lan"}, "thanh tra", func(int, int) {})
			}},
		"the reports": {20_000, `with r as (insert into reports (code, origin, ref, urgency, kind, scam_number, channel, money, money_when, band, callback, created_at, updated_at)
			select lpad((2600 + n / 10000)::text, 4, '0') || '-' || lpad((n % 10000)::text, 4, '0'), 'sms', n::text, 3, 1, '0900000001', 1, 'none', 'today', 1, 'no', now(), now() from generate_series(1, $1) n returning id)
			insert into report_events (report_id, seq, at, act, prev_hash, hash) select id, 1, now(), 'opened', '', sha256(id::text::bytea) from r`,
			func(h *house, w io.Writer) (int, error) {
				return h.Reports.Export(ctx, w, reports.By{Name: "police", Role: "police"}, "họp giao ban", h.exportLabel("vi"), func(int, int) {})
			}},
	} {
		t.Run(name, func(t *testing.T) {
			h := houseOf(t) // beside other tests their memory would be weighed too
			if _, err := h.db.Exec(c.fill, c.rows); err != nil {
				t.Fatal(err)
			}
			out := &weighed{step: c.rows / 10}
			n, err := c.write(h, out)
			if err != nil || n != c.rows || out.lines < c.rows {
				t.Fatalf("%d rows, %d lines, %v", n, out.lines, err)
			}
			// Held whole it would be more than the file itself.
			if grown := int64(out.most) - int64(out.first); grown > out.size/4 {
				t.Errorf("a file of %s grew memory by %s", mb(out.size), mb(grown))
			}
		})
	}
}

func mb(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
