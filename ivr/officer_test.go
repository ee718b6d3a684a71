package ivr

import (
	"fmt"
	"testing"
	"time"

	"canhgiac/reports"
)

// last is the newest report.
func (b *bench) last() reports.Detail {
	b.t.Helper()
	all := b.allReports()
	if len(all) == 0 {
		b.t.Fatal("no report")
	}
	return all[len(all)-1]
}

func TestWhoReachedNoOfficerRanksAboveAnOrdinaryReport(t *testing.T) {
	b := newBench(t, "101")
	for _, c := range []struct {
		is   string
		does []string
		want reports.Urgency
	}{
		{"a message and nothing else", []string{"0", "dial:busy", "message"}, reports.NeedsOfficer},
		{"hung up before the tone", []string{"0", "dial:busy"}, reports.NeedsOfficer},
		{"money lost goes first, message or not", []string{"-", "1", "0", "dial:busy", "message"}, reports.LostToday},
		{"an officer answered in the middle of a report", []string{"-", "2", "1", "0", "dial:completed"}, reports.Other},
	} {
		from := fmt.Sprintf("+8490123%04d", b.calls) // of its own: nobody goes on with another's report
		l := b.ring(from)
		l.all(c.does...)
		l.hangUp()
		r := b.last()
		if r.Urgency != c.want || string(r.Reporter) != from {
			t.Errorf("%s: urgency %d of %s, want %d", c.is, r.Urgency, r.Reporter.Masked(), c.want)
		}
	}
}

func TestAMessageStandsWithItsReport(t *testing.T) {
	b := newBench(t, "101")
	l := b.ring(mobile)
	l.all("-", "2", "1", "0", "dial:no-answer")
	waiting := b.last()
	if waiting.Left() != "missed" || len(waiting.Spoken) != 0 {
		t.Errorf("before the message: %s, %+v", waiting.Left(), waiting.Spoken)
	}
	l.press("message")
	l.hangUp()
	same(t, "messages", []reports.Message{{SID: "RE1", URL: "http://provider/RE1", Seconds: 7, At: b.clock.UTC().Truncate(time.Microsecond)}}, b.last().Spoken)
	if n := len(b.allReports()); n != 1 {
		t.Errorf("%d reports", n)
	}
}

// TestAMessageTakenAfterTheCallEnded: the provider tells of the end and of the message in either order.
func TestAMessageTakenAfterTheCallEnded(t *testing.T) {
	b := newBench(t, "101")
	l := b.ring(mobile)
	l.all("0", "dial:busy")
	l.hangUp()
	l.press("message")
	if r := b.last(); r.Left() != "message" || len(b.allReports()) != 1 {
		t.Errorf("%s, %d reports", r.Left(), len(b.allReports()))
	}
}

// TestAnAnswerToldAfterTheEnd: the report made at the end cannot be unmade, but it says that an officer answered.
func TestAnAnswerToldAfterTheEnd(t *testing.T) {
	b := newBench(t, "101")
	l := b.ring(mobile)
	l.press("0")
	l.hangUp()
	l.press("dial:completed")
	if r := b.last(); r.Left() != "met" || r.Urgency != reports.Other {
		t.Errorf("%s, urgency %d", r.Left(), r.Urgency)
	}
}

func TestAMessageLeftAfterTheReportWasSent(t *testing.T) {
	b := newBench(t, "101")
	l := b.ring(mobile)
	l.all("-", "2", "1", "#", "1", "1", "1", "1", "0", "dial:busy", "message")
	l.hangUp()
	r := b.last()
	if r.Partial || r.Left() != "message" || r.Urgency != reports.NeedsOfficer || len(b.allReports()) != 1 {
		t.Errorf("partial %v, %s, urgency %d", r.Partial, r.Left(), r.Urgency)
	}
}

// TestWithoutOfficersTheKeyIsRecordedWhereItWasPressed: no dial is told, so the report opens at the key itself.
func TestWithoutOfficersTheKeyIsRecordedWhereItWasPressed(t *testing.T) {
	b := newBench(t)
	l := b.ring(mobile)
	l.all("-", "0")
	r := b.last()
	if e := r.Events[len(r.Events)-1]; e.Node != "menu_chinh" || e.Key != "0" || r.Left() != "missed" {
		t.Errorf("%+v, %s", e, r.Left())
	}
}
