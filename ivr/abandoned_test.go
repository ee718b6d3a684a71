package ivr

import (
	"slices"
	"testing"
)

func TestTheCallsOfADeadNodeEndAndWhoRingsAgainGoesOn(t *testing.T) {
	b := newBench(t, "101")
	const from = "+84901239901"
	open := func(sid, holder string) *line {
		l := &line{bench: b, sid: sid}
		var err error
		if l.reply, err = b.Start(t.Context(), Incoming{Provider: "test", SID: sid, From: from, To: "+842363111222", Holder: holder}); err != nil {
			t.Fatal(err)
		}
		return l
	}
	open("held-dead", "dead").all("-", "2", "1")
	open("held-alive", "alive")
	open("by-webhook", "")
	holders, err := b.Holders(t.Context())
	slices.Sort(holders)
	if err != nil || !slices.Equal(holders, []string{"alive", "dead"}) {
		t.Fatalf("%q hold calls: %v", holders, err)
	}
	for _, want := range []int{1, 0} { // again, it finds nothing
		if n, err := b.otherNode().EndAbandoned(t.Context(), []string{"dead", "idle"}); err != nil || n != want {
			t.Fatalf("%d ended, want %d: %v", n, want, err)
		}
	}
	for sid, want := range map[string]string{"held-dead": abandonedStatus, "held-alive": "", "by-webhook": ""} {
		var status string
		var ended bool
		if err := b.db.QueryRow(`select end_status, ended_at is not null from calls where sid = $1`, sid).Scan(&status, &ended); err != nil {
			t.Fatal(err)
		}
		if status != want || ended != (want != "") {
			t.Errorf("%s: %q, ended %v", sid, status, ended)
		}
	}
	all := b.allReports()
	if len(all) != 1 || !all[0].Partial {
		t.Fatalf("reports: %+v", all)
	}
	if got := open("again", "alive").press("-"); got != "noi_tiep ?" {
		t.Errorf("who rings again hears %s", got)
	}
}
