package ivr

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// reporting is a call from the greeting to the code.
var reporting = []string{"-", "1", "1", "3", "0905123456#", "1", "2", "1", "4", "1", "1"}

func TestAWebhookSentTwiceChangesNothing(t *testing.T) {
	b := newBench(t)
	l := b.ring(mobile)
	first := l.reply
	if again, err := b.Start(t.Context(), Incoming{Provider: "test", SID: l.sid, From: mobile}); err != nil || heard(again) != heard(first) || again.Step != 1 {
		t.Fatalf("the call announced again: %s, %v", heard(again), err)
	}
	var taken []Input
	var answers []string
	for _, key := range reporting {
		in := l.input(key)
		l.press(key)
		taken, answers = append(taken, in), append(answers, heard(l.reply))
		state := b.state()
		// the one just taken, and every one before it; even with other keys, which a forged or mangled repeat may bring
		for i, old := range taken {
			for _, keys := range []string{old.Keys, "0"} {
				old.Keys = keys
				reply, err := b.Step(t.Context(), "test", l.sid, old)
				if err != nil || heard(reply) != answers[i] || reply.Step != old.Step+1 {
					t.Fatalf("step %d again: %s, %v; expected %s", old.Step, heard(reply), err, answers[i])
				}
			}
		}
		same(t, "the database after the repeats", state, b.state())
	}
	for range 2 {
		if err := b.Ended(t.Context(), "test", l.sid, "completed"); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(b.column(`select raw from call_events where input = 'ended'`)); n != 1 {
		t.Errorf("the end was written %d times", n)
	}
	if _, err := b.Step(t.Context(), "test", l.sid, Input{Step: 99, Kind: InputKeys, Keys: "1"}); !errors.Is(err, ErrStep) {
		t.Errorf("a step from the future: %v", err)
	}
	if _, err := b.Step(t.Context(), "other", l.sid, Input{Step: 1, Kind: InputKeys, Keys: "1"}); !errors.Is(err, ErrUnknownCall) {
		t.Errorf("another provider's call: %v", err)
	}
	if err := b.Ended(t.Context(), "test", "CA404", "completed"); !errors.Is(err, ErrUnknownCall) {
		t.Errorf("the end of an unknown call: %v", err)
	}
}

// state is everything that a step may change.
func (b *bench) state() []string {
	b.t.Helper()
	return b.column(`
		select 'call ' || c::text from calls c union all
		select 'event ' || e::text from call_events e union all
		select 'report ' || r::text from reports r union all
		select 'record ' || v::text from report_events v union all
		select 'text ' || x::text from test_texts x order by 1`)
}

func TestTwoNodesTakeTurns(t *testing.T) {
	one := newBench(t)
	two := one.otherNode()
	l := one.ring(mobile)
	for i, key := range reporting {
		l.bench = []*bench{two, one}[i%2]
		l.press(key)
	}
	if r := l.report(); r == nil || !r.Complete || r.Money != "lost" || r.When != "today" || r.Band != 4 || r.ScamNumber != "0905123456" {
		t.Errorf("report %+v", r)
	}
	if got := heard(l.reply); !strings.HasPrefix(got, "da_gui-1 so-") {
		t.Errorf("heard %s", got)
	}
}

// TestARaceOfWebhooks: the same step arrives many times at once on two nodes with different keys. One is taken; all get
// its answer.
func TestARaceOfWebhooks(t *testing.T) {
	one := newBench(t)
	two := one.otherNode()
	l := one.ring(mobile)
	l.press("-")
	l.press("2")
	var wg sync.WaitGroup
	answers := make([]string, 16)
	for i := range answers {
		wg.Go(func() {
			h := []*bench{one, two}[i%2]
			reply, err := h.Step(t.Context(), "test", l.sid, Input{Step: l.reply.Step, Kind: InputKeys, Keys: fmt.Sprint(i%8 + 1)})
			answers[i] = fmt.Sprint(heard(reply), reply.Step, err)
		})
	}
	var starts [4]string
	for i := range starts {
		wg.Go(func() {
			reply, err := one.Start(t.Context(), Incoming{Provider: "test", SID: "CA-race", From: mobile})
			starts[i] = fmt.Sprint(heard(reply), reply.Step, err)
		})
	}
	wg.Wait()
	for _, a := range answers {
		if a != fmt.Sprint("hoi_so_ke_gian #", l.reply.Step+1, error(nil)) {
			t.Errorf("answer %s", a)
		}
	}
	for _, a := range starts {
		if a != fmt.Sprint("chao ?", 1, error(nil)) {
			t.Errorf("start %s", a)
		}
	}
	if n := len(one.allReports()); n != 1 {
		t.Errorf("%d reports", n)
	}
	if raw := one.column(`select raw from call_events where node = 'loai_lua_dao'`); len(raw) != 1 {
		t.Errorf("keys taken: %q", raw)
	}
}

// TestEveryRawKeyIsOnRecord: also those pressed before there was a report.
func TestEveryRawKeyIsOnRecord(t *testing.T) {
	b := newBench(t, "101")
	l := b.ring(mobile)
	for _, key := range []string{"-", "7", "2", "1", "all:12*0905#", "1", "0", "dial:no-answer", "message"} {
		l.press(key)
	}
	if err := b.Ended(t.Context(), "test", l.sid, "completed"); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range b.allReports()[0].Events {
		if e.Act == "key" {
			got = append(got, e.Node+" "+e.Key+" "+e.Raw)
		}
	}
	same(t, "record", []string{
		"chao start ", "chao silence ", "menu_chinh 7 7", "menu_chinh 2 2", "loai_lua_dao 1 1", "hoi_so_ke_gian 12*0905# 12*0905#",
		"doc_lai_so 1 1", "kenh_lien_lac 0 0", "gap_can_bo dialed no-answer",
		"khong_co_nguoi_truc recorded RE1 7 s http://provider/RE1", "tam_biet ended completed",
	}, got)
}

func TestAReportOutlivesItsReceipt(t *testing.T) {
	b := newBench(t)
	b.texts.fail = errors.New("no carrier")
	l := b.ring(mobile)
	for _, key := range reporting {
		l.press(key)
	}
	if r := l.report(); r == nil || !r.Complete {
		t.Errorf("report %+v", r)
	}
	if got := heard(l.reply); strings.Contains(got, "da_gui-3") {
		t.Errorf("an SMS was promised: %s", got)
	}
}

func TestASecondReportOfOneCall(t *testing.T) {
	b := newBench(t)
	l := b.ring(mobile)
	for _, key := range []string{"-", "2", "1", "#", "1", "1", "1", "3", "2", "4"} {
		l.press(key)
	}
	all := b.allReports()
	if len(all) != 2 || !all[0].Cancelled || all[0].Kind != 1 || all[1].Cancelled || all[1].Kind != 4 || all[1].Channel != 0 {
		t.Errorf("reports %+v", all)
	}
}

func TestWithoutOfficersTheCallerLeavesAMessage(t *testing.T) {
	l := newBench(t).ring(mobile)
	if got := l.press("0"); got != "dang_noi_may khong_co_nguoi_truc record" {
		t.Errorf("heard %s", got)
	}
}

// TestConsentIsKeptWithTheWordsHeard: text version, number, time, key.
func TestConsentIsKeptWithTheWordsHeard(t *testing.T) {
	b := newBench(t)
	l := b.ring(mobile)
	for _, key := range []string{"-", "4", "1"} {
		l.press(key)
	}
	l = b.ring(mobile)
	for _, key := range []string{"-", "4", "1"} {
		l.press(key)
	}
	same(t, "consents", []string{"given +84901234567 call 1 0.1-draft 2026-08-27 07:05"},
		b.column(`select concat_ws(' ', act, phone, channel, key, text_version, to_char(at at time zone 'UTC', 'YYYY-MM-DD HH24:MI')) from consents order by id limit 1`))
	if texts := b.sent(); len(texts) != 2 || !strings.Contains(texts[1], "da dang ky nhan tin tu truoc") {
		t.Errorf("texts %q", texts)
	}
}

// TestNoKeysStrandACaller walks the menu at random: every step has an answer that asks, rings, records or ends; and only
// a farewell ends, which no wrong key and no silence leads to while an officer could be rung.
func TestNoKeysStrandACaller(t *testing.T) {
	b := newBench(t, "101")
	does := []string{"1", "2", "3", "4", "5", "9", "0", "*", "#", "-", "0905123456#", "dial:busy", "dial:completed", "message"}
	mayEnd := "da_gui gap_can_bo qua_3_lan khong_thay_so khong_nhan_tin khong_co_nguoi_truc dang_ky ngung_nhan tam_biet"
	rapid.Check(t, func(r *rapid.T) {
		b.t = t
		l := b.ring(rapid.SampledFrom([]string{mobile, landline, foreign, "anonymous"}).Draw(r, "from"))
		for range 15 {
			was := b.column(fmt.Sprintf(`select node from calls where sid = '%s'`, l.sid))[0]
			did := rapid.SampledFrom(does).Draw(r, "does")
			got := l.press(did)
			fields := strings.Fields(got)
			last := fields[len(fields)-1]
			switch {
			case last == "hangup" && !strings.Contains(mayEnd, was):
				r.Fatalf("%s at %s hung up: %s", did, was, got)
			case last == "hangup":
				return
			case last != "?" && last != "#" && last != "record" && !strings.Contains(got, "dial 101"):
				r.Fatalf("%s at %s: nothing follows %s", did, was, got)
			}
		}
	})
}
