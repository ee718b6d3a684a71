package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"canhgiac/gateway/smpp"
	"canhgiac/internal/peers"
)

// kiosk is a menu that answers each step with what it took, and remembers what it was told.
type kiosk struct {
	mu   sync.Mutex
	seen []USSD
	err  error
	mute bool // with an error, no screen
}

func (k *kiosk) handle(_ context.Context, in USSD) (USSDScreen, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.seen = append(k.seen, in)
	switch {
	case k.err != nil && k.mute:
		return USSDScreen{}, k.err
	case k.err != nil:
		return USSDScreen{Text: "He thong dang ban.", End: true}, k.err
	}
	return USSDScreen{Text: fmt.Sprintf("%s %s\n1. Tiep", in.Kind, in.Text), End: in.Text == "9"}, nil
}

func (k *kiosk) kinds() []USSDKind {
	k.mu.Lock()
	defer k.mu.Unlock()
	var all []USSDKind
	for _, in := range k.seen {
		all = append(all, in.Kind)
	}
	return all
}

func (k *kiosk) count() int { return len(k.kinds()) }

// ussdSender runs a sender for one carrier of a profile; log nil fails the test at an error.
func (w *ward) ussdSender(addr, profile string, handle USSDHandler, log *slog.Logger) {
	w.t.Helper()
	if log == nil {
		log = slog.New(failing{w.t})
	}
	c := Carrier{Name: "viettel", USSD: profile, Source: smpp.Address{TON: smpp.TONAlphanumeric, Addr: "CATHANHKHEX"},
		Link: smpp.ClientConfig{Addr: addr, SystemID: "ward", Password: "pw", Window: 50, BackoffMin: time.Millisecond, BackoffMax: 5 * time.Millisecond}}
	sender, err := NewSender(w.store, []Carrier{c}, words, nil, SenderOptions{Log: log, USSD: handle})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- sender.Run(ctx) }()
	w.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	})
}

// ussdStepOf is a step as a carrier delivers it; info nil leaves its_session_info out.
func ussdStepOf(op byte, text string, info []byte) *smpp.DeliverSM {
	d := &smpp.DeliverSM{ServiceType: "USSD", Source: smpp.Address{TON: 1, NPI: 1, Addr: "84901234567"}, Dest: smpp.Address{TON: 3, Addr: "8088"},
		ShortMessage: []byte(text), TLVs: smpp.TLVs{{Tag: smpp.TagUSSDServiceOp, Value: []byte{op}}}}
	if info != nil {
		d.TLVs = append(d.TLVs, smpp.TLV{Tag: smpp.TagITSSessionInfo, Value: info})
	}
	return d
}

func TestUSSDProfilesReadAndNameSessions(t *testing.T) {
	for name, c := range map[string]struct {
		profile string
		pdu     *smpp.DeliverSM
		want    USSD
		asks    string // its_session_info of a screen that asks, and of one that ends
		ends    string
	}{
		"standard: number and sequence": {"standard", ussdStepOf(18, "1", []byte{17, 3 << 1}), USSD{Session: "+84901234567/17", Step: "3", From: "+84901234567", Code: "8088", Text: "1"}, "1106", "1107"},
		"standard: the end bit":         {"standard", ussdStepOf(18, "", []byte{17, 3<<1 | 1}), USSD{Kind: USSDDropped, Session: "+84901234567/17", Step: "3", From: "+84901234567", Code: "8088"}, "1106", "1107"},
		"standard without the TLV":      {"standard", ussdStepOf(1, "*8088#", nil), USSD{Session: "+84901234567", From: "+84901234567", Code: "*8088#", Text: "*8088#"}, "", ""},
		"standard, a TLV too long":      {"standard", ussdStepOf(18, "1", []byte{1, 2, 3}), USSD{Session: "+84901234567", From: "+84901234567", Code: "8088", Text: "1"}, "", ""},
		"dialog15: one number":          {"dialog15", ussdStepOf(18, "1", []byte{0x12, 0x34}), USSD{Session: "+84901234567/2330", From: "+84901234567", Code: "8088", Text: "1"}, "1234", "1235"},
		"dialog15: the end bit":         {"dialog15", ussdStepOf(18, "1", []byte{0x12, 0x35}), USSD{Kind: USSDDropped, Session: "+84901234567/2330", From: "+84901234567", Code: "8088", Text: "1"}, "1234", "1235"},
		"bare looks at no TLV":          {"bare", ussdStepOf(18, "1", []byte{0x12, 0x35}), USSD{Session: "+84901234567", From: "+84901234567", Code: "8088", Text: "1"}, "", ""},
	} {
		p := ussdProfiles[c.profile]
		if diff := cmp.Diff(c.want, p.read(c.pdu)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		for end, info := range map[bool]string{false: c.asks, true: c.ends} {
			out, err := p.answer(c.pdu, USSDScreen{Text: "1. Dong y", End: end})
			if err != nil {
				t.Fatal(err)
			}
			got, _ := out.TLVs.Get(smpp.TagITSSessionInfo)
			op, _ := out.TLVs.Get(smpp.TagUSSDServiceOp)
			if wantOp := map[bool]byte{false: 2, true: 17}[end]; fmt.Sprintf("%x", got) != info || !slices.Equal(op, []byte{wantOp}) {
				t.Errorf("%s, end %v: session %x, op %d; expected %s, %d", name, end, got, op, info, wantOp)
			}
			if out.Source != c.pdu.Dest || out.Dest != c.pdu.Source || out.ServiceType != "USSD" || out.RegisteredDelivery != smpp.ReceiptNever {
				t.Errorf("%s: %+v", name, out)
			}
		}
	}
}

func TestUSSDTextInEveryCodingAPhoneUses(t *testing.T) {
	for name, c := range map[string]struct {
		coding byte
		octets string
		want   string
	}{
		"GSM-7":          {0, "0901", "0901"},
		"USSD's GSM-7":   {0x0F, "0901 ", "0901"},
		"USSD's English": {0x01, "1", "1"},
		"SMPP's UCS-2":   {8, "\x00" + "1", "1"},
		"USSD's UCS-2":   {0x48, "\x00" + "1\x1E\xA1", "1ạ"},
	} {
		if got := typed(&smpp.DeliverSM{DataCoding: c.coding, ShortMessage: []byte(c.octets)}); got != c.want {
			t.Errorf("%s: %q, expected %q", name, got, c.want)
		}
	}
}

func TestAUSSDSessionOverSMPP(t *testing.T) {
	w, s, k := newWard(t, 0), startSMSC(t), &kiosk{}
	w.ussdSender(s.addr, "standard", k.handle, nil)
	for i, text := range []string{"", "1", "9"} {
		op := byte(18)
		if i == 0 {
			op = 1
		}
		if got := s.give(ussdStepOf(op, text, []byte{5, byte(i) << 1})); got != smpp.StatusOK {
			t.Fatalf("acknowledged with %s", got)
		}
		until(t, "the screen has come and was told as shown", func() bool { return s.count() == i+1 && k.count() == 2*(i+1) })
	}
	if got := s.last(); got.text != "answered 9\n1. Tiep" || got.to != "84901234567" || got.pdu.Source.Addr != "8088" {
		t.Errorf("%+v", got)
	}
	want := []USSDKind{USSDDialled, USSDShown, USSDAnswered, USSDShown, USSDAnswered, USSDShown}
	if diff := cmp.Diff(want, k.kinds()); diff != "" {
		t.Error(diff)
	}
	if got := s.give(ussdStepOf(129, "", []byte{5, 6})); got != smpp.StatusOK {
		t.Error(got)
	}
	if got := s.give(ussdStepOf(18, "", []byte{5, 9})); got != smpp.StatusOK {
		t.Error(got)
	}
	if got := s.give(ussdStepOf(19, "", []byte{5, 8})); got != smpp.StatusOK {
		t.Error(got)
	}
	until(t, "both ends were told", func() bool { return k.count() == 8 })
	if kinds := k.kinds(); kinds[6] != USSDDropped || kinds[7] != USSDDropped || s.count() != 3 {
		t.Errorf("%v, %d screens", kinds, s.count())
	}
	var n int
	if err := w.db.QueryRow(`select count(*) from inbound`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d taken for SMS, %v", n, err)
	}
}

// TestAUSSDScreenThatDoesNotArriveEndsTheSession, whatever keeps it from arriving.
func TestAUSSDScreenThatDoesNotArriveEndsTheSession(t *testing.T) {
	for name, answer := range map[string]func(*smsc) func(submitted, func(smpp.SubmitResult)){
		"refused": func(*smsc) func(submitted, func(smpp.SubmitResult)) {
			return func(_ submitted, respond func(smpp.SubmitResult)) {
				respond(smpp.SubmitResult{Status: smpp.StatusSubmitFailed})
			}
		},
		"the link is lost before the response": func(s *smsc) func(submitted, func(smpp.SubmitResult)) {
			return func(submitted, func(smpp.SubmitResult)) {
				s.mu.Lock()
				defer s.mu.Unlock()
				for p := range s.peers {
					p.Drop()
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, s, k := newWard(t, 0), startSMSC(t), &kiosk{}
			s.answer = answer(s)
			w.ussdSender(s.addr, "bare", k.handle, nil)
			s.deliver(s.anyPeer(), ussdStepOf(1, "*8088#", nil), nil)
			until(t, "the session is over", func() bool { kinds := k.kinds(); return len(kinds) == 2 && kinds[1] == USSDDropped })
		})
	}
}

func TestAUSSDStepThatFailsIsSaidToThePerson(t *testing.T) {
	w, s, k := newWard(t, 0), startSMSC(t), &kiosk{err: errors.New("the database is away")}
	w.ussdSender(s.addr, "bare", k.handle, discard)
	if got := s.give(ussdStepOf(1, "", nil)); got != smpp.StatusOK {
		t.Error(got)
	}
	until(t, "the screen has come", func() bool { return s.count() == 1 })
	op, _ := s.last().pdu.TLVs.Get(smpp.TagUSSDServiceOp)
	if s.last().text != "He thong dang ban." || !slices.Equal(op, []byte{17}) {
		t.Errorf("%+v, op %d", s.last(), op)
	}
	k.mu.Lock()
	k.mute = true
	k.mu.Unlock()
	if got := s.give(ussdStepOf(1, "", nil)); got != smpp.StatusTemporaryApp {
		t.Errorf("nothing to say, and acknowledged with %s", got)
	}
}

func TestUSSDOfACarrierWithoutItIsTakenForSMS(t *testing.T) {
	w, s, k := newWard(t, 0), startSMSC(t), &kiosk{}
	w.ussdSender(s.addr, "", k.handle, nil)
	s.give(ussdStepOf(1, "DK", nil))
	var n int
	if err := w.db.QueryRow(`select count(*) from inbound`).Scan(&n); err != nil || n != 1 || k.count() != 0 {
		t.Errorf("%d kept, %d steps, %v", n, k.count(), err)
	}
	if _, err := NewSender(w.store, []Carrier{{Name: "x", USSD: "other"}}, nil, nil, SenderOptions{}); err == nil {
		t.Error("an unknown profile was taken")
	}
}

// TestUSSDWithNpmSMPP has another's codec at the SMSC's end.
func TestUSSDWithNpmSMPP(t *testing.T) {
	for profile, info := range map[string][]string{"standard": {"0702", "0704", "0705"}, "dialog15": {"2468", "2468", "2469"}, "bare": {"", "", ""}} {
		t.Run(profile, func(t *testing.T) {
			w, k := newWard(t, 0), &kiosk{}
			p := peers.Start(t, "smsc.js")
			port := p.Await("listening").Number("port")
			w.ussdSender(fmt.Sprintf("127.0.0.1:%d", port), profile, k.handle, nil)
			p.Await("bound")
			step := func(op int, text, session string) peers.Event {
				p.Tell(map[string]any{"do": "ussd", "source": "84901234567", "dest": "8088", "text": text, "op": op, "session": session})
				if got := p.Await("ussd_acked").Number("status"); got != 0 {
					t.Fatalf("acknowledged with %d", got)
				}
				return p.Await("ussd")
			}
			for _, c := range []struct {
				op      int
				text    string
				session string
				screen  string
				wantOp  int
				wantInf string
			}{
				{1, "*8088#", info[0], "dialled *8088#\n1. Tiep", 2, info[0]},
				{18, "9", info[1], "answered 9\n1. Tiep", 17, info[2]},
			} {
				got := step(c.op, c.text, c.session)
				if got.Text("text") != c.screen || got.Number("op") != c.wantOp || got.Text("session") != c.wantInf ||
					got.Text("dest") != "84901234567" || got.Text("source") != "8088" || got.Text("service") != "USSD" {
					t.Errorf("%v, expected %+v", got, c)
				}
			}
		})
	}
}

// TestWhatWaitsMakesRoomForScreens: three screens that went at once cost what waits three turns, and never more than a
// grant's time.
func TestWhatWaitsMakesRoomForScreens(t *testing.T) {
	due := time.Now()
	p := &pace{have: grant{n: 100, every: 10 * time.Millisecond}, due: due}
	for screens, want := range map[int]time.Duration{0: 0, 3: 30 * time.Millisecond, 10_000: grantTime} {
		p.due = due
		for range screens {
			p.passed()
		}
		p.yield()
		if got := p.due.Sub(due); got != want {
			t.Errorf("%d screens: %s later, expected %s", screens, got, want)
		}
	}
}
