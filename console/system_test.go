package console

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"canhgiac/migrations"
)

func TestEveryConditionAndEveryRemedyHasItsWords(t *testing.T) {
	known := keysOf(t, "vi")
	var keys []string
	for _, what := range systemConditions {
		keys = append(keys, "system.do."+what, "system.fix."+what)
	}
	for _, fix := range remedies {
		keys = append(keys, "system.log."+fix)
	}
	for _, k := range append(keys, "system.log."+remedyOf("never heard of")) {
		if _, ok := known[k]; !ok {
			t.Errorf("no words for %s", k)
		}
	}
}

func TestTheSystemPageSaysWhatIsWrongAndWhatToDo(t *testing.T) {
	h := newHouse(t)
	b := h.as(Operator)
	if got := b.get("/system"); !strings.Contains(got.body, "Mất đường nối tới viettel.") || !strings.Contains(got.body, "gọi nhà mạng") {
		t.Errorf("with the link down: %d %s", got.status, got.body)
	}
	h.linkUp("viettel", 7)
	if got := b.part("system_do"); !strings.Contains(got, "Không có gì phải làm.") {
		t.Errorf("with all well: %s", got)
	}
	for _, q := range []string{
		`insert into nodes values ('a', 'may-1', 42, 'abc', now(), clock_timestamp(), 5000000, 900,
		  '{"disks": [{"of": "temp", "path": "/tmp", "free": 5, "total": 100}], "certificates": [{"of": "http", "name": "phuong.example", "not_after": "2020-01-01T00:00:00Z"}], "backup_mark": "/var/mark"}')`,
		`insert into node_logs values ('a', 'smpp', 'ERROR', 'SMSC refuses the bind', 7, now(), now())`,
	} {
		if _, err := h.db.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	got := b.get("/system").body
	for _, want := range []string{"Đồng hồ của may-1 lệch", "Đĩa sắp đầy: may-1: /tmp", "Chứng thư sắp hết hạn: http: phuong.example", "Không thấy dấu sao lưu /var/mark", "SMSC refuses the bind", "Kiểm tra system_id", "7 ×"} {
		if !strings.Contains(got, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestJobsThatWereGivenUpOrThatNobodyWorksAtAreTheOperatorsToSeeTo(t *testing.T) {
	h := newHouse(t)
	h.linkUp("viettel", 7)
	b := h.as(Operator)
	add := func(title, rest string) {
		t.Helper()
		if _, err := h.db.Exec(`insert into jobs (kind, title, params, by_user, role, addr, created_at, state, ready_at, lease_until, ended_at, problem)
			values ('reports_export', '` + title + `', '{}', 'ward', 'ward', '', now(), ` + rest + `)`); err != nil {
			t.Fatal(err)
		}
	}
	// A file that cannot be read is its owner's; what failed the day before yesterday is over; who waits behind another is not stuck.
	add("bad file", `'failed', now(), null, now(), 'jobs.problem.file'`)
	add("old", `'failed', now(), null, now() - interval '2 days', 'jobs.problem.tries'`)
	add("runs", `'running', now(), now() + interval '10 minutes', null, ''`)
	add("waits", `'queued', now() - interval '1 hour', null, null, ''`)
	if got := b.part("system_do"); !strings.Contains(got, "Không có gì phải làm.") {
		t.Errorf("with nothing in trouble: %s", got)
	}
	add("given up", `'failed', now(), null, now(), 'jobs.problem.tries'`)
	if _, err := h.db.Exec(`update jobs set lease_until = now() - interval '10 minutes' where state = 'running'`); err != nil {
		t.Fatal(err)
	}
	got := b.part("system_do")
	for _, want := range []string{"1 việc chạy lâu đã thử ba lần", `href="/jobs/5"`, "2 việc chạy lâu đang chờ mà không máy nào làm", "khởi động lại chương trình"} {
		if !strings.Contains(got, want) {
			t.Errorf("the section lacks %q: %s", want, got)
		}
	}
}

func TestAnOldSchemaAnOldNodeAndOldCountsAreTold(t *testing.T) {
	h := newHouse(t)
	h.linkUp("viettel", 7)
	b := h.as(Operator)
	node := func(id, host string, schema int64) string {
		return fmt.Sprintf(`insert into nodes values ('%s', '%s', 42, 'abc', now(), clock_timestamp(), -1500000, 2000, '{"schema": %d, "disks": []}')`, id, host, schema)
	}
	do := func(q string) {
		t.Helper()
		if _, err := h.db.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	do(node("a", "may-1", migrations.Newest()))
	do(`insert into message_tally (closed_to, counted_at) values (now(), now() - interval '50 minutes')`)
	if got := b.part("system_do"); !strings.Contains(got, "Không có gì phải làm.") {
		t.Errorf("with all new: %s", got)
	}
	do(node("b", "may-2", migrations.Newest()-1))
	do(`update message_tally set counted_at = now() - interval '2 hours'`)
	do(`insert into campaigns (name, contents, form, units, channel, cron, hours, cap_day, cap_week, urgent, urgent_reason, resend, state, author, created_at, updated_at)
		values ('x', '[]', 'plain', '{}', 'sms', '', '', 0, 0, false, '', false, 'running', 'ward', now(), now())`)
	do(`insert into campaign_counts (campaign_id, due_at) select id, now() - interval '2 hours' from campaigns on conflict (campaign_id) do update set due_at = excluded.due_at`)
	got := b.get("/system").body
	for _, want := range []string{"Chương trình trên may-2 cũ hơn", "thống kê tin nhắn đã lâu", "1 chiến dịch đã lâu", "Đồng hồ lệch 1.500 ms", "mất 2 ms", "Không thấy đĩa của cơ sở dữ liệu từ máy này", "30 trên 30"} {
		if !strings.Contains(got, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(got, "Chương trình trên may-1") || strings.Contains(got, "Cơ sở dữ liệu cũ hơn") {
		t.Error("a node that is new enough, or the schema, is called old")
	}
	do(`delete from goose_db_version where version_id = (select max(version_id) from goose_db_version)`)
	if got := b.part("system_do"); !strings.Contains(got, "Cơ sở dữ liệu cũ hơn chương trình.") || strings.Contains(got, "may-2") {
		t.Errorf("with a migration to come: %s", got)
	}
}

// unclaimed leaves n receipts of viettel that no message answers to.
func (h *house) unclaimed(n int) {
	h.t.Helper()
	if _, err := h.db.Exec(`insert into receipts_unmatched (carrier, carrier_message_id, phone, state, error, at, received_at, try_at)
		select 'viettel', 'id-' || i, '84901234567', 'failed', 'UNDELIV 027', now(), now(), case when i % 2 = 0 then now() end from generate_series(1, $1) i`, n); err != nil {
		h.t.Fatal(err)
	}
}

func TestReceiptsOfNoMessageAreListedPageByPageWithMaskedNumbers(t *testing.T) {
	h := newHouse(t)
	b := h.as(Operator)
	if got := b.get("/system/receipts"); !strings.Contains(got.body, "Không có báo nhận nào không khớp") {
		t.Errorf("with none: %d", got.status)
	}
	h.unclaimed(150)
	first := b.get("/system/receipts?carrier=viettel").body
	for _, want := range []string{"id-150<", "090•••4567", "UNDELIV 027", "Đang thử lại", "Đã thôi thử", "receipt_id", `href="/system/receipts?before=51&amp;carrier=viettel"`} {
		if !strings.Contains(first, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(first, "901234567") || strings.Contains(first, "id-50<") {
		t.Error("a whole number, or more than a page")
	}
	if rest := b.get("/system/receipts?carrier=viettel&before=51").body; !strings.Contains(rest, "id-50<") || !strings.Contains(rest, "id-1<") || strings.Contains(rest, "id-51<") || strings.Contains(rest, `rel="next"`) {
		t.Error("the older page is not the rest")
	}
	if other := b.get("/system/receipts?carrier=vinaphone").body; strings.Contains(other, "id-150<") {
		t.Error("another carrier's receipts")
	}
	if got := b.get("/system/receipts?before=x"); got.status != http.StatusBadRequest {
		t.Errorf("a place that there is not: %d", got.status)
	}
	if n := h.audited("receipt.list"); n != 4 {
		t.Errorf("%d audit rows of four looks", n)
	}
	if got := h.as(Ward).get("/system/receipts"); got.status != http.StatusForbidden {
		t.Errorf("the ward: %d", got.status)
	}
}
