package gateway

import (
	"bytes"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"canhgiac/gateway/smpp"
	"canhgiac/residents"
)

// clerk is a ledger that a test feeds by hand, with what it logged.
type clerk struct {
	*ledger
	w   *ward
	h   *hot
	out *bytes.Buffer
}

func (w *ward) clerk(form ReceiptID) *clerk {
	w.t.Helper()
	h, err := openHot(w.ctx, w.db)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { h.drop() })
	out := &bytes.Buffer{}
	return &clerk{w: w, h: h, out: out, ledger: &ledger{store: w.store, carrier: "viettel", forms: newForms(form), in: newInbox[entry](),
		settled: func(*outgoing, verdict) {}, released: func(*lease) {}, meter: newMeter().of("viettel"), log: slog.New(slog.NewTextHandler(out, nil))}}
}

// store commits entries as the ledger's goroutine does, with a sweep where due.
func (d *clerk) store(due bool, entries ...entry) {
	d.w.t.Helper()
	if err := d.commit(d.w.ctx, d.h, entries, due); err != nil {
		d.w.t.Fatal(err)
	}
	if err := d.learn(d.w.ctx, &d.h, due); err != nil {
		d.w.t.Fatal(err)
	}
}

// tell brings one receipt.
func (d *clerk) tell(number string, r smpp.Receipt) {
	d.w.t.Helper()
	d.store(false, entry{receipt: &receipt{Receipt: r, phone: number, ack: func(smpp.Status) {}}})
}

const settleAcceptedSQL = `
with gone as (delete from outbox where message_id = $1)
insert into sent (message_id, state, carrier, carrier_message_id, parts, submitted_at, accepted_at) values ($1, 'accepted', 'viettel', $2, 1, $3, $3)`

// accepted is a message to number that the carrier took under the id remote.
func (w *ward) accepted(number, remote string) MessageID {
	w.t.Helper()
	id := w.send(Single{To: residents.Phone(number), Text: "Tin", Purpose: Reply})
	w.exec(settleAcceptedSQL, id, remote, w.clock.now())
	return id
}

// form is what the database says is learned.
func (w *ward) form() (f ReceiptID) {
	w.t.Helper()
	list, err := w.store.ReceiptForms(w.ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, one := range list {
		f += one.Form
	}
	return f
}

// metered is the sum of c's series that have a label of this value.
func metered(t *testing.T, c prometheus.Collector, label string) (sum float64) {
	t.Helper()
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(c)
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetValue() == label {
					sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
				}
			}
		}
	}
	return sum
}

func TestAnIdIsReadInEveryForm(t *testing.T) {
	for id, want := range map[string][]reading{
		"5":                    {{"5", []ReceiptID{ReceiptSame, ReceiptDec, ReceiptHex}}},
		"0010":                 {{"10", []ReceiptID{ReceiptSame}}, {"a", []ReceiptID{ReceiptDec}}, {"16", []ReceiptID{ReceiptHex}}},
		"7F3A":                 {{"7f3a", []ReceiptID{ReceiptSame}}, {"32570", []ReceiptID{ReceiptHex}}},
		"b8c1-42":              {{"b8c1-42", []ReceiptID{ReceiptSame}}},
		"18446744073709551617": {{"18446744073709551617", []ReceiptID{ReceiptSame}}, {"10000000000000001", []ReceiptID{ReceiptDec}}, {"114598615266301018707479", []ReceiptID{ReceiptHex}}},
	} {
		if diff := cmp.Diff(want, readings(id), cmp.AllowUnexported(reading{})); diff != "" {
			t.Errorf("%s: %s", id, diff)
		}
	}
}

func TestAReceiptsNumberIsReadAsCarriersWriteIt(t *testing.T) {
	for written, want := range map[string]string{
		"84900000001": "+84900000001", "+84900000001": "+84900000001", "0084900000001": "+84900000001", "0900000001": "+84900000001",
		"900000001": "+84900000001", "85620123456": "+85620123456", "8490000****": "", "CATHANHKHEX": "", "8088": "", "": "",
	} {
		if got := numberOf(written); got != want {
			t.Errorf("%s: %s, want %s", written, got, want)
		}
	}
}

func TestACarrierTeachesHowItsReceiptsWriteIds(t *testing.T) {
	hexOf := func(n int) string { return strings.ToUpper(strconv.FormatInt(int64(n), 16)) }
	for form, write := range map[ReceiptID]struct{ response, receipt func(int) string }{
		ReceiptSame: {hexOf, func(n int) string { return "00" + strings.ToLower(hexOf(n)) }},
		ReceiptHex:  {strconv.Itoa, hexOf},
		ReceiptDec:  {hexOf, strconv.Itoa},
	} {
		t.Run(string(form), func(t *testing.T) {
			w := newWard(t, 0)
			d := w.clerk(ReceiptAuto)
			for i := range learnAfter + 2 {
				number, n := fmt.Sprintf("+849010000%02d", i), 20_000_000+7919*i
				id := w.accepted(number, write.response(n))
				d.tell(strings.TrimPrefix(number, "+"), smpp.Receipt{ID: write.receipt(n), State: "DELIVRD"})
				if m := w.message(id); m.State != Delivered {
					t.Fatalf("message %d: %s", i, m.State)
				}
				want := ReceiptID("")
				if i >= learnAfter-1 {
					want = form
				}
				if got := w.form(); got != want {
					t.Fatalf("after %d matches: learned %q", i+1, got)
				}
			}
			if n := strings.Count(d.out.String(), "learned how"); n != 1 || !strings.Contains(d.out.String(), "form="+string(form)) {
				t.Errorf("it says %s", d.out)
			}
			if got := metered(t, d.meter.meter.forms, string(form)); got != 1 {
				t.Error("the metric does not tell the form")
			}
			other := w.clerk(ReceiptAuto) // another node, or this one after a restart
			other.store(true)
			if other.forms.vouched != form {
				t.Errorf("another node knows %q", other.forms.vouched)
			}
		})
	}
}

func TestALearnedFormThatStopsMatchingIsForgotten(t *testing.T) {
	w := newWard(t, 0)
	d := w.clerk(ReceiptAuto)
	w.exec(`insert into receipt_forms values ('viettel', 'hex', now())`)
	d.store(true)
	for i := range learnAfter {
		number, remote := fmt.Sprintf("+849010000%02d", i), strconv.Itoa(31_000_000+i)
		id := w.accepted(number, remote)
		d.tell(number, smpp.Receipt{ID: remote, State: "DELIVRD"})
		if m := w.message(id); m.State != Delivered {
			t.Fatalf("message %d: %s", i, m.State)
		}
		want := map[bool]ReceiptID{true: "hex", false: ""}[i < forgetAfter-1]
		if i == learnAfter-1 {
			want = "same"
		}
		if got := w.form(); got != want {
			t.Fatalf("after %d: %q, want %q", i+1, got, want)
		}
	}
	if !strings.Contains(d.out.String(), "in another form, which is to be learned\" was=hex") {
		t.Errorf("it says %s", d.out)
	}
}

func TestTheNumberDecidesWhereAnIdMeansTwoMessages(t *testing.T) {
	w := newWard(t, 0)
	d := w.clerk(ReceiptAuto)
	ten, sixteen := w.accepted("+84901000001", "10"), w.accepted("+84901000002", "16")
	d.tell("84901000002", smpp.Receipt{ID: "10", State: "DELIVRD"}) // hexadecimal
	if a, b := w.message(ten).State, w.message(sixteen).State; a != Accepted || b != Delivered {
		t.Errorf("the one with the id as it stands: %s; the one with the number: %s", a, b)
	}
}

func TestAnIdThatMeansTwoMessagesOfOneNumberWaitsForTheForm(t *testing.T) {
	w := newWard(t, 0)
	d := w.clerk(ReceiptAuto)
	ten, sixteen := w.accepted("+84901000001", "10"), w.accepted("+84901000001", "16")
	d.tell("84901000001", smpp.Receipt{ID: "10", State: "DELIVRD"})
	if a, b := w.message(ten).State, w.message(sixteen).State; a != Accepted || b != Accepted {
		t.Fatalf("guessed: %s, %s", a, b)
	}
	w.exec(`insert into receipt_forms values ('viettel', 'hex', now())`)
	d.store(true) // now it is known
	w.clock.move(5 * time.Second)
	d.store(true)
	if a, b := w.message(ten).State, w.message(sixteen).State; a != Accepted || b != Delivered {
		t.Errorf("%s, %s", a, b)
	}
}

func TestWithoutANumberOnlyTheIdAsItStandsCounts(t *testing.T) {
	w := newWard(t, 0)
	d := w.clerk(ReceiptAuto)
	plain, other := w.accepted("+84901000001", "7F3A"), w.accepted("+84901000002", "16")
	d.tell("8490100****", smpp.Receipt{ID: "7f3a", State: "DELIVRD"})
	d.tell("8490100****", smpp.Receipt{ID: "10", State: "DELIVRD"})
	if a, b := w.message(plain).State, w.message(other).State; a != Delivered || b != Accepted {
		t.Errorf("%s, %s", a, b)
	}
}

func TestAConfiguredFormIsNotDoubted(t *testing.T) {
	w := newWard(t, 0)
	d := w.clerk(ReceiptHex)
	ten, sixteen := w.accepted("+84901000001", "10"), w.accepted("+84901000001", "16")
	d.tell("", smpp.Receipt{ID: "10", State: "DELIVRD"})
	if a, b := w.message(ten).State, w.message(sixteen).State; a != Accepted || b != Delivered {
		t.Errorf("%s, %s", a, b)
	}
}

func TestTheFirstFinalReceiptStands(t *testing.T) {
	for name, c := range map[string]struct {
		states []string
		want   State
		clash  float64
	}{
		"delivered, then not":       {[]string{"DELIVRD", "UNDELIV"}, Delivered, 1},
		"not, then delivered":       {[]string{"UNDELIV", "DELIVRD"}, Failed, 1},
		"the same twice":            {[]string{"DELIVRD", "DELIVRD"}, Delivered, 0},
		"unknown gives way":         {[]string{"UNKNOWN", "DELIVRD"}, Delivered, 0},
		"known does not":            {[]string{"EXPIRED", "UNKNOWN"}, Expired, 0},
		"still on its way, at last": {[]string{"DELIVRD", "ENROUTE"}, Delivered, 0},
	} {
		for how, together := range map[string]bool{"one by one": false, "in one batch": true} {
			t.Run(name+", "+how, func(t *testing.T) {
				w := newWard(t, 0)
				d := w.clerk(ReceiptSame)
				id := w.accepted("+84901000001", "77")
				var all []entry
				for _, state := range c.states {
					all = append(all, entry{receipt: &receipt{Receipt: smpp.Receipt{ID: "77", State: state}, phone: "84901000001", ack: func(smpp.Status) {}}})
				}
				if together {
					d.store(false, all...)
				} else {
					for _, e := range all {
						w.clock.move(time.Second)
						d.store(false, e)
					}
					if got := metered(t, d.meter.meter.clashes, "viettel"); got != c.clash {
						t.Errorf("%v contradictions counted", got)
					}
				}
				if m := w.message(id); m.State != c.want {
					t.Errorf("%s: %+v", m.State, m.History)
				}
			})
		}
	}
}

const refuseCommitsSQL = `
create function refuse() returns trigger language plpgsql as $$ begin raise 'not now'; end $$;
create constraint trigger refuse after insert on receipts_unmatched deferrable initially deferred for each row execute function refuse()`

func TestWhatACommitThatIsTriedAgainMovedIsCountedOnce(t *testing.T) {
	w := newWard(t, 0)
	d := w.clerk(ReceiptSame)
	w.accepted("+84901000001", "77")
	var batch []entry
	for _, r := range []smpp.Receipt{{ID: "77", State: "DELIVRD"}, {ID: "88", State: "DELIVRD"}} {
		batch = append(batch, entry{receipt: &receipt{Receipt: r, ack: func(smpp.Status) {}}})
	}
	w.exec(refuseCommitsSQL)
	if err := d.commit(w.ctx, d.h, batch, false); err == nil {
		t.Fatal("the commit was to be refused")
	}
	w.exec(`drop trigger refuse on receipts_unmatched`)
	d.store(false, batch...)
	d.tell("", smpp.Receipt{ID: "77", State: "UNDELIV"})
	for what, c := range map[string]prometheus.Collector{"unmatched": d.meter.meter.orphans, "contradicting": d.meter.meter.clashes, "delivered": d.meter.meter.messages} {
		if n := metered(t, c, "viettel"); n != 1 {
			t.Errorf("%s: %v counted", what, n)
		}
	}
}
