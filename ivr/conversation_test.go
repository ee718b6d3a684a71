package ivr

import (
	"fmt"
	"strings"
	"testing"

	"canhgiac/reports"
)

// say is one exchange: what the caller does, what the caller hears then.
type say struct{ does, hears string }

const (
	menuAsked   = "menu_chinh ?"
	wholeReport = "doc_lai_tin_bao-1 loai-1 doc_lai_tin_bao-2 so-0 so-9 so-0 im_lang so-5 so-1 so-2 im_lang so-3 so-4 so-5 im_lang so-6 doc_lai_tin_bao-3 "
	six         = "loi_nhac-khong_so loi_nhac-khong_tham loi_nhac-khong_ket_ban loi_nhac-khong_lam loi_nhac-phai_canh_giac loi_nhac-phai_to_giac ?"
	goodbye     = "tam_biet hangup"
	officer1    = "dang_noi_may dial 101"
	oddReadBack = "hoi_lai_so-1 so-0 so-9 so-0 im_lang so-5 so-1 so-2 im_lang so-3 so-4 so-5 hoi_lai_so-2 so-9 hoi_lai_so-3 ?"
	readBack    = "doc_lai_so-1 so-0 so-9 so-0 im_lang so-5 so-1 so-2 im_lang so-3 so-4 so-5 im_lang so-6 doc_lai_so-2 ?"
)

// toNumber brings a caller from the greeting to the number, kind 1 chosen.
var toNumber = []say{{"5", menuAsked}, {"2", "loai_lua_dao ?"}, {"1", "hoi_so_ke_gian #"}}

// toMoney goes on to the question of money, with the number 0905123456 from a call.
var toMoney = join(toNumber, []say{{"0905123456#", readBack}, {"1", "kenh_lien_lac ?"}, {"1", "hoi_mat_tien ?"}})

func join(parts ...[]say) []say {
	var all []say
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// TestConversations are whole calls: what the caller does and hears, the report that results, the texts sent. CODE stands
// for the code of the report, which nobody can know before.
func TestConversations(t *testing.T) {
	d := func(with ...func(*reports.Draft)) *reports.Draft {
		r := &reports.Draft{Kind: 1, ScamNumber: "0905123456", Channel: 1}
		for _, w := range with {
			w(r)
		}
		return r
	}
	lost := func(r *reports.Draft) { r.Money, r.When, r.Band = "lost", "today", 2 }
	yes := func(r *reports.Draft) { r.Callback = "yes" }
	no := func(r *reports.Draft) { r.Callback = "no" }
	sent := func(r *reports.Draft) { r.Complete = true }
	none := func(r *reports.Draft) { r.Money = "none" }
	about := func(r *reports.Draft) { r.Money = "about" }

	b := newBench(t, "101", "102")
	for name, c := range map[string]struct {
		from   string // "" is the mobile
		says   []say
		report *reports.Draft
		left   string   // "" follows from the report: sent, cancelled or partial
		texts  []string // how each begins
	}{
		"a report of money lost, from the greeting to the code": {
			says: join(toMoney, []say{{"2", "hoi_luc_nao ?"}, {"1", "hoi_bao_nhieu ?"}, {"2", "dong_y_goi_lai ?"},
				{"1", wholeReport + "muc-2 doc_lai_tin_bao-4 dong_y doc_lai_tin_bao-5 ?"},
				{"1", "da_gui-1 CODE da_gui-2 CODE da_gui-3 nghe_lai_ma ?"}, {"-", goodbye}}),
			report: d(lost, yes, sent),
			texts:  []string{"CATHANHKHEX: Da nhan tin bao so CODE luc 14:05 ngay 27/08.", "CATHANHKHEX: Tin bao so CODE. LAM NGAY:"},
		},
		"nothing lost: neither when nor how much is asked, one text; keys after the code say it again": {
			says: join(toMoney, []say{{"1", "dong_y_goi_lai ?"}, {"2", wholeReport + "tien-chua doc_lai_tin_bao-4 khong_dong_y doc_lai_tin_bao-5 ?"},
				{"1", "da_gui-1 CODE da_gui-2 CODE da_gui-3 nghe_lai_ma ?"},
				{"1", "da_gui-1 CODE da_gui-2 CODE da_gui-3 nghe_lai_ma ?"}, {"*", "da_gui-1 CODE da_gui-2 CODE da_gui-3 nghe_lai_ma ?"}, {"-", goodbye}}),
			report: d(none, no, sent),
			texts:  []string{"CATHANHKHEX: Da nhan tin bao so CODE"},
		},
		"about to send money: told to stop first": {
			says: join(toMoney, []say{{"3", "sap_chuyen_tien ?"}, {"1", "dong_y_goi_lai ?"},
				{"1", wholeReport + "tien-sap doc_lai_tin_bao-4 dong_y doc_lai_tin_bao-5 ?"}, {"1", "da_gui-1 CODE da_gui-2 CODE da_gui-3 nghe_lai_ma ?"}}),
			report: d(about, yes, sent),
			texts:  []string{"CATHANHKHEX: Da nhan tin bao so CODE"},
		},
		"about to send money, and wants a person": {
			says:   join(toMoney, []say{{"3", "sap_chuyen_tien ?"}, {"0", officer1}, {"dial:completed", goodbye}}),
			report: d(about),
			left:   "met",
		},
		"key 1: just lost money, hangs up after the advice": {
			says:   []say{{"5", menuAsked}, {"1", "mat_tien_khan ?"}},
			report: &reports.Draft{Money: "lost"},
		},
		"key 1: just lost money, reports; is not asked again whether money is gone": {
			says: []say{{"5", menuAsked}, {"1", "mat_tien_khan ?"}, {"1", "loai_lua_dao ?"}, {"2", "hoi_so_ke_gian #"}, {"#", "tim_so kenh_lien_lac ?"},
				{"3", "hoi_luc_nao ?"}, {"1", "hoi_bao_nhieu ?"}, {"5", "dong_y_goi_lai ?"},
				{"1", "doc_lai_tin_bao-1 loai-2 doc_lai_tin_bao-2 khong_co_so doc_lai_tin_bao-3 muc-5 doc_lai_tin_bao-4 dong_y doc_lai_tin_bao-5 ?"},
				{"1", "da_gui-1 CODE da_gui-2 CODE da_gui-3 nghe_lai_ma ?"}},
			report: &reports.Draft{Kind: 2, Channel: 3, Money: "lost", When: "today", Band: 5, Callback: "yes", Complete: true},
			texts:  []string{"CATHANHKHEX: Da nhan tin bao so CODE", "CATHANHKHEX: Tin bao so CODE. LAM NGAY:"},
		},
		"done again: the answers stay until others take their place": {
			says: join(toMoney, []say{{"2", "hoi_luc_nao ?"}, {"1", "hoi_bao_nhieu ?"}, {"2", "dong_y_goi_lai ?"},
				{"1", wholeReport + "muc-2 doc_lai_tin_bao-4 dong_y doc_lai_tin_bao-5 ?"}, {"2", "loai_lua_dao ?"}, {"8", "hoi_so_ke_gian #"}}),
			report: d(lost, yes, func(r *reports.Draft) { r.Kind = 8 }),
		},
		"done again with no money lost: when and how much are taken back": {
			says: join(toMoney, []say{{"2", "hoi_luc_nao ?"}, {"1", "hoi_bao_nhieu ?"}, {"2", "dong_y_goi_lai ?"},
				{"1", wholeReport + "muc-2 doc_lai_tin_bao-4 dong_y doc_lai_tin_bao-5 ?"}, {"2", "loai_lua_dao ?"}, {"1", "hoi_so_ke_gian #"},
				{"#", "tim_so kenh_lien_lac ?"}, {"4", "hoi_mat_tien ?"}, {"1", "dong_y_goi_lai ?"}}),
			report: &reports.Draft{Kind: 1, Channel: 4, Money: "none", Callback: "yes"},
		},
		"cancelled: kept as cancelled, back to the menu, no text": {
			says: join(toMoney, []say{{"1", "dong_y_goi_lai ?"}, {"1", wholeReport + "tien-chua doc_lai_tin_bao-4 dong_y doc_lai_tin_bao-5 ?"},
				{"3", "da_huy menu_chinh ?"}}),
			report: d(none, yes, func(r *reports.Draft) { r.Cancelled = true }),
		},
		"the number keyed again after its read-back": {
			says: join(toNumber, []say{{"0905123456#", readBack}, {"2", "hoi_so_ke_gian #"}, {"5656#", "doc_lai_so-1 so-5 so-6 so-5 im_lang so-6 doc_lai_so-2 ?"},
				{"1", "kenh_lien_lac ?"}}),
			report: &reports.Draft{Kind: 1, ScamNumber: "5656"},
		},
		"a star erases, as often as wanted, and silence ends": {
			says:   join(toNumber, []say{{"111*0905*77**0905123456", readBack}}),
			report: &reports.Draft{Kind: 1, ScamNumber: "0905123456"},
		},
		"a provider that delivers every key: # ends the number, and what came behind it does not count": {
			says:   join(toNumber, []say{{"all:0905123456#1131", readBack}, {"2", "hoi_so_ke_gian #"}, {"all:12*0905123456#", readBack}}),
			report: &reports.Draft{Kind: 1, ScamNumber: "0905123456"},
		},
		"a provider that delivers every key: # alone is no number": {
			says:   join(toNumber, []say{{"all:#", "tim_so kenh_lien_lac ?"}}),
			report: &reports.Draft{Kind: 1},
		},
		"# where the number is asked again": {
			says:   join(toNumber, []say{{"-", "het_gio hoi_so_ke_gian #"}, {"-", "het_gio hoi_so_ke_gian #"}, {"#", "tim_so kenh_lien_lac ?"}}),
			report: &reports.Draft{Kind: 1},
		},
		"a digit missing: asked about, and kept when the caller says that it is so": {
			says:   join(toNumber, []say{{"090512345#", oddReadBack}, {"1", "kenh_lien_lac ?"}}),
			report: &reports.Draft{Kind: 1, ScamNumber: "090512345"},
		},
		"a digit missing: pressed again, whole": {
			says:   join(toNumber, []say{{"090512345#", oddReadBack}, {"2", "hoi_so_ke_gian #"}, {"0905123456#", readBack}, {"1", "kenh_lien_lac ?"}}),
			report: &reports.Draft{Kind: 1, ScamNumber: "0905123456"},
		},
		"a digit missing: kept too when the caller hangs up at the question": {
			says:   join(toNumber, []say{{"090512345#", oddReadBack}}),
			report: &reports.Draft{Kind: 1, ScamNumber: "090512345"},
		},
		"wrong numbers, however many, bring nobody who was not asked for; silences do": {
			says: join(toNumber, []say{{"090512345#", oddReadBack}, {"2", "hoi_so_ke_gian #"}, {"090512345#", oddReadBack}, {"2", "hoi_so_ke_gian #"},
				{"090512345#", oddReadBack}, {"2", "hoi_so_ke_gian #"}, {"123456789012345678901", "sai_phim hoi_so_ke_gian #"},
				{"123456789012345678901", "sai_phim hoi_so_ke_gian #"}, {"123456789012345678901", "sai_phim hoi_so_ke_gian #"},
				{"-", "het_gio hoi_so_ke_gian #"}, {"-", "het_gio hoi_so_ke_gian #"}, {"-", "qua_3_lan dial 101"},
				{"dial:no-answer", "dial 102"}, {"dial:completed", goodbye}}),
			report: &reports.Draft{Kind: 1, ScamNumber: "090512345"},
			left:   "met",
		},
		"0 alone where a number is asked is a call for a person": {
			says:   join(toNumber, []say{{"0", officer1}}),
			report: &reports.Draft{Kind: 1},
			left:   "missed",
		},
		"a star with nothing behind it asks for the number again, as often as wanted": {
			says:   join(toNumber, []say{{"*", "hoi_so_ke_gian #"}, {"0905*", "hoi_so_ke_gian #"}, {"*", "hoi_so_ke_gian #"}, {"-", "het_gio hoi_so_ke_gian #"}}),
			report: &reports.Draft{Kind: 1},
		},
		"three wrong keys: an officer without asking": {
			says:   []say{{"-", menuAsked}, {"7", "sai_phim menu_chinh ?"}, {"#", "sai_phim menu_chinh ?"}, {"8", "qua_3_lan dial 101"}},
			report: &reports.Draft{},
			left:   "missed",
		},
		"silence, a wrong key, silence: failures of any kind count": {
			says:   []say{{"-", menuAsked}, {"-", "het_gio menu_chinh ?"}, {"7", "sai_phim menu_chinh ?"}, {"-", "qua_3_lan dial 101"}},
			report: &reports.Draft{},
			left:   "missed",
		},
		"a right key forgives the wrong ones before it": {
			says: []say{{"-", menuAsked}, {"7", "sai_phim menu_chinh ?"}, {"7", "sai_phim menu_chinh ?"}, {"2", "loai_lua_dao ?"},
				{"9", "sai_phim loai_lua_dao ?"}, {"9", "sai_phim loai_lua_dao ?"}, {"*", "loai_lua_dao ?"}, {"9", "sai_phim loai_lua_dao ?"}},
		},
		"the star repeats, as often as wanted": {
			says: []say{{"*", "chao ?"}, {"-", menuAsked}, {"*", menuAsked}, {"*", menuAsked}, {"*", menuAsked}, {"*", menuAsked}, {"3", six}, {"*", six}},
		},
		"the six reminders straight through, then the menu": {
			says: []say{{"1", menuAsked}, {"3", six}, {"-", menuAsked}, {"3", six}, {"5", menuAsked}},
		},
		"0 during the greeting is a person at once; the officer who answered needs no report": {
			says: []say{{"0", officer1}, {"dial:completed", goodbye}},
		},
		"nobody answers: a message, and a report that holds it": {
			says: []say{{"-", menuAsked}, {"0", officer1}, {"dial:busy", "dial 102"}, {"dial:no-answer", "khong_co_nguoi_truc record"},
				{"message", goodbye}},
			report: &reports.Draft{},
			left:   "message",
		},
		"nobody answers, and the caller hangs up before the tone: a report to call back": {
			says:   []say{{"-", menuAsked}, {"0", officer1}, {"dial:busy", "dial 102"}, {"dial:no-answer", "khong_co_nguoi_truc record"}},
			report: &reports.Draft{},
			left:   "missed",
		},
		"the caller hangs up while the first officer's telephone rings: a report to call back": {
			says:   []say{{"0", officer1}},
			report: &reports.Draft{},
			left:   "missed",
		},
		"a withheld number that nobody answered leaves its report all the same": {
			from:   "anonymous",
			says:   []say{{"0", officer1}, {"dial:busy", "dial 102"}, {"dial:busy", "khong_co_nguoi_truc record"}},
			report: &reports.Draft{},
			left:   "missed",
		},
		"the second officer answers in the end: no report": {
			says: []say{{"-", menuAsked}, {"0", officer1}, {"dial:no-answer", "dial 102"}, {"dial:completed", goodbye}},
		},
		"nobody answers a caller in the middle of a report: the message joins the report": {
			says: join(toMoney, []say{{"0", officer1}, {"dial:failed", "dial 102"}, {"dial:no-answer", "khong_co_nguoi_truc record"},
				{"message", goodbye}}),
			report: d(),
			left:   "message",
		},
		"nothing spoken after the tone: asked once more, then goodbye": {
			says: []say{{"-", menuAsked}, {"0", officer1}, {"dial:busy", "dial 102"}, {"dial:busy", "khong_co_nguoi_truc record"},
				{"-", "khong_co_nguoi_truc record"}, {"-", goodbye}},
			report: &reports.Draft{},
			left:   "missed",
		},
		"register: with the words heard, then a text": {
			says:  []say{{"-", menuAsked}, {"4", "dang_ky ?"}, {"1", "dang_ky_xong tam_biet hangup"}},
			texts: []string{"CATHANHKHEX: Ba con da dang ky nhan tin"},
		},
		"register declined": {
			says: []say{{"-", menuAsked}, {"4", "dang_ky ?"}, {"2", menuAsked}},
		},
		"stop: with its time": {
			says:  []say{{"-", menuAsked}, {"9", "ngung_nhan ?"}, {"1", "ngung_nhan_xong tam_biet hangup"}},
			texts: []string{"CATHANHKHEX: Da nhan yeu cau ngung nhan tin luc 14:05 ngay 27/08."},
		},
		"stop thought better of": {
			says: []say{{"-", menuAsked}, {"9", "ngung_nhan ?"}, {"2", menuAsked}},
		},
		"a landline is not promised an SMS": {
			from: landline,
			says: join(toMoney, []say{{"1", "dong_y_goi_lai ?"}, {"1", wholeReport + "tien-chua doc_lai_tin_bao-4 dong_y doc_lai_tin_bao-5 ?"},
				{"1", "da_gui-1 CODE da_gui-2 CODE nghe_lai_ma ?"}, {"*", "da_gui-1 CODE da_gui-2 CODE nghe_lai_ma ?"}, {"0", officer1}}),
			report: d(none, yes, sent),
			left:   "missed",
		},
		"a landline cannot register for texts: a person explains": {
			from:   landline,
			says:   []say{{"-", menuAsked}, {"4", "khong_nhan_tin dial 101"}},
			report: &reports.Draft{},
			left:   "missed",
		},
		"a foreign number reports like anybody, and is promised no SMS": {
			from: foreign,
			says: join(toMoney, []say{{"1", "dong_y_goi_lai ?"}, {"1", wholeReport + "tien-chua doc_lai_tin_bao-4 dong_y doc_lai_tin_bao-5 ?"},
				{"1", "da_gui-1 CODE da_gui-2 CODE nghe_lai_ma ?"}}),
			report: d(none, yes, sent),
		},
		"a foreign number cannot register for texts": {
			from:   foreign,
			says:   []say{{"-", menuAsked}, {"4", "khong_nhan_tin dial 101"}},
			report: &reports.Draft{},
			left:   "missed",
		},
		"a landline stops its calls": {
			from: landline,
			says: []say{{"-", menuAsked}, {"9", "ngung_nhan ?"}, {"1", "ngung_nhan_xong tam_biet hangup"}},
		},
		"a withheld number reports and is not asked for a call-back": {
			from: "anonymous",
			says: join(toMoney, []say{{"1", wholeReport + "tien-chua doc_lai_tin_bao-4 khong_dong_y doc_lai_tin_bao-5 ?"},
				{"1", "da_gui-1 CODE da_gui-2 CODE nghe_lai_ma ?"}}),
			report: d(none, no, sent),
		},
		"a withheld number cannot register": {
			from:   "anonymous",
			says:   []say{{"-", menuAsked}, {"4", "khong_thay_so dial 101"}},
			report: &reports.Draft{},
			left:   "missed",
		},
		"a withheld number cannot stop": {
			from:   "anonymous",
			says:   []say{{"-", menuAsked}, {"9", "khong_thay_so dial 101"}},
			report: &reports.Draft{},
			left:   "missed",
		},
		"hangs up at the greeting: no report":       {says: nil},
		"hangs up in the main menu: no report":      {says: []say{{"-", menuAsked}}},
		"hangs up before a kind is chosen":          {says: []say{{"-", menuAsked}, {"2", "loai_lua_dao ?"}}},
		"hangs up at the number: the kind is known": {says: toNumber, report: &reports.Draft{Kind: 1}},
		"hangs up at the question of money":         {says: toMoney, report: d()},
		"hangs up after saying that money is gone": {says: join(toMoney, []say{{"2", "hoi_luc_nao ?"}}),
			report: d(func(r *reports.Draft) { r.Money = "lost" })},
		"hangs up before sending": {
			says: join(toMoney, []say{{"2", "hoi_luc_nao ?"}, {"1", "hoi_bao_nhieu ?"}, {"2", "dong_y_goi_lai ?"},
				{"1", wholeReport + "muc-2 doc_lai_tin_bao-4 dong_y doc_lai_tin_bao-5 ?"}}),
			report: d(lost, yes),
		},
	} {
		t.Run(name, func(t *testing.T) {
			b.t, *b.clock = t, noon
			from := c.from
			if from == "" { // a number of its own: who has registered once is told so
				from = fmt.Sprintf("+8490123%04d", b.calls)
			}
			l := b.ring(from)
			if got := heard(l.reply); got != "chao ?" {
				t.Fatalf("the call begins with %q", got)
			}
			for i, s := range c.says {
				if got := spoken(l.press(s.does)); got != s.hears {
					t.Fatalf("exchange %d, %q: heard\n  %s, expected\n  %s", i+1, s.does, got, s.hears)
				}
			}
			if err := l.Ended(t.Context(), "test", l.sid, "completed"); err != nil {
				t.Fatal(err)
			}
			same(t, "report", c.report, l.report())
			if c.report != nil && c.left == "" {
				c.left = reports.Report{Draft: *c.report, Partial: !c.report.Complete}.Left()
			}
			same(t, "how the caller left", c.left, l.left)
			texts := l.column(fmt.Sprintf(`select phone || ' ' || text from test_texts where key like 'call:%s:%%' order by key`, l.id()))
			if len(texts) != len(c.texts) {
				t.Fatalf("texts: %q", texts)
			}
			for i, text := range texts {
				if want := from + " " + strings.ReplaceAll(c.texts[i], "CODE", l.code); !strings.HasPrefix(text, want) {
					t.Errorf("text %q, expected %q", text, want)
				}
			}
		})
	}
}

// spoken writes CODE for the digits of a report's code, which nobody can know before.
func spoken(s string) string {
	words := strings.Fields(s)
	var out []string
	for i := 0; i < len(words); i++ {
		out = append(out, words[i])
		if (words[i] == "da_gui-1" || words[i] == "da_gui-2") && i+9 < len(words) && words[i+5] == "im_lang" {
			out = append(out, "CODE")
			i += 9
		}
	}
	return strings.Join(out, " ")
}
