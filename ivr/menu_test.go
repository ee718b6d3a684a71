package ivr

import (
	"strings"
	"testing"

	"canhgiac/ivr/prompts"
)

// TestMenusThatWouldStrandACaller gives the check the real menu with one thing broken, and the words of its error.
func TestMenusThatWouldStrandACaller(t *testing.T) {
	w, err := prompts.Load()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := loadMenu(menuYAML, w); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"a destination that is not there":      {`{goto: loai_lua_dao}`, `{goto: loai}`, `menu_chinh: no node "loai"`},
		"a start that is not there":            {"start: chao", "start: hello", "start: no node"},
		"a node that nobody reaches":           {"nodes:\n", "nodes:\n  orphan: {say: [chao], next: menu_chinh}\n", "orphan: nothing leads to it"},
		"a call that cannot end":               {"    hangup: true", "    next: menu_chinh", "no path from it ends the call"},
		"words without text":                   {"say: [dang_ky]", "say: [dang_ki]", "no such text"},
		"words that nothing fills":             {"say: [tam_biet]", "say: [goi_di_nhac]", "nothing fills {loi_nhac}"},
		"a call of ours that begins nowhere":   {"  callback: goi_lai", "  callback: goi_di_lai2", "outgoing.callback: no node"},
		"a kind of call that we do not place":  {"  callback: goi_lai", "  callback: goi_lai\n  advert: goi_lai", "outgoing: expected"},
		"a reminder on a call that came in":    {`"3": {goto: loi_nhac}`, `"3": {goto: loi_nhac, do: hear}`, "only a reminder's call"},
		"a key offered and not taken":          {`      "3": {goto: loi_nhac}` + "\n", "", "the words offer key 3"},
		"a key taken and not offered":          {`      "4": {goto: dang_ky}`, `      "4": {goto: dang_ky}` + "\n" + `      "5": {goto: dang_ky}`, "the node takes key 5"},
		"a key 0 that is not the officer's":    {`"0": gap_can_bo`, `"0": menu_chinh`, "0 for the officer"},
		"a star that does not repeat":          {`"*": again`, `"*": menu_chinh`, "* for again"},
		"a node that takes 0 for itself":       {`"2": {goto: hoi_so_ke_gian}`, `"0": {goto: hoi_so_ke_gian}`, `key "0"`},
		"a node with two purposes":             {"    hangup: true", "    hangup: true\n    next: menu_chinh", "has 2 of"},
		"a node without a purpose":             {"    hangup: true", "    wait: 0", "has 0 of"},
		"a silence too short for the elderly":  {"wait: 9", "wait: 5", "expected 8 to 10"},
		"a question with too short a silence":  {"say: [kenh_lien_lac]", "say: [kenh_lien_lac]\n    wait: 3", "kenh_lien_lac: wait 3 s"},
		"an answer that reports cannot take":   {`set: {kind: "8"}`, `set: {kind: "9"}`, "sets kind"},
		"an act that does not exist":           {"do: send", "do: sent", `does "sent"`},
		"a condition that does not exist":      {"if: withheld", "if: hidden", `condition "hidden"`},
		"a round without a question":           {"    next: menu_chinh", "    next: da_huy", "goes round"},
		"an officer's node that does not dial": {"officer: gap_can_bo", "officer: menu_chinh", "expected a node that dials"},
		"nobody to take the message":           {"nobody: khong_co_nguoi_truc}\n  qua_3_lan", "nobody: menu_chinh}\n  qua_3_lan", "a nobody that records"},
		"a number without an end":              {"between: 4", "between: 0", "number needs"},
		"a misspelt key of the file":           {"silence: tam_biet", "silense: tam_biet", "field silense not found"},
		"not YAML":                             {"nodes:", "nodes: [", "menu.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			src := strings.Replace(string(menuYAML), c.old, c.new, 1)
			if src == string(menuYAML) {
				t.Fatalf("%q is not in the menu", c.old)
			}
			_, err := loadMenu([]byte(src), w)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, expected %q", err, c.want)
			}
		})
	}
}

// TestEveryPromptHasItsPlace: the menu says every text there is for calls.
func TestEveryPromptHasItsPlace(t *testing.T) {
	w, err := prompts.Load()
	if err != nil {
		t.Fatal(err)
	}
	m, err := loadMenu(menuYAML, w)
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]bool{m.WrongKey: true, m.Silent: true, m.Failure: true}
	for _, n := range m.Nodes {
		for _, name := range n.Say {
			said[name] = true
		}
	}
	for _, name := range w.PromptNames() {
		if !said[name] {
			t.Errorf("nobody says %s", name)
		}
	}
}
