package simulator

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"canhgiac/gateway/smpp"
	"canhgiac/gateway/sms"
)

// submit gives one short message to the SMSC and calls answered for each response that the client takes for its.
func (g *gateway) submit(t *testing.T, to string, answered func(smpp.SubmitResult)) error {
	t.Helper()
	return g.Submit(t.Context(), &smpp.SubmitSM{
		Dest: smpp.Address{TON: 1, NPI: 1, Addr: to}, RegisteredDelivery: smpp.ReceiptAlways, ShortMessage: []byte("KHONG SO HAI"),
	}, answered)
}

func TestNumbersMayBeRefusedByTheirPattern(t *testing.T) {
	s := run(t, Options{Script: script(t, "network:", `refusals: [{to: "+84...99", status: ESME_RINVDSTADR}]`)})
	g, _ := dial(t, s)
	for to, want := range map[string]smpp.Status{"84901234599": smpp.StatusInvDest, "84901234598": smpp.StatusOK, "85901234599": smpp.StatusOK} {
		if got := g.send(t, to, "KHONG THAM")[0].Status; got != want {
			t.Errorf("%s is answered %s, want %s", to, got, want)
		}
	}
	if got := s.Accepted(); got.Parts != 2 || got.Refused != 1 || s.Times("0901234599", "KHONG THAM") != 0 || s.Times("0901234598", "KHONG THAM") != 1 {
		t.Errorf("counts %+v", got)
	}
}

func TestThrottlingTellsItsStatusesInTurn(t *testing.T) {
	s := run(t, Options{Script: script(t, "network:", "throttle: {above: 0.001, burst: 2, statuses: [ESME_RMSGQFUL, ESME_RTHROTTLED]}")})
	g, _ := dial(t, s)
	want := []smpp.Status{smpp.StatusOK, smpp.StatusOK, smpp.StatusQueueFull, smpp.StatusThrottled, smpp.StatusQueueFull}
	for i, want := range want {
		if got := g.send(t, "84901234567", "tin")[0].Status; got != want {
			t.Errorf("message %d is answered %s, want %s", i+1, got, want)
		}
	}
}

// TestResponsesAreLostDoubledAndOutOfOrder hears the wire itself: our client would hide what comes twice.
func TestResponsesAreLostDoubledAndOutOfOrder(t *testing.T) {
	for _, tt := range []struct {
		name, network string
		fine          func(heard []uint32) bool
	}{
		{"lost", "responses: {lost: 1}", func(heard []uint32) bool { return len(heard) == 0 }},
		{"doubled", "responses: {twice: 1}", func(heard []uint32) bool {
			return len(heard) == 200 && heard[0] == heard[1] && heard[198] == heard[199]
		}},
		{"out of order", "responses: {behind: 0.2}", func(heard []uint32) bool {
			turned := 0
			for i := 1; i < len(heard); i++ {
				if heard[i] < heard[i-1] {
					turned++
				}
			}
			return len(heard) == 100 && turned > 0
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := run(t, Options{Script: script(t, "network:", tt.network, "throttle: {above: 0.0001, burst: 100}")})
			w := dialWire(t, s)
			for seq := range uint32(100) {
				w.write(t, seq+2, &smpp.SubmitSM{Dest: smpp.Address{TON: 1, NPI: 1, Addr: "84901234567"}, ShortMessage: []byte("x")})
			}
			var heard []uint32
			// The hundred and first is throttled and answered at once; what comes behind it is late, not lost.
			w.write(t, 200, &smpp.SubmitSM{Dest: smpp.Address{TON: 1, NPI: 1, Addr: "84901234567"}, ShortMessage: []byte("x")})
			for last := false; !last || tt.name == "out of order" && len(heard) < 100; {
				id, seq, err := rawFrame(w.in)
				if err != nil {
					t.Fatal(err)
				}
				if id == smpp.SubmitSMRespID && seq == 200 {
					last = true
				} else if id == smpp.SubmitSMRespID {
					heard = append(heard, seq)
				}
			}
			if !tt.fine(heard) {
				t.Errorf("heard %v", heard)
			}
			if got := s.Accepted(); got.Parts != 100 {
				t.Errorf("counts %+v", got)
			}
		})
	}
}

func TestOnlyTheFirstPartMayHaveAReceipt(t *testing.T) {
	s := run(t, Options{Script: script(t, "network:", "receipts: {parts: first}")})
	g, hangUp := dial(t, s)
	first := g.send(t, "84901234567", strings.Repeat("KHONG SO HAI ", 40))[0]
	if r, ok := smpp.ParseReceipt(<-g.delivers); !ok || r.ID != first.MessageID {
		t.Errorf("receipt %+v, the first part is %s", r, first.MessageID)
	}
	hangUp()
	if n := len(g.delivers); n != 0 {
		t.Errorf("%d more receipts", n)
	}
}

func TestALinkIsCutWithAMessageAndItsResponseIsLostWithIt(t *testing.T) {
	s := run(t, Options{Script: script(t, "phases:", "- {at: 3 messages, for: 10ms, do: {drop: true}}")})
	g, _ := dial(t, s)
	var results sync.WaitGroup
	results.Add(1)
	for range 2 {
		g.send(t, "84901234567", "KHONG SO HAI")
	}
	err := g.submit(t, "84901234567", func(r smpp.SubmitResult) {
		defer results.Done()
		if !errors.Is(r.Err, smpp.ErrLinkLost) {
			t.Errorf("the third is answered %+v", r)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	results.Wait()
	if <-g.up {
		t.Error("the link did not go down")
	}
	if !<-g.up { // it comes back once the phase is over
		t.Error("the link stayed down")
	}
	if got := s.Accepted(); got.Parts != 3 {
		t.Errorf("counts %+v", got)
	}
}

func TestAStalledLinkIsSilentAndThenAnswersAll(t *testing.T) {
	s := run(t, Options{Script: script(t, "phases:", "- {at: 2 messages, for: 150ms, do: {stall: true}}")})
	g, _ := dial(t, s)
	g.send(t, "84901234567", "mot")
	began := time.Now()
	g.send(t, "84901234567", "hai")
	if took := time.Since(began); took < 140*time.Millisecond {
		t.Errorf("answered after %s", took)
	}
	if g.send(t, "84901234567", "ba")[0].Status != smpp.StatusOK {
		t.Error("the link did not survive")
	}
	select {
	case up := <-g.up:
		t.Errorf("the link went up=%v", up)
	default:
	}
}

func TestAStalledSimulatorStillStops(t *testing.T) {
	s := run(t, Options{Script: script(t, "phases:", "- {at: 1 messages, for: 1h, do: {stall: true}}")})
	g, _ := dial(t, s)
	shown, stop := s.phone.watch("84901234567")
	defer stop()
	if err := g.submit(t, "84901234567", func(smpp.SubmitResult) {}); err != nil {
		t.Fatal(err)
	}
	<-shown // taken, and the air held
}

func TestHandsetsOfAScriptSendTheirTexts(t *testing.T) {
	text := strings.TrimSpace(strings.Repeat("BC 02363999888 tự xưng công an, bắt chuyển tiền. ", 4))
	for _, split := range sms.Schemes() {
		t.Run(string(split), func(t *testing.T) {
			s := run(t, Options{Script: script(t, "phases:", "- do: {text: {from: '0901000009', handsets: 3, to: '8088', split: "+string(split)+", apart: 1ms, text: '"+text+"'}}")})
			g, _ := dial(t, s)
			whole := map[string]string{}
			for whole["84901000009"] != text || whole["84901000010"] != text || whole["84901000011"] != text {
				d := <-g.delivers
				payload, at, err := sms.Open(d.UDHI(), d.Text())
				if err != nil {
					t.Fatal(err)
				}
				if _, sar := d.TLVs.Get(smpp.TagSARTotal); sar != (split == sms.SAR) || (at.Total > 1) != (split == sms.UDH || split == sms.UDH16) {
					t.Errorf("part %+v, sar %v", at, sar)
				}
				words, err := sms.Text(d.DataCoding, payload)
				if err != nil {
					t.Fatal(err)
				}
				if whole[d.Source.Addr] += words; len(whole[d.Source.Addr]) > len(text) {
					t.Fatalf("%s sent %q", d.Source.Addr, whole[d.Source.Addr])
				}
			}
		})
	}
}

// TestTheDocumentedScriptRuns sends through docs/simulator.yaml until each of its phases has been on.
func TestTheDocumentedScriptRuns(t *testing.T) {
	sc, err := ReadScript(example)
	if err != nil {
		t.Fatal(err)
	}
	sc.Network.Throttle = Throttle{} // as fast as a test likes
	s := run(t, Options{Script: sc})
	g, _ := dial(t, s)
	to, sent := number("84901000000"), 0
	for cuts := 0; sent < 1600; {
		to = to.plus(1)
		switch err := g.submit(t, string(to), func(smpp.SubmitResult) {}); {
		case err == nil:
			sent++
		case errors.Is(err, smpp.ErrNotBound):
			for !<-g.up {
				cuts++
			}
		default:
			t.Fatal(err)
		}
	}
	got := s.Accepted()
	if got.Refused == 0 || got.Throttled == 0 || got.Doubled != 0 || got.Distinct < 1000 {
		t.Errorf("of %d messages: %+v", sent, got)
	}
}

func TestAnAccountIsLetInAsItsCarrierLikes(t *testing.T) {
	s := run(t, Options{Script: script(t, "network: {binds: {most: 1, linger: 1h}}")})
	w := dialWire(t, s)
	if st := bindWire(t, s); st != smpp.StatusAlreadyBound {
		t.Errorf("a second bind is answered %s", st)
	}
	s.Cut()
	if _, _, err := rawFrame(w.in); err == nil {
		t.Error("the link was not cut")
	}
	if st := bindWire(t, s); st != smpp.StatusAlreadyBound {
		t.Errorf("while the lost link lingers a bind is answered %s", st)
	}
	s = run(t, Options{Script: script(t, "network: {binds: {refuse: ESME_RBINDFAIL}}")})
	if st := bindWire(t, s); st != smpp.StatusBindFailed {
		t.Errorf("a bind is answered %s", st)
	}
}

func TestAnSMSCMayUnbind(t *testing.T) {
	s := run(t, Options{Script: script(t, "phases:", "- {at: 1 messages, do: {unbind: true}}")})
	w := dialWire(t, s)
	w.write(t, 2, toPhone("KHONG SO HAI"))
	for {
		id, seq, err := rawFrame(w.in)
		if err != nil {
			t.Fatal(err)
		}
		if id == smpp.UnbindID {
			w.write(t, seq, &smpp.UnbindResp{})
			break
		}
	}
	for err := error(nil); err == nil; {
		_, _, err = rawFrame(w.in)
	}
	if got := s.Accepted(); got.Parts != 1 || got.Cut != 0 {
		t.Errorf("counts %+v", got)
	}
}
