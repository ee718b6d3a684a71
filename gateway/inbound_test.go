package gateway

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"canhgiac/gateway/smpp"
	"canhgiac/gateway/sms"
)

var words = Words{
	"dang_ky":    {"DK", "DANG KY", "NHAN"},
	"ngung_nhan": {"TC", "TU CHOI", "NGUNG", "HUY", "STOP"},
	"bao_tin":    {"BAO", "LD", "LUA DAO"},
	"tro_giup":   {"TG", "TRO GIUP", "HELP", "?"},
}

func TestWordsAreFoundHoweverTheyAreWritten(t *testing.T) {
	for text, want := range map[string][2]string{
		"DK":                      {"dang_ky", ""},
		" dk. ":                   {"dang_ky", ""},
		"Đăng  ký":                {"dang_ky", ""},
		"“TC”":                    {"ngung_nhan", ""},
		"từ chối":                 {"ngung_nhan", ""},
		"Ngừng nhận tin":          {"ngung_nhan", "nhận tin"},
		"HUY DK":                  {"ngung_nhan", "DK"},
		"Báo 0901 234 567 giả CA": {"bao_tin", "0901 234 567 giả CA"},
		"LỪA ĐẢO 0901234567":      {"bao_tin", "0901234567"},
		"?":                       {"tro_giup", ""},
		"Nhận được tin lạ":        {"", "Nhận được tin lạ"}, // no consent
		"DKX":                     {"", "DKX"},
		"BAO0901234567":           {"bao_tin", "0901234567"},
		"báo+84901234567 giả CA":  {"bao_tin", "+84901234567 giả CA"},
		"ＢＡＯ ０９０１２３４５６７": {"bao_tin", "0901234567"},
		"TC1":        {"ngung_nhan", "1"},
		"DK1":        {"", "DK 1"},
		"0901234567": {"", "0901234567"},
		"alo":        {"", "alo"},
		"":           {"", ""},
	} {
		action, rest := words.Match(text)
		if action != want[0] || rest != want[1] {
			t.Errorf("%q is %q with %q", text, action, rest)
		}
	}
}

// desk remembers what it was asked and answers everything.
type desk struct {
	mu   sync.Mutex
	seen []Inbound
	err  error
}

func (d *desk) handle(_ context.Context, _ *sql.Tx, in Inbound) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seen = append(d.seen, in)
	return "Tra loi: " + in.Action, d.err
}

func (d *desk) texts() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []string
	for _, in := range d.seen {
		list = append(list, in.Text)
	}
	return list
}

func TestAWordIsStoredActedOnAndAnsweredBeforeTheCarrierHearsOfIt(t *testing.T) {
	w, s, d := newWard(t, 0), startSMSC(t), &desk{}
	w.sender(s, nil, words, d.handle)
	if st := s.give(fromPhone("84901234567", "báo 0987654321")); st != smpp.StatusOK {
		t.Fatalf("answered with %s", st)
	}
	want := []Inbound{{ID: 1, From: "+84901234567", To: "8088", Text: "báo 0987654321", At: morning, Carrier: "viettel", Action: "bao_tin", Rest: "0987654321"}}
	if diff := cmp.Diff(want, d.seen); diff != "" {
		t.Error(diff)
	}
	until(t, "the answer is out", func() bool { return s.count() == 1 })
	if got := s.last(); got.to != "84901234567" || got.text != "Tra loi: bao_tin" || got.pdu.Source.Addr != "8088" {
		t.Errorf("%+v", got)
	}
}

func TestTheSameDeliveredTwiceCountsOnceButTheSameWordAgainLaterCounts(t *testing.T) {
	w, s, d := newWard(t, 0), startSMSC(t), &desk{}
	w.sender(s, nil, words, d.handle)
	for _, text := range []string{"DK", "DK", "TC", "DK"} {
		s.give(fromPhone("84901234567", text))
	}
	w.clock.move(sameWithin)
	s.give(fromPhone("84901234567", "DK"))
	if diff := cmp.Diff([]string{"DK", "TC", "DK", "DK"}, d.texts()); diff != "" {
		t.Error(diff)
	}
}

func TestUnknownWordsGetOneAnswerInTenMinutes(t *testing.T) {
	w, s, d := newWard(t, 0), startSMSC(t), &desk{}
	w.sender(s, nil, words, d.handle)
	for _, text := range []string{"alo", "ai do", "alo alo"} {
		s.give(fromPhone("84901234567", text))
	}
	s.give(fromPhone("84907654321", "alo")) // another number has its own
	until(t, "two answers are out", func() bool { return s.count() == 2 })
	w.clock.move(helpEvery + time.Second)
	s.give(fromPhone("84901234567", "alo"))
	until(t, "the third is out", func() bool { return s.count() == 3 })
}

func TestTwoNodesAtOnceGiveOneAnswer(t *testing.T) {
	w, one, two, d := newWard(t, 0), startSMSC(t), startSMSC(t), &desk{}
	w.sender(one, nil, words, d.handle)
	w.sender(two, nil, words, d.handle)
	const each = 20
	acked := make(chan smpp.Status, 2*each)
	for i := range each { // two machines that answer each other, by two ways at one time
		one.deliver(one.anyPeer(), fromPhone("84901234567", "xin chao "+strconv.Itoa(i)), acked)
		two.deliver(two.anyPeer(), fromPhone("84901234567", "chao lai "+strconv.Itoa(i)), acked)
	}
	for range 2 * each {
		if st := <-acked; st != smpp.StatusOK {
			t.Errorf("answered with %s", st)
		}
	}
	var kept, answered int
	if err := w.db.QueryRow(`select count(*), count(reply_id) from inbound where kept = 'unknown'`).Scan(&kept, &answered); err != nil || kept != 2*each || answered != 1 {
		t.Errorf("%d kept, %d answered, %v", kept, answered, err)
	}
	until(t, "the answer is out", func() bool { return one.count()+two.count() > 0 })
	var queued int
	if err := w.db.QueryRow(`select count(*) from singles`).Scan(&queued); err != nil || queued != 1 {
		t.Errorf("%d answers, %v", queued, err)
	}
}

func TestWhatComesAgainWhileTheAcknowledgementIsLostIsActedOnOnce(t *testing.T) {
	w, one, two, d := newWard(t, 0), startSMSC(t), startSMSC(t), &desk{}
	w.sender(one, nil, words, d.handle)
	w.sender(two, nil, words, d.handle)
	acked := make(chan smpp.Status, 6)
	for range 3 { // by both nodes at one time
		for _, s := range []*smsc{one, two} {
			s.deliver(s.anyPeer(), fromPhone("84901234567", "BAO 0987654321"), acked)
		}
	}
	for range 6 {
		if st := <-acked; st != smpp.StatusOK {
			t.Errorf("answered with %s", st)
		}
	}
	if diff := cmp.Diff([]string{"BAO 0987654321"}, d.texts()); diff != "" {
		t.Error(diff)
	}
}

func TestMachinesAreNotAnswered(t *testing.T) {
	w, s, d := newWard(t, 0), startSMSC(t), &desk{}
	w.sender(s, nil, words, d.handle)
	short := fromPhone("5656", "TG")
	short.Source.TON = smpp.TONShort
	name := fromPhone("VIETTEL", "TG")
	name.Source.TON = smpp.TONAlphanumeric
	for _, pdu := range []*smpp.DeliverSM{short, name} {
		if st := s.give(pdu); st != smpp.StatusOK {
			t.Errorf("answered with %s", st)
		}
	}
	if len(d.texts()) != 0 {
		t.Errorf("acted on %q", d.texts())
	}
	var kept int
	if err := w.db.QueryRow(`select count(*) from inbound`).Scan(&kept); err != nil || kept != 2 {
		t.Errorf("%d kept, %v", kept, err)
	}
}

// inParts is text as number sends it by scheme, cut into parts.
func inParts(t *testing.T, number, text string, scheme sms.Scheme) []*smpp.DeliverSM {
	t.Helper()
	m := &outgoing{id: 9, phone: "+8088", text: text}
	var err error
	if m.parts, err = m.split(scheme); err != nil {
		t.Fatal(err)
	}
	all := make([]*smpp.DeliverSM, len(m.parts))
	for i := range m.parts {
		all[i] = (*smpp.DeliverSM)(m.pdu(i, smpp.Address{TON: smpp.TONInternational, NPI: smpp.NPIISDN, Addr: number}))
		all[i].RegisteredDelivery = 0
	}
	return all
}

const longReport = "BAO 0987654321 Người này xưng là công an, bảo tôi chuyển tiền vào tài khoản để điều tra, dọa bắt nếu nói với con cháu."

func TestPartsAreJoinedWhateverTheirSchemeOrderAndNode(t *testing.T) {
	w, one, two, d := newWard(t, 0), startSMSC(t), startSMSC(t), &desk{}
	w.sender(one, nil, words, d.handle)
	w.sender(two, nil, words, d.handle)
	var want []string
	for i, scheme := range sms.Schemes() {
		want = append(want, longReport)
		parts := inParts(t, "8490123456"+strconv.Itoa(i), longReport, scheme)
		if n := len(parts); n != 2 && scheme != sms.Payload {
			t.Fatalf("%s: %d parts", scheme, n)
		}
		slices.Reverse(parts)
		for k, p := range parts {
			if st := []*smsc{one, two}[k].give(p); st != smpp.StatusOK {
				t.Errorf("%s: part %d answered with %s", scheme, k, st)
			}
		}
	}
	if diff := cmp.Diff(want, d.texts()); diff != "" {
		t.Error(diff)
	}
}

// TestPartsWaitForEachOtherWhileTheLinkIsDown: the node that took the first part is gone when the second one comes.
func TestPartsWaitForEachOtherWhileTheLinkIsDown(t *testing.T) {
	w, s, d := newWard(t, 0), startSMSC(t), &desk{}
	parts := inParts(t, "84901234567", longReport, sms.UDH)
	stop := w.sender(s, nil, words, d.handle)
	s.give(parts[0])
	stop()
	w.sender(s, nil, words, d.handle)
	s.give(parts[1])
	if diff := cmp.Diff([]string{longReport}, d.texts()); diff != "" {
		t.Error(diff)
	}
}

func TestACharacterThatWasCutInTwoIsRead(t *testing.T) {
	for name, c := range map[string]struct {
		coding byte
		parts  []string
		text   string
	}{
		"a surrogate pair":         {8, []string{"\x00B\x00A\x00O\x00 \xd8\x3d", "\xde\x00\x00!"}, "BAO 😀!"},
		"half a unit of UCS-2":     {8, []string{"\x00B\x00A\x00O\x00 \x1e", "\xa1"}, "BAO ạ"},
		"an escape pair":           {0, []string{"BAO 10 \x1b", "\x65"}, "BAO 10 €"},
		"an octet of UTF-8":        {0, []string{"BAO ng\xe1\xbb", "\xabng"}, "BAO ngừng"},
		"a flash message's escape": {0x10, []string{"BAO \x1b", "\x3c!"}, "BAO [!"},
	} {
		t.Run(name, func(t *testing.T) {
			w, d := newWard(t, 0), &desk{}
			r := newReceiver(w.store, words, d.handle, newMeter().of("viettel"), discard)
			for _, i := range []int{1, 0} {
				pdu := &smpp.DeliverSM{Source: smpp.Address{TON: 1, NPI: 1, Addr: "84901234567"}, Dest: smpp.Address{TON: 3, Addr: "8088"},
					DataCoding: c.coding, ESMClass: smpp.ESMClassUDHI, ShortMessage: append([]byte{5, 0, 3, 7, 2, byte(i + 1)}, c.parts[i]...)}
				if err := r.receive(t.Context(), delivery{carrier: "viettel", pdu: pdu}); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff([]string{c.text}, d.texts()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAReportWhoseEndNeverComesIsAReportStill(t *testing.T) {
	parts, err := sms.Split(longReport, 9)
	if err != nil || len(parts) != 2 {
		t.Fatalf("%d parts, %v", len(parts), err)
	}
	const later = -1
	for name, c := range map[string]struct {
		came  []int // parts, in the order of their coming
		acted int
		kept  int
	}{
		"the end is missing":                                   {[]int{0}, 1, 1},
		"the end comes after all, for people to read":          {[]int{0, later, 1}, 1, 2},
		"the beginning comes after all, and is acted on":       {[]int{1, later, 0}, 1, 2},
		"the end comes after all, and again":                   {[]int{0, later, 1, 1}, 1, 2},
		"the beginning is missing, so that nothing is guessed": {[]int{1}, 0, 1},
		"all came, and the carrier delivered one again after":  {[]int{0, 1, 1}, 1, 1},
		"all came, and the carrier delivered both again after": {[]int{1, 0, 0, 1}, 1, 1},
		"one came twice and the other never":                   {[]int{0, 0}, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w, d := newWard(t, 0), &desk{}
			r := newReceiver(w.store, words, d.handle, newMeter().of("viettel"), discard)
			for _, i := range c.came {
				if i == later {
					w.clock.move(partsPatience + time.Minute)
					if err := r.endWaiting(t.Context()); err != nil {
						t.Fatal(err)
					}
					continue
				}
				p := parts[i]
				err := r.receive(t.Context(), delivery{carrier: "viettel", pdu: &smpp.DeliverSM{Source: smpp.Address{TON: 1, NPI: 1, Addr: "84901234567"},
					Dest: smpp.Address{TON: 3, Addr: "8088"}, ESMClass: smpp.ESMClassUDHI, DataCoding: byte(p.Encoding), ShortMessage: append(p.UDH[:len(p.UDH):len(p.UDH)], p.Payload...)}})
				if err != nil {
					t.Fatal(err)
				}
			}
			for range 3 { // more than one node looks, more than once
				w.clock.move(partsPatience)
				if err := r.endWaiting(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			var kept int
			if err := w.db.QueryRow(`select count(*) from inbound`).Scan(&kept); err != nil || kept != c.kept {
				t.Errorf("%d kept, %v", kept, err)
			}
			if got := d.texts(); len(got) != c.acted {
				t.Errorf("acted on %q", got)
			} else if c.acted > 0 && d.seen[0].Action != "bao_tin" {
				t.Errorf("%+v", d.seen[0])
			}
		})
	}
}

func TestAReferenceUsedAgainBeginsAnotherMessage(t *testing.T) {
	w, d := newWard(t, 0), &desk{}
	r := newReceiver(w.store, words, d.handle, newMeter().of("viettel"), discard)
	give := func(seq byte, text string) {
		t.Helper()
		err := r.receive(t.Context(), delivery{carrier: "viettel", pdu: &smpp.DeliverSM{Source: smpp.Address{TON: 1, NPI: 1, Addr: "84901234567"},
			Dest: smpp.Address{TON: 3, Addr: "8088"}, ESMClass: smpp.ESMClassUDHI, ShortMessage: append([]byte{5, 0, 3, 7, 2, seq}, text...)}})
		if err != nil {
			t.Fatal(err)
		}
	}
	give(1, "BAO 0987654321 ")
	give(2, "mot")
	give(1, "BAO 0912345678 ")
	give(2, "hai")
	give(1, "BAO 0923456789 ") // its end gets lost, and the phone begins its next message with the same number
	give(1, "BAO 0934567890 ")
	give(2, "bon")
	if diff := cmp.Diff([]string{"BAO 0987654321 mot", "BAO 0912345678 hai", "BAO 0923456789  […]", "BAO 0934567890 bon"}, d.texts()); diff != "" {
		t.Error(diff)
	}
}

func TestWhoStopsTwiceWithACallBetweenHasStopped(t *testing.T) {
	w, d := newWard(t, 0), &desk{}
	r := newReceiver(w.store, words, d.handle, newMeter().of("viettel"), discard)
	for _, c := range []struct {
		between string
		acted   int
	}{
		{`insert into opt_outs (phone, at, channel) values ('+84901234567', now(), 'sms')`, 1},
		{`select 1`, 1}, // the carrier delivers it again
		{`delete from opt_outs`, 2},
	} {
		if c.between[0] == 'd' {
			w.exec(c.between) // registered by a call
		}
		if err := r.receive(t.Context(), delivery{carrier: "viettel", pdu: fromPhone("84901234567", "TC")}); err != nil {
			t.Fatal(err)
		}
		w.exec(c.between)
		if got := d.texts(); len(got) != c.acted {
			t.Errorf("acted on %q", got)
		}
	}
}

func TestWhatIsNoTextKeepsItsLetters(t *testing.T) {
	w, d := newWard(t, 0), &desk{}
	r := newReceiver(w.store, words, d.handle, newMeter().of("viettel"), discard)
	binary := fromPhone("84901234567", "BAO 0987654321")
	binary.DataCoding = 4
	broken := fromPhone("84907654321", "x")
	broken.ESMClass, broken.ShortMessage = smpp.ESMClassUDHI, []byte("\xffBAO 0987654321")
	for _, pdu := range []*smpp.DeliverSM{binary, broken} {
		if err := r.receive(t.Context(), delivery{carrier: "viettel", pdu: pdu}); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"BAO 0987654321", "BAO 0987654321"}, d.texts()); diff != "" {
		t.Error(diff)
	}
}

func TestWhatCannotBeStoredIsLeftWithTheCarrier(t *testing.T) {
	w, s, d := newWard(t, 0), startSMSC(t), &desk{err: errors.New("no desk")}
	r := newReceiver(w.store, words, d.handle, newMeter().of("viettel"), discard)
	go r.run(t.Context())
	defer r.in.close()
	acked := make(chan smpp.Status, 1)
	r.in.put(delivery{pdu: fromPhone("84901234567", "DK"), ack: func(st smpp.Status) { acked <- st }, carrier: "viettel"})
	if st := <-acked; st != smpp.StatusTemporaryApp {
		t.Errorf("answered with %s", st)
	}
	var kept int
	if err := w.db.QueryRow(`select count(*) from inbound`).Scan(&kept); err != nil || kept != 0 || s.count() != 0 {
		t.Errorf("%d kept, %v", kept, err)
	}
}
