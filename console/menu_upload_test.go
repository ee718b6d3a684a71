package console

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"canhgiac/ivr"
	"canhgiac/ivr/prompts"
)

// menuHouse is a house whose hotline asks whether a line has a sound, with a second officer of the ward.
func menuHouse(t *testing.T) (h *house, author, approver *browser) {
	h = newHouse(t, func(o *Options) {
		calls, err := ivr.NewHotline(o.DB, o.Now, o.Words, o.Residents, o.Reports, nil, ivr.Options{Brand: "CATHANHKHEX", Hotline: "02363111222", Officer: []string{"101"},
			Length: o.Sounds.Playing().Length, Sounding: o.Sounds.Playing().Says, Log: o.Log})
		if err != nil {
			t.Fatal(err)
		}
		o.Calls = calls
	})
	if _, err := h.users.Add(t.Context(), "hoa", Standing{Role: Ward}, password); err != nil {
		t.Fatal(err)
	}
	return h, h.as(Ward), h.signedIn("hoa")
}

// menusKept counts the versions, those dropped too.
func (h *house) menusKept() (n int) {
	h.t.Helper()
	if err := h.db.QueryRow(`select count(*) from menu_versions`).Scan(&n); err != nil {
		h.t.Fatal(err)
	}
	return n
}

func TestAMenuGoesOutAsAFileAndComesInAsADraft(t *testing.T) {
	h, author, approver := menuHouse(t)
	got := author.get("/menu/0/menu.yaml")
	if got.status != http.StatusOK || got.header.Get("Content-Disposition") != `attachment; filename="menu-0.yaml"` {
		t.Fatalf("download: %d %s", got.status, got.header)
	}
	again := author.upload("/menu/upload", "menu.yaml", got.body)
	if again.status != http.StatusSeeOther || again.header.Get("Location") != "/menu/1" {
		t.Fatalf("upload: %d\n%s", again.status, again.body)
	}
	says(t, "the draft", author.get("/menu/1").body, "Bản nháp này chưa đổi gì", `class="btn" href="/menu/1/edit"`, "Không có chỗ nào sai", "Không khác gì")
	if out := approver.get("/menu/1/menu.yaml").body; out != got.body {
		t.Error("it comes out otherwise than it came in")
	}
	if got := approver.upload("/menu/upload", "menu.yaml", got.body); got.status != http.StatusConflict || !strings.Contains(got.body, "Đang có một bản được soạn") {
		t.Errorf("beside a draft: %d", got.status)
	}
	if h.audited("menu.upload") != 1 || h.menusKept() != 1 {
		t.Errorf("%d audit rows, %d versions", h.audited("menu.upload"), h.menusKept())
	}
}

// TestAMenusFileThatIsWrongIsRefusedWithItsLineAndWhatToDo: nothing of it is kept.
func TestAMenusFileThatIsWrongIsRefusedWithItsLineAndWhatToDo(t *testing.T) {
	h, b, _ := menuHouse(t)
	own := b.get("/menu/0/menu.yaml").body
	swap := func(was, is string) string {
		t.Helper()
		if !strings.Contains(own, was) {
			t.Fatalf("the file has no %q:\n%s", was, own)
		}
		return strings.Replace(own, was, is, 1)
	}
	for name, c := range map[string]struct {
		file   string
		status int
		says   []string
	}{
		"a tab in the place of spaces":   {"call:\n\tstart: chao\n", 422, []string{"Dòng 2 của tệp", "chưa đúng dạng YAML", "khoảng trắng ở đầu dòng"}},
		"a name that the schema has not": {swap("officer: gap_can_bo", "oficer: gap_can_bo"), 422, []string{"của tệp", "Không có mục nào tên là oficer", "xem lại chính tả"}},
		"a word for a number":            {swap("wait: 10", "wait: lau"), 422, []string{"của tệp", "lau không phải loại giá trị cần ở đây"}},
		"a key that leads nowhere":       {swap("goto: loai_lua_dao", "goto: di_dau"), 422, []string{"Chưa nạp", "chỗ đó không có", "chọn một chỗ đã có", "(dòng "}},
		"a path without an end":          {strings.ReplaceAll(swap("hangup: true", "next: chao"), "hangup: true", "next: chao"), 422, []string{"Chưa nạp", "không có đường nào đi đến hết – <strong>cho một đường dẫn đến lời chào kết thúc"}},
		"words that no prompt has":       {own + "words:\n    prompts:\n        loi_la: Dạ.\n", 422, []string{"Không có lời nào tên là loi_la"}},
		"a picture":                      {"\x89PNG\r\n\x1a\n\x00", 422, []string{"Dòng 1 của tệp", "không phải tệp chữ"}},
		"nothing":                        {"", 422, []string{"Chưa chọn tệp"}},
		"more than a menu can be":        {"# " + strings.Repeat("a", ivr.FileLimit), 413, []string{"lớn hơn 256 KB"}},
		"more than a form can be":        {"# " + strings.Repeat("a", 2*ivr.FileLimit), 413, []string{"lớn hơn 256 KB"}},
	} {
		got := b.upload("/menu/upload", "menu.yaml", c.file)
		if got.status != c.status || !strings.Contains(got.body, `role="alert"`) {
			t.Errorf("%s: %d", name, got.status)
		}
		says(t, name, got.body, c.says...)
	}
	if h.menusKept() != 0 || h.audited("menu.upload") != 0 {
		t.Error("something of a refused file was kept")
	}
}

// TestWordsOfAFileThatHaveNoSoundWaitInTheDraft: they can only be recorded once they stand in one, and are nobody's to approve
// before.
func TestWordsOfAFileThatHaveNoSoundWaitInTheDraft(t *testing.T) {
	_, b, _ := menuHouse(t)
	const words = "Dạ, kính chào ông bà."
	got := b.upload("/menu/upload", "menu.yaml", b.get("/menu/0/menu.yaml").body+"words:\n    prompts:\n        chao: "+words+"\n")
	if got.status != http.StatusSeeOther {
		t.Fatalf("%d\n%s", got.status, got.body)
	}
	line := prompts.LineOf("chao", words)
	says(t, "the draft", b.get("/menu/1").body, "1 lời chưa có tiếng nói", `href="/prompts/trung/`+line+`"`, words)
	if got := b.get("/prompts/trung/" + line); got.status != http.StatusOK {
		t.Errorf("where it is recorded: %d", got.status)
	}
	if got := b.post("/menu/1/submit"); got.status != http.StatusConflict || !strings.Contains(got.body, "thu âm lời này, hoặc cho máy đọc") {
		t.Errorf("submitted without a sound: %d", got.status)
	}
}

// choices is the form of a question as its page has it.
func (h *house) choices(of, do string, id int64) (url.Values, []ivr.Offer) {
	h.t.Helper()
	v, err := h.Calls.Menus().Get(context.Background(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	m, _ := h.Calls.Menus().Judge(v)
	part, name, _ := strings.Cut(of, ".")
	ask, err := m.Ask(part, name)
	if err != nil {
		h.t.Fatal(err)
	}
	f := url.Values{"part": {"keys"}, "of": {of}, "do": {do}, "revision": {h.menuRevision(id)}}
	for _, o := range ask.Offers {
		f["was"], f["key"], f["says"] = append(f["was"], o.Was), append(f["key"], o.Key), append(f["says"], o.Says)
	}
	return f, ask.Offers
}

func (b *browser) form(path string, f url.Values) answer {
	b.t.Helper()
	var pairs []string
	for name, all := range f {
		for _, value := range all {
			pairs = append(pairs, name, value)
		}
	}
	return b.post(path, pairs...)
}

func TestChoicesAreMovedByButtonsAndGivenOtherKeys(t *testing.T) {
	h, b, _ := menuHouse(t)
	b.post("/menu/new")
	const of = "call.menu_chinh"
	f, was := h.choices(of, "down-0", 1)
	page := b.form("/menu/1/edit", f).body
	says(t, "a moved row", page, "Đã chuyển đến vị trí 2. Chưa lưu.", `value="down-1" aria-label="Xuống: `+was[0].Says+`" autofocus`)
	if first, second := strings.Index(page, `value="`+was[1].Says+`"`), strings.Index(page, `value="`+was[0].Says+`"`); first < 0 || first > second {
		t.Error("the row stands where it stood")
	}
	if h.menuRevision(1) != "1" {
		t.Error("a button that moves a row kept it")
	}
	f.Set("do", "up-0") // at the top already
	if got := b.form("/menu/1/edit", f); got.status != http.StatusOK || strings.Index(got.body, was[0].Says) > strings.Index(got.body, was[1].Says) {
		t.Errorf("a row above the first: %d", got.status)
	}
	for name, c := range map[string]struct{ field, value, says string }{
		"one key for two":    {"key", was[1].Key, "Lời mời 1: phím " + was[1].Key + " đã dùng cho việc khác"},
		"a key that is none": {"key", "x", "x không phải phím từ 1 đến 9"},
		"a choice unsaid":    {"says", " ", "Lời mời 1: chưa có lời"},
	} {
		f, _ := h.choices(of, "save", 1)
		f[c.field][0] = c.value
		got := b.form("/menu/1/edit", f)
		if got.status != http.StatusUnprocessableEntity || h.menuRevision(1) != "1" {
			t.Errorf("%s: %d", name, got.status)
		}
		says(t, name, got.body, c.says, "Chưa lưu", `aria-invalid="true"`)
	}
	f, _ = h.choices(of, "save", 1)
	f["key"][0], f["key"][1] = f["key"][1], f["key"][0]
	if got := b.form("/menu/1/edit", f); got.status != http.StatusSeeOther || got.header.Get("Location") != "/menu/1/edit?of=call.menu_chinh&part=keys" {
		t.Errorf("saved: %d %s", got.status, got.header.Get("Location"))
	}
	if _, is := h.choices(of, "save", 1); is[0].Key != was[1].Key || is[0].Says != was[0].Says || is[1].Key != was[0].Key {
		t.Errorf("kept as %+v", is[:2])
	}
	if h.audited("menu.edit") != 1 {
		t.Errorf("%d audit rows", h.audited("menu.edit"))
	}
}

// TestWhoMayWriteAndApproveTheMenu: the whole ward's officers write and approve, neither what they wrote; who looks after one
// group, the police and the operator change nothing.
func TestWhoMayWriteAndApproveTheMenu(t *testing.T) {
	h, author, approver := menuHouse(t)
	own := author.get("/menu/0/menu.yaml").body
	author.post("/menu/new")
	h.lookAfter(h.groupsOfWard()[0]) // "ward" and "police" from now on
	if got := author.get("/menu"); got.status != http.StatusOK || strings.Contains(got.body, `action="/menu/upload"`) || strings.Contains(got.body, `action="/menu/new"`) {
		t.Errorf("who looks after one group is offered to change the menu: %d", got.status)
	}
	for role, want := range map[Role]int{Ward: http.StatusNotFound, Police: http.StatusForbidden, Operator: http.StatusForbidden} {
		b := h.as(role)
		if got := b.upload("/menu/upload", "menu.yaml", own); got.status != want {
			t.Errorf("%s uploads: %d", role, got.status)
		}
		for _, act := range []string{"edit", "submit", "approve", "sendback", "drop", "restore"} {
			if got := b.post("/menu/1/"+act, "reason", "x", "revision", "1", "do", "save", "part", "hours"); got.status != want {
				t.Errorf("%s %s: %d", role, act, got.status)
			}
		}
	}
	if got := approver.post("/menu/1/submit"); got.status != http.StatusSeeOther {
		t.Errorf("a colleague submits: %d", got.status)
	}
	if got := approver.post("/menu/1/approve", "revision", "0"); got.status != http.StatusConflict || !strings.Contains(got.body, "vừa được người khác sửa") {
		t.Errorf("approved as it stood before: %d", got.status)
	}
	if got := approver.post("/menu/1/approve", "revision", "1"); got.status != http.StatusSeeOther {
		t.Errorf("approved: %d", got.status)
	}
	if got := approver.post("/menu/1/approve", "revision", "1"); got.status != http.StatusConflict || !strings.Contains(got.body, "không còn làm được") {
		t.Errorf("approved twice: %d", got.status)
	}
	if h.audited("menu.approve") != 1 || h.audited("menu.submit") != 1 || h.audited("menu.edit") != 0 {
		t.Error("the audit log tells otherwise")
	}
}
