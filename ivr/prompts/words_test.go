package prompts

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func load(t *testing.T) *Words {
	t.Helper()
	w, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestEveryMessageFitsItsParts(t *testing.T) {
	w := load(t)
	for key, m := range w.sms {
		if n := m.Length(Plain); n > PlainLimit {
			t.Errorf("%s: %d characters không dấu, more than one part", key, n)
		}
		if n := m.Length(Accented); n > AccentedLimit {
			t.Errorf("%s: %d UCS-2 units, more than two parts", key, n)
		}
		for _, form := range []Form{Plain, Accented} {
			if _, err := w.SMS(key, form, widestInMessage); err != nil {
				t.Errorf("%s has a value that its length is not counted with: %v", key, err)
			}
		}
		for _, link := range []string{"http", "www.", ".vn", ".com"} {
			if strings.Contains(m.Plain+m.Accented, link) {
				t.Errorf("%s holds a link", key)
			}
		}
	}
}

func TestAMissingValueIsAnError(t *testing.T) {
	w := load(t)
	if _, err := w.SMS("bao_tin_da_nhan", Plain, map[string]string{"brand": "X", "hotline": "1", "gio": "14:05", "ngay": "27/08"}); !errors.Is(err, ErrNoValue) {
		t.Errorf("no code given: %v", err)
	}
	if _, err := w.SMS("khong_co", Plain, nil); !errors.Is(err, ErrNoText) {
		t.Errorf("no such text: %v", err)
	}
	if _, err := w.Prompt("khong_co"); !errors.Is(err, ErrNoText) {
		t.Errorf("no such prompt: %v", err)
	}
	if s, err := Fill("{so}", map[string]string{"so": "{ma}"}); err != nil || s != "{ma}" {
		t.Errorf("a value is not filled again: %q, %v", s, err)
	}
}

// TestTheWordsOfConsentPromiseTheNumber: who changes one changes the other, and what people agreed to before.
func TestTheWordsOfConsentPromiseTheNumber(t *testing.T) {
	w := load(t)
	inWords := []string{"không", "một", "hai", "ba", "bốn", "năm"}[PromisedPerWeek]
	if text, err := w.Prompt("dang_ky"); err != nil || !strings.Contains(text, "mỗi tuần không quá "+inWords+" tin,") {
		t.Errorf("the voice says %q, %v", text, err)
	}
	if s, err := w.USSD("dang_ky"); err != nil || !strings.Contains(s.Text, fmt.Sprintf("moi tuan khong qua %d tin,", PromisedPerWeek)) {
		t.Errorf("USSD says %q, %v", s.Text, err)
	}
}

func TestBothFormsOfOneText(t *testing.T) {
	w := load(t)
	vars := map[string]string{"brand": "CATHANHKHEX", "hotline": "02363111222"}
	for form, want := range map[Form]string{
		Plain:    "CATHANHKHEX: Tong dai chua hieu tin cua ba con. Xin goi 02363111222 de duoc giup. Viec gap: goi 113.",
		Accented: "CATHANHKHEX: Tổng đài chưa hiểu tin của bà con. Xin gọi 02363111222 để được giúp. Việc gấp: gọi 113.",
	} {
		if got, err := w.SMS("khong_hieu_lenh", form, vars); err != nil || got != want {
			t.Errorf("form %d: %q, %v", form, got, err)
		}
	}
}

func TestTheSixComeInTheirOrder(t *testing.T) {
	w := load(t)
	six := w.Reminders()
	for i, begins := range []string{"KHÔNG SỢ", "KHÔNG THAM", "KHÔNG KẾT BẠN", "KHÔNG LÀM", "PHẢI CẢNH GIÁC", "PHẢI TỐ GIÁC"} {
		if !strings.HasPrefix(six[i].Text, "{brand}: "+begins) || six[i].Plain == "" {
			t.Errorf("reminder %d is %q", i+1, six[i].Text)
		}
		if _, err := w.Prompt(w.ReminderPrompts()[i]); err != nil {
			t.Error(err)
		}
	}
}

// TestBrokenTextsStopTheStart gives parse the real texts with one thing broken, and the words that the error must hold.
func TestBrokenTextsStopTheStart(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"a diacritic in a không dấu text":  {"Tong dai chua hieu", "Tổng dai chua hieu", "sms.khong_hieu_lenh.khong_dau"},
		"a character that carriers refuse": {"Viec gap: goi 113.\"\n    khong_dau_chars: 115", "Viec gap & goi 113.\"\n    khong_dau_chars: 115", "sms.tro_giup_mot_chieu.khong_dau"},
		"a placeholder lost in one form":   {"Tin bao so {ma} da chuyen", "Tin bao da chuyen", "different values"},
		"a placeholder nobody fills":       {"Mã tin báo là: {ma}", "Mã tin báo là: {code}", "unknown placeholder {code}"},
		"an open brace":                    {"Mã tin báo là: {ma}", "Mã tin báo là: {ma", "brace"},
		"digits in a spoken text":          {"xin gọi một một ba", "xin gọi 113", "write them as words"},
		"a reminder gone":                  {"nhac_3_khong_ket_ban:", "nhac_3:", "sms.nhac_3_khong_ket_ban: missing"},
		"an official form mapped twice":    {"number: 24", "number: 23", "official form 24 is mapped 0 times"},
		"no version":                       {`version: "0.1-draft"`, `version: ""`, "meta.version"},
		"not YAML":                         {"meta:", "meta: [", "read the texts"},
	} {
		t.Run(name, func(t *testing.T) {
			src := strings.Replace(string(contentYAML), c.old, c.new, 1)
			if src == string(contentYAML) {
				t.Fatalf("%q is not in the texts", c.old)
			}
			if _, err := parse([]byte(src)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, expected %q in it", err, c.want)
			}
		})
	}
}
