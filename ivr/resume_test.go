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
