package gateway

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"canhgiac/gateway/smpp"
)

// oracle answers query_sm by id.
type oracle struct {
	answers map[string]*smpp.QuerySMResp
	asked   []smpp.QuerySM
}

func (o *oracle) Query(_ context.Context, q *smpp.QuerySM) (*smpp.QuerySMResp, error) {
	o.asked = append(o.asked, *q)
	if r := o.answers[q.MessageID]; r != nil {
		return r, nil
	}
	return nil, errors.New("no such message")
}

func (d *clerk) chaser(a asker) *chaser {
	return &chaser{store: d.w.store, ledger: d.ledger, carrier: "viettel", deadline: d.patience(), asker: a,
		source: smpp.Address{TON: smpp.TONAlphanumeric, Addr: "CATHANHKHEX"}}
}

// turn lets c look and ask once.
func (d *clerk) turn(c *chaser) {
	d.w.t.Helper()
	if err := c.look(d.w.ctx, d.h); err != nil {
		d.w.t.Fatal(err)
	}
	if c.asker == nil {
		return
	}
	if err := c.ask(d.w.ctx, func(work func(*hot) error) error { return work(d.h) }); err != nil {
		d.w.t.Fatal(err)
	}
}

func TestAMessageWithoutAReceiptIsUnknownAtItsDeadlineAndALaterReceiptStillTells(t *testing.T) {
	w := newWard(t, 0)
	d := w.clerk(ReceiptSame)
	c := d.chaser(nil)
	early := w.accepted("+84901000001", "77")
	d.turn(c)
	w.clock.move(time.Hour)
	late, done := w.accepted("+84901000002", "78"), w.accepted("+84901000003", "79")
	d.tell("", smpp.Receipt{ID: "79", State: "DELIVRD"})
	stand := func(want ...State) {
		t.Helper()
		d.turn(c)
		var got []State
		for _, id := range []MessageID{early, late, done} {
			m := w.message(id)
			if err := sound(m); err != nil {
				t.Error(err)
			}
			got = append(got, m.State)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	w.clock.move(71*time.Hour - time.Second)
	stand(Accepted, Accepted, Delivered)
	w.clock.move(time.Second)
	stand(Unknown, Accepted, Delivered)
	w.clock.move(time.Hour)
	stand(Unknown, Unknown, Delivered)
	if got := w.message(early).History[3]; got.Reason != "no receipt within 72h" {
		t.Errorf("the reason is %q", got.Reason)
	}
	d.tell("", smpp.Receipt{ID: "77", State: "DELIVRD"})
	stand(Delivered, Unknown, Delivered)
	if diff := cmp.Diff([]State{Queued, Submitting, Accepted, Unknown, Delivered}, steps(w.message(early))); diff != "" {
		t.Error(diff)
	}
}

const settleManySQL = `
with m as (
	insert into messages (id, phone, unit_id, body_id) select 7::bigint << 32 | i, '+84' || i, 0, 0 from generate_series(1, $1::int) i returning id
)
insert into sent (message_id, state, carrier, carrier_message_id, parts, submitted_at, accepted_at)
select id, 'accepted', 'viettel', id::text, 1, $2, $2::timestamptz + (id & 4294967295) * interval '10 milliseconds' from m`

func TestManyOverdueMessagesAreGivenUpWithoutReadingAnyTwice(t *testing.T) {
	w := newWard(t, 0)
	d := w.clerk(ReceiptSame)
	c := d.chaser(nil)
	w.exec(settleManySQL, 8_200, morning)
	w.clock.move(72*time.Hour + 30*time.Second) // 3,000 of them are overdue
	for range 4 {
		d.turn(c)
	}
	count := func() (n int) {
		if err := w.db.QueryRow(`select count(*) from sent where state = 'unknown'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count(); n != 3_000 {
		t.Errorf("%d given up", n)
	}
	w.exec(`update sent set state = 'accepted' where state = 'unknown'`) // as if they had never been looked at
	d.turn(c)
	if n := count(); n != 0 {
		t.Errorf("%d looked at again", n)
	}
	w.clock.move(time.Hour)
	for range 4 {
		d.turn(c)
	}
	if n := count(); n != 5_200 {
		t.Errorf("%d given up in the end", n)
	}
}

func TestWhatIsLateIsAskedByQuerySM(t *testing.T) {
	for name, c := range map[string]struct {
		answer *smpp.QuerySMResp
		want   State
		err    string
		asked  int // in the deadline's time and a day
	}{
		"delivered":          {&smpp.QuerySMResp{State: 2}, Delivered, "", 1},
		"undeliverable":      {&smpp.QuerySMResp{State: 5, ErrorCode: 27}, Failed, "UNDELIV 27", 1},
		"expired":            {&smpp.QuerySMResp{State: 3}, Expired, "EXPIRED 0", 1},
		"still on its way":   {&smpp.QuerySMResp{State: 1}, Unknown, "no receipt within 72h", askTries},
		"it does not know":   {&smpp.QuerySMResp{State: 7}, Unknown, "no receipt within 72h", askTries},
		"it refuses to tell": {nil, Unknown, "no receipt within 72h", askTries},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWard(t, 0)
			d := w.clerk(ReceiptSame)
			o := &oracle{answers: map[string]*smpp.QuerySMResp{"0A7": c.answer}}
			k := d.chaser(o)
			id := w.accepted("+84901000001", "0A7")
			w.exec(`update singles set sender = '8088' where message_id = $1`, id)
			d.turn(k)
			for range 35 {
				w.clock.move(time.Hour)
				d.turn(k)
			}
			if len(o.asked) != 0 {
				t.Fatal("asked too early")
			}
			for range 72 {
				w.clock.move(time.Hour)
				d.turn(k)
			}
			m := w.message(id)
			if err := sound(m); m.State != c.want || m.Error != c.err || err != nil {
				t.Errorf("%s %q, want %s %q: %v", m.State, m.Error, c.want, c.err, err)
			}
			if len(o.asked) != c.asked || o.asked[0].MessageID != "0A7" || o.asked[0].Source.Addr != "8088" {
				t.Errorf("asked %+v", o.asked)
			}
			if last := m.History[len(m.History)-1]; c.want != Unknown && !strings.HasPrefix(last.Reason, "query_sm ") {
				t.Errorf("the reason is %q", last.Reason)
			}
			if n := d.waiting(); c.want != Unknown && n != 0 {
				t.Errorf("%d questions are left", n)
			}
		})
	}
}

func (d *clerk) waiting() (n int) {
	d.w.t.Helper()
	if err := d.w.db.QueryRow(`select count(*) from receipt_queries`).Scan(&n); err != nil {
		d.w.t.Fatal(err)
	}
	return n
}

func TestEachPartThatLacksItsReceiptIsAskedFor(t *testing.T) {
	w := newWard(t, 0)
	d := w.clerk(ReceiptSame)
	o := &oracle{answers: map[string]*smpp.QuerySMResp{"p2": {State: 2}, "p3": {State: 5, ErrorCode: 1}}}
	k := d.chaser(o)
	id := w.accepted("+84901000001", "p1")
	w.exec(`update sent set parts = 3 where message_id = $1`, id)
	for i := range 3 {
		w.exec(`insert into sent_parts (message_id, part, carrier, carrier_message_id, at) values ($1, $2, 'viettel', $3, $4)`, id, i+1, fmt.Sprintf("p%d", i+1), morning)
	}
	d.tell("", smpp.Receipt{ID: "p1", State: "DELIVRD"})
	d.turn(k)
	w.clock.move(37 * time.Hour)
	for range 3 {
		d.turn(k)
	}
	m := w.message(id)
	if err := sound(m); m.State != Failed || len(o.asked) != 2 || err != nil {
		t.Errorf("%s after %d questions: %v", m.State, len(o.asked), err)
	}
}

func TestWhatIsInDoubtWithAnIdIsAskedSoon(t *testing.T) {
	w := newWard(t, 0)
	d := w.clerk(ReceiptSame)
	o := &oracle{answers: map[string]*smpp.QuerySMResp{"77": {State: 2}}}
	k := d.chaser(o)
	d.turn(k)
	id, nameless := w.accepted("+84901000001", "77"), w.doubted("+84901000002", "Tin", morning)
	d.tell("", smpp.Receipt{ID: "77", State: "UNKNOWN"})
	d.turn(k)
	if len(o.asked) != 0 {
		t.Fatal("asked at once: its receipt may yet come")
	}
	w.clock.move(askDoubt)
	d.turn(k)
	d.turn(k)
	m := w.message(id)
	if err := sound(m); m.State != Delivered || err != nil {
		t.Errorf("%s: %v", m.State, err)
	}
	if len(o.asked) != 1 || w.message(nameless).State != Unknown {
		t.Errorf("%d questions", len(o.asked))
	}
}

func TestACarrierThatAnswersQuerySMIsAskedOverItsLink(t *testing.T) {
	w, s := newWard(t, 1), startSMSC(t)
	s.query = func(q *smpp.QuerySM) (*smpp.QuerySMResp, smpp.Status) {
		return &smpp.QuerySMResp{MessageID: q.MessageID, State: 5, ErrorCode: 27}, smpp.StatusOK // go-smpp loses the state here
	}
	w.run(1, nil)
	w.sender(s, func(c *Carrier) { c.QuerySM, c.ReceiptDeadline = true, 2*time.Hour }, nil, nil)
	until(t, "it is accepted", func() bool { return w.message(1<<32|1).State == Accepted })
	until(t, "the link's messages are looked after", func() bool {
		var n int
		return w.db.QueryRow(`select count(*) from receipt_sweeps`).Scan(&n) == nil && n == 2
	})
	w.clock.move(61 * time.Minute)
	var m Message
	until(t, "it is known", func() bool {
		m = w.message(1<<32 | 1)
		return m.State.Ended()
	})
	if err := sound(m); m.State != Failed || m.Error != "UNDELIV 27" || err != nil {
		t.Errorf("%s %q: %v", m.State, m.Error, err)
	}
}

func TestTheUpdateOfAReceiptStaysOnItsPage(t *testing.T) {
	w := newWard(t, 0)
	d := w.clerk(ReceiptSame)
	w.exec(settleManySQL, 500, morning)
	var updates, hot int
	err := d.h.transact(w.ctx, func() error {
		var list []*receipt
		for i := range 500 {
			list = append(list, &receipt{Receipt: smpp.Receipt{ID: MessageID(7<<32 | (i + 1)).String(), State: "DELIVRD"}})
		}
		if err := d.match(w.ctx, d.h, list, morning, newTally()); err != nil {
			return err
		}
		return d.h.each(w.ctx, `select n_tup_upd, n_tup_hot_upd from pg_stat_xact_user_tables where relname = 'sent'`,
			func(scan func(...any) error) error { return scan(&updates, &hot) })
	})
	if err != nil || updates != 500 || hot < 490 { // some pages are full when 500 come in one moment
		t.Errorf("%d of %d updates stayed on their page, %v", hot, updates, err)
	}
}
