package smpp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// exchange is the SMSC's end of all the binds of an account, written by hand.
type exchange struct {
	t     *testing.T
	conns chan net.Conn
	mu    sync.Mutex
}

func newExchange(t *testing.T, cfg AccountConfig) (*exchange, *Account, *esme) {
	t.Helper()
	x := &exchange{t: t, conns: make(chan net.Conn, 100)}
	cfg.Dial = func(context.Context, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		x.conns <- theirs
		return ours, nil
	}
	e := newESME()
	a := NewAccount(cfg, e)
	during(t, a.Run)
	return x, a, e
}

// bind lets the next connection bind, whatever it wants to be.
func (x *exchange) bind() (CommandID, *wire) {
	x.t.Helper()
	w := &wire{t: x.t, conns: x.conns}
	w.accept()
	h, _, err := w.frames.next()
	if err != nil {
		x.t.Fatal(err)
	}
	w.send(frame(x.t, Header{Sequence: h.Sequence}, &BindResp{Mode: h.ID}))
	synctest.Wait()
	return h.ID, w
}

// submit is outcomes.submit, for answers that come by several links at once.
func (x *exchange) submit(a *Account, o outcomes, name string) {
	x.t.Helper()
	if err := a.Submit(x.t.Context(), &SubmitSM{}, func(r SubmitResult) {
		x.mu.Lock()
		defer x.mu.Unlock()
		o[name] = append(o[name], r)
	}); err != nil {
		x.t.Fatalf("submit %s: %v", name, err)
	}
}

// told lists what the handler heard of the account's state.
func (e *esme) told() string {
	var s []string
	for len(e.up) > 0 {
		s = append(s, map[bool]string{true: "up", false: "down"}[<-e.up])
	}
	return strings.Join(s, " ")
}

func TestAnAccountSendsByTheBindWithMostRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x, a, e := newExchange(t, AccountConfig{ClientConfig: ClientConfig{Window: 2}, Binds: 2})
		_, one := x.bind()
		o := outcomes{}
		x.submit(a, o, "a") // the only one there is
		_, two := x.bind()
		x.submit(a, o, "b")
		x.submit(a, o, "c")
		x.submit(a, o, "d")
		first, second := one.expect(SubmitSMID), two.expect(SubmitSMID)
		one.expect(SubmitSMID)
		two.expect(SubmitSMID)
		if a.InFlight() != 4 {
			t.Errorf("%d in flight", a.InFlight())
		}
		waits, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := a.Submit(waits, &SubmitSM{}, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("four under way and no room: %v", err)
		}
		two.accepts(second, "B")
		x.submit(a, o, "e")
		two.accepts(two.expect(SubmitSMID), "E")
		one.accepts(first, "A")
		o.want(t, map[string]string{"a": "A ESME_ROK <nil>;", "b": "B ESME_ROK <nil>;", "e": "E ESME_ROK <nil>;"})
		if told := e.told(); told != "up" {
			t.Errorf("told %s of two binds", told)
		}
	})
}

func TestAnAccountIsUpWhileOneBindIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x, a, e := newExchange(t, AccountConfig{Binds: 2})
		_, one := x.bind()
		_, two := x.bind()
		o := outcomes{}
		x.submit(a, o, "one of them")
		x.submit(a, o, "the other")
		one.expect(SubmitSMID)
		two.accepts(two.expect(SubmitSMID), "")
		one.Close()
		synctest.Wait()
		if lost := append(o["one of them"], o["the other"]...); len(lost) != 2 || errors.Is(lost[0].Err, ErrLinkLost) == errors.Is(lost[1].Err, ErrLinkLost) {
			t.Errorf("of two messages on two binds, with one bind lost: %+v", lost)
		}
		x.submit(a, o, "next")
		two.accepts(two.expect(SubmitSMID), "N")
		o.want(t, map[string]string{"next": "N ESME_ROK <nil>;"})
		if told := e.told(); told != "up" || !a.Bound() {
			t.Errorf("told %s, bound %v", told, a.Bound())
		}
		_, one = x.bind()
		two.Close()
		one.Close()
		synctest.Wait()
		if told := e.told(); told != "down" || a.Bound() {
			t.Errorf("told %s, bound %v", told, a.Bound())
		}
		if err := a.Submit(t.Context(), &SubmitSM{}, nil); err != ErrNotBound {
			t.Errorf("with no bind up: %v", err)
		}
	})
}

func TestWhoWaitsForRoomHearsOfEveryBind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x, a, _ := newExchange(t, AccountConfig{ClientConfig: ClientConfig{Window: 2}, Binds: 2})
		_, one := x.bind()
		o := outcomes{}
		x.submit(a, o, "a")
		x.submit(a, o, "b")
		one.expect(SubmitSMID)
		one.expect(SubmitSMID)
		const callers = 5
		got := make(chan error, callers)
		for range callers {
			go func() { got <- a.Submit(t.Context(), &SubmitSM{}, func(SubmitResult) {}) }()
		}
		want := func(n int, err error) {
			t.Helper()
			synctest.Wait()
			if len(got) != n {
				t.Fatalf("%d have been told, want %d", len(got), n)
			}
			for range n {
				if e := <-got; e != err {
					t.Errorf("told %v, want %v", e, err)
				}
			}
		}
		want(0, nil)
		_, two := x.bind()
		want(2, nil) // a bind that comes up lets in as many as it has room for
		two.accepts(two.expect(SubmitSMID), "B")
		want(1, nil) // a response lets in one
		two.Close()
		want(0, nil) // there is still the other bind
		one.Close()
		want(2, ErrNotBound)
	})
}

func TestATransmitterSendsAndAReceiverHears(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		x, a, e := newExchange(t, AccountConfig{Separate: true, ClientConfig: ClientConfig{BackoffMin: 30 * time.Second,
			Log: slog.New(slog.NewTextHandler(&log, nil))}})
		ends := map[CommandID]*wire{}
		for range 2 {
			mode, w := x.bind()
			ends[mode] = w
		}
		transmitter, receiver := ends[BindTransmitterID], ends[BindReceiverID]
		if transmitter == nil || receiver == nil {
			t.Fatalf("bound as %v", ends)
		}
		o := outcomes{}
		x.submit(a, o, "a")
		transmitter.accepts(transmitter.expect(SubmitSMID), "A")
		receiver.send(frame(t, Header{Sequence: 7}, (*DeliverSM)(reminder)))
		receiver.expect(DeliverSMRespID)
		o.want(t, map[string]string{"a": "A ESME_ROK <nil>;"})
		if len(e.delivers) != 1 {
			t.Error("nothing was heard")
		}

		lost := time.Now()
		receiver.Close()
		synctest.Wait()
		x.submit(a, o, "b") // the warning still goes out
		transmitter.accepts(transmitter.expect(SubmitSMID), "B")
		o.want(t, map[string]string{"b": "B ESME_ROK <nil>;"})
		want := fmt.Sprint([]BindStatus{{Mode: BindTransmitterID, Bound: true, Window: 10, Since: lost}, {Mode: BindReceiverID, Since: lost}})
		if got := fmt.Sprint(a.Binds()); got != want {
			t.Errorf("binds %s, want %s", got, want)
		}
		if !strings.Contains(log.String(), "no receiver is bound") {
			t.Errorf("the log does not say that nobody hears:\n%s", log.String())
		}
		_, receiver = x.bind()
		transmitter.Close()
		synctest.Wait()
		if told := e.told(); told != "up down" || a.Bound() {
			t.Errorf("told %s, bound %v", told, a.Bound())
		}
		receiver.send(frame(t, Header{Sequence: 8}, (*DeliverSM)(reminder))) // and it still hears
		receiver.expect(DeliverSMRespID)
	})
}
