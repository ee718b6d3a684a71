package gateway

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"canhgiac/gateway/smpp"
	"canhgiac/gateway/sms"
)

// steps are the states that a message went through.
func steps(m Message) []State {
	var list []State
	for _, v := range m.History {
		list = append(list, v.To)
	}
	return list
}

func TestAResponseSaysWhatBecomesOfAMessage(t *testing.T) {
	ok := func(s submitted) smpp.SubmitResult { return smpp.SubmitResult{MessageID: s.id()} }
	refuse := func(status smpp.Status) func(submitted) smpp.SubmitResult {
		return func(submitted) smpp.SubmitResult { return smpp.SubmitResult{Status: status} }
	}
	for name, c := range map[string]struct {
		answers []func(submitted) smpp.SubmitResult // the last one for all that follow
		want    []State
		submits int
	}{
		"accepted":                       {[]func(submitted) smpp.SubmitResult{ok}, []State{Queued, Submitting, Accepted}, 1},
		"refused for good":               {[]func(submitted) smpp.SubmitResult{refuse(smpp.StatusInvDest)}, []State{Queued, Submitting, Failed}, 1},
		"refused for now, then taken":    {[]func(submitted) smpp.SubmitResult{refuse(smpp.StatusSystemError), ok}, []State{Queued, Submitting, Queued, Submitting, Accepted}, 2},
		"the link throttled for a while": {[]func(submitted) smpp.SubmitResult{refuse(smpp.StatusThrottled), ok}, []State{Queued, Submitting, Queued, Submitting, Accepted}, 2},
		"refused for now to the end":     {[]func(submitted) smpp.SubmitResult{refuse(smpp.StatusSystemError)}, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w, s := newWard(t, 1), startSMSC(t)
			s.answer = func(m submitted, respond func(smpp.SubmitResult)) { respond(c.answers[min(m.n, len(c.answers))-1](m)) }
			w.run(1, func(r *Run) { r.SendBy = morning.Add(2 * time.Minute) })
			w.sender(s, nil, nil, nil)
			end := Expired
			if c.want != nil {
				end = c.want[len(c.want)-1]
			}
			var m Message
			until(t, "the message is "+string(end), func() bool {
				w.clock.move(100 * time.Millisecond)
				m = w.message(1<<32 | 1)
				return m.State == end
			})
			if c.want == nil {
				if s.count() < 3 {
					t.Errorf("tried %d times only", s.count())
				}
				return
			}
			if diff := cmp.Diff(c.want, steps(m)); diff != "" {
				t.Error(diff)
			}
			if s.count() != c.submits {
				t.Errorf("%d submit_sm", s.count())
			}
		})
	}
}

func TestAMessageWithoutResponseIsUnknownUntilItsLateResponseAndReceipt(t *testing.T) {
	w, s := newWard(t, 1), startSMSC(t)
	responds := make(chan func(smpp.SubmitResult), 1)
	s.answer = func(_ submitted, r func(smpp.SubmitResult)) { responds <- r }
	w.run(1, nil)
	w.sender(s, func(c *Carrier) { c.Link.ResponseTimeout = 20 * time.Millisecond }, nil, nil)
	is := func(state State) func() bool { return func() bool { return w.message(1<<32|1).State == state } }
	until(t, "nobody knows", is(Unknown))
	(<-responds)(smpp.SubmitResult{MessageID: "0A7"})
	until(t, "the late id is taken", is(Accepted))
	s.give(receiptOf("a7", "84900000001", "DELIVRD"))
	until(t, "it is delivered", is(Delivered))
	if diff := cmp.Diff([]State{Queued, Submitting, Unknown, Accepted, Delivered}, steps(w.message(1<<32|1))); diff != "" {
		t.Error(diff)
	}
	if s.count() != 1 {
		t.Errorf("%d submit_sm", s.count())
	}
}

func TestALinkLostInFlightLeavesUnknownOrResendsWhereTheRunSaysSo(t *testing.T) {
	for name, resend := range map[string]bool{"never sent again blindly": false, "sent again as the run says": true} {
		t.Run(name, func(t *testing.T) {
			w, s := newWard(t, 5), startSMSC(t)
			s.answer = func(m submitted, respond func(smpp.SubmitResult)) {
				if m.n > 5 {
					respond(smpp.SubmitResult{MessageID: m.id()})
				}
			}
			w.run(1, func(r *Run) { r.Resend = resend })
			w.sender(s, nil, nil, nil)
			until(t, "all are on the wire", func() bool { return s.count() == 5 })
			s.anyPeer().Drop()
			want := Progress{Total: 5, Unknown: 5}
			if resend {
				want = Progress{Total: 5, Accepted: 5}
			}
			var p Progress
			until(t, "they have their state", func() bool {
				w.clock.move(20 * time.Millisecond)
				p = w.progress(1)
				return cmp.Equal(p, want)
			})
			if got := s.count(); got != 5 && !resend || got != 10 && resend {
				t.Errorf("%d submit_sm", got)
			}
			for _, v := range w.message(1<<32 | 1).History {
				if v.To == Unknown && v.Reason == "" {
					t.Error("in doubt without a reason")
				}
			}
		})
	}
}

// die leases a chunk as a node that has no lock, and so is dead, and commits one intent.
func (w *ward) die(n int) (*hot, *lease) {
	w.t.Helper()
	h, err := openHot(w.ctx, w.db)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(h.drop)
	l, err := w.store.lease(w.ctx, h, "viettel", only("viettel"), 1_000_000, search{})
	if err != nil {
		w.t.Fatal(err)
	}
	if pass, held, err := w.store.intent(w.ctx, h, l, n); err != nil || len(pass) != n || held != 0 {
		w.t.Fatalf("%d may pass, %d held, %v", len(pass), held, err)
	}
	return h, l
}

func TestWhatADeadNodeLeftIsTakenOver(t *testing.T) {
	for name, resend := range map[string]bool{"in doubt": false, "sent again as the run says": true} {
		t.Run(name, func(t *testing.T) {
			w, s := newWard(t, 700), startSMSC(t)
			s.receipts = true
			w.run(1, func(r *Run) { r.Resend = resend })
			h, l := w.die(50)
			if m := w.message(1<<32 | 1); m.State != Submitting {
				t.Errorf("after the intent: %s", m.State)
			}
			w.sender(s, nil, nil, nil)
			want := Progress{Total: 700, Delivered: 650, Unknown: 50}
			if resend {
				want = Progress{Total: 700, Delivered: 700}
			}
			if diff := cmp.Diff(want, w.ended(1)); diff != "" {
				t.Error(diff)
			}
			if s.doubled() != 0 {
				t.Errorf("%d numbers twice", s.doubled())
			}
			// The dead one was only slow: its lease is lost, so that nothing more of it reaches the wire.
			if _, _, err := w.store.intent(w.ctx, h, l, 50); !errors.Is(err, errNothing) {
				t.Errorf("an intent on a lost lease: %v", err)
			}
		})
	}
}

func TestASingleOfADeadNodeIsUnknown(t *testing.T) {
	w, s := newWard(t, 0), startSMSC(t)
	id := w.send(Single{To: "+84901234567", Text: "Tin", Purpose: Reply})
	h, err := openHot(w.ctx, w.db)
	if err != nil {
		t.Fatal(err)
	}
	defer h.drop()
	if list, err := w.store.take(w.ctx, h, "viettel", only("viettel"), 1_000_000, express, w.clock.now(), 10); err != nil || len(list) != 1 {
		t.Fatalf("%d taken, %v", len(list), err)
	}
	w.sender(s, nil, nil, nil)
	until(t, "it is unknown", func() bool { return w.message(id).State == Unknown })
	if s.count() != 0 {
		t.Error("it was sent")
	}
}

func TestReceiptsFindTheirMessageHoweverTheyCome(t *testing.T) {
	for name, c := range map[string]struct {
		form       ReceiptID
		id, echoed string
		state      string
		want       State
	}{
		"as it was":                         {ReceiptAuto, "7F3A", "7F3A", "DELIVRD", Delivered},
		"lower case and zeros":              {ReceiptSame, "007F3A", "7f3a", "DELIVRD", Delivered},
		"decimal of a hexadecimal response": {ReceiptDec, "7F3A", "32570", "DELIVRD", Delivered},
		"hexadecimal of a decimal response": {ReceiptHex, "32570", "7F3A", "DELIVRD", Delivered},
		"another base, found out by itself": {ReceiptAuto, "7F3A", "0000032570", "DELIVRD", Delivered},
		"not delivered":                     {ReceiptAuto, "1", "1", "UNDELIV", Failed},
		"too late":                          {ReceiptAuto, "1", "1", "EXPIRED", Expired},
		"the carrier does not know":         {ReceiptAuto, "1", "1", "UNKNOWN", Unknown},
		"on its way":                        {ReceiptAuto, "1", "1", "ENROUTE", Accepted},
		"nobody's":                          {ReceiptSame, "1", "2", "DELIVRD", Accepted},
	} {
		t.Run(name, func(t *testing.T) {
			w, s := newWard(t, 1), startSMSC(t)
			s.answer = func(_ submitted, respond func(smpp.SubmitResult)) { respond(smpp.SubmitResult{MessageID: c.id}) }
			w.run(1, nil)
			w.sender(s, func(k *Carrier) { k.ReceiptID = c.form }, nil, nil)
			until(t, "it is accepted", func() bool { return w.message(1<<32|1).State == Accepted })
			for range 2 { // the second changes nothing
				if st := s.give(receiptOf(c.echoed, "84900000001", c.state)); st != smpp.StatusOK {
					t.Errorf("answered with %s", st)
				}
			}
			if got := w.message(1<<32 | 1); got.State != c.want {
				t.Errorf("%s: %+v", got.State, got.History)
			}
			var kept int
			if err := w.db.QueryRow(`select count(*) from receipts_unmatched`).Scan(&kept); err != nil {
				t.Fatal(err)
			}
			if want := map[bool]int{true: 2}[name == "nobody's"]; kept != want {
				t.Errorf("%d receipts kept as nobody's", kept)
			}
		})
	}
}

func TestAReceiptThatOvertakesItsResponseIsKeptForIt(t *testing.T) {
	w, s := newWard(t, 1), startSMSC(t)
	release := make(chan struct{})
	s.answer = func(_ submitted, respond func(smpp.SubmitResult)) {
		go func() {
			<-release
			respond(smpp.SubmitResult{MessageID: "55"})
		}()
	}
	w.run(1, nil)
	w.sender(s, nil, nil, nil)
	until(t, "it is on the wire", func() bool { return s.count() == 1 })
	if st := s.give(receiptOf("55", "84900000001", "DELIVRD")); st != smpp.StatusOK {
		t.Fatalf("answered with %s", st)
	}
	close(release)
	until(t, "it is delivered", func() bool { return w.message(1<<32|1).State == Delivered })
}

func TestAMessageOfManyPartsIsWhatItsWorstPartIs(t *testing.T) {
	text := strings.Repeat("Ai gọi dọa bắt, bà con tắt máy. ", 6) // three parts of UCS-2
	for name, c := range map[string]struct {
		states []string
		want   State
	}{
		"one receipt says nothing of the whole": {[]string{"DELIVRD"}, Accepted},
		"all delivered":                         {[]string{"DELIVRD", "DELIVRD", "DELIVRD"}, Delivered},
		"one failed":                            {[]string{"DELIVRD", "UNDELIV", "DELIVRD"}, Failed},
		"one expired":                           {[]string{"EXPIRED", "DELIVRD", "DELIVRD"}, Expired},
	} {
		t.Run(name, func(t *testing.T) {
			w, s := newWard(t, 1), startSMSC(t)
			w.run(1, func(r *Run) { r.Text = text })
			w.sender(s, nil, nil, nil)
			until(t, "it is accepted", func() bool { return w.message(1<<32|1).State == Accepted })
			if s.count() != 3 || w.message(1<<32|1).Size.Parts != 3 {
				t.Fatalf("%d parts", s.count())
			}
			for i, state := range c.states {
				s.give(receiptOf(submitted{n: i + 1}.id(), "84900000001", state))
			}
			if got := w.message(1<<32 | 1); got.State != c.want {
				t.Errorf("%s", got.State)
			}
		})
	}
}

func TestOnlyTheRefusedPartIsSentAgain(t *testing.T) {
	w, s := newWard(t, 1), startSMSC(t)
	s.answer = func(m submitted, respond func(smpp.SubmitResult)) {
		if m.n == 2 {
			respond(smpp.SubmitResult{Status: smpp.StatusSystemError})
			return
		}
		respond(smpp.SubmitResult{MessageID: m.id()})
	}
	w.run(1, func(r *Run) { r.Text = strings.Repeat("Ai gọi dọa bắt, bà con tắt máy. ", 6) })
	w.sender(s, nil, nil, nil)
	until(t, "it is accepted", func() bool {
		w.clock.move(time.Second)
		return w.message(1<<32|1).State == Accepted
	})
	if s.count() != 4 || string(s.got[1].pdu.ShortMessage) != string(s.got[3].pdu.ShortMessage) {
		t.Errorf("%d submit_sm, the last %q", s.count(), s.got[3].text)
	}
	for _, n := range []int{1, 3, 4} {
		s.give(receiptOf(submitted{n: n}.id(), "84900000001", "DELIVRD"))
	}
	if got := w.message(1<<32 | 1); got.State != Delivered {
		t.Errorf("%s", got.State)
	}
}

func TestAReceiptThatComesWithItsResponseIsStoredWithIt(t *testing.T) {
	accepted := func(id string, n MessageID) *outgoing {
		return &outgoing{id: n, phone: "+84900000001", parts: make([]sms.Part, 1), results: []smpp.SubmitResult{{MessageID: id}}, from: &lease{}, submitted: morning, sendBy: morning.Add(time.Hour)}
	}
	receipts := func(list ...string) (told []*receipt) { // "7f state"
		for _, s := range list {
			id, state, _ := strings.Cut(s, " ")
			told = append(told, &receipt{Receipt: smpp.Receipt{ID: id, State: state}})
		}
		return told
	}
	for name, c := range map[string]struct {
		vouched ReceiptID
		told    []*receipt
		n, rest int
	}{
		"as it was, with zeros and capitals":                  {ReceiptSame, receipts("007F3A DELIVRD"), 1, 0},
		"in the form that the carrier taught":                 {ReceiptDec, receipts("32570 DELIVRD"), 1, 0},
		"in a form that nobody vouches for":                   {"", receipts("7F3A DELIVRD"), 0, 1},
		"of another message":                                  {ReceiptSame, receipts("99 DELIVRD"), 0, 1},
		"not delivered is for match to weigh":                 {ReceiptSame, receipts("7F3A UNDELIV"), 0, 1},
		"one that came after another, which may stand":        {ReceiptSame, receipts("7F3A UNDELIV", "7F3A DELIVRD"), 0, 2},
		"twice: the second is for match, and changes nothing": {ReceiptSame, receipts("7F3A DELIVRD", "7F3A DELIVRD"), 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOutcomes("viettel", elsewhere{}, morning, []*outgoing{accepted("7f3a", 1)})
			n, rest := o.deliverAtOnce(&forms{vouched: c.vouched}, c.told)
			if n != c.n || len(rest) != c.rest || (o.states[0] == string(Delivered)) != (c.n == 1) {
				t.Errorf("%d delivered, %d left, %s", n, len(rest), o.states[0])
			}
		})
	}
}
