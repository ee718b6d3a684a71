package console

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"canhgiac/ivr"
)

// says asks a page for what it must say.
func says(t *testing.T, what, body string, all ...string) {
	t.Helper()
	for _, want := range all {
		if !strings.Contains(body, want) {
			_, main, _ := strings.Cut(body, "<main")
			t.Errorf("%s does not say %q:\n%s", what, want, main)
		}
	}
}

// menuRevision is the content's, as a form would carry it.
func (h *house) menuRevision(id int64) string {
	h.t.Helper()
	v, err := h.Calls.Menus().Get(context.Background(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return fmt.Sprint(v.Revision)
}

func TestTheWardChangesTheMenuAndASecondPersonApproves(t *testing.T) {
	h := newHouse(t)
	if _, err := h.users.Add(context.Background(), "hoa", Standing{Role: Ward}, password); err != nil {
		t.Fatal(err)
	}
	author, approver := h.as(Ward), h.signedIn("hoa")
	says(t, "the list", author.get("/menu").body, "Bản có sẵn của phần mềm", "Vừa bị mất tiền", "Bây giờ trong giờ trực", "Soạn bản mới")

	if got := author.post("/menu/new"); got.status != http.StatusSeeOther || got.header.Get("Location") != "/menu/1/edit" {
		t.Fatalf("new: %d %s", got.status, got.header.Get("Location"))
	}
	if got := approver.post("/menu/new"); got.status != http.StatusConflict || !strings.Contains(got.body, "Đang có một bản được soạn") {
		t.Errorf("a second draft: %d", got.status)
	}
	edit := func(do string, fields ...string) answer {
		return author.post("/menu/1/edit", append([]string{"do", do, "revision", h.menuRevision(1)}, fields...)...)
	}

	// A preview counts and judges, and keeps nothing.
	page := edit("preview", "part", "call", "name", "menu_chinh", "text", "Xin ông bà nghe.")
	says(t, "the preview", page.body, "4 âm tiết, đọc chậm khoảng 2 giây", "nhận phím 3 mà lời nói không nhắc đến", "chưa lưu")
	if h.menuRevision(1) != "1" {
		t.Error("a preview was kept")
	}

	for name, fields := range map[string][]string{
		"words":        {"part", "call", "name", "chao", "text", "Dạ, kính chào ông bà.\r\n"},
		"screens":      {"part", "ussd", "name", "nhac", "text", "4 KHONG, 2 PHAI.\r\nBao: {hotline}"},
		"hours":        {"part", "hours", "day_mon", "7h30-11h30, 13:30 – 17:00", "holidays", "01/01/2027 Tết Dương lịch\r\n"},
		"words of SMS": {"part", "sms", "act", "bao_tin", "forms_bao_tin", "bao, ld, lua  dao, kẻ gian"},
	} {
		if got := edit("save", fields...); got.status != http.StatusSeeOther {
			t.Errorf("%s: %d\n%s", name, got.status, got.body)
		}
	}
	// The order of the first keys: reminders first, by key 1.
	main := []string{"part", "keys", "of", "call.menu_chinh"}
	live, err := h.Calls.Menus().Live(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	asked, err := live.Ask("call", "menu_chinh")
	if err != nil {
		t.Fatal(err)
	}
	list := asked.Offers
	list[0], list[2] = list[2], list[0]
	list[0].Key, list[2].Key = "1", "3"
	for _, o := range list {
		main = append(main, "was", o.Was, "key", o.Key, "says", o.Says)
	}
	if got := edit("save", main...); got.status != http.StatusSeeOther {
		t.Errorf("the first keys: %d\n%s", got.status, got.body)
	}
	says(t, "the hours", author.get("/menu/1/edit?part=hours").body, `value="07:30-11:30, 13:30-17:00"`, "01/01/2027 Tết Dương lịch")
	says(t, "the version", author.get("/menu/1").body, "Không có chỗ nào sai", "Nghe lời nhắc bốn không, hai phải, bấm phím một. Báo kẻ lừa đảo, bấm phím hai. Vừa bị mất tiền, bấm phím ba.", "BAO, LD, LUA DAO, KẺ GIAN", "Khác với bản có sẵn")

	if got := author.post("/menu/1/submit"); got.status != http.StatusSeeOther {
		t.Fatalf("submit: %d\n%s", got.status, got.body)
	}
	if got := author.post("/menu/1/approve", "revision", h.menuRevision(1)); got.status != http.StatusConflict || !strings.Contains(got.body, "Người soạn không phê duyệt được") {
		t.Errorf("approved by the author: %d", got.status)
	}
	if got := author.get("/menu/1").body; strings.Contains(got, `action="/menu/1/approve"`) {
		t.Error("the author is offered to approve")
	}
	if got := approver.post("/menu/1/sendback"); got.status != http.StatusConflict {
		t.Errorf("sent back without a reason: %d", got.status)
	}
	if got := approver.post("/menu/1/sendback", "reason", "Lời chào ngắn quá"); got.status != http.StatusSeeOther {
		t.Errorf("sent back: %d", got.status)
	}
	says(t, "what came back", author.get("/menu/1").body, "Lời chào ngắn quá")
	author.post("/menu/1/submit")
	if got := approver.post("/menu/1/approve", "revision", h.menuRevision(1)); got.status != http.StatusSeeOther {
		t.Fatalf("approve: %d\n%s", got.status, got.body)
	}
	says(t, "the list", author.get("/menu").body, "Bản số 1", "hoa phê duyệt", "Soạn bản mới")
	says(t, "the key card", author.get("/key-card").body, "Nghe lời nhắc")

	if got := author.post("/menu/0/restore", "reason", "nghe khó hiểu"); got.status != http.StatusSeeOther {
		t.Errorf("back to the program's own: %d\n%s", got.status, got.body)
	}
	if got := author.post("/menu/1/restore", "reason", "nhầm"); got.status != http.StatusSeeOther {
		t.Errorf("back to the first: %d\n%s", got.status, got.body)
	}
	var acts []string
	if err := h.auditRows(t.Context(), auditFilter{Act: "menu."}, 0, func(a auditRow) error { acts = append(acts, a.Who+" "+a.Act); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(acts) != 12 || acts[0] != "ward menu.restore" || acts[11] != "ward menu.create" {
		t.Errorf("audit rows %q", acts)
	}
}

func TestTheMenuIsTriedByKeysOnThePage(t *testing.T) {
	h := newHouse(t)
	b := h.as(Ward)
	page := b.get("/menu/0/try?did=wait&did=2&did=1").body
	says(t, "the call", page, "Đây là tổng đài phòng, chống lừa đảo", "Kẻ gian làm gì, xin ông bà chọn.", "Xin bấm số điện thoại của kẻ gian", `src="/voice/sounds/trung/pcm/loai_lua_dao.wav"`, `name="number"`, `href="/menu/0/try?did=wait&amp;did=2&amp;did=1&amp;did=%23#next"`)
	page = b.get("/menu/0/try?did=wait&did=2&did=1&number=0905+123+456").body
	says(t, "the number", page, "Ông bà vừa bấm số:", "Bấm 0905123456#")
	says(t, "the officer", b.get("/menu/0/try?did=0&did=nobody").body, "Máy cán bộ trực đang reo", "Tiếng bíp, máy ghi lời nhắn", "Nói lời nhắn")
	says(t, "outside the hours", b.get("/menu/0/try?at=2027-01-04T03:00&did=0").body, "Máy cán bộ trực đang reo")
	says(t, "USSD", b.get("/menu/0/try?on=ussd&did=3").body, "4 KHONG: khong so hai", "Hết.")
	for _, bad := range []string{"/menu/0/try?at=yesterday", "/menu/0/try?did=" + strings.Repeat("1", 100), "/menu/0/try?" + strings.Repeat("did=*&", 61)} {
		if got := b.get(bad); got.status != http.StatusBadRequest {
			t.Errorf("%.40s: %d", bad, got.status)
		}
	}
	if got := b.get("/menu/7/try"); got.status != http.StatusNotFound {
		t.Errorf("a version that is none: %d", got.status)
	}
}

func TestTheOperatorLooksAtTheMenuAndTakesItsFile(t *testing.T) {
	h := newHouse(t)
	h.as(Ward).post("/menu/new")
	o := h.as(Operator)
	if got := o.get("/menu/1").body; strings.Contains(got, "/menu/1/edit") || strings.Contains(got, "/menu/1/submit") {
		t.Error("the operator is offered to change the menu")
	}
	says(t, "the file", o.get("/menu/1/menu.yaml").body, "# yaml-language-server: $schema=http://127.0.0.1/menu.schema.json\ncall:\n", "\nhours:\n")
	for _, path := range []string{"/menu/new", "/menu/1/submit", "/menu/1/edit", "/menu/1/drop"} {
		if got := o.post(path); got.status != http.StatusForbidden {
			t.Errorf("POST %s: %d", path, got.status)
		}
	}
}

func TestWhatTheMenusFormsCannotHoldIsRefused(t *testing.T) {
	h := newHouse(t)
	b := h.as(Ward)
	b.post("/menu/new")
	for name, fields := range map[string][]string{
		"a prompt that is none":         {"part", "call", "name", "nothing", "text", "x"},
		"a name without a text":         {"part", "call", "name", "chao"},
		"a part that is none":           {"part", "else"},
		"choices that are not its own":  {"part", "keys", "of", "call.menu_chinh", "was", "1", "key", "1", "says", "x"},
		"a receipt that is none":        {"part", "receipts", "name", "nhac_1_khong_so", "plain", "x", "accented", "x"},
		"words for an act that is none": {"part", "sms", "act", "fly"},
	} {
		if got := b.post("/menu/1/edit", append([]string{"do", "save", "revision", "1"}, fields...)...); got.status != http.StatusBadRequest {
			t.Errorf("%s: %d", name, got.status)
		}
	}
	if got := b.post("/menu/1/edit", "do", "save", "revision", "0", "part", "hours"); got.status != http.StatusConflict || !strings.Contains(got.body, "vừa được người khác sửa") {
		t.Errorf("an old revision: %d", got.status)
	}
	b.post("/menu/1/drop")
	if got := b.get("/menu/1/edit"); got.status != http.StatusConflict {
		t.Errorf("a dropped version: %d", got.status)
	}
}

// TestTheOperatorIsToldOfAMenuThatCannotBeUsed: callers hear the last good one, and somebody must know.
func TestTheOperatorIsToldOfAMenuThatCannotBeUsed(t *testing.T) {
	h := newHouse(t)
	if _, err := h.db.Exec(`insert into menu_versions (base, state, document, author, approver, created_at, updated_at, live_at) values (0, 'live', 'call: {}', 'lan', 'hoa', now(), now(), now())`); err != nil {
		t.Fatal(err)
	}
	says(t, "the system's page", h.as(Operator).get("/system").body, "Bản tổng đài số 1 đã duyệt nhưng máy này không chạy được")
	says(t, "the ward's page", h.as(Ward).get("/menu").body, "Bản số 1 đã duyệt nhưng máy này không chạy được", "Bản có sẵn của phần mềm")
}

// TestFindingsAreSaidTheSameOnThePageAndInTheShell: the catalogs have words for each, and English is one.
func TestFindingsAreSaidTheSameOnThePageAndInTheShell(t *testing.T) {
	cs, err := loadCatalogs(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range ivr.FindingCodes() {
		f := ivr.Finding{Code: code, A: "eins", B: "zwei"}
		for key, want := range map[string]string{"menu.finding." + code: f.Says(), "menu.remedy." + code: f.Remedy()} {
			if got, err := cs["en"].text(key, "A", "eins", "B", "zwei"); err != nil || got != want {
				t.Errorf("%s is %q, in the shell %q, %v", key, got, want, err)
			}
			if got, err := cs["vi"].text(key, "A", "eins", "B", "zwei"); err != nil || strings.Contains(want, "eins") != strings.Contains(got, "eins") {
				t.Errorf("%s is %q, %v", key, got, err)
			}
		}
	}
}
