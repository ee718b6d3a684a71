package gateway

import (
	"fmt"
	"strings"
	"testing"

	"canhgiac/residents"
)

func TestWhatIsQuotedIsWhatIsSent(t *testing.T) {
	w, viettel, mobifone := newWard(t, 10), startSMSC(t), startSMSC(t)
	w.exec(`update residents set phone = '+8498' || substr(phone, 6) where id % 2 = 0`)
	dear, other := TextRules{Split: "udh16", Cost: 350}, TextRules{Split: "payload"}
	w.exec(`update residents set phone = '+84912345678' where id = 10`)
	w.exec(`insert into ported_numbers (phone, carrier, source, at) values ('+84912345678', 'viettel', 'import', now())`)
	w.store = NewStore(w.db, w.clock.now, StoreOptions{Routes: []Route{
		{Carrier: "mobifone", TextRules: other}, {Carrier: "viettel", Prefixes: []string{"098"}, TextRules: dear}}})
	text := "Đ" + strings.Repeat("a", 133) // two parts of 67, three of 66
	q, err := w.store.Quote(w.ctx, residents.Audience{Units: []int64{w.unit}}, []string{text})
	if err != nil {
		t.Fatal(err)
	}
	if want := (Quote{Audience: 10, Parts: 5*3 + 5*2, Cost: 5 * 3 * 350, Unpriced: 5 * 2}); q != want {
		t.Errorf("quoted %+v, not %+v", q, want)
	}
	if n := w.store.Measure(text).Parts; n != 3 {
		t.Errorf("measured %d parts, the most that a carrier makes is 3", n)
	}
	w.sender(mobifone, func(c *Carrier) { c.Name, c.TextRules = "mobifone", other }, nil, nil)
	w.sender(viettel, func(c *Carrier) { c.Name, c.TextRules = "viettel", dear }, nil, nil)
	w.run(1, func(r *Run) { r.Text = text })
	until(t, "all is submitted", func() bool { return viettel.count() == 15 && mobifone.count() == 5 })
	if q.Parts != viettel.count()+2*mobifone.count() {
		t.Errorf("quoted %d parts, the carriers bill %d and %d", q.Parts, viettel.count(), 2*mobifone.count())
	}
	until(t, "all is accepted", func() bool { return w.progress(1).Accepted == 10 })
	for id := range 10 {
		m := w.message(MessageID(1<<32 + id + 1))
		if want := map[string]int{"viettel": 3, "mobifone": 2}[m.Carrier]; m.Size.Parts != want {
			t.Errorf("a message by %s tells of %d parts, not %d", m.Carrier, m.Size.Parts, want)
		}
	}
}

func TestACarrierRefusesLetters(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		rules      TextRules
		want       string
	}{
		{"a carrier without rules takes everything", "Cảnh báo 100% & [gấp]", TextRules{}, ""},
		{"letters are named once, with what to write instead", "100% & 50%", TextRules{Forbidden: "%&"},
			"viettel false % & (% → phần trăm, & → và)"},
		{"some have no word", "a*b", TextRules{Forbidden: "*"}, "viettel false * ()"},
		{"no Unicode", "Cảnh báo", TextRules{GSM7Only: true},
			"viettel true ả á ()"},
		{"the letters of GSM-7 are no Unicode", "àèéìòù €", TextRules{GSM7Only: true}, ""},
		{"what is tidied before it leaves is not refused", "khong\u00a0so “hai”", TextRules{GSM7Only: true}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := NewStore(nil, nil, StoreOptions{Routes: []Route{{Carrier: "viettel", TextRules: tt.rules}}})
			got := ""
			for _, r := range s.Refusals(tt.text) {
				got += fmt.Sprint(r.Carrier, " ", r.Unicode, " ", r.List(), " (", r.Instead(), ")")
			}
			if got != tt.want {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestOneNumberIsHeldToItsOwnCarriers(t *testing.T) {
	w, plain := newWard(t, 0), TextRules{GSM7Only: true}
	w.exec(`insert into ported_numbers (phone, carrier, source, at) values ('+84907654321', 'viettel', 'import', now())`)
	refused := func(phone residents.Phone) bool {
		t.Helper()
		_, refused, err := w.store.RefusalFor(w.ctx, phone, "Cảnh báo")
		if err != nil {
			t.Fatal(err)
		}
		return refused
	}
	w.store = NewStore(w.db, w.clock.now, StoreOptions{Routes: []Route{{Carrier: "viettel", Prefixes: []string{"098"}, TextRules: plain}, {Carrier: "mobifone"}}})
	for phone, want := range map[residents.Phone]bool{"+84981234567": true, "+84901234567": false, "+84907654321": true} {
		if got := refused(phone); got != want {
			t.Errorf("%s refused: %v", phone, got)
		}
	}
	if n := len(w.store.Refusals("Cảnh báo")); n != 1 {
		t.Errorf("an audience is refused by %d carriers", n)
	}
	w.store = NewStore(w.db, w.clock.now, StoreOptions{Routes: []Route{{Carrier: "viettel", TextRules: plain}, {Carrier: "mobifone"}}})
	if refused("+84981234567") {
		t.Error("refused, although an equal takes it")
	}
}

func TestATextIsNotGivenToACarrierThatRefusesIt(t *testing.T) {
	w, s := newWard(t, 2), startSMSC(t)
	w.sender(s, func(c *Carrier) { c.GSM7Only = true }, nil, nil)
	w.run(1, func(r *Run) { r.Text = "Cảnh báo" })
	id := w.send(Single{To: "+84981234567", Text: "Cảnh báo", Purpose: Reply})
	w.send(Single{To: "+84981234567", Text: "Canh bao", Purpose: Reply})
	until(t, "the plain one is out and the other put off", func() bool {
		m := w.message(id)
		return s.count() == 1 && m.State == Queued && m.Error == "viettel takes no Unicode"
	})
	if p := w.progress(1); p.Queued != 2 || s.last().text != "Canh bao" {
		t.Errorf("%+v, and %q is out", p, s.last().text)
	}
}
