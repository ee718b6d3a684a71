package conversations

import (
	"slices"
	"strconv"
	"strings"
)

// kept is what stands in the database after a conversation.
type kept struct {
	Reports []report
	Consent []string // acts of the consents' record, in order
	Texts   []string // names of the SMS queued, in order
}

// report is a report as far as every way can tell it.
type report struct {
	Kind     int    `yaml:"kind"`
	Number   string `yaml:"number"`
	Channel  int    `yaml:"channel"`
	Money    string `yaml:"money"`
	When     string `yaml:"when"`
	Band     int    `yaml:"band"`
	Callback string `yaml:"callback"`
	State    string `yaml:"state"` // sent, partial or cancelled
	Officer  string `yaml:"officer"`
	Messages int    `yaml:"messages"`
}

// onUSSD is what a session keeps of the same talk: it does not ask how the scammer came, nor for days before today.
func onUSSD(all []report) []report {
	all = slices.Clone(all)
	for i := range all {
		all[i].Channel = 0
		if all[i].When == "yesterday" || all[i].When == "earlier" {
			all[i].When = "before"
		}
	}
	return all
}

// account keeps what a resident tells, by the table's own words: what the program keeps is held to it. It knows nothing of
// the menu but what each answer means.
type account struct {
	talk
	now     *report // nil: none is open
	begun   *report // broken off in an earlier call
	numbers map[string]string
	kept    kept
}

// keptOf is what must stand after a talk.
func keptOf(c talk, by string) kept {
	a := &account{talk: c, numbers: map[string]string{}}
	for _, m := range c.moves {
		a.hear(m)
		a.do(m, by)
	}
	a.close()
	return a.kept
}

func (a *account) open() *report {
	if a.now == nil {
		a.now = &report{State: "partial"}
	}
	return a.now
}

// close puts the open report among those kept.
func (a *account) close() {
	if a.begun != nil {
		a.kept.Reports = append(a.kept.Reports, *a.begun)
	}
	if a.now != nil {
		a.kept.Reports = append(a.kept.Reports, *a.now)
	}
	a.begun, a.now = nil, nil
}

// hear is what the words themselves mean for the report, whatever is done then.
func (a *account) hear(m move) {
	switch {
	case m.heard("khong_co_nguoi_truc"), m.heard("ngoai_gio"): // who could not be put through is called back
		a.open().Officer = "missed"
	case a.from == "withheld" && (m.heard("doc_lai_tin_bao") || strings.HasPrefix(m.asks(), "xac_nhan")):
		a.now.Callback = "no"
	}
}

// answers are what keys add to an open report, by the question.
var answers = map[string]func(r *report, key int){
	"kenh_lien_lac":  func(r *report, key int) { r.Channel = key },
	"hoi_mat_tien":   func(r *report, key int) { r.setMoney([]string{"none", "lost", "about"}[key-1]) },
	"hoi_luc_nao":    func(r *report, key int) { r.When = []string{"today", "yesterday", "earlier"}[key-1] },
	"hoi_bao_nhieu":  func(r *report, key int) { r.Band = key },
	"dong_y_goi_lai": func(r *report, key int) { r.Callback = []string{"yes", "no"}[key-1] },
	"da_mat_tien": func(r *report, key int) {
		r.setMoney([]string{"none", "lost", "lost", "about"}[key-1])
		if r.Money == "lost" {
			r.When = []string{"today", "before"}[key-2]
		}
	},
	"luc_nao":  func(r *report, key int) { r.When = []string{"today", "before"}[key-1] },
	"muc_tien": func(r *report, key int) { r.Band = key },
	"goi_lai":  func(r *report, key int) { r.Callback = []string{"yes", "no"}[key-1] },
}

func (r *report) setMoney(money string) {
	r.Money = money
	if money != "lost" {
		r.When, r.Band = "", 0
	}
}

func (a *account) do(m move, by string) {
	key, _ := strconv.Atoi(m.does)
	switch asked := m.asks(); {
	case m.does == "calls_again", m.does == "dials_again":
		a.begun, a.now = a.now, nil
	case m.does == "calls_again_late", m.does == "dials_again_late":
		a.close()
	case asked == "noi_tiep" && key == 1:
		a.now, a.begun = a.begun, nil
	case strings.Contains(" dang_noi_may qua_3_lan khong_thay_so khong_nhan_tin rings ", " "+asked+" "):
		a.ring(m.does)
	case m.does == "speaks":
		a.open().Messages++
	case asked == "hoi_so_ke_gian", asked == "nhap_so":
		a.number(m.does)
	case asked == "hoi_so_kiem_tra", asked == "kt_nhap":
		a.numbers["asked"] = digits(m.does)
	case key == 0:
	case asked == "menu_chinh" && key == 1:
		a.open().Money = "lost"
	case asked == "loai_lua_dao" && key < 9, asked == "loai" && key < 9:
		a.open().Kind = key
	case strings.HasPrefix(asked, "kt_") && key == 1:
		a.open().Number = a.numbers["asked"]
	case asked == "dang_ky" && key == 1:
		a.agree("given", "dang_ky_xac_nhan")
	case asked == "ngung_nhan" && key == 1, asked == "ngung" && key == 1:
		a.agree("withdrawn", "ngung_nhan_xac_nhan")
	case m.heard("doc_lai_tin_bao"), asked == "xac_nhan", asked == "xac_nhan_khong_so":
		a.confirm(key)
	case answers[asked] != nil && key <= lastKey[asked]:
		answers[asked](a.now, key)
	}
}

// lastKey of each question: keys above it are wrong ones.
var lastKey = map[string]int{"kenh_lien_lac": 5, "hoi_mat_tien": 3, "hoi_luc_nao": 3, "hoi_bao_nhieu": 5, "dong_y_goi_lai": 2,
	"da_mat_tien": 4, "luc_nao": 2, "muc_tien": 5, "goi_lai": 2}

func (a *account) ring(does string) {
	switch {
	case does == "hangs_up":
		a.open().Officer = "missed"
	case strings.HasPrefix(does, "talks") && a.now != nil:
		a.now.Officer = "met"
	}
}

// number: what stands behind the last star. What is no number changes nothing.
func (a *account) number(does string) {
	if n := digits(does); n != "0" && n != "" && len(n) <= 20 {
		a.now.Number = n
	} else if does == "hash" || does == "0" {
		a.now.Number = ""
	}
}

func digits(typed string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, typed[strings.LastIndexByte(typed, '*')+1:])
}

func (a *account) agree(act, text string) {
	a.kept.Consent = append(a.kept.Consent, act)
	a.text(text)
}

func (a *account) text(name string) {
	if a.from == "mobile" {
		a.kept.Texts = append(a.kept.Texts, name)
	}
}

func (a *account) confirm(key int) {
	switch key {
	case 1:
		a.now.State = "sent"
		a.text("bao_tin_da_nhan")
		if a.now.Money == "lost" {
			a.text("bao_tin_mat_tien")
		}
	case 3:
		a.now.State = "cancelled"
		a.close()
	}
}
