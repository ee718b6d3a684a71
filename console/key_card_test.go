package console

import (
	"strings"
	"testing"

	"canhgiac/ivr/prompts"
)

func TestTheKeyCardSaysWhatTheHotlineHas(t *testing.T) {
	words, err := prompts.Load()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := cardKeys(words)
	if err != nil {
		t.Fatal(err)
	}
	offered := words.PromptKeys("menu_chinh")
	for _, k := range keys {
		if offered[k.Key] == "" || k.Does == "" {
			t.Errorf("the card has %+v, the menu %v", k, offered)
		}
	}
	if len(keys) != len(offered) || keys[0] != (cardKey{"1", "Vừa bị mất tiền"}) {
		t.Errorf("the card has %+v, the menu %v", keys, offered)
	}
	six := cardReminders(words)
	if len(six) != 6 || six[0].Head != "KHÔNG SỢ." || strings.Contains(six[5].Rest, "{") {
		t.Errorf("the six are %+v", six)
	}

	h := newHouse(t, func(o *Options) { o.Hotline, o.Shortcode = "02363111222", "8088" })
	page := h.as(Ward).get("/key-card").body
	for _, want := range []string{"0236 311 1222", "*8088#", "<b>BAO</b>", "<b>TC</b>", "Công an không gọi điện yêu cầu chuyển tiền", "Mật khẩu trong nhà", "Tổ trưởng"} {
		if n := strings.Count(page, want); n != 4 {
			t.Errorf("%q stands on %d of 4 cards", want, n)
		}
	}
	without := houseOf(t, func(o *Options) { o.Hotline = "02363111222" })
	if page := without.as(Ward).get("/key-card").body; strings.Contains(page, "Nhắn tin tới") {
		t.Error("a ward without a short code offers texts")
	}
}
