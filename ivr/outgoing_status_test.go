package ivr

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestHowOutgoingCallsStand(t *testing.T) {
	d := newDesk(t, func(o *OutgoingOptions) { o.Lines[0].Concurrent = 1; o.Lines[0].PerSecond = 5 })
	d.agrees(mobile, landline)
	d.want(Wanted{To: mobile})
	d.want(Wanted{To: landline})
	d.want(Wanted{Key: "later", To: mobile, After: morning.Add(time.Hour)})
	p := d.one()
	want := OutgoingStatus{Waiting: 1, Oldest: morning, Later: 1, Lines: []LineStatus{
		{Provider: "test", Under: 1, Of: 1, PerSecond: 5, Dialled: 1, Outcomes: map[Outcome]int{"": 1}},
	}}
	got, err := d.outgoing.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("with one under way (-want +got):\n%s", diff)
	}
	d.placed(p, Busy)
	d.want(Wanted{Key: "back", To: "+84901000009", Why: Callback})
	d.at(morning.Add(time.Minute))
	want = OutgoingStatus{Waiting: 2, Oldest: morning, CallbackSince: morning, Later: 2, Lines: []LineStatus{
		{Provider: "test", Of: 1, PerSecond: 5, Dialled: 1, Outcomes: map[Outcome]int{Busy: 1}},
	}}
	if got, err = d.outgoing.Status(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("with one tried (-want +got):\n%s", diff)
	}
}
