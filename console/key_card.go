package console

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/gorilla/mux"

	"canhgiac/ivr"
	"canhgiac/ivr/prompts"
)

func (c *Console) keyCardPages(r *mux.Router) {
	c.page(r, "GET", "/key-card", everyone, c.keyCard)
}

// card is what a resident carries: the hotline's keys as the menu itself says them, the words and the code that are
// understood, the six reminders.
type card struct {
	Hotline   string // in groups, as people read numbers out
	Shortcode string // "" where the ward has none: no texts, no USSD
	Code      string
	Keys      []cardKey
	Words     []cardWord
	Reminders []cardReminder
	Four      []int // cards on a sheet
}

type cardKey struct{ Key, Does string }
type cardWord struct{ Word, Does string }
type cardReminder struct{ Head, Rest string }

func (c *Console) keyCard(w http.ResponseWriter, r *http.Request) error {
	d := card{Hotline: spacedNumber(c.Hotline), Shortcode: c.Shortcode, Four: make([]int, 4)}
	menu, err := c.Calls.Menus().Live(r.Context())
	if err != nil {
		return err
	}
	d.Keys = cardKeys(menu)
	if c.Shortcode != "" {
		d.Code, d.Words = "*"+c.Shortcode+"#", cardWords(menu)
	}
	d.Reminders = cardReminders(c.Words)
	return c.render(w, r, "key_card", d)
}

// cardKeys are those that callers hear, so that a card and the hotline never differ.
func cardKeys(m *ivr.Menu) []cardKey {
	var keys []cardKey
	for _, said := range m.MainChoices() {
		keys = append(keys, cardKey{said.Key, said.Says})
	}
	return keys
}

// cardWords: the first spelling of each action is the one that receipts tell residents.
func cardWords(m *ivr.Menu) []cardWord {
	var words []cardWord
	for _, a := range []cardWord{{"bao_tin", "và số kẻ gian: báo lừa đảo"}, {"kiem_tra", "và số lạ: kiểm tra số"}, {"dang_ky", "nhận tin nhắc, miễn phí"}, {"ngung_nhan", "ngừng nhận tin"}} {
		if spelt := m.SMS[a.Word]; len(spelt) > 0 {
			words = append(words, cardWord{spelt[0], a.Does})
		}
	}
	return words
}

var reminderParts = regexp.MustCompile(`^\{brand\}: ((?:\p{Lu}{2,} ?)+[.]?) ?(.*?) Hỏi: `)

func cardReminders(w *prompts.Words) []cardReminder {
	var six []cardReminder
	for _, r := range w.Reminders() {
		if m := reminderParts.FindStringSubmatch(r.Text); m != nil {
			six = append(six, cardReminder{strings.TrimSpace(m[1]), m[2]})
		}
	}
	return six
}

// spacedNumber: 0236 311 1222, 0905 123 456.
func spacedNumber(s string) string {
	if len(s) < 9 || len(s) > 11 {
		return s
	}
	return s[:4] + " " + s[4:7] + " " + s[7:]
}
