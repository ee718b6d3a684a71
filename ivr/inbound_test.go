package ivr

import (
	"strings"
	"testing"
	"time"

	"canhgiac/residents"
)

// word sends one SMS word in a transaction of its own and gives the reply.
func (b *bench) word(action, rest, ref string) string {
	b.t.Helper()
	tx, err := b.db.Begin()
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	reply, err := b.Inbound(b.t.Context(), tx, action, rest, residents.Phone(mobile), ref)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		b.t.Fatal(err)
	}
	return reply
}

func TestWordsAreAnsweredWithoutDiacritics(t *testing.T) {
	b := newBench(t)
	for action, begins := range map[string]string{
		"dang_ky":    "CATHANHKHEX: Ba con da dang ky nhan tin phong lua dao",
		"ngung_nhan": "CATHANHKHEX: Da nhan yeu cau ngung nhan tin luc 14:05 ngay 27/08.",
		"tro_giup":   "CATHANHKHEX: Soan DK: nhan tin. TC: ngung nhan. BAO va so la: bao lua dao. KT va so: kiem tra. Gui 8088.",
		"":           "CATHANHKHEX: Tong dai chua hieu tin cua ba con. Xin goi 02363111222",
	} {
		if got := b.word(action, "", "1"); !strings.HasPrefix(got, begins) {
			t.Errorf("%q is answered %q", action, got)
		}
	}
}

func TestRegisteringAgainIsToldApart(t *testing.T) {
	b := newBench(t)
	b.word("dang_ky", "", "1")
	if got := b.word("dang_ky", "", "2"); !strings.Contains(got, "da dang ky nhan tin tu truoc") {
		t.Errorf("answered %q", got)
	}
}

func TestAReportBySMS(t *testing.T) {
	b := newBench(t)
	got := b.word("bao_tin", "0905 123 456 gọi dọa bắt", "17")
	r := b.allReports()[0]
	if want := "CATHANHKHEX: Da nhan tin bao so " + r.Code + " luc 14:05 ngay 27/08."; !strings.HasPrefix(got, want) {
		t.Errorf("answered %q, expected %q", got, want)
	}
	if r.Partial || r.ScamNumber != "0905123456" || r.Origin != "sms" || r.Ref != "17" || r.Reporter != mobile {
		t.Errorf("report %+v", r.Draft)
	}
	if raw := b.column(`select raw from report_events where act = 'key'`); len(raw) != 1 || raw[0] != "0905 123 456 gọi dọa bắt" {
		t.Errorf("record %q", raw)
	}
	if again := b.word("bao_tin", "0905 123 456 gọi dọa bắt", "17"); again != got || len(b.allReports()) != 1 {
		t.Errorf("the same message again: %q, %d reports", again, len(b.allReports()))
	}
}

func TestAReportBySMSWithoutANumberIsKeptAndToldHowToGiveOne(t *testing.T) {
	b := newBench(t)
	if got := b.word("bao_tin", "có người gọi đòi 500 triệu", "18"); !strings.Contains(got, "BAO va so la: bao lua dao") || !strings.Contains(got, "goi 02363111222") {
		t.Errorf("answered %q", got)
	}
	if r := b.allReports()[0]; !r.Partial || r.ScamNumber != "" {
		t.Errorf("report %+v", r.Draft)
	}
}

func TestNumbersBehindBAO(t *testing.T) {
	for rest, want := range map[string]string{
		"0905123456":                  "0905123456",
		"0905.123.456":                "0905123456",
		"090 512 3456":                "0905123456",
		"+84 905 123 456":             "84905123456",
		"(0236) 3822-333":             "02363822333",
		"5656":                        "5656",
		"113":                         "113",
		"19001234 goi 50 lan":         "19001234",
		"0905123456 50 trieu":         "0905123456",
		"mat 500 trieu so 0905123456": "0905123456",
		"500 0905123456":              "0905123456",
		"so 0905 123 456, Zalo":       "0905123456",
		"0084905123456":               "0084905123456",
		"":                            "",
		"12":                          "",
		"mat 500 trieu":               "",
		"nguoi la goi":                "",
		"1234567890123456":            "",
	} {
		if got := scamNumber(rest); got != want {
			t.Errorf("%q gives %q, expected %q", rest, got, want)
		}
	}
}

// TestTwoMachinesDoNotAnswerEachOther: a number that keeps sending unknown words gets one help text an hour.
func TestTwoMachinesDoNotAnswerEachOther(t *testing.T) {
	b := newBench(t)
	now := noon
	b.now = func() time.Time { return now }
	var answers []bool
	for range 6 {
		answers = append(answers, b.word("", "tu dong tra loi", "1") != "")
		now = now.Add(25 * time.Minute)
	}
	same(t, "answers", []bool{true, false, false, true, false, false}, answers)
}
