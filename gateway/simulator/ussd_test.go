package simulator

import (
	"testing"

	"canhgiac/gateway/smpp"
)

// turn is what the gateway hears of a dialog.
type turn struct {
	op   byte
	text string
	dest string
	info string
}

func (w *wireEnd) turn(t *testing.T) turn {
	t.Helper()
	for len(w.heard) == 0 {
		if _, p := w.next(t); p != nil {
			if d, ok := p.(*smpp.DeliverSM); ok {
				w.heard = append(w.heard, d)
			}
		}
	}
	d := w.heard[0]
	w.heard = w.heard[1:]
	op, _ := d.TLVs.Get(smpp.TagUSSDServiceOp)
	info, _ := d.TLVs.Get(smpp.TagITSSessionInfo)
	if len(op) != 1 || d.Source.Addr != "84901234567" {
		t.Fatalf("%+v is no USSD of the handset", d)
	}
	return turn{op[0], string(d.Text()), d.Dest.Addr, string(info)}
}

// show answers a dialog as a gateway does, and gives the status of the submit_sm_resp.
func (w *wireEnd) show(t *testing.T, seq uint32, op byte, text, info string) smpp.Status {
	t.Helper()
	m := &smpp.SubmitSM{Dest: smpp.Address{TON: 1, NPI: 1, Addr: "84901234567"}, DataCoding: 0x0F, ShortMessage: []byte(text),
		TLVs: smpp.TLVs{{Tag: smpp.TagUSSDServiceOp, Value: []byte{op}}}}
	if info != "" {
		m.TLVs = append(m.TLVs, smpp.TLV{Tag: smpp.TagITSSessionInfo, Value: []byte(info)})
	}
	h, _ := w.ask(t, seq, m)
	return h.Status
}

func TestAHandsetDialsACodeAndAnswersWhatItIsAsked(t *testing.T) {
	tests := []struct {
		name, network string
		begin, answer turn
	}{
		{"a session number and a sequence", "ussd: {session: standard}", turn{opBegin, "*8088#", "8088", "?\x00"}, turn{opAnswer, "1", "8088", "?\x02"}},
		{"a vendor's dialog id", "ussd: {session: dialog15}", turn{opBegin, "*8088#", "8088", "??"}, turn{opAnswer, "1", "8088", "??"}},
		{"no session at all", "ussd: {session: bare}", turn{opBegin, "*8088#", "8088", ""}, turn{opAnswer, "1", "8088", ""}},
		{"the code as the address", "ussd: {session: bare, code: dest}", turn{opBegin, "", "*8088#", ""}, turn{opAnswer, "1", "*8088#", ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := run(t, Options{Script: script(t, "network:", tt.network)})
			w := dialWire(t, s)
			events, stop := s.phone.watch("84901234567")
			defer stop()
			if status, body := ask(t, s, "POST", "/handsets/0901234567/ussd", `{"code":"*8088#"}`); status != 202 {
				t.Fatalf("%d %s", status, body)
			}
			begin := w.turn(t)
			if !like(begin, tt.begin) {
				t.Errorf("begins with %+v, want %+v", begin, tt.begin)
			}
			if status, body := ask(t, s, "POST", "/handsets/0901234567/ussd", `{"text":"1"}`); status != 409 {
				t.Errorf("an answer before the question: %d %s", status, body)
			}
			if status, body := ask(t, s, "POST", "/handsets/0901234567/ussd", `{"code":"*101#"}`); status != 409 {
				t.Errorf("a code within a dialog: %d %s", status, body)
			}
			if st := w.show(t, 2, opAsk, "1 Bao lua dao", begin.info); st != smpp.StatusOK {
				t.Errorf("the question is answered %s", st)
			}
			if status, body := ask(t, s, "POST", "/handsets/0901234567/ussd", `{"text":"1"}`); status != 202 {
				t.Errorf("%d %s", status, body)
			}
			if got := w.turn(t); !like(got, tt.answer) {
				t.Errorf("answers with %+v, want %+v", got, tt.answer)
			}
			if st := w.show(t, 3, opEnd, "Cam on", begin.info); st != smpp.StatusOK {
				t.Errorf("the end is answered %s", st)
			}
			if st := w.show(t, 4, opAsk, "?", begin.info); st != smpp.StatusInvDest {
				t.Errorf("a question after the end is answered %s", st)
			}
			for _, want := range []Event{{State: "dialled", Text: "*8088#"}, {State: "asked", Text: "1 Bao lua dao"}, {State: "answered", Text: "1"}, {State: "ended", Text: "Cam on"}} {
				if e := <-events; e.Name != "ussd" || e.State != want.State || e.Text != want.Text {
					t.Errorf("the handset shows %+v, want %+v", e, want)
				}
			}
		})
	}
}

// like compares turns; a question mark stands for any octet of a session.
func like(got, want turn) bool {
	if len(got.info) != len(want.info) {
		return false
	}
	for i := range want.info {
		if want.info[i] != '?' && want.info[i] != got.info[i] {
			return false
		}
	}
	got.info = want.info
	return got == want
}

func TestADialogEndsByTheRedButtonOrByItself(t *testing.T) {
	s := run(t, Options{Script: script(t, "network:", "ussd: {idle: 30ms}")})
	w := dialWire(t, s)
	events, stop := s.phone.watch("84901234567")
	defer stop()
	if err := s.Dial("0901234567", "*8088#"); err != nil {
		t.Fatal(err)
	}
	begin := w.turn(t)
	if err := s.CancelDialog("0901234567"); err != nil {
		t.Fatal(err)
	}
	if got := w.turn(t); got.op != opAbort || got.info[0] != begin.info[0] || got.info[1]&1 != 1 {
		t.Errorf("the red button sends %+v", got)
	}
	if err := s.Dial("0901234567", "*8088#"); err != nil {
		t.Fatal(err)
	}
	second := w.turn(t)
	if second.info[0] == begin.info[0] {
		t.Errorf("the second dialog has the session of the first")
	}
	if st := w.show(t, 2, opAsk, "?", begin.info); st != smpp.StatusInvTLVValue {
		t.Errorf("a question to the first dialog is answered %s", st)
	}
	if got := w.turn(t); got.op != opAbort || got.info[0] != second.info[0] {
		t.Errorf("an idle dialog sends %+v", got)
	}
	for _, want := range []string{"dialled", "cancelled", "dialled", "timeout"} {
		if e := <-events; e.State != want {
			t.Errorf("the handset shows %+v, want %s", e, want)
		}
	}
}

func TestAScriptLeadsADialog(t *testing.T) {
	s := run(t, Options{Script: script(t, "phases:", `- do: {ussd: {from: "0901234567", code: "*8088#", answers: ["1", "0236"], cancel: true}}`)})
	w := dialWire(t, s)
	begin := w.turn(t)
	for i, want := range []turn{{op: opAnswer, text: "1"}, {op: opAnswer, text: "0236"}, {op: opAbort}} {
		if st := w.show(t, uint32(i+2), opAsk, "?", begin.info); st != smpp.StatusOK {
			t.Errorf("question %d is answered %s", i+1, st)
		}
		if got := w.turn(t); got.op != want.op || got.text != want.text {
			t.Errorf("to question %d the handset says %+v, want %+v", i+1, got, want)
		}
	}
}
