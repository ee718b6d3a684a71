package ivr

import (
	"slices"
	"strconv"

	"canhgiac/ivr/prompts"
)

// receipts are the SMS that answer a call, a session or a word, in the order in which a page shows them. A version may say
// them otherwise; reminders are the campaigns'.
var receipts = []string{
	"bao_tin_da_nhan", "bao_tin_mat_tien",
	"dang_ky_xac_nhan", "da_dang_ky_roi", "ngung_nhan_xac_nhan",
	"kiem_tra_da_bao", "kiem_tra_chinh_thuc", "kiem_tra_chua_ai", "kiem_tra_het_luot", "kiem_tra_khong_so",
	"tro_giup_hai_chieu", "tro_giup_mot_chieu", "khong_hieu_lenh",
}

// Receipt is an SMS as a page shows it.
type Receipt struct {
	Name            string
	Text, Own       prompts.Message
	Plain, Accented int // characters with the widest values
}

// Receipts are what the menu's SMS say.
func (m *Menu) Receipts() []Receipt {
	var all []Receipt
	for _, name := range receipts {
		text, err := m.words.Message(name)
		if err != nil {
			continue // the check tells it
		}
		own, _ := m.words.Original().Message(name)
		all = append(all, Receipt{name, text, own, text.Length(prompts.Plain), text.Length(prompts.Accented)})
	}
	return all
}

// receipts judges what SMS say: in both forms all that was told before, in no more parts than before.
func (c *checker) receipts() {
	for _, name := range receipts {
		c.at("receipts." + name)
		text, err := c.m.words.Message(name)
		if err != nil {
			c.add("no_words", strconv.Quote(name))
			continue
		}
		own, _ := c.m.words.Original().Message(name)
		c.sameValues(own.Plain, text.Plain)
		if slices.Equal(prompts.Placeholders(own.Plain), prompts.Placeholders(text.Plain)) { // else the same would be told twice
			c.sameValues(own.Accented, text.Accented)
		}
		if bad := text.Refused(); bad != "" {
			c.add("bad_letter", bad)
		}
		if n := text.Length(prompts.Plain); n > prompts.PlainLimit {
			c.add("long_plain", strconv.Itoa(n), strconv.Itoa(prompts.PlainLimit))
		}
		if n := text.Length(prompts.Accented); n > prompts.AccentedLimit {
			c.add("long_accented", strconv.Itoa(n), strconv.Itoa(prompts.AccentedLimit))
		}
		if text.Plain == "" || text.Accented == "" {
			c.add("no_text")
		}
	}
}

func (m *Menu) receiptTexts() map[string]string {
	all := map[string]string{}
	for _, r := range m.Receipts() {
		all[r.Name] = r.Text.Accented + "\n" + r.Text.Plain
	}
	return all
}
