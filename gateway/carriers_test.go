package gateway

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"canhgiac/gateway/smpp"
)

func TestTheCarriersAreShownFromTheDatabaseAlone(t *testing.T) {
	w, viettel, vina := twoCarriers(t, 4)
	list := []Carrier{{Name: "viettel", Rate: 200}, {Name: "vina", ReceiptID: ReceiptHex}}
	look := func() map[string]CarrierStatus {
		t.Helper()
		found, err := w.store.Carriers(w.ctx, list)
		if err != nil {
			t.Fatal(err)
		}
		all := map[string]CarrierStatus{}
		for _, c := range found {
			all[c.Carrier] = c
		}
		return all
	}
	if v := look()["viettel"]; v.Since != nil || v.Up || len(v.SentBy) > 0 || v.Rate != (RateStatus{200, 200, nil}) || v.Receipts.Form != ReceiptAuto {
		t.Errorf("nobody runs: %+v", v)
	}
	w.node(viettel.to("viettel", nil), vina.to("vina", nil))
	w.node(viettel.to("viettel", nil))
	w.linkIs("viettel", true)
	w.linkIs("vina", true)
	until(t, "both nodes have told of their links", func() bool { return len(look()["viettel"].Links) == 2 })
	viettel.cut()
	w.linkIs("viettel", false)
	if v := look()["viettel"]; v.Up || !v.Since.Equal(morning) || len(v.SentBy) > 0 {
		t.Errorf("just down: %+v", v)
	}
	w.clock.move(time.Minute)
	all := look()
	v := all["viettel"]
	if diff := cmp.Diff([]QueueServer{{"vina", standIn}}, v.SentBy); diff != "" {
		t.Error(diff)
	}
	for _, l := range v.Links {
		if l.Up || !l.Since.Equal(morning) {
			t.Errorf("a link to viettel: %+v", l)
		}
	}
	if diff := cmp.Diff([]QueueServer{{"vina", own}}, all["vina"].SentBy); diff != "" || !all["vina"].Up {
		t.Errorf("vina: %s %+v", diff, all["vina"])
	}
	text, err := json.Marshal(v)
	if err != nil || !strings.Contains(string(text), `"sent_by":[{"carrier":"vina","as":"stand-in"}]`) {
		t.Errorf("%s %v", text, err)
	}
}

func TestACarriersRateReceiptsQueueAndDoubtsAreShown(t *testing.T) {
	w := newWard(t, 4)
	d := w.clerk(ReceiptAuto)
	d.tell("84901000001", smpp.Receipt{ID: "77", State: "UNDELIV", Err: "027"})
	w.exec(`insert into receipt_forms values ('viettel', 'hex', $1), ('vina', 'hex', $1)`, morning)
	w.exec(`insert into carrier_rates (carrier, next_at, rate, step, slowed_at) values ('viettel', now(), 50, 0, now()), ('vina', now(), 100, 100, now() - interval '1 minute')`)
	w.exec(`insert into message_moves (message_id, at, from_state, to_state, reason) values (11, $1, 'submitting', 'unknown', 'test'), (12, $1, 'submitting', 'unknown', 'test'),
		(13, $1::timestamptz - interval '40 days', 'accepted', 'unknown', 'test')`, morning)
	w.exec(`insert into sent (message_id, state, carrier, parts) values (11, 'unknown', 'viettel', 1), (12, 'delivered', 'viettel', 1), (13, 'unknown', 'viettel', 1)`)
	w.run(1, nil)
	w.run(2, func(r *Run) { r.SendAfter = morning.Add(time.Hour) })
	w.clock.move(time.Minute)
	w.send(Single{To: "+84905111222", Text: "Tin", Purpose: Reply})
	w.exec(`insert into outbox (message_id, carrier, priority, ready_at, send_by) values (99, 'gone', 2, $1, $1)`, morning)
	found, err := w.store.Carriers(w.ctx, []Carrier{{Name: "viettel", Rate: 200}, {Name: "vina", Rate: 100, ReceiptID: ReceiptDec}})
	if err != nil || len(found) != 3 {
		t.Fatalf("%+v %v", found, err)
	}
	viettel, vina, gone := found[0], found[1], found[2]
	if r := viettel.Rate; r.Now != 50 || r.SlowedAt == nil {
		t.Errorf("asked for less: %+v", r)
	}
	if r := vina.Rate; r.Now != 100 || r.SlowedAt != nil {
		t.Errorf("regained: %+v", r)
	}
	if f := viettel.Receipts; f.Form != ReceiptHex || f.LearnedAt == nil || !f.LearnedAt.Equal(morning) {
		t.Errorf("learned: %+v", f)
	}
	if f := vina.Receipts; f.Form != ReceiptDec || f.LearnedAt != nil {
		t.Errorf("configured: %+v", f)
	}
	want := []Unclaimed{{CarrierMessageID: "77", Phone: "090•••0001", State: Failed, Error: "UNDELIV 027", ReceivedAt: morning, Waiting: true}}
	if diff := cmp.Diff(want, viettel.Receipts.Newest, cmp.Comparer(time.Time.Equal)); diff != "" || viettel.Receipts.Unmatched != 1 {
		t.Errorf("%d unmatched: %s", viettel.Receipts.Unmatched, diff)
	}
	now := w.clock.now()
	began := morning
	if diff := cmp.Diff(Waiting{Runs: 4, RunsSince: &began, Singles: 1, SinglesSince: &now, Later: 4}, viettel.Queue, cmp.Comparer(time.Time.Equal)); diff != "" {
		t.Error(diff)
	}
	if viettel.InDoubt != 1 {
		t.Errorf("%d in doubt", viettel.InDoubt)
	}
	if gone.Configured || gone.Carrier != "gone" || gone.Queue.Singles != 1 {
		t.Errorf("a queue without a carrier: %+v", gone)
	}
}
