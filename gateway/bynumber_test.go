package gateway

import (
	"strings"
	"testing"
	"time"

	"canhgiac/gateway/smpp"
	"canhgiac/residents"
)

// doubted is a message to number that was given up as unknown, sent at, without an id.
func (w *ward) doubted(number, text string, at time.Time) MessageID {
	w.t.Helper()
	id := w.send(Single{To: residents.Phone(number), Text: text, Purpose: Reply})
	w.exec(`delete from outbox where message_id = $1`, id)
	w.exec(`insert into sent (message_id, state, carrier, parts, submitted_at, done_at, error) values ($1, 'unknown', 'viettel', 1, $2, $2, 'no response in time')`, id, at)
	w.exec(`insert into message_moves (message_id, at, from_state, to_state, reason) values ($1, $2, 'submitting', 'unknown', 'no response in time')`, id, at)
	return id
}

func TestAMessageWhoseIdNeverCameIsFoundByNumberAndTime(t *testing.T) {
	const number = "+84901000001"
	dated := func(id string, after time.Duration) smpp.Receipt {
		return smpp.Receipt{ID: id, State: "DELIVRD", Submitted: morning.Add(after).Truncate(time.Minute)}
	}
	for name, c := range map[string]struct {
		receipts []smpp.Receipt
		to       string // of the receipts
		others   func(w *ward)
		want     State
	}{
		"by its date":                             {[]smpp.Receipt{dated("a1", 0)}, number, nil, Delivered},
		"by its date in UTC":                      {[]smpp.Receipt{dated("a1", -7*time.Hour)}, number, nil, Delivered},
		"by its arrival, where it has no date":    {[]smpp.Receipt{{ID: "a1", State: "DELIVRD"}}, number, nil, Delivered},
		"without any id":                          {[]smpp.Receipt{{State: "DELIVRD"}}, number, nil, Delivered},
		"the number without its country":          {[]smpp.Receipt{dated("a1", 0)}, "0901000001", nil, Delivered},
		"not delivered":                           {[]smpp.Receipt{{ID: "a1", State: "UNDELIV", Err: "027"}}, number, nil, Failed},
		"the same receipt twice":                  {[]smpp.Receipt{dated("a1", 0), dated("00A1", 0)}, number, nil, Delivered},
		"another number":                          {[]smpp.Receipt{dated("a1", 0)}, "+84901000002", nil, Unknown},
		"another day":                             {[]smpp.Receipt{dated("a1", -24*time.Hour)}, number, nil, Unknown},
		"a receipt that knows nothing":            {[]smpp.Receipt{{ID: "a1", State: "UNKNOWN"}}, number, nil, Unknown},
		"two receipts, of which one is another's": {[]smpp.Receipt{dated("a1", 0), {ID: "a2", State: "UNDELIV"}}, number, nil, Unknown},
		"two in doubt":                            {[]smpp.Receipt{dated("a1", 0)}, number, func(w *ward) { w.doubted(number, "Tin", morning.Add(time.Minute)) }, Unknown},
		"another awaits its own receipt":          {[]smpp.Receipt{dated("a1", 0)}, number, func(w *ward) { w.accepted(number, "b7") }, Unknown},
		"another is on the wire": {[]smpp.Receipt{dated("a1", 0)}, number, func(w *ward) {
			id := w.send(Single{To: number, Text: "Tin", Purpose: Reply})
			w.exec(`update outbox set lease_node = 1, lease_until = now() where message_id = $1`, id)
		}, Unknown},
		"another has its receipt": {[]smpp.Receipt{dated("a1", 0)}, number, func(w *ward) {
			w.exec(`update sent set state = 'delivered', done_at = $2 where message_id = $1`, w.accepted(number, "b7"), morning)
		}, Delivered},
		"another was sent on another day": {[]smpp.Receipt{dated("a1", 0)}, number, func(w *ward) { w.doubted(number, "Tin", morning.Add(-30*time.Hour)) }, Delivered},
		"another still waits in the queue": {[]smpp.Receipt{dated("a1", 0)}, number, func(w *ward) {
			w.send(Single{To: number, Text: "Tin", Purpose: Reply})
		}, Delivered},
		"another went by another carrier": {[]smpp.Receipt{dated("a1", 0)}, number, func(w *ward) {
			w.exec(`update sent set carrier = 'vina' where message_id = $1`, w.accepted(number, "b7"))
		}, Delivered},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWard(t, 0)
			d := w.clerk(ReceiptAuto)
			id := w.doubted(number, "Tin", morning.Add(10*time.Second))
			w.clock.move(20 * time.Second)
			if c.others != nil {
				c.others(w)
			}
			for _, r := range c.receipts {
				d.tell(c.to, r)
			}
			d.store(true)
			if m := w.message(id); m.State != Unknown {
				t.Fatalf("%s before the ordinary matching had its chance", m.State)
			}
			for range 3 {
				w.clock.move(numberAfter)
				d.store(true)
			}
			m := w.message(id)
			if m.State != c.want {
				t.Fatalf("%s, want %s: %+v", m.State, c.want, m.History)
			}
			if err := sound(m); err != nil {
				t.Error(err)
			}
			if last := m.History[len(m.History)-1]; c.want != Unknown && !strings.HasPrefix(last.Reason, matchedByNumber) {
				t.Errorf("the history says %q", last.Reason)
			}
		})
	}
}

func TestTheReceiptThatWasMatchedByNumberMatchesNothingElseLater(t *testing.T) {
	w := newWard(t, 0)
	d := w.clerk(ReceiptAuto)
	const number = "+84901000001"
	first := w.doubted(number, "Tin", morning)
	d.tell(number, smpp.Receipt{ID: "a1", State: "DELIVRD"})
	w.clock.move(4 * time.Minute)
	d.store(true)
	second := w.doubted(number, "Tin", w.clock.now())
	d.tell(number, smpp.Receipt{ID: "a1", State: "DELIVRD"}) // the SMSC sends it again
	w.clock.move(4 * time.Minute)
	d.store(true)
	if a, b := w.message(first), w.message(second); a.State != Delivered || a.CarrierMessageID != "a1" || b.State != Unknown {
		t.Errorf("%s as %q, and %s", a.State, a.CarrierMessageID, b.State)
	}
}

func TestReceiptsByNumberCountUpToTheParts(t *testing.T) {
	text := strings.Repeat("Ai gọi dọa bắt, bà con tắt máy. ", 6) // three parts
	for name, c := range map[string]struct {
		states []string
		known  string // id of a part whose response came
		want   State
	}{
		"two of three":              {[]string{"DELIVRD", "DELIVRD"}, "", Unknown},
		"all delivered":             {[]string{"DELIVRD", "DELIVRD", "DELIVRD"}, "", Delivered},
		"one failed":                {[]string{"DELIVRD", "UNDELIV", "DELIVRD"}, "", Failed},
		"one too many":              {[]string{"DELIVRD", "DELIVRD", "DELIVRD", "DELIVRD"}, "", Unknown},
		"one part's id was known":   {[]string{"DELIVRD", "DELIVRD"}, "k1", Delivered},
		"one known and one lacking": {[]string{"DELIVRD"}, "k1", Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWard(t, 0)
			d := w.clerk(ReceiptAuto)
			id := w.doubted("+84901000001", text, morning)
			if c.known != "" {
				w.exec(`update sent set parts = 3, carrier_message_id = $2 where message_id = $1`, id, c.known)
				w.exec(`insert into sent_parts (message_id, part, carrier, carrier_message_id, at) values ($1, 1, 'viettel', $2, $3)`, id, c.known, morning)
				d.tell("+84901000001", smpp.Receipt{ID: c.known, State: "DELIVRD"})
			}
			for i, state := range c.states {
				d.tell("+84901000001", smpp.Receipt{ID: "p" + string(rune('1'+i)), State: state})
			}
			w.clock.move(2 * numberAfter)
			d.store(true)
			m := w.message(id)
			if err := sound(m); m.State != c.want || err != nil {
				t.Errorf("%s, want %s: %v", m.State, c.want, err)
			}
		})
	}
}

func TestUnmatchedReceiptsAreKeptCountedAndForgotten(t *testing.T) {
	w := newWard(t, 0)
	d := w.clerk(ReceiptAuto)
	d.tell("84901000001", smpp.Receipt{ID: "77", State: "UNDELIV", Err: "027"})
	d.tell("84901000002", smpp.Receipt{ID: "78", State: "ENROUTE"}) // will be told of again
	u, err := w.store.Unmatched(w.ctx)
	if err != nil || u.ByCarrier["viettel"] != 1 || len(u.Newest) != 1 || u.Newest[0].CarrierMessageID != "77" || u.Newest[0].State != Failed ||
		u.Newest[0].Error != "UNDELIV 027" || !u.Newest[0].Waiting {
		t.Fatalf("%+v %v", u, err)
	}
	if strings.Contains(d.out.String(), "84901000001") {
		t.Error("a number stands in the log")
	}
	for range 20 {
		w.clock.move(time.Hour)
		d.store(true)
	}
	if u, err = w.store.Unmatched(w.ctx); err != nil || len(u.Newest) != 1 || u.Newest[0].Waiting {
		t.Errorf("given up after hours: %+v %v", u, err)
	}
	w.clock.move(keepUnmatchedFor)
	if err := w.store.pruneUnmatched(w.ctx, d.h); err != nil {
		t.Fatal(err)
	}
	if u, err = w.store.Unmatched(w.ctx); err != nil || len(u.Newest) != 0 {
		t.Errorf("after a month: %+v %v", u, err)
	}
}
