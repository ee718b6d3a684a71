package console

import (
	"strings"
	"testing"
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
