package reports

import (
	"bytes"
	"strings"
	"testing"
)

func TestTheExportHoldsTheSumsOfMessagesAndOfRecordedCalls(t *testing.T) {
	d := newDesk(t)
	r := d.save(Draft{Origin: "call", Ref: "1", Complete: true})
	message, call := strings.Repeat("ab", 32), strings.Repeat("cd", 32)
	for _, q := range []struct {
		sql  string
		args []any
	}{
		{`insert into report_messages (report_id, sid, url, seconds, at) values ($1, 'RE1', 'https://p.example/1', 3, now()), ($1, 'RE2', 'https://p.example/2', 3, now() + interval '1 s')`, []any{r.ID}},
		{`insert into spoken_messages (sid, provider, call_sid, at, seconds, sha256, sound, source, fetched_at) values ($1 || ':RE1', 'p', '1', now(), 3, $2, '', 'https://p.example/1', now())`, []any{r.ID, message}},
		{`with c as (insert into calls (provider, sid, from_phone, from_kind, to_number, node, step, started_at, report_id, menu_version, voice)
		  select 'p', '1', '', '', '', 'chao', 0, now(), $1, coalesce(max(id), 0), 'trung' from menu_versions returning id)
		  insert into call_recordings (sid, call_id, at, seconds, sha256, type, sound) select 'call-1', id, now(), 9, $2, 'audio/wav', '' from c`, []any{r.ID, call}},
	} {
		if _, err := d.db.Exec(q.sql, q.args...); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if n, err := d.Export(t.Context(), &out, officer, "vụ án", nil, nil); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	lines := strings.Split(strings.TrimSpace(strings.TrimPrefix(out.String(), "\ufeff")), "\r\n")
	head, values := strings.Split(lines[0], ","), strings.Split(lines[1], ",")
	for column, want := range map[string]string{"sounds": message + " ?", "tapes": call} { // what has not come yet has no sum
		for i, name := range head {
			if name == column && values[i] != want {
				t.Errorf("%s: %q, expected %q", column, values[i], want)
			}
		}
	}
	if !strings.Contains(lines[0], ",tapes") || !strings.Contains(lines[0], ",sounds") {
		t.Error(lines[0])
	}
}
