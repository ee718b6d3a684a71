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
	h := newHouse(t, func(o *Options) { o.Hotline, o.Shortcode = "02363111222", "8088" })
	menu, err := h.Calls.Menus().Live(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var keys string
	for _, k := range cardKeys(menu) {
		if keys += k.Key; k.Does == "" {
			t.Errorf("the card has %+v", k)
		}
	}
	if keys != "1234590*" || cardKeys(menu)[0] != (cardKey{"1", "Vừa bị mất tiền"}) {
		t.Errorf("the card has the keys %s", keys)
	}
	six := cardReminders(words)
	if len(six) != 6 || six[0].Head != "KHÔNG SỢ." || strings.Contains(six[5].Rest, "{") {
		t.Errorf("the six are %+v", six)
	}

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
