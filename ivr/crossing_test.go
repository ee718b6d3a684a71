package ivr

import (
	"slices"
	"strings"
	"testing"
	"time"

	"canhgiac/reports"
)

// nodesOf are where the record's steps were taken, in turn.
func nodesOf(d reports.Detail) []string {
	var nodes []string
	for _, e := range d.Events {
		nodes = append(nodes, e.Node)
	}
	return nodes
}

func TestAReportBegunOnACallIsGoneOnWithByUSSDAndTheOtherWayRound(t *testing.T) {
	b := newBench(t)
	phone := b.networks(mobile)["steps with a number"]

	l := b.ring(mobile)
	l.all("-", "1", "1", "2", "0905123456#")
	l.hangUp()
	*b.clock = b.clock.Add(29 * time.Minute)
	if got := b.open(phone); first(got) != goOn {
		t.Fatalf("a call broke off, then dialled: %q", got.Text)
	}
	if got, err := phone.answer("1"); err != nil || first(got) != whenGone {
		t.Fatalf("going on by USSD: %q, %v", got.Text, err)
	}
	if _, err := phone.answer("1"); err != nil {
		t.Fatal(err)
	}

	*b.clock = b.clock.Add(29 * time.Minute)
	l = b.ring(mobile)
	if got := l.press("-"); got != "noi_tiep ?" {
		t.Fatalf("a session broke off, then rung: heard %s", got)
	}
	if got := l.all("1", "1", "1", "4", "1", "1"); !strings.HasPrefix(got, "da_gui-1") {
		t.Fatalf("going on by call: heard %s", got)
	}
	l.hangUp()

	all := b.allReports()
	if len(all) != 1 {
		t.Fatalf("%d reports", len(all))
	}
	same(t, "report", reports.Draft{Origin: "call", Ref: "1", Reporter: mobile, Kind: 2, ScamNumber: "0905123456", Channel: 1, Money: "lost",
		When: "today", Band: 4, Callback: "yes", Complete: true}, all[0].Draft)
	for _, node := range []string{"loai_lua_dao", "luc_nao", "hoi_bao_nhieu"} {
		if !slices.Contains(nodesOf(all[0]), node) {
			t.Errorf("the record has no step at %s: %q", node, nodesOf(all[0]))
		}
	}
	if got := b.open(phone); first(got) != mainMenu {
		t.Errorf("it is sent, yet dialled again: %q", got.Text)
	}
}

func TestNobodyGoesOnWithAnothersReportOverUSSD(t *testing.T) {
	b := newBench(t)
	l := b.ring(mobile)
	l.all("-", "2", "1")
	l.hangUp()
	withheld := b.ring("anonymous")
	withheld.all("-", "2", "1")
	withheld.hangUp()
	for _, from := range []string{"84909999999", "anonymous"} {
		if got := b.open(b.networks(from)["steps with a number"]); first(got) != mainMenu {
			t.Errorf("%s is offered %q", from, got.Text)
		}
	}
	*b.clock = b.clock.Add(goOnWithin + time.Second)
	if got := b.open(b.networks(mobile)["steps with a number"]); first(got) != mainMenu {
		t.Errorf("half an hour later: %q", got.Text)
	}
}
