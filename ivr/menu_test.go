package ivr

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"canhgiac/ivr/prompts"
)

func theWords(t *testing.T) *prompts.Words {
	t.Helper()
	w, err := prompts.Load()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func theMenu(t *testing.T) *Menu {
	t.Helper()
	m, err := loadMenu(menuYAML, theWords(t), everySound)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func everySound(prompts.Line) bool { return true }

// theSchema validates a YAML document by menu.schema.json.
func theSchema(t *testing.T) func(src []byte) error {
	t.Helper()
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("menu.schema.json", parsed); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("menu.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return func(src []byte) error {
		var v any
		if err := yaml.Unmarshal(src, &v); err != nil {
			return err
		}
		return schema.Validate(v)
	}
}

// brokenMenus are the real menu with one thing broken, and what is found. In form says that the schema finds it too: the
// rest is what no schema can say.
var brokenMenus = map[string]struct {
	old, new, want string
	inForm         bool
}{
	"a destination that is not there":              {`{goto: loai_lua_dao}`, `{goto: loai}`, `call.menu_chinh: leads to "loai", which is no node`, false},
	"a start that is not there":                    {"start: chao", "start: hello", `call.start: leads to "hello"`, false},
	"a node that nobody reaches":                   {"  nodes:\n", "  nodes:\n    orphan: {say: [chao], next: menu_chinh}\n", "call.orphan: nothing leads to it", false},
	"a call that cannot end":                       {"      hangup: true", "      next: menu_chinh", "no path from it comes to an end", false},
	"words without text":                           {"say: [dang_ky]", "say: [dang_ki]", `no words are called "dang_ki"`, false},
	"words that nothing fills":                     {"say: [tam_biet]", "say: [goi_di_nhac]", "call.tam_biet: says {loi_nhac}, which a reminder's call alone has", false},
	"a call of ours that begins nowhere":           {"callback: goi_lai", "callback: goi_di_lai2", `call.outgoing: leads to "goi_di_lai2"`, false},
	"a kind of call that we do not place":          {"    callback: goi_lai", "    callback: goi_lai\n    advert: goi_lai", "call.outgoing: expected reminder and callback", true},
	"a reminder on a call that came in":            {`"3": {goto: loi_nhac}`, `"3": {goto: loi_nhac, do: hear}`, "call.menu_chinh: says key 3, which a reminder's call alone has", false},
	"a reminder on a screen":                       {`"3": {goto: nhac}`, `"3": {goto: nhac, do: hear}`, `ussd.menu_chinh: does "hear", which is no act`, false},
	"a key offered and not taken":                  {`        "3": {goto: loi_nhac}` + "\n", "", "its words name key 3, which it does not take", false},
	"a key taken and not offered":                  {`        "4": {goto: dang_ky}`, `        "4": {goto: dang_ky}` + "\n" + `        "6": {goto: dang_ky}`, "takes key 6, which its words do not name", false},
	"a key 0 that is not the officer's":            {`"0": gap_can_bo`, `"0": menu_chinh`, "0 must lead to the officer", false},
	"a star that does not repeat":                  {`"*": again`, `"*": menu_chinh`, "* must repeat", true},
	"a node that takes 0 for itself":               {`"2": {goto: hoi_so_ke_gian}`, `"0": {goto: hoi_so_ke_gian}`, `takes key "0"`, true},
	"a node with two purposes":                     {"      hangup: true", "      hangup: true\n      next: menu_chinh", "has 2 of", true},
	"a node without a purpose":                     {"      hangup: true", "      tail: texted", "has 0 of", true},
	"a silence too short for the elderly":          {"wait: 10", "wait: 5", "waits 5 s", true},
	"a question with too short a silence":          {"say: [kenh_lien_lac]", "say: [kenh_lien_lac]\n      wait: 3", "call.kenh_lien_lac: waits 3 s", false},
	"an answer that reports cannot take":           {`set: {kind: "8"}`, `set: {kind: "9"}`, `sets kind to "9"`, false},
	"an act that does not exist":                   {"do: send", "do: sent", `does "sent", which is no act (use one of cancel, check, hear, open, opt_out, register, report_checked, resume, send)`, false},
	"a condition that does not exist":              {"if: withheld", "if: hidden", `asks for "hidden"`, false},
	"a round without a question":                   {"      next: menu_chinh", "      next: da_huy", "call.da_huy: goes round without an act of the caller", false},
	"two silences that lead to each other":         {"      other: da_gui\n      silence: tam_biet", "      other: da_gui\n      silence: da_gui", "call.da_gui: goes round", false},
	"a report sent by a key typed ahead":           {"      careful: true\n      keys:\n        \"1\": {goto: da_gui, do: send}", "      keys:\n        \"1\": {goto: da_gui, do: send}", "key 1 does send, and a key typed ahead may press it", false},
	"a third menu before anything is done":         {`        "2": {goto: loai_lua_dao}`, `        "2": {goto: sap_chuyen_tien}`, "call.dong_y_goi_lai: what it is for comes 3 keys after", false},
	"an officer's node that does not dial":         {"officer: gap_can_bo", "officer: menu_chinh", "menu_chinh must ring the officers", false},
	"nobody to take the message":                   {"nobody: khong_co_nguoi_truc, closed: ngoai_gio}\n    qua_3_lan", "nobody: menu_chinh, closed: ngoai_gio}\n    qua_3_lan", "its dial is not whole", false},
	"nobody to take the message outside the hours": {"closed: ngoai_gio}\n    qua_3_lan", "closed: menu_chinh}\n    qua_3_lan", "its dial is not whole", false},
	"a number without an end":                      {"between: 10", "between: 0", "its number is not whole", true},
	"a misspelt key of the file":                   {"silence: tam_biet", "silense: tam_biet", "field silense not found", true},
	"not YAML":                                     {"nodes:", "nodes: [", "menu.yaml: cannot be read", true},
	"two documents":                                {"\n# The same menu as USSD", "\n---\n# The same menu as USSD", "cannot be read", true},

	"a screen's destination that is not there":       {`"2": {goto: loai}`, `"2": {goto: loai_lua_dao}`, `ussd.menu_chinh: leads to "loai_lua_dao"`, false},
	"a screen that nobody reaches":                   {"  wrong_number: sai_so\n  failure: loi\n\n  nodes:\n", "  wrong_number: sai_so\n  failure: loi\n\n  nodes:\n    orphan: {screen: so_goi}\n", "ussd.orphan: nothing leads to it", false},
	"a screen without text":                          {"screen: muc_tien", "screen: muc", `no words are called "muc"`, false},
	"a session that cannot end":                      {`    xong: {screen: xong}`, `    xong: {screen: luc_nao, keys: {"1": {goto: xong}, "2": {goto: xong}}}`, "ussd.xong: no path from it", false},
	"a screen that ends, and asks":                   {"screen: muc_tien", "screen: so_goi", "ussd.muc_tien: it asks and ends", false},
	"a screen that neither ends nor asks":            {"{screen: nhac}", "{screen: loai}", "ussd.nhac: it asks and ends", false},
	"a screen's key offered and not taken":           {`        "5": {goto: goi_lai, set: {band: "5"}}` + "\n", "", "ussd.muc_tien: its words name key 5", false},
	"a screen's key taken and not offered":           {"    xac_nhan_khong_so:\n      screen: xac_nhan_khong_so\n      keys:\n", "    xac_nhan_khong_so:\n      screen: xac_nhan_khong_so\n      keys:\n        \"4\": {goto: da_huy}\n", "takes key 4, which its words do not name", false},
	"a round of screens without a question":          {"divert: [{if: just_lost, goto: luc_nao}]", "divert: [{if: just_lost, goto: xac_nhan}]", "goes round", false},
	"a number of no known length that leads nowhere": {"number: {set: number, goto: da_mat_tien, odd: hoi_lai_so}", "number: {set: number, goto: da_mat_tien}", "its number is not whole", true},
	"a failure that goes on":                         {"failure: loi\n", "failure: sai\n", "sai does not end the session", false},
	"words that leave no room":                       {"wrong_key: [sai, sai_ngan]", "wrong_key: [sai]", "too long to be shown again", false},
	"a misspelt key of the screens":                  {"wrong_number:", "wrong_no:", "field wrong_no not found", true},

	"one word for two things, but for its marks": {"[BAO, LD", "[BAO, HỦY, LD", `"HỦY" is a word of ngung_nhan too`, true},
	"one word twice":               {"[BAO, LD", "[BAO, Bao, LD", "is a word of bao_tin too", false},
	"a word of digits":             {"[BAO, LD", `[BAO, "113"`, `"113" cannot begin a message`, true},
	"words for nothing":            {"  tro_giup: [TG", "  giup_do: [TG", `sms.giup_do: does "giup_do", which is no act (use one of bao_tin, dang_ky, kiem_tra, ngung_nhan, tro_giup)`, false},
	"nothing to ask for help with": {"  tro_giup: [TG", "  bao_cao: [TG", "no word is given for tro_giup", false},

	"a day that is none":                       {"    mon: [", "    monday: [", "hours.monday: monday is no day", true},
	"hours that end before they begin":         {`mon: ["00:00-24:00"]`, `mon: ["17:00-08:00"]`, "17:00-08:00 is no span", false},
	"hours that overlap":                       {`mon: ["00:00-24:00"]`, `mon: ["08:00-12:00", "11:00-17:00"]`, "11:00-17:00 is no span", false},
	"hours of a clock that does not exist":     {`mon: ["00:00-24:00"]`, `mon: ["8-17"]`, "8-17 is no span", true},
	"a holiday on a day that the year has not": {"holidays: {}", `holidays: {"2027-02-30": Tết}`, "2027-02-30 is no day", false},
}

func TestMenusThatWouldStrandSomebody(t *testing.T) {
	w := theWords(t)
	for name, c := range brokenMenus {
		t.Run(name, func(t *testing.T) {
			src := strings.Replace(string(menuYAML), c.old, c.new, 1)
			if src == string(menuYAML) {
				t.Fatalf("%q is not in the menu", c.old)
			}
			if _, err := loadMenu([]byte(src), w, everySound); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, expected %q", err, c.want)
			}
		})
	}
}

// TestSchemaAndDecoderAgree: what the schema refuses the check refuses too, and what is wrong in form alone both find.
func TestSchemaAndDecoderAgree(t *testing.T) {
	w, valid := theWords(t), theSchema(t)
	if err := valid(menuYAML); err != nil {
		t.Fatalf("the menu itself: %v", err)
	}
	for name, c := range brokenMenus {
		src := []byte(strings.Replace(string(menuYAML), c.old, c.new, 1))
		_, refused := loadMenu(src, w, everySound)
		if err := valid(src); (err != nil) != c.inForm {
			t.Errorf("%s: the schema says %v, the check %v", name, err, refused)
		}
	}
}

// TestTheSchemaKnowsEveryNameOfTheDecoder: a name that one of them has alone would be refused by an editor, or by the start.
func TestTheSchemaKnowsEveryNameOfTheDecoder(t *testing.T) {
	written, err := writeDocument(theMenu(t).document)
	if err != nil {
		t.Fatal(err)
	}
	if err := theSchema(t)(written); err != nil {
		t.Errorf("the menu as the program writes it: %v", err)
	}
	again, err := readDocument(written)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the menu written and read again", theMenu(t).document, again)
	if first, _, _ := strings.Cut(string(menuYAML), "\n"); first != "# yaml-language-server: $schema=menu.schema.json" {
		t.Errorf("the file does not name its schema: %s", first)
	}
}

func TestAWeekWithoutHoursIsFound(t *testing.T) {
	d := theMenu(t).document
	d.Hours.Week = map[string][]string{"mon": nil}
	src, err := writeDocument(d)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := loadMenu(src, theWords(t), everySound); err == nil || !strings.Contains(err.Error(), "hours.week: an officer can never be reached") {
		t.Errorf("error %v", err)
	}
}

func TestWordsWithoutASoundAreFound(t *testing.T) {
	_, err := loadMenu(menuYAML, theWords(t), func(l prompts.Line) bool { return l.Name != "menu_chinh" })
	if err == nil || !strings.Contains(err.Error(), "words.menu_chinh: no sound says the words of menu_chinh") {
		t.Errorf("error %v", err)
	}
}

// TestChangedWordsAreJudged: a ward's own words are held to what the house's are.
func TestChangedWordsAreJudged(t *testing.T) {
	menuWords, err := theWords(t).Prompt("menu_chinh")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		changes prompts.Changes
		want    string
	}{
		"a key that is no longer said":                   {prompts.Changes{Prompts: map[string]string{"menu_chinh": strings.Replace(menuWords, "bấm phím ba", "xin chờ", 1)}}, "call.menu_chinh: takes key 3, which its words do not name"},
		"one key for two choices":                        {prompts.Changes{Prompts: map[string]string{"menu_chinh": strings.Replace(menuWords, "bấm phím ba", "bấm phím hai", 1)}}, "name key 2 for two choices"},
		"a choice that nobody can remember":              {prompts.Changes{Prompts: map[string]string{"dong_y_goi_lai": "Nếu ông bà cho phép cán bộ của công an phường mình gọi lại số máy này khi cần thêm, bấm một. Không, bấm hai."}}, "the choice of key 1 is too long"},
		"words that never end":                           {prompts.Changes{Prompts: map[string]string{"tam_biet": strings.Repeat("Kính chào ông bà. ", 40)}}, "words.tam_biet: 160 syllables long"},
		"digits":                                         {prompts.Changes{Prompts: map[string]string{"tam_biet": "Xin gọi 113."}}, "words.tam_biet: its words hold digits"},
		"a screen that does not fit":                     {prompts.Changes{Screens: map[string]string{"xong": strings.Repeat("Da nhan tin bao. ", 10)}}, "ussd.xong: its screen has 170 characters"},
		"a screen with marks":                            {prompts.Changes{Screens: map[string]string{"nhac": "Không sợ."}}, `ussd.nhac: its screen holds "ô"`},
		"a screen that asks for a value it does not get": {prompts.Changes{Screens: map[string]string{"nhac": "Goi {brand}"}}, "nothing fills the placeholder {brand}"},
	} {
		w, err := theWords(t).With(c.changes, "+1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := loadMenu(menuYAML, w, everySound); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, expected %q", name, err, c.want)
		}
	}
}

// TestEveryFindingIsCalledByItsName: a code without words would tell nobody anything.
func TestEveryFindingIsCalledByItsName(t *testing.T) {
	for _, c := range brokenMenus {
		_, err := loadMenu([]byte(strings.Replace(string(menuYAML), c.old, c.new, 1)), theWords(t), everySound)
		list, _ := err.(Findings)
		for _, f := range list {
			if !slices.Contains(FindingCodes(), f.Code) || f.Says() == "" || f.Remedy() == "" || strings.Contains(f.String(), "{A}") {
				t.Errorf("%+v: %s", f, f)
			}
		}
	}
}

// TestEveryPromptHasItsPlace: the menu says every text there is for calls.
func TestEveryPromptHasItsPlace(t *testing.T) {
	m := theMenu(t)
	said := map[string]bool{m.Call.WrongKey: true, m.Call.Silent: true, m.Call.Failure: true, tapeLine: true}
	for _, n := range m.Call.Nodes {
		for _, name := range n.Say {
			said[name] = true
		}
	}
	for _, name := range m.words.PromptNames() {
		if !said[name] {
			t.Errorf("nobody says %s", name)
		}
	}
}
