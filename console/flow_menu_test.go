package console

import (
	"net/http"
	"strings"
	"testing"

	"canhgiac/ivr"
	"canhgiac/ivr/prompts"
)

// rings begins a call, and gives what it says.
func (h *house) rings(sid string) ivr.Reply {
	h.t.Helper()
	reply, err := h.Calls.Start(h.t.Context(), ivr.Incoming{Provider: "thu", SID: sid, From: "+84901234567", To: "02363111222"})
	if err != nil {
		h.t.Fatal(err)
	}
	return reply
}

// presses goes on with a call, and gives all lines that it then says.
func (h *house) presses(sid string, at ivr.Reply, keys string) (ivr.Reply, string) {
	h.t.Helper()
	reply, err := h.Calls.Step(h.t.Context(), "thu", sid, ivr.Input{Step: at.Step, Kind: ivr.InputKeys, Keys: keys})
	if err != nil {
		h.t.Fatal(err)
	}
	var lines []string
	for _, a := range reply.Actions {
		lines = append(lines, a.Play)
		if a.Gather != nil {
			lines = append(lines, a.Gather.Play...)
		}
	}
	return reply, strings.Join(lines, " ")
}

// TestWordsOfTheHotlineGoFromTheDraftToTheCaller: written, looked at, tried by keys, given a sound, submitted and approved by
// another. Who rang before hears the old words to the end, who rings after the new ones.
func TestWordsOfTheHotlineGoFromTheDraftToTheCaller(t *testing.T) {
	h, author, _ := menuHouse(t)
	s := h.screen()
	s.signin(Ward)
	s.open("/menu")
	s.press(`form[action="/menu/new"] .btn`)
	s.press(`a[href="/menu/1/edit?part=call"]`)
	text := strings.Replace(prompt(t, h, "loai_lua_dao"), "Kẻ gian làm gì", "Ông bà gặp chuyện gì", 1)
	s.write("#text-loai_lua_dao", text)
	s.press(`.form-end [value="preview"]`)
	s.says("Đang xem trước, chưa lưu")
	s.press(`.form-end [value="save"]`)
	s.says("Đã lưu vào bản nháp")
	s.press(`a[href="/menu/1"]`)
	s.says("1 lời chưa có tiếng nói")
	line := prompts.LineOf("loai_lua_dao", text)
	s.press(`a[href="/prompts/trung/` + line + `"]`)
	s.show("#speaker")
	if got := author.say("/prompts/trung/"+line+"/sound", h.voiceOf("loai_lua_dao"), "speaker", "Chị Hoa", "agreed", "1"); got.status != http.StatusSeeOther {
		t.Fatalf("%d\n%s", got.status, got.body)
	}
	s.open("/prompts/trung/" + line)
	s.press(`input[name=heard]`)
	s.press(`form[action$="/use"] .btn`)
	s.says("đang dùng")
	if err := h.Sounds.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.open("/menu/1/try")
	s.press(`.keypad a[href$="did=wait#next"]`) // the greeting goes on by itself
	s.press(`.keypad a[href$="did=2#next"]`)
	s.says("Ông bà gặp chuyện gì")

	before, _ := h.presses("before", h.rings("before"), "2") // the greeting goes on
	s.open("/menu/1")
	s.press(`form[action="/menu/1/submit"] .btn`)
	s.says("Người soạn không tự phê duyệt được")
	leader := h.screen()
	leader.enter("hoa", password)
	leader.show(`[data-home="ward"]`)
	leader.open("/menu")
	leader.says("Chờ anh/chị duyệt")
	leader.press(`a.btn[href="/menu/1"]`)
	leader.press(`form[action="/menu/1/approve"] .btn`)
	leader.says("Bản này đang trả lời bà con")
	s.open("/menu")
	s.says("hoa phê duyệt")

	if _, old := h.presses("before", before, "2"); !strings.Contains(old, "loai_lua_dao") || strings.Contains(old, line) {
		t.Errorf("who rang before hears %s", old)
	}
	after, _ := h.presses("after", h.rings("after"), "2")
	if _, fresh := h.presses("after", after, "2"); !strings.Contains(fresh, line) {
		t.Errorf("who rings after hears %s, want %s", fresh, line)
	}
}

// prompt is what the version that answers says.
func prompt(t *testing.T, h *house, name string) string {
	t.Helper()
	m, err := h.Calls.Menus().Live(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range h.Calls.Menus().Prompts(m) {
		if p.Name == name {
			return p.Text
		}
	}
	t.Fatalf("no prompt %s", name)
	return ""
}
