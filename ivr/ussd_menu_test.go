package ivr

import (
	"strings"
	"testing"

	"canhgiac/gateway/sms"
	"canhgiac/ivr/prompts"
)

func TestUSSDMenusThatWouldStrandSomebody(t *testing.T) {
	w, err := prompts.Load()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"a destination that is not there":          {`"2": {goto: loai}`, `"2": {goto: loai_lua_dao}`, `menu_chinh: no node "loai_lua_dao"`},
		"a start that is not there":                {"start: menu_chinh", "start: chao", "start: no node"},
		"a node that nobody reaches":               {"nodes:\n", "nodes:\n  orphan: {screen: so_goi}\n", "orphan: nothing leads to it"},
		"a screen without text":                    {"screen: muc_tien", "screen: muc", "no such text"},
		"a session that cannot end":                {`  xong: {screen: xong}`, `  xong: {screen: luc_nao, keys: {"1": {goto: xong}, "2": {goto: xong}}}`, "xong: no path from it ends the session"},
		"a screen that ends, and asks":             {"screen: muc_tien", "screen: so_goi", "muc_tien: asks and ends"},
		"a screen that neither ends nor asks":      {"{screen: nhac}", "{screen: loai}", "nhac: asks and ends"},
		"a key offered and not taken":              {`      "5": {goto: goi_lai, set: {band: "5"}}` + "\n", "", "the words offer [1 2 3 4 5]"},
		"a key taken and not offered":              {`"3": {goto: da_huy, do: cancel}`, `"3": {goto: da_huy, do: cancel}` + "\n" + `      "4": {goto: da_huy}`, "takes the keys [1 2 3 4]"},
		"a key that content.yaml has go elsewhere": {`"9": {goto: ngung}`, `"9": {goto: dang_ky}`, "key 9 goes to"},
		"an answer that reports cannot take":       {"when: before", "when: tomorrow", "sets when"},
		"an act that does not exist":               {"do: send", "do: sent", `does "sent"`},
		"a condition that does not exist":          {"if: withheld", "if: hidden", `condition "hidden"`},
		"a round without a question":               {"divert: [{if: just_lost, goto: luc_nao}]", "divert: [{if: just_lost, goto: xac_nhan}]", "goes round"},
		"a number longer than a screen holds":      {"max: 15", "max: 16", "at most 15"},
		"a failure that goes on":                   {"failure: loi", "failure: sai", "does not end"},
		"words that leave no room":                 {"wrong_key: [sai, sai_ngan]", "wrong_key: [sai]", "too long to be shown again"},
		"a misspelt key of the file":               {"wrong_number:", "wrong_no:", "field wrong_no not found"},
	} {
		t.Run(name, func(t *testing.T) {
			src := strings.Replace(string(ussdYAML), c.old, c.new, 1)
			if src == string(ussdYAML) {
				t.Fatalf("%q is not in the menu", c.old)
			}
			if _, err := loadScreens([]byte(src), w); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, expected %q", err, c.want)
			}
		})
	}
}

// TestEveryScreenFits judges with the gateway's own count, at the widest: alone, and shown again behind a wrong key's words.
func TestEveryScreenFits(t *testing.T) {
	w, err := prompts.Load()
	if err != nil {
		t.Fatal(err)
	}
	m, err := loadScreens(ussdYAML, w)
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{m.Failure: true, m.WrongNumber: true}
	for _, name := range m.WrongKey {
		shown[name] = true
	}
	for name, n := range m.Nodes {
		shown[n.Screen] = true
		page := m.pages[name]
		again, _ := repeated(m.wordsBefore(n), page.Widest())
		for _, text := range []string{page.Widest(), again} {
			if size := sms.Measure(text); size.Encoding != sms.GSM7 || size.Units > prompts.ScreenLimit || size.Units != len(text) {
				t.Errorf("%s: %+v: %s", name, size, text)
			}
		}
		if again != page.Widest() {
			for _, key := range page.Offered() {
				if !strings.Contains(again, "\n"+key+". ") && !strings.Contains(again, "\nBam "+key+": ") {
					t.Errorf("%s: shown again, it does not offer %s:\n%s", name, key, again)
				}
			}
		}
	}
	for _, name := range w.ScreenNames() {
		if !shown[name] {
			t.Errorf("nobody shows %s", name)
		}
	}
}
