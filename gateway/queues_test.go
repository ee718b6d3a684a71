package gateway

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"canhgiac/gateway/smpp"
	"canhgiac/residents"
)

// to is a carrier whose SMSC is s.
func (s *smsc) to(name string, change func(*Carrier)) Carrier {
	c := Carrier{Name: name, Source: smpp.Address{TON: smpp.TONAlphanumeric, Addr: "CATHANHKHEX"},
		Link: smpp.ClientConfig{Addr: s.addr, SystemID: "ward", Password: "pw", Window: 50, BackoffMin: time.Millisecond, BackoffMax: 5 * time.Millisecond}}
	if change != nil {
		change(&c)
	}
	return c
}

// node starts a sender over several carriers; the returned function ends it and waits, as the test's end does.
func (w *ward) node(carriers ...Carrier) (stop func()) {
	w.t.Helper()
	return w.start(carriers, nil, nil, nil)
}

// routed makes w's store anew, with these routes.
func (w *ward) routed(list ...Route) {
	w.store = NewStore(w.db, w.clock.now, StoreOptions{Routes: list})
}

func TestACarrierServesItsOwnQueueItsEqualsAndThoseItStandsInFor(t *testing.T) {
	r := newRoutes([]Route{
		{Carrier: "viettel-1", Prefixes: []string{"098", "+8497"}, Fallback: []string{"vina", "rest"}},
		{Carrier: "viettel-2", Prefixes: []string{"097", "098"}},
		{Carrier: "vina", Prefixes: []string{"091"}, Fallback: []string{"rest"}},
		{Carrier: "rest"},
		{Carrier: "more"},
	})
	type serves map[string]standing
	for name, c := range map[string]struct {
		down []string
		want map[string]serves
	}{
		"all are up": {nil, map[string]serves{
			"viettel-1": {"viettel-1": own, "viettel-2": equal}, "viettel-2": {"viettel-1": equal, "viettel-2": own},
			"vina": {"vina": own}, "rest": {"rest": own, "more": equal}, "more": {"rest": equal, "more": own},
		}},
		"a carrier is down: its first fallback and its equal stand in": {[]string{"viettel-1"}, map[string]serves{
			"viettel-1": {"viettel-1": own, "viettel-2": equal}, "viettel-2": {"viettel-1": standIn, "viettel-2": own},
			"vina": {"vina": own, "viettel-1": standIn}, "rest": {"rest": own, "more": equal}, "more": {"rest": equal, "more": own},
		}},
		"its first fallback is down as well: the next one stands in for both": {[]string{"viettel-1", "vina"}, map[string]serves{
			"viettel-1": {"viettel-1": own, "viettel-2": equal}, "viettel-2": {"viettel-1": standIn, "viettel-2": own},
			"vina": {"vina": own}, "rest": {"rest": own, "more": equal, "viettel-1": standIn, "vina": standIn}, "more": {"rest": equal, "more": own},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			down := map[string]bool{}
			for _, d := range c.down {
				down[d] = true
			}
			for carrier, want := range c.want {
				got, q := serves{}, r.served(carrier, down)
				for i, queue := range q.names {
					got[queue] = standing(q.standings[i])
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s: %s", carrier, diff)
				}
			}
		})
	}
}

func TestEqualsShareTheWorkByTheirSpeedAndAFastOneIsNotHeldByASlowOne(t *testing.T) {
	w, fast, slow := newWard(t, 750), startSMSC(t), startSMSC(t)
	fast.receipts, slow.receipts = true, true
	w.routed(Route{Carrier: "fast"}, Route{Carrier: "slow"})
	w.node(fast.to("fast", func(c *Carrier) { c.Rate = 600 }), slow.to("slow", func(c *Carrier) { c.Rate = 10 }))
	fast.anyPeer()
	slow.anyPeer() // both are there before there is work
	w.run(1, nil)
	var ids []MessageID
	for _, to := range []residents.Phone{"+84911111111", "+84922222222", "+84933333333", "+84944444444"} {
		ids = append(ids, w.send(Single{To: to, Text: "Nho ba con canh giac.", Purpose: API}))
	}
	if diff := cmp.Diff(Progress{Total: 750, Delivered: 750}, w.ended(1)); diff != "" {
		t.Error(diff)
	}
	for _, id := range ids {
		until(t, "the singles are delivered", func() bool { return w.message(id).State == Delivered })
	}
	if fast.count()+slow.count() != 754 || fast.doubled()+slow.doubled() != 0 {
		t.Errorf("%d and %d at the SMSCs, %d and %d numbers twice", fast.count(), slow.count(), fast.doubled(), slow.doubled())
	}
	if slow.count() == 0 || slow.count() > 150 {
		t.Errorf("the slow one took %d of 754", slow.count())
	}
	var wrong int
	if err := w.db.QueryRow(`select count(*) from sent where carrier not in ('fast', 'slow') or carrier = 'slow' and submitted_at is null`).Scan(&wrong); err != nil || wrong != 0 {
		t.Errorf("%d outcomes without their carrier, %v", wrong, err)
	}
	var bySlow int
	if err := w.db.QueryRow(`select count(*) from sent where carrier = 'slow'`).Scan(&bySlow); err != nil || bySlow != slow.count() {
		t.Errorf("%d are told to be sent by the slow one, which got %d: %v", bySlow, slow.count(), err)
	}
}

func TestALinkLeavesAChunkToItsEqualsOnceItsTurnIsOver(t *testing.T) {
	w := newWard(t, 20)
	w.routed(Route{Carrier: "fast"}, Route{Carrier: "slow"})
	w.run(1, nil)
	h := w.clerk(ReceiptSame).h
	of := func(name string) *link {
		return newLink(Carrier{Name: name}, w.store, &node{id: 7}, nil, newMeter(), discard)
	}
	slow, fast := of("slow"), of("fast")
	take := func(l *link) *lease {
		t.Helper()
		c, err := l.lease(w.ctx, h, ordinary)
		if err != nil && !errors.Is(err, errNothing) {
			t.Fatal(err)
		}
		return c
	}
	giveBack := func(l *link, c *lease) {
		t.Helper()
		if err := w.store.release(w.ctx, h, []*lease{c}); err != nil {
			t.Fatal(err)
		}
		l.released(c)
	}
	c := take(slow)
	giveBack(slow, c)
	if again := take(slow); again != nil {
		t.Errorf("the slow one has chunk %d again", again.id)
	}
	if c = take(fast); c == nil {
		t.Fatal("its equal does not get it")
	}
	giveBack(fast, c)
	slow.searches[ordinary].leave(c.id, time.Now())
	if c = take(slow); c == nil {
		t.Error("it is left for ever")
	}
}
