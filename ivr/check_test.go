package ivr

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"canhgiac/ivr/prompts"
	"canhgiac/reports"
	"canhgiac/residents"
)

const suspect = "0905123456"

// reported has n people report number, the last of them twice.
func (b *bench) reported(number string, n int) {
	b.t.Helper()
	for i := range n + 1 {
		tx, err := b.db.Begin()
		if err != nil {
			b.t.Fatal(err)
		}
		d := reports.Draft{Origin: "sms", Ref: fmt.Sprint(number, i), Reporter: residents.Phone(fmt.Sprintf("+8493%07d", min(i, n-1))), ScamNumber: number, Complete: true}
		if _, err := b.Hotline.reports.Save(b.t.Context(), tx, d); err != nil {
			b.t.Fatal(err)
		}
		if err := tx.Commit(); err != nil {
			b.t.Fatal(err)
		}
	}
}

const (
	suspectRead = "so-0 so-9 so-0 im_lang so-5 so-1 so-2 im_lang so-3 so-4 so-5 im_lang so-6"
	checkAsked  = "hoi_so_kiem_tra #"
)

func TestANumberIsCheckedOnACall(t *testing.T) {
	b := newBench(t, "101")
	b.reported(suspect, 3)
	known := "kt_da_bao-1 " + suspectRead + " kt_da_bao-2 nguoi-2 kt_da_bao-3 kt_tiep ?"
	for name, c := range map[string]struct {
		from   string
		says   []say
		report *reports.Draft
	}{
		"reported by three people, four times: coarse, and what to do": {says: []say{{"5", checkAsked}, {suspect + "#", known}}},
		"reported at once: its number is not asked again, only kind, channel and money": {
			says: []say{{"5", checkAsked}, {suspect + "#", known}, {"1", "loai_lua_dao ?"}, {"1", "kenh_lien_lac ?"}, {"1", "hoi_mat_tien ?"}, {"1", "dong_y_goi_lai ?"},
				{"1", wholeReport + "tien-chua doc_lai_tin_bao-4 dong_y doc_lai_tin_bao-5 ?"}, {"1", "da_gui-1 CODE da_gui-2 CODE da_gui-3 nghe_lai_ma ?"}},
			report: &reports.Draft{Kind: 1, ScamNumber: suspect, Channel: 1, Money: "none", Callback: "yes", Complete: true},
		},
		"who hangs up after asking to report it has told the number": {
			says:   []say{{"5", checkAsked}, {suspect + "#", known}, {"1", "loai_lua_dao ?"}},
			report: &reports.Draft{ScamNumber: suspect},
		},
		"a report done again asks for its number": {
			says: []say{{"5", checkAsked}, {suspect + "#", known}, {"1", "loai_lua_dao ?"}, {"1", "kenh_lien_lac ?"}, {"1", "hoi_mat_tien ?"}, {"1", "dong_y_goi_lai ?"},
				{"1", wholeReport + "tien-chua doc_lai_tin_bao-4 dong_y doc_lai_tin_bao-5 ?"}, {"2", "loai_lua_dao ?"}, {"1", "hoi_so_ke_gian #"}},
			report: &reports.Draft{Kind: 1, ScamNumber: suspect, Channel: 1, Money: "none", Callback: "yes"},
		},
		"written otherwise it is the same number": {
			says: []say{{"5", checkAsked}, {"84905123456#", strings.Replace(known, suspectRead, "so-8 so-4 so-9 im_lang so-0 so-5 so-1 im_lang so-2 so-3 so-4 im_lang so-5 so-6", 1)}}},
		"typed ahead of all words": {says: []say{{"all:5" + suspect + "#", known}}},
		"nobody has reported it": {
			says: []say{{"5", checkAsked}, {"0905999999#", "kt_chua_ai-1 so-0 so-9 so-0 im_lang so-5 so-9 so-9 im_lang so-9 so-9 so-9 im_lang so-9 kt_chua_ai-2 kt_tiep ?"}, {"2", checkAsked}}},
		"a known owner, with the warning": {
			says: []say{{"5", checkAsked}, {"113#", "kt_chinh_thuc-1 so-1 so-1 so-3 kt_chinh_thuc-2 ct-cong_an kt_chinh_thuc-3 kt_tiep ?"}}},
		"the hotline itself can be shown by others too": {
			says: []say{{"5", checkAsked}, {"02363111222#", "kt_chinh_thuc-1 so-0 so-2 so-3 im_lang so-6 so-3 so-1 im_lang so-1 so-1 so-2 im_lang so-2 so-2 kt_chinh_thuc-2 ct-cong_an_phuong kt_chinh_thuc-3 kt_tiep ?"}}},
		"thought better of":     {says: []say{{"5", checkAsked}, {"#", menuAsked}}},
		"a withheld caller too": {from: "anonymous", says: []say{{"5", checkAsked}, {suspect + "#", known}}},
		"the officer's key":     {says: []say{{"5", checkAsked}, {suspect + "#", known}, {"0", officer1}}, report: &reports.Draft{}},
	} {
		t.Run(name, func(t *testing.T) {
			b.t = t
			from := c.from
			if from == "" {
				from = fmt.Sprintf("+8490133%04d", b.calls)
			}
			l := b.ring(from)
			l.press("-")
			for i, s := range c.says {
				if got := spoken(l.press(s.does)); got != s.hears {
					t.Fatalf("exchange %d, %q: heard\n  %s, expected\n  %s", i+1, s.does, got, s.hears)
				}
			}
			l.hangUp()
			same(t, "report", c.report, l.report())
		})
	}
}

func TestANumberIsCheckedByUSSD(t *testing.T) {
	b := newBench(t)
	b.reported(suspect, 12)
	asks := "Nhap so dien thoai can kiem tra roi bam Gui."
	for name, c := range map[string]struct {
		from   string
		says   []say
		report *reports.Draft
	}{
		"many people": {says: []say{{"5", asks}, {suspect, "0905123456: da co 10 nguoi tro len bao lua dao."}, {"2", asks}}},
		"and reported": {says: []say{{"5", asks}, {suspect, "0905123456: da co 10 nguoi tro len bao lua dao."}, {"1", whatKind}, {"1", isGone}},
			report: &reports.Draft{Kind: 1, ScamNumber: suspect}},
		"nobody":         {says: []say{{"5", asks}, {"0905999999", "0905999999: chua co ai bao."}}},
		"a known owner":  {says: []say{{"5", asks}, {"5656", "5656 la so cua noi bao tin rac."}}},
		"no number":      {says: []say{{"5", asks}, {"0", mainMenu}}},
		"withheld: call": {from: "unknown", says: []say{{"5", "Cong an phuong: 02363111222 ."}}},
	} {
		b.calls++
		from := c.from
		if from == "" {
			from = fmt.Sprintf("8490134%04d", b.calls)
		}
		t.Run(name, func(t *testing.T) {
			b.t = t
			phone := &stepwise{bench: b, d: Dialogue{Provider: "test", From: from, Session: from, Code: "*8088#"}}
			if _, err := phone.dial(); err != nil {
				t.Fatal(err)
			}
			for i, s := range c.says {
				got, err := phone.answer(s.does)
				if err != nil || first(got) != s.hears || len(got.Text) > prompts.ScreenLimit {
					t.Fatalf("exchange %d, %q: %q, %v", i+1, s.does, got.Text, err)
				}
			}
			var got *reports.Draft
			if r := b.lastUSSD(); r != nil {
				got = &r.Draft
				got.Origin, got.Ref, got.Reporter = "", "", ""
			}
			if c.report != nil {
				same(t, "report", c.report, got)
			}
		})
	}
}

func TestANumberIsCheckedBySMS(t *testing.T) {
	b := newBench(t)
	b.reported(suspect, 1)
	b.reported("0905123457", 7)
	for rest, begins := range map[string]string{
		suspect:         "CATHANHKHEX: So 0905123456: da co 1 nguoi bao lua dao.",
		"0905.123.457 ": "CATHANHKHEX: So 0905123457: da co 5-9 nguoi bao lua dao.",
		"0905123458":    "CATHANHKHEX: So 0905123458: chua co ai bao.",
		"156":           "CATHANHKHEX: 156 la so cua noi bao goi lua dao.",
		"so nao":        "CATHANHKHEX: Xin soan KT va so dien thoai can kiem tra.",
	} {
		if got := b.word("kiem_tra", rest, "1"); !strings.HasPrefix(got, begins) || len(got) > 160 {
			t.Errorf("%q is answered %q", rest, got)
		}
	}
}

// TestNobodyWatchesANumber: five an hour and twenty a day on all ways together, counts an hour old, every check kept.
func TestNobodyWatchesANumber(t *testing.T) {
	b := newBench(t)
	limited := "CATHANHKHEX: Ba con da hoi nhieu so"
	answered := 0
	ask := func() bool {
		ok := !strings.HasPrefix(b.word("kiem_tra", suspect, "1"), limited)
		if ok {
			answered++
		}
		return ok
	}
	if got := b.word("kiem_tra", suspect, "1"); !strings.Contains(got, "chua co ai bao") {
		t.Fatalf("answered %q", got)
	}
	b.reported(suspect, 1)
	if got := b.word("kiem_tra", suspect, "1"); !strings.Contains(got, "chua co ai bao") {
		t.Errorf("a report is seen at once: %q", got)
	}
	answered = 2
	for range 10 {
		ask()
	}
	if answered != checksAnHour {
		t.Errorf("%d answers within an hour", answered)
	}
	l := b.ring(mobile)
	l.all("-", "5")
	if got := l.press(suspect + "#"); got != "kt_het_luot ?" {
		t.Errorf("on a call the same asker hears %s", got)
	}
	if got := l.press("1"); got != "loai_lua_dao ?" {
		t.Errorf("who has asked too often cannot report: %s", got)
	}
	*b.clock = b.clock.Add(time.Hour + time.Second)
	if got := b.word("kiem_tra", suspect, "1"); !strings.Contains(got, "da co 2-4 nguoi") && !strings.Contains(got, "da co 1 nguoi") {
		t.Errorf("an hour later %q", got)
	}
	answered++
	for range 8 {
		for range 5 {
			ask()
		}
		*b.clock = b.clock.Add(time.Hour + time.Second)
	}
	if answered != checksADay {
		t.Errorf("%d answers within a day", answered)
	}
	if n := len(b.column(`select id from number_checks`)); n < answered+10 {
		t.Errorf("%d checks kept", n)
	}
}

// TestNoTextSaysThatSomethingIsSafe: whoever hears it stops being careful.
func TestNoTextSaysThatSomethingIsSafe(t *testing.T) {
	w := theWords(t)
	var all []string
	for _, l := range w.Lines() {
		all = append(all, l.Text)
	}
	for _, name := range w.ScreenNames() {
		s, err := w.USSD(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s.Text)
	}
	for _, name := range w.MessageNames() {
		for _, form := range []prompts.Form{prompts.Plain, prompts.Accented} {
			text, err := w.SMS(name, form, map[string]string{"brand": "-", "hotline": "-", "shortcode": "-", "ma": "-", "gio": "-", "ngay": "-", "so": "-", "nguoi_bao": "-", "ten": "-"})
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, text)
		}
	}
	if len(all) < 100 {
		t.Fatalf("only %d texts", len(all))
	}
	for _, text := range all {
		folded := residents.Fold(text)
		for _, word := range []string{"an toan", "dang tin", "tin cay", "yen tam", "khong phai lua dao", "safe"} {
			if strings.Contains(folded, word) {
				t.Errorf("%q says %q", text, word)
			}
		}
	}
}
