package ivr

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"canhgiac/reports"
)

func (l *line) all(does ...string) string {
	l.t.Helper()
	var heard string
	for _, d := range does {
		heard = l.press(d)
	}
	return heard
}

func (l *line) hangUp() {
	l.t.Helper()
	if err := l.Ended(l.t.Context(), "test", l.sid, "completed"); err != nil {
		l.t.Fatal(err)
	}
}

// TestWhoRingsAgainGoesOn: each first call breaks off somewhere; the second goes on at the question that was open.
func TestWhoRingsAgainGoesOn(t *testing.T) {
	b := newBench(t, "101")
	for name, c := range map[string]struct {
		first []string
		opens string
	}{
		"after the advice to ring the bank":  {[]string{"-", "1"}, "loai_lua_dao ?"},
		"at the number":                      {[]string{"-", "2", "1"}, "hoi_so_ke_gian #"},
		"at the number's read-back":          {[]string{"-", "2", "1", "0905#"}, "kenh_lien_lac ?"},
		"the number skipped, at the channel": {[]string{"-", "2", "1", "#"}, "kenh_lien_lac ?"},
		"at the question of money":           {[]string{"-", "2", "1", "#", "1"}, "hoi_mat_tien ?"},
		"just lost, at the question of when": {[]string{"-", "1", "1", "1", "#", "1"}, "hoi_luc_nao ?"},
		"at the question of how much":        {[]string{"-", "2", "1", "#", "1", "2", "1"}, "hoi_bao_nhieu ?"},
		"about to send, at the call-back":    {[]string{"-", "2", "1", "#", "1", "3"}, "dong_y_goi_lai ?"},
		"at the read-back of the whole": {[]string{"-", "2", "1", "#", "1", "1", "1"},
			"doc_lai_tin_bao-1 loai-1 doc_lai_tin_bao-2 khong_co_so doc_lai_tin_bao-3 tien-chua doc_lai_tin_bao-4 dong_y doc_lai_tin_bao-5 ?"},
		"an officer did not answer": {[]string{"-", "2", "1", "0", "dial:busy", "-", "-"}, "hoi_so_ke_gian #"},
	} {
		t.Run(name, func(t *testing.T) {
			b.t = t
			from := fmt.Sprintf("+8490123%04d", b.calls)
			l := b.ring(from)
			l.all(c.first...)
			l.hangUp()
			all := b.allReports()
			before := all[len(all)-1].Draft
			l = b.ring(from)
			if got := l.press("-"); got != "noi_tiep ?" {
				t.Fatalf("after the greeting: %s", got)
			}
			if got := l.press("1"); got != c.opens {
				t.Fatalf("heard %s, expected %s", got, c.opens)
			}
			after := b.allReports()
			if len(after) != len(all) {
				t.Fatalf("%d reports, before %d", len(after), len(all))
			}
			same(t, "report", before, after[len(all)-1].Draft)
		})
	}
}

func TestAReportOverThreeCallsIsOne(t *testing.T) {
	b := newBench(t)
	l := b.ring(mobile)
	l.all("-", "1")
	l.hangUp()
	l = b.ring(mobile)
	l.all("-", "1", "2", "0905123456#")
	l.hangUp()
	l = b.ring(mobile)
	if got := l.all("-", "1", "1", "1", "4", "1", "1"); !strings.HasPrefix(got, "da_gui-1") {
		t.Fatalf("heard %s", got)
	}
	l.hangUp()
	all := b.allReports()
	if len(all) != 1 {
		t.Fatalf("%d reports", len(all))
	}
	d := all[0].Draft
	same(t, "report", reports.Draft{Origin: "call", Ref: "1", Reporter: mobile, Kind: 2, ScamNumber: "0905123456", Channel: 1, Money: "lost",
		When: "today", Band: 4, Callback: "yes", Complete: true}, d)
	if texts := b.sent(); len(texts) != 2 {
		t.Errorf("texts %q", texts)
	}
	if got := b.ring(mobile).press("-"); got != menuAsked {
		t.Errorf("nothing is left to go on with, yet heard %s", got)
	}
}

func TestNobodyIsOfferedWhatIsNotTheirs(t *testing.T) {
	b := newBench(t)
	now := noon
	b.now = func() time.Time { return now }
	l := b.ring(mobile)
	l.all("-", "2", "1")
	l.hangUp()
	if got := b.ring(landline).press("-"); got != menuAsked {
		t.Errorf("another number heard %s", got)
	}
	withheld := b.ring("anonymous")
	withheld.all("-", "2", "1")
	withheld.hangUp()
	if got := b.ring("anonymous").press("-"); got != menuAsked {
		t.Errorf("a withheld number heard %s", got)
	}
	l = b.ring(mobile)
	if got := l.all("-", "2", "2", "8"); got != "hoi_so_ke_gian #" {
		t.Errorf("something else was wanted, yet heard %s", got)
	}
	if n := len(b.allReports()); n != 3 {
		t.Errorf("%d reports", n)
	}
	l.hangUp()
	now = now.Add(goOnWithin + time.Second)
	if got := b.ring(mobile).press("-"); got != menuAsked {
		t.Errorf("half an hour later heard %s", got)
	}
}

// otherWay is a telephone that dials the code, with a session of its own each time.
func (b *bench) otherWay(from string) dialler {
	return &sofar{bench: b, d: Dialogue{Provider: "http", From: from, Code: "*8088#"}}
}

// TestAReportIsGoneOnWithTheOtherWay: begun on a call it is sent by USSD, and the other way round. It stays one report, that
// of its first conversation, and what was done both ways is on its record.
func TestAReportIsGoneOnWithTheOtherWay(t *testing.T) {
	b := newBench(t)
	l := b.ring(mobile)
	l.all("-", "2", "2", suspect+"#", "1", "1")
	l.hangUp()
	*b.clock = b.clock.Add(29 * time.Minute)
	phone := b.otherWay(mobile)
	if got := b.open(phone); first(got) != goOn {
		t.Fatalf("dialled after a call that broke off: %q", got.Text)
	}
	if got := b.open(phone, "1"); first(got) != isGone { // the money was not told
		t.Fatalf("going on: %q", got.Text)
	}
	if got := b.open(phone, "1", "1", "1", "1"); !got.End {
		t.Fatalf("sending: %q", got.Text)
	}
	want := reports.Draft{Origin: "call", Ref: l.id(), Reporter: mobile, Kind: 2, ScamNumber: suspect, Channel: 1, Money: "none", Callback: "yes", Complete: true}
	b.oneReport(want, "loai_lua_dao 2", "hoi_so_ke_gian "+suspect, "da_mat_tien 1", "xac_nhan 1")
	if texts := b.sent(); len(texts) != 1 {
		t.Errorf("texts %q", texts)
	}
	if got := b.ring(mobile).press("-"); got != menuAsked {
		t.Errorf("what was sent by USSD is offered on a call: %s", got)
	}

	b.open(b.otherWay(landline), "2", "3", suspect, "3")
	*b.clock = b.clock.Add(29 * time.Minute)
	l = b.ring(landline)
	if got := l.press("-"); got != "noi_tiep ?" {
		t.Fatalf("rang after a session that broke off: %s", got)
	}
	if got := l.press("1"); got != "kenh_lien_lac ?" { // which no screen asks
		t.Fatalf("going on: %s", got)
	}
	l.all("2", "2", "3", "2", "1", "1")
	l.hangUp()
	want = reports.Draft{Origin: "ussd", Ref: b.lastUSSD().Ref, Reporter: landline, Kind: 3, ScamNumber: suspect, Channel: 2, Money: "lost", When: "earlier", Band: 2, Callback: "yes", Complete: true}
	b.oneReport(want, "loai 3", "nhap_so "+suspect, "da_mat_tien 3", "hoi_bao_nhieu 2")
}

// oneReport asks that want is its reporter's only one, with these steps on its record.
func (b *bench) oneReport(want reports.Draft, steps ...string) {
	b.t.Helper()
	all := b.reportsOf(`where reporter = $1`, string(want.Reporter))
	if len(all) != 1 {
		b.t.Fatalf("%d reports", len(all))
	}
	same(b.t, "report", want, all[0].Draft)
	var record []string
	for _, e := range all[0].Events {
		record = append(record, e.Node+" "+e.Raw)
	}
	for _, s := range steps {
		if n := strings.Count("|"+strings.Join(record, "|")+"|", "|"+s+"|"); n != 1 {
			b.t.Errorf("%q is %d times on the record %q", s, n, record)
		}
	}
}

// TestALateEndOverwritesNothing: a call whose end has not come is gone on with in another; then it ends, or keys, a message
// or whole answers come of it. The answers given since stand, and nothing makes a second report but answers.
func TestALateEndOverwritesNothing(t *testing.T) {
	b := newBench(t, "101")
	for name, c := range map[string]struct {
		first []string // of the call whose end is late
		late  func(*line) error
		more  int  // reports beside the one gone on with
		wish  bool // for an officer, which nobody met
	}{
		"its end, while an officer's telephone rang": {[]string{"-", "2", "1", "0"}, func(l *line) error { return l.Ended(t.Context(), "test", l.sid, "completed") }, 0, true},
		"its end within a number": {[]string{"-", "2", "1"}, func(l *line) error {
			if err := l.PressedLast(t.Context(), "test", l.sid, "0977"); err != nil {
				return err
			}
			return l.Ended(t.Context(), "test", l.sid, "completed")
		}, 0, false},
		"its node, found dead": {[]string{"-", "2", "1", "0"}, func(l *line) error { return l.Ended(t.Context(), "test", l.sid, abandonedStatus) }, 0, true},
		"a silence told late":  {[]string{"-", "2", "1", "#"}, func(l *line) error { l.press("-"); return nil }, 0, false},
		"a message told late": {[]string{"-", "2", "1", "0", "dial:busy"}, func(l *line) error {
			_, err := l.Step(t.Context(), "test", l.sid, Input{Step: l.reply.Step, Kind: InputRecorded, Recording: Recording{SID: "RE" + l.sid, URL: "https://x/" + l.sid, Seconds: 4}})
			return err
		}, 0, false},
		"its caller, who talks in both and sends this one too": {[]string{"-", "2", "1", "#", "1", "1"}, func(l *line) error { l.all("2", "1"); return nil }, 1, false},
		"its caller, who talks in both and cancels this one":   {[]string{"-", "2", "1", "#", "1", "1"}, func(l *line) error { l.all("2", "3"); return nil }, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			b.t = t
			from := fmt.Sprintf("+8490177%04d", b.calls)
			old := b.ring(from)
			old.all(c.first...)
			l := b.ring(from)
			if got := l.press("-"); got != "noi_tiep ?" {
				t.Fatalf("heard %s", got)
			}
			heard := l.press("1")
			for !strings.HasPrefix(heard, "doc_lai_tin_bao") { // whatever was not told yet
				switch {
				case heard == "hoi_so_ke_gian #":
					heard = l.press(suspect + "#")
				case strings.HasPrefix(heard, "hoi_mat_tien"):
					heard = l.press("3")
				default:
					heard = l.press("1")
				}
			}
			before := b.reportsOf(`where ref = $1`, old.id())[0]
			if err := c.late(old); err != nil {
				t.Fatal(err)
			}
			after := b.reportsOf(`where ref = $1`, old.id())[0]
			same(t, "report", before.Draft, after.Draft)
			kept := b.column(fmt.Sprintf(`select coalesce(report_id, 0) = %d from calls where id = %s`, after.ID, old.id()))[0] == "true"
			if talksOn := strings.Contains(name, "talks in both"); kept == talksOn {
				t.Errorf("the first call, and its recording with it, is with the report: %t", kept)
			}
			if wished := after.Officer == reports.Missed; c.wish && !wished {
				t.Errorf("the wish for an officer is lost: %q", after.Officer)
			}
			if n := len(b.reportsOf(`where reporter = $1`, from)); n != 1+c.more {
				t.Errorf("%d reports", n)
			}
			if got := l.press("1"); !strings.HasPrefix(got, "da_gui-1") {
				t.Errorf("sending: %s", got)
			}
		})
	}
}
