package gateway

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"canhgiac/gateway/smpp"
	"canhgiac/residents"
)

// knowsNobody has s refuse every number in its response.
func (s *smsc) knowsNobody() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = func(_ submitted, respond func(smpp.SubmitResult)) {
		respond(smpp.SubmitResult{Status: smpp.StatusInvDest})
	}
}

// reports has s accept everything and report it as undelivered, with this error.
func (s *smsc) reports(code string) {
	s.answer = func(m submitted, respond func(smpp.SubmitResult)) {
		respond(smpp.SubmitResult{MessageID: m.id()})
		r := smpp.Receipt{ID: m.id(), State: "UNDELIV", Err: code, At: morning}
		s.forward(&smpp.DeliverSM{Source: smpp.Address{TON: 1, NPI: 1, Addr: m.to}, ESMClass: smpp.ESMClassReceipt, ShortMessage: []byte(r.Text())})
	}
}

// ends waits until the message has ended, while the clock goes on.
func (w *ward) ends(id MessageID) Message {
	w.t.Helper()
	until(w.t, "the message has ended", func() bool {
		w.clock.move(20 * time.Millisecond)
		return w.message(id).State.Ended()
	})
	return w.message(id)
}

// ported is what the table says of a number.
func (w *ward) ported(phone residents.Phone) (carrier, source string) {
	w.t.Helper()
	_ = w.db.QueryRowContext(w.ctx, `select carrier, source from ported_numbers where phone = $1`, string(phone)).Scan(&carrier, &source)
	return carrier, source
}

// learns waits until the table says that somebody's number is with carrier.
func (w *ward) learns(carrier string) {
	w.t.Helper()
	until(w.t, "it is learned where the number is", func() bool {
		w.clock.move(time.Second)
		got, _ := w.ported(somebody)
		return got == carrier
	})
}

const somebody residents.Phone = "+84900000001"

func TestANumberThatItsCarrierDoesNotKnowIsLearnedFromTheOneThatDelivers(t *testing.T) {
	long := "CATHANHKHEX: Nho ba con khong doc ma OTP cho ai. " +
		"Cong an khong lam viec qua dien thoai. Ai bao chuyen tien vao tai khoan an toan la lua dao. Hay goi 02363111222 de hoi truoc khi lam theo loi nguoi la."
	for name, c := range map[string]struct {
		refuse func(*smsc)
		text   string
		parts  int
		want   []State
	}{
		"told by the response": {(*smsc).knowsNobody, "Nho ba con canh giac.", 1, []State{Queued, Submitting, Queued, Submitting, Accepted, Delivered}},
		"told by the receipt": {func(s *smsc) { s.reports("001") }, "Nho ba con canh giac.", 1,
			[]State{Queued, Submitting, Accepted, Queued, Submitting, Accepted, Delivered}},
		"told by the receipts of all parts": {func(s *smsc) { s.reports("001") }, long, 2,
			[]State{Queued, Submitting, Accepted, Queued, Submitting, Accepted, Delivered}},
	} {
		for kind, single := range map[string]bool{"a run's message": false, "a single": true} {
			t.Run(kind+", "+name, func(t *testing.T) {
				w, viettel, vina := twoCarriers(t, 1)
				c.refuse(viettel)
				id := MessageID(1<<32 | 1)
				if single {
					id = w.send(Single{To: somebody, Text: c.text, Purpose: API})
				} else {
					w.run(1, func(r *Run) { r.Text = c.text })
				}
				w.node(viettel.to("viettel", func(c *Carrier) { c.UnknownSubscriber = []string{"ESME_RINVDSTADR", "001"} }), vina.to("vina", nil))
				m := w.ends(id)
				if m.State != Delivered || m.Carrier != "vina" || viettel.count() != c.parts || vina.count() != c.parts {
					t.Errorf("%s by %s; %d by viettel, %d by vina", m.State, m.Carrier, viettel.count(), vina.count())
				}
				if diff := cmp.Diff(c.want, steps(m)); diff != "" {
					t.Error(diff)
				}
				w.learns("vina")
				if _, source := w.ported(somebody); source != "learned" {
					t.Errorf("known by %s", source)
				}
				if m := w.ends(w.send(Single{To: somebody, Text: "Tin", Purpose: API})); m.Carrier != "vina" || viettel.count() != c.parts {
					t.Errorf("the next one left by %s, after %d by viettel", m.Carrier, viettel.count())
				}
				until(t, "nothing more is looked for", func() bool {
					w.clock.move(time.Second)
					return w.number(`select count(*) from rerouted`) == 0
				})
			})
		}
	}
}

func TestAnUnknownNumberIsTriedByOneOtherCarrierAMessageAndEachTimeByTheNext(t *testing.T) {
	w, viettel, vina := twoCarriers(t, 0)
	mobi := startSMSC(t)
	mobi.receipts = true
	w.routed(Route{Carrier: "viettel", Prefixes: []string{"090"}, Fallback: []string{"vina"}}, Route{Carrier: "vina", Prefixes: []string{"091"}}, Route{Carrier: "mobi", Prefixes: []string{"093"}})
	viettel.knowsNobody()
	vina.knowsNobody()
	w.node(viettel.to("viettel", nil), vina.to("vina", nil), mobi.to("mobi", nil))
	if m := w.ends(w.send(Single{To: somebody, Text: "Tin", Purpose: API})); m.State != Failed || m.Carrier != "vina" || viettel.count() != 1 || vina.count() != 1 || mobi.count() != 0 {
		t.Errorf("the first: %s by %s", m.State, m.Carrier)
	}
	if m := w.ends(w.send(Single{To: somebody, Text: "Tin", Purpose: API})); m.State != Delivered || m.Carrier != "mobi" || viettel.count() != 2 || vina.count() != 1 {
		t.Errorf("the second: %s by %s", m.State, m.Carrier)
	}
	w.learns("mobi")

	// It goes back to its first carrier.
	mobi.knowsNobody()
	viettel.mu.Lock()
	viettel.answer = nil
	viettel.mu.Unlock()
	if m := w.ends(w.send(Single{To: somebody, Text: "Tin", Purpose: API})); m.State != Delivered || m.Carrier != "viettel" {
		t.Errorf("back again: %s by %s", m.State, m.Carrier)
	}
	w.learns("") // it is with its prefix again
}

func TestNoOtherCarrierIsAskedWhereTheFirstMayHaveTheMessage(t *testing.T) {
	long := "CATHANHKHEX: Nho ba con khong doc ma OTP cho ai. " +
		"Cong an khong lam viec qua dien thoai. Ai bao chuyen tien vao tai khoan an toan la lua dao. Hay goi 02363111222 de hoi truoc khi lam theo loi nguoi la."
	for name, c := range map[string]struct {
		text   string
		answer func(m submitted) smpp.SubmitResult
		drop   bool
		want   State
	}{
		"a part went through": {long, func(m submitted) smpp.SubmitResult {
			if m.n == 1 {
				return smpp.SubmitResult{MessageID: m.id()}
			}
			return smpp.SubmitResult{Status: smpp.StatusInvDest}
		}, false, Failed},
		"another refusal for good": {"Tin", func(submitted) smpp.SubmitResult { return smpp.SubmitResult{Status: smpp.StatusInvSource} }, false, Failed},
		"no response":              {"Tin", nil, false, Unknown},
		"the link is lost":         {"Tin", nil, true, Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			w, viettel, vina := twoCarriers(t, 0)
			viettel.answer = func(m submitted, respond func(smpp.SubmitResult)) {
				switch {
				case c.answer != nil:
					respond(c.answer(m))
				case c.drop:
					viettel.cut()
				}
			}
			id := w.send(Single{To: somebody, Text: c.text, Purpose: API})
			w.node(viettel.to("viettel", func(k *Carrier) {
				k.Link.Window = 1
				if !c.drop {
					k.Link.ResponseTimeout = 200 * time.Millisecond
				}
			}), vina.to("vina", nil))
			if m := w.ends(id); m.State != c.want || m.Carrier != "viettel" {
				t.Errorf("%s by %s", m.State, m.Carrier)
			}
			w.clock.move(10 * time.Minute)
			other := w.send(Single{To: "+84910000001", Text: "Tin", Purpose: API})
			if m := w.ends(other); m.State != Delivered || vina.count() != 1 {
				t.Errorf("%d by vina", vina.count())
			}
		})
	}
}

func TestWhomToAskForANumberThatACarrierDoesNotKnow(t *testing.T) {
	r := newRoutes([]Route{{Carrier: "viettel-1", Prefixes: []string{"098"}}, {Carrier: "viettel-2", Prefixes: []string{"098"}, Fallback: []string{"rest"}},
		{Carrier: "vina", Prefixes: []string{"091"}}, {Carrier: "rest"}})
	for carrier, want := range map[string][]string{
		"viettel-1": {"vina", "rest", "viettel-2"},
		"viettel-2": {"rest", "vina", "viettel-1"},
		"rest":      {"viettel-1", "viettel-2", "vina"},
	} {
		if got := r.others(carrier); !slices.Equal(got, want) {
			t.Errorf("%s: %v", carrier, got)
		}
	}
}
