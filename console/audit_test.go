package console

import (
	"context"
	"encoding/csv"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"canhgiac/internal/audit"
)

func (h *house) did(e audit.Entry) {
	h.t.Helper()
	if e.At.IsZero() {
		e.At = h.Now()
	}
	if err := audit.Write(context.Background(), h.db, e); err != nil {
		h.t.Fatal(err)
	}
}

var auditRowAct = regexp.MustCompile(`<tr data-act="([^"]+)"`)

// shown are the acts of the rows on a page.
func shown(page answer) string {
	var all []string
	for _, m := range auditRowAct.FindAllStringSubmatch(page.body, -1) {
		all = append(all, m[1])
	}
	return strings.Join(all, " ")
}

func TestTheAuditPageFilters(t *testing.T) {
	h := newHouse(t)
	b := h.as(Operator)
	day := func(s string) time.Time {
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	h.did(audit.Entry{At: day("2026-03-01T23:59:00+07:00"), Who: "lan", Role: "police", Act: "report.read", Object: "report:2608-0417", Addr: "10.0.0.1"})
	h.did(audit.Entry{At: day("2026-03-02T00:00:00+07:00"), Who: "lan", Role: "police", Act: "report.note", Object: "report:2608-0417", Addr: "10.0.0.2"})
	h.did(audit.Entry{At: day("2026-03-02T23:59:59+07:00"), Who: "ba", Role: "ward", Act: "campaign.create", Object: "campaign:1", Addr: "10.0.0.1"})
	h.did(audit.Entry{At: day("2026-03-03T00:00:00+07:00"), Who: "ba", Role: "ward", Act: "campaign.submit", Object: "campaign:12", Addr: "10.0.0.1"})
	for _, c := range []struct{ query, want string }{
		{"who=lan", "report.note report.read"},
		{"who=LAN", "report.note report.read"},
		{"role=ward", "campaign.submit campaign.create"},
		{"act=report.note", "report.note"},
		{"act=report.", "report.note report.read"},
		{"kind=campaign", "campaign.submit campaign.create"},
		{"kind=campaign&ref=1", "campaign.create"},
		{"addr=10.0.0.2", "report.note"},
		{"from=2026-03-02&to=2026-03-02", "campaign.create report.note"},
		{"from=02/03/2026&to=2/3/2026", "campaign.create report.note"},
		{"to=2026-03-01", "report.read"},
		{"who=lan&act=campaign.", ""},
		{"who=%25", ""},
		{"who=" + url.QueryEscape("' or 1=1 --"), ""},
	} {
		if got := b.get("/audit?" + c.query); got.status != 200 || shown(got) != c.want {
			t.Errorf("%s: %d %q, want %q", c.query, got.status, shown(got), c.want)
		}
	}
	for query, want := range map[string]int{"before=x": 400, "before=-1": 400, "act=%25": 400, "act=report": 400, "from=31/02/2026": 422, "to=tomorrow": 422, "from=2026-13-01": 422} {
		if got := b.get("/audit?" + query); got.status != want {
			t.Errorf("%s: %d, want %d", query, got.status, want)
		}
	}
}

func TestTheAuditPageGoesBackRowByRow(t *testing.T) {
	h := newHouse(t)
	at := h.Now().Add(-time.Hour)
	for range auditPage + 5 {
		h.did(audit.Entry{At: at, Who: "lan", Act: "report.read", Object: "report:1"}) // at one moment: only the id tells them apart
	}
	b := h.as(Operator)
	first := b.get("/audit?who=lan")
	older := regexp.MustCompile(`href="(/audit\?[^"]*before=[0-9]+)"`).FindStringSubmatch(first.body)
	if older == nil {
		t.Fatal("no link to older rows")
	}
	second := b.get(strings.ReplaceAll(older[1], "&amp;", "&"))
	if n := len(strings.Fields(shown(first))); n != auditPage {
		t.Errorf("%d rows on the first page", n)
	}
	if n := len(strings.Fields(shown(second))); n != 5 {
		t.Errorf("%d rows on the second", n)
	}
}

func TestDetailsAreSaidInWords(t *testing.T) {
	h := newHouse(t)
	words := h.catalogs["vi"]
	for _, c := range []struct{ act, detail, want string }{
		{"user.change", "role: ward → police; unit:  → Tổ 5", "Vai trò: UBND phường → Công an phường; Phụ trách: Toàn phường → Tổ 5"},
		{"user.change", "full_name:  → Lê Văn Huy", "Họ và tên: – → Lê Văn Huy"},
		{"user.add", "role:  → operator", "Vai trò: – → Quản trị hệ thống"},
		{"resident.import", `{"imported":3,"updated":1,"rejected":{"phone_invalid":2},"rows":6}`, "6 dòng: 3 người mới, 1 người được sửa, 2 dòng bị loại"},
		{"campaign.fire", "run 7, content 2, 120 messages", "Nội dung thứ 2, 120 tin"},
		{"campaign.create", "copy of campaign:12", "Chép từ Chiến dịch 12"},
		{"report.move", "verifying", "Đang xác minh sơ bộ"},
		{"report.term", "complex: QĐ 12: ba phường", "Vụ việc phức tạp: QĐ 12: ba phường"},
		{"resident.reveal", "gọi lại: role: x → y", "gọi lại: role: x → y"},
		{"user.change", "something else", "something else"},
	} {
		if got := words.auditDetail(c.act, c.detail); got != c.want {
			t.Errorf("%s %q: %q, want %q", c.act, c.detail, got, c.want)
		}
	}
}

func TestTheAuditLogIsExportedForAReason(t *testing.T) {
	h := newHouse(t)
	h.did(audit.Entry{Who: "lan", Role: "police", Act: "report.read", Object: "report:2608-0417", Detail: "=cmd|' /C calc'!A0, \"x\"\nhai dòng"})
	h.did(audit.Entry{Who: "ba", Role: "ward", Act: "campaign.create", Object: "campaign:1"})
	b := h.as(Operator)
	if got := b.post("/audit/export", "who", "lan", "reason", ""); got.status != http.StatusUnprocessableEntity {
		t.Errorf("without a reason: %d", got.status)
	}
	if got := b.post("/audit/export", "act", "nothing", "reason", "x"); got.status != http.StatusBadRequest {
		t.Errorf("an act that is none: %d", got.status)
	}
	if got := b.post("/audit/export", "from", "31/02/2026", "reason", "x"); got.status != http.StatusUnprocessableEntity {
		t.Errorf("a day that is none: %d", got.status)
	}
	h.works()
	page := b.post("/audit/export", "who", "lan", "reason", "thanh tra yêu cầu").header.Get("Location")
	b.ended(page)
	got := b.get(page + "/file")
	if got.status != 200 || !strings.HasPrefix(got.body, "\ufeff") || !strings.Contains(got.header.Get("Content-Disposition"), "nhat-ky-") || !strings.Contains(got.body, "\r\n") {
		t.Fatalf("%d %v", got.status, got.header)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(got.body, "\ufeff"))).ReadAll()
	if err != nil || len(rows) != 2 {
		t.Fatalf("%v, %v", rows, err)
	}
	if r := rows[1]; r[2] != "lan" || r[4] != "Xem tin báo" || r[6] != "Tin báo 2608-0417" || !strings.HasPrefix(r[7], "'=cmd") {
		t.Errorf("%q", r)
	}
	var detail string
	if err := h.db.QueryRow(`select detail from audit_log where act = 'audit.export'`).Scan(&detail); err != nil || detail != "thanh tra yêu cầu (who=lan)" {
		t.Errorf("%q, %v", detail, err)
	}
}

// Where acts stand in the program: as the act of an entry, or handed to a function that writes one.
var (
	actNamed = regexp.MustCompile(`(?:Act:\s*|(?:audit|audited|change|entry|inTx|readAudit|residentAct|jobAct|startJob)\([^"\n]*|again\(http[^"\n]*)"([a-z]+\.[a-z_]+)"`)
	actConst = regexp.MustCompile(`\bAct\w+\s+Act = "([a-z_]+)"`)
)

func TestEveryActOfTheProgramHasANameAndCanBeChosen(t *testing.T) {
	used := map[string]string{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range actNamed.FindAllStringSubmatch(string(text), -1) {
			used[m[1]] = path
		}
		for _, m := range actConst.FindAllStringSubmatch(string(text), -1) {
			if filepath.Base(filepath.Dir(path)) != "campaigns" {
				break // an act of another machine is no act of a person
			}
			used["campaign."+m[1]] = path
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(used) < 40 {
		t.Fatalf("found only %d acts", len(used))
	}
	listed, labels := map[string]bool{}, keysOf(t, "vi") // both languages have the same keys: another test's
	for _, area := range auditAreas {
		for _, act := range actsOf(area.Name + ".") {
			listed[act] = true
			if labels["audit.act."+act] == nil || labels["audit.area."+area.Name] == nil {
				t.Errorf("%s has no name", act)
			}
		}
	}
	for act, path := range used {
		if !listed[act] {
			t.Errorf("%s of %s is not in auditAreas", act, path)
		}
	}
	for key := range labels {
		if act, is := strings.CutPrefix(key, "audit.act."); is && !listed[act] {
			t.Errorf("%s names no act", key)
		}
	}
}
