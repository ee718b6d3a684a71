package ivr

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"canhgiac/ivr/prompts"
)

// played writes a scene as a caller meets it.
func played(s Scene) string {
	var words []string
	for _, l := range s.Lines {
		words = append(words, l.Name)
	}
	return strings.Join(append(words, s.Asks), " ")
}

func TestARehearsalIsTheCallItselfAndLeavesNothing(t *testing.T) {
	b := newBench(t, "101")
	before := b.column(`select count(*)::text from calls union all select count(*)::text from reports union all select count(*)::text from consents union all select count(*)::text from audit_log`)
	scenes, err := b.Rehearse(t.Context(), b.menus.base, Rehearsal{At: noon,
		Did: []string{DidWait, "2", "1", "0905123456#", "1", "1", "1", "1", "1", "0", DidNobody, DidSpeak, "1"}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range scenes {
		got = append(got, played(s))
	}
	for i, want := range []string{"chao key", "menu_chinh key", "loai_lua_dao key", "hoi_so_ke_gian number", "doc_lai_so-1 so-0 so-9 so-0 so-5", "kenh_lien_lac key", "hoi_mat_tien key",
		"dong_y_goi_lai key", "doc_lai_tin_bao-1", "da_gui-1", "dang_noi_may officer", "khong_co_nguoi_truc record", "tam_biet end"} {
		if i >= len(got) || !strings.HasPrefix(got[i], want) {
			t.Errorf("scene %d: %q, expected %q", i, got[min(i, len(got)-1)], want)
		}
	}
	if len(scenes) != 13 || !scenes[0].Lines[0].Sounds || scenes[1].Lines[0].Text == "" {
		t.Errorf("%d scenes, the first %+v", len(scenes), scenes[0])
	}
	if texts := scenes[9].Texts; len(texts) != 1 || !strings.HasPrefix(texts[0], "CATHANHKHEX: Da nhan tin bao so ") {
		t.Errorf("texts %q", texts)
	}
	same(t, "rows", before, b.column(`select count(*)::text from calls union all select count(*)::text from reports union all select count(*)::text from consents union all select count(*)::text from audit_log`))
	if texts := b.sent(); len(texts) != 0 {
		t.Errorf("sent %q", texts)
	}
}

func TestARehearsalOfADraftSaysTheDraft(t *testing.T) {
	b := newBench(t)
	id := b.draft()
	v, err := b.menus.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	m, _ := b.menus.Judge(v)
	scenes, err := b.Rehearse(t.Context(), m, Rehearsal{At: noon})
	if err != nil || scenes[0].Lines[0].Text != ownGreeting || scenes[0].Lines[0].Sounds {
		t.Errorf("%+v, %v", scenes, err)
	}
	scenes, err = b.Rehearse(t.Context(), m, Rehearsal{At: noon, USSD: true, Did: []string{"7", "2", "1", "khong biet", "0905123456", "3"}})
	if err != nil {
		t.Fatal(err)
	}
	var asks []string
	for _, s := range scenes {
		asks = append(asks, s.Asks)
	}
	same(t, "what is asked", []string{"key", "key", "key", "number", "number", "key", "key"}, asks)
	scenes, err = b.Rehearse(t.Context(), m, Rehearsal{At: noon, USSD: true, Did: []string{"3", "1"}})
	if err != nil || len(scenes) != 2 || scenes[1].Screen != "4 KHONG, 2 PHAI.\nBao: 02363111222" || scenes[1].Asks != "end" {
		t.Errorf("%+v, %v", scenes, err)
	}
	same(t, "nothing answers by it", []string{"0"}, b.column(`select count(*)::text from calls`))
}

func TestTheMainMenusChoicesChangeOrderAndKeys(t *testing.T) {
	b := newBench(t).everywhere()
	id := b.draft()
	b.edit(id, func(e *Edit) error {
		said, err := e.menu.Ask("call", "menu_chinh")
		if err != nil {
			return err
		}
		shown, err := e.menu.Ask("ussd", "menu_chinh")
		if err != nil {
			return err
		}
		list, printed := said.Offers, shown.Offers
		// the reminders go first, by key 1; who has lost money presses 3
		list[0], list[2] = Offer{"3", "1", "Nghe lời nhắc"}, Offer{"1", "3", "Vừa bị mất tiền"}
		printed[0], printed[2] = Offer{"3", "1", "Xem 4 khong 2 phai"}, Offer{"1", "3", "Vua bi mat tien"}
		return errors.Join(e.Offers("call", "menu_chinh", list), e.Offers("ussd", "menu_chinh", printed))
	})
	b.approved(id)
	l := b.ring(mobile)
	l.press("-")
	if got := l.press("1"); got != six {
		t.Errorf("key 1: heard %s", got)
	}
	said, err := b.menus.last.Load().words.Prompt("menu_chinh")
	if want := "Xin ông bà nghe rồi bấm phím. Nghe lời nhắc, bấm phím một. Báo kẻ lừa đảo, bấm phím hai. Vừa bị mất tiền, bấm phím ba. Đăng ký nhận tin nhắn, bấm phím bốn. Kiểm tra một số điện thoại, bấm phím năm. Ngừng nhận tin nhắn, bấm phím chín. Gặp cán bộ trực, bấm phím số không. Nghe lại, bấm phím sao."; said != want || err != nil {
		t.Errorf("says %s, %v", said, err)
	}
	phone := b.networks(mobile)["steps with a number"]
	if s, err := phone.dial(); err != nil || s.Text != "CONG AN PHUONG - PHONG LUA DAO\n1. Xem 4 khong 2 phai\n2. Bao tin lua dao\n3. Vua bi mat tien\n4. Dang ky nhan tin\n5. Kiem tra so\n9. Ngung nhan tin\n0. So can goi" {
		t.Errorf("shows %q, %v", s.Text, err)
	}
	if s, err := phone.answer("3"); err != nil || first(s) != doNow {
		t.Errorf("key 3 shows %q, %v", s.Text, err)
	}
	parts := []string{}
	live, _ := b.menus.Live(t.Context())
	for _, c := range Changes(b.menus.base, live) {
		parts = append(parts, c.Part+" "+c.Place)
	}
	same(t, "what is different", []string{"prompt chao", "prompt menu_chinh", "screen menu_chinh", "screen nhac", "sms dang_ky", "node call.menu_chinh", "node ussd.menu_chinh"}, parts)
}

func TestAMainMenuOfFreeWordsIsEditedAsText(t *testing.T) {
	b := newBench(t).everywhere()
	id := b.draft()
	b.edit(id, func(e *Edit) error {
		return e.Prompt("menu_chinh", strings.Replace(mustPrompt(t, "menu_chinh"), "Báo kẻ lừa đảo", "Ông bà cứ bình tĩnh. Báo kẻ lừa đảo", 1))
	})
	v, err := b.menus.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	m, all := b.menus.Judge(v)
	if len(all) > 0 {
		t.Fatal(all)
	}
	if a, err := m.Ask("call", "menu_chinh"); !a.Free || !errors.Is(err, ErrFreeWords) {
		t.Errorf("error %v", err)
	}
	if err := b.menus.Edit(t.Context(), id, v.Revision, author, func(e *Edit) error { return e.Offers("call", "menu_chinh", nil) }); !errors.Is(err, ErrFreeWords) {
		t.Errorf("error %v", err)
	}
	if err := b.menus.Edit(t.Context(), id, v.Revision, author, func(e *Edit) error { return e.Offers("ussd", "menu_chinh", []Offer{{"1", "1", "x"}}) }); !errors.Is(err, ErrFreeWords) {
		t.Errorf("choices that are lost: %v", err)
	}
}

func mustPrompt(t *testing.T, name string) string {
	t.Helper()
	text, err := theWords(t).Prompt(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestThePageShowsEveryPromptWithItsLength(t *testing.T) {
	b := newBench(t)
	v, err := b.menus.Get(t.Context(), b.draft())
	if err != nil {
		t.Fatal(err)
	}
	m, _ := b.menus.Judge(v)
	all := b.menus.Prompts(m)
	if len(all) != len(m.words.PromptNames()) || all[0].Name != "chao" || all[0].Text != ownGreeting || all[0].Own == ownGreeting || !all[0].Mute || all[0].Syllables != 12 {
		t.Errorf("%d of %d prompts, the first %+v", len(all), len(m.words.PromptNames()), all[0])
	}
	if slices.ContainsFunc(all[1:], func(p Spoken) bool { return p.Mute || p.Seconds < 1 }) {
		t.Errorf("%+v", all)
	}
	if mute := b.menus.Mute(m); len(mute) != 1 || mute[0].Name != prompts.LineOf("chao", ownGreeting) || mute[0].Text != ownGreeting {
		t.Errorf("to be recorded: %v", mute)
	}
	if screens := m.Screens(); len(screens) != len(m.words.ScreenNames()) || screens[0].Length == 0 {
		t.Errorf("%d screens", len(screens))
	}
}
