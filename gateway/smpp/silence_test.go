package smpp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// In these tests time is the bubble's: it moves only when everything waits, and nobody sleeps for real.

// wire is the SMSC's end of a client's connections, written by hand.
type wire struct {
	t     *testing.T
	conns chan net.Conn
	raw
	frames *frames
}

// newWire runs a client whose connections end at the test.
func newWire(t *testing.T, cfg ClientConfig) (*wire, *Client, *esme, context.CancelFunc) {
	t.Helper()
	w := &wire{t: t, conns: make(chan net.Conn, 100)}
	cfg.Dial = func(context.Context, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		w.conns <- theirs
		return ours, nil
	}
	e := newESME()
	c := NewClient(cfg, e)
	stop := during(t, c.Run)
	return w, c, e, stop
}

// accept takes the next connection.
func (w *wire) accept() {
	w.t.Helper()
	w.raw = raw{w.t, <-w.conns}
	w.t.Cleanup(func() { w.Close() })
	w.frames = newFrames(w.raw, 1<<20)
}

// bind takes the next connection and lets it bind.
func (w *wire) bind() {
	w.t.Helper()
	w.accept()
	w.expect(BindTransceiverID)
	w.send(frame(w.t, Header{Sequence: 1}, &BindResp{Mode: BindTransceiverID}))
	synctest.Wait()
}

// expect reads the next frame, which is to be of that id.
func (w *wire) expect(id CommandID) Header {
	w.t.Helper()
	h, _, err := w.frames.next()
	if err != nil || h.ID != id {
		w.t.Fatalf("got %+v %v, want %s", h, err, id)
	}
	return h
}

// over tells that the client has closed the connection.
func (w *wire) over() {
	w.t.Helper()
	if h, _, err := w.frames.next(); err == nil {
		w.t.Fatalf("still there, with %+v", h)
	}
}

func (w *wire) accepts(h Header, id string) {
	w.t.Helper()
	w.send(frame(w.t, Header{Sequence: h.Sequence}, &SubmitSMResp{MessageID: id}))
}

// outcomes submits messages and keeps what becomes of each.
type outcomes map[string][]SubmitResult

func (o outcomes) submit(t *testing.T, c *Client, name string) {
	t.Helper()
	if err := c.Submit(t.Context(), &SubmitSM{}, func(r SubmitResult) { o[name] = append(o[name], r) }); err != nil {
		t.Fatalf("submit %s: %v", name, err)
	}
}

// want compares once everything has come to rest. It is what makes reading o safe, too.
func (o outcomes) want(t *testing.T, want map[string]string) {
	t.Helper()
	synctest.Wait()
	for name, w := range want {
		got := ""
		for _, r := range o[name] {
			got += fmt.Sprintf("%s %s %v;", r.MessageID, r.Status, r.Err)
		}
		if got != w {
			t.Errorf("%s: got %q, want %q", name, got, w)
		}
	}
}

func TestResponsesOutOfOrderTwiceAndForeign(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c, e, _ := newWire(t, ClientConfig{Window: 4})
		w.bind()
		o := outcomes{}
		o.submit(t, c, "a")
		o.submit(t, c, "b")
		o.submit(t, c, "c")
		a, b, third := w.expect(SubmitSMID), w.expect(SubmitSMID), w.expect(SubmitSMID)
		w.accepts(b, "B")
		w.accepts(b, "B again")
		w.send(frame(t, Header{Sequence: a.Sequence}, (*DeliverSM)(reminder))) // the phone's message has our number
		w.send(frame(t, Header{Sequence: a.Sequence}, &DeliverSMResp{}))       // a response, but not to a submit_sm
		w.send(frame(t, Header{Sequence: third.Sequence, Status: StatusInvCmdLen}, &GenericNack{}))
		o.want(t, map[string]string{"a": "", "b": "B ESME_ROK <nil>;", "c": " ESME_RINVCMDLEN <nil>;"})
		if len(e.delivers) != 1 {
			t.Error("the phone's message did not come through")
		}
		if h := w.expect(DeliverSMRespID); h.Sequence != a.Sequence {
			t.Errorf("acked %d", h.Sequence)
		}
		w.accepts(a, "A")
		o.want(t, map[string]string{"a": "A ESME_ROK <nil>;"})
		if n := c.InFlight(); n != 0 {
			t.Errorf("%d in flight", n)
		}
	})
}

func TestNoResponseAndThenALateOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c, e, _ := newWire(t, ClientConfig{Window: 1, ResponseTimeout: 5 * time.Second})
		w.bind()
		o := outcomes{}
		began := time.Now()
		o.submit(t, c, "a")
		a := w.expect(SubmitSMID)
		o.submit(t, c, "b") // waits until a has timed out
		if waited := time.Since(began); waited < 5*time.Second || waited > 6*time.Second {
			t.Errorf("the window opened after %v", waited)
		}
		o.want(t, map[string]string{"a": " ESME_ROK smpp: no response in time;"})
		b := w.expect(SubmitSMID)
		w.accepts(a, "A")
		w.accepts(a, "A")
		w.accepts(b, "B")
		o.want(t, map[string]string{"a": " ESME_ROK smpp: no response in time;", "b": "B ESME_ROK <nil>;"})
		if len(e.late) != 1 || (<-e.late).MessageID != "A" {
			t.Error("the late id is lost")
		}
	})
}

func TestSubmitWaitsForTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c, _, _ := newWire(t, ClientConfig{Window: 2})
		w.bind()
		o := outcomes{}
		o.submit(t, c, "a")
		o.submit(t, c, "b")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.Submit(ctx, &SubmitSM{}, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a full window gives %v", err)
		}
		w.expect(SubmitSMID)
		w.accepts(w.expect(SubmitSMID), "B")
		o.submit(t, c, "c")
		w.accepts(w.expect(SubmitSMID), "C")
		o.want(t, map[string]string{"a": "", "b": "B ESME_ROK <nil>;", "c": "C ESME_ROK <nil>;"})
	})
}

func TestAMessageThatCannotBeFramedTakesNoRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c, _, _ := newWire(t, ClientConfig{Window: 1})
		w.bind()
		var fe *FieldError
		if err := c.Submit(t.Context(), &SubmitSM{ShortMessage: make([]byte, 255)}, nil); !errors.Is(err, ErrFrame) || !errors.As(err, &fe) {
			t.Errorf("got %v", err)
		}
		o := outcomes{}
		o.submit(t, c, "next")
		w.accepts(w.expect(SubmitSMID), "N")
		o.want(t, map[string]string{"next": "N ESME_ROK <nil>;"})
	})
}

func TestALostLinkTellsAllInFlightAndComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c, e, _ := newWire(t, ClientConfig{Window: 2})
		w.bind()
		o := outcomes{}
		o.submit(t, c, "a")
		o.submit(t, c, "b")
		waiting := make(chan error, 1)
		go func() { waiting <- c.Submit(t.Context(), &SubmitSM{}, nil) }()
		w.expect(SubmitSMID)
		w.expect(SubmitSMID)
		w.Close()
		o.want(t, map[string]string{"a": " ESME_ROK smpp: link lost before the response;", "b": " ESME_ROK smpp: link lost before the response;"})
		if err := <-waiting; err != ErrNotBound {
			t.Errorf("the one that waited for room: %v", err)
		}
		if err := c.Submit(t.Context(), &SubmitSM{}, nil); err != ErrNotBound {
			t.Errorf("with the link down: %v", err)
		}
		w.bind()
		o.submit(t, c, "c")
		w.accepts(w.expect(SubmitSMID), "C")
		o.want(t, map[string]string{"c": "C ESME_ROK <nil>;"})
		if len(e.up) != 3 || !<-e.up || <-e.up || !<-e.up {
			t.Error("not up, down, up")
		}
	})
}

func TestOnlyWhatLeftWholeIsInDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c, _, _ := newWire(t, ClientConfig{})
		w.bind()
		o := outcomes{}
		o.submit(t, c, "a")
		synctest.Wait() // the writer is busy with a
		o.submit(t, c, "b")
		o.submit(t, c, "c")
		w.expect(SubmitSMID)
		synctest.Wait() // and now with b and c
		if _, err := w.Read(make([]byte, 60)); err != nil {
			t.Fatal(err)
		} // b and a bit of c
		w.Close()
		o.want(t, map[string]string{"a": " ESME_ROK smpp: link lost before the response;", "b": " ESME_ROK smpp: link lost before the response;",
			"c": " ESME_ROK smpp: link lost before the message left;"})
	})
}

func TestAPeerThatAsksWithoutReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c, e, _ := newWire(t, ClientConfig{WriteTimeout: time.Hour, Window: 1})
		w.bind()
		flood := bytes.Repeat(frame(t, Header{Sequence: 2}, &EnquireLink{}), 1000)
		for {
			if _, err := w.Write(flood); err != nil {
				break // it was cut off
			}
		}
		synctest.Wait()
		if !<-e.up || <-e.up || c.Bound() {
			t.Error("still bound")
		}
	})
}

func TestAPeerThatStopsReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c, _, _ := newWire(t, ClientConfig{Window: 100, WriteTimeout: 3 * time.Second})
		w.bind()
		o := outcomes{}
		began := time.Now()
		for i := range 100 {
			o.submit(t, c, fmt.Sprint(i)) // none of them waits for the peer
		}
		if d := time.Since(began); d > 0 {
			t.Errorf("submitting took %v", d)
		}
		time.Sleep(3 * time.Second) // the bubble's
		want := map[string]string{}
		for i := range 100 {
			want[fmt.Sprint(i)] = " ESME_ROK smpp: link lost before the message left;"
		}
		o.want(t, want)
		w.bind()
	})
}

func TestASilentPeerDoesNotHoldTheBind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c, _, _ := newWire(t, ClientConfig{BindTimeout: 4 * time.Second, BackoffMin: time.Second})
		began := time.Now()
		w.accept()
		w.expect(BindTransceiverID)
		w.over()
		if d := time.Since(began); d != 4*time.Second || c.Bound() {
			t.Errorf("given up after %v", d)
		}
		w.bind()
		if !c.Bound() {
			t.Error("not bound the second time")
		}
	})
}

func TestARefusedBindIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c, _, _ := newWire(t, ClientConfig{})
		for _, answer := range []struct {
			status Status
			pdu    PDU
		}{{StatusInvPassword, &BindResp{Mode: BindTransceiverID}}, {StatusInvCmdID, &GenericNack{}}} {
			w.accept()
			w.expect(BindTransceiverID)
			w.send(frame(t, Header{Sequence: 1, Status: answer.status}, answer.pdu))
			w.over()
		}
		w.accept()
		w.expect(BindTransceiverID)
		w.send(frame(t, Header{Sequence: 50}, &EnquireLink{})) // it asks before it answers
		w.expect(EnquireLinkRespID)
		w.send(frame(t, Header{Sequence: 1}, &BindResp{Mode: BindTransceiverID}))
		synctest.Wait()
		if !c.Bound() {
			t.Error("not bound")
		}
	})
}

func TestEnquireLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _, _, _ := newWire(t, ClientConfig{EnquireLink: 30 * time.Second, ResponseTimeout: 10 * time.Second})
		w.bind()
		for range 3 {
			began := time.Now()
			h := w.expect(EnquireLinkID)
			if d := time.Since(began); d < 29*time.Second || d > 32*time.Second {
				t.Errorf("asked after %v", d)
			}
			w.send(frame(t, Header{Sequence: h.Sequence}, &EnquireLinkResp{}))
		}
		began := time.Now()
		w.expect(EnquireLinkID)
		w.over() // nothing was answered
		if d := time.Since(began); d < 39*time.Second || d > 43*time.Second {
			t.Errorf("given up after %v", d)
		}
		w.bind()
	})
}

func TestASlowHandlerKeepsNobodyWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c, e, _ := newWire(t, ClientConfig{MaxUnacked: 2})
		free := make(chan struct{})
		var acks []func(Status)
		e.deliver = func(_ *DeliverSM, ack func(Status)) {
			acks = append(acks, ack)
			<-free
		}
		w.bind()
		for seq := range uint32(3) {
			w.send(frame(t, Header{Sequence: 100 + seq}, &DeliverSM{}))
		}
		w.send(frame(t, Header{Sequence: 200}, &EnquireLink{}))
		// The third is more than we hold, and is to come again; the two others are not answered yet.
		if h := w.expect(DeliverSMRespID); h.Sequence != 102 || h.Status != StatusTemporaryApp {
			t.Errorf("the third got %+v", h)
		}
		w.expect(EnquireLinkRespID)
		o := outcomes{}
		o.submit(t, c, "a")
		w.accepts(w.expect(SubmitSMID), "A")
		o.want(t, map[string]string{"a": "A ESME_ROK <nil>;"})
		close(free)
		synctest.Wait()
		acks[1](StatusOK) // in any order, each once
		acks[1](StatusOK)
		acks[0](StatusOK)
		if h := w.expect(DeliverSMRespID); h.Sequence != 101 {
			t.Errorf("acked %d", h.Sequence)
		}
		if h := w.expect(DeliverSMRespID); h.Sequence != 100 {
			t.Errorf("acked %d", h.Sequence)
		}
		w.send(frame(t, Header{Sequence: 103}, &DeliverSM{}))
		synctest.Wait()
		w.Close()
		synctest.Wait()
		acks[2](StatusOK) // its link is gone
	})
}

func TestAnOrderlyEndWaitsForWhatIsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c, _, stop := newWire(t, ClientConfig{})
		w.bind()
		o := outcomes{}
		o.submit(t, c, "a")
		a := w.expect(SubmitSMID)
		stop()
		synctest.Wait()
		if err := c.Submit(t.Context(), &SubmitSM{}, nil); err != ErrNotBound || c.Bound() {
			t.Errorf("submit while ending: %v", err)
		}
		w.accepts(a, "A")
		h := w.expect(UnbindID)
		o.want(t, map[string]string{"a": "A ESME_ROK <nil>;"})
		w.send(frame(t, Header{Sequence: h.Sequence}, &UnbindResp{}))
		w.over()
	})
}

func TestAnEndThatThePeerIgnores(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c, _, stop := newWire(t, ClientConfig{CloseTimeout: 4 * time.Second})
		w.bind()
		o := outcomes{}
		o.submit(t, c, "a")
		w.expect(SubmitSMID)
		began := time.Now()
		stop()
		w.expect(UnbindID)
		w.over()
		if d := time.Since(began); d > 7*time.Second {
			t.Errorf("took %v", d)
		}
		o.want(t, map[string]string{"a": " ESME_ROK smpp: link lost before the response;"})
	})
}

func TestThePeersUnbindIsAnsweredAfterItsResponses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c, _, _ := newWire(t, ClientConfig{})
		w.bind()
		o := outcomes{}
		o.submit(t, c, "a")
		a := w.expect(SubmitSMID)
		w.send(frame(t, Header{Sequence: 9}, &Unbind{}))
		synctest.Wait()
		if err := c.Submit(t.Context(), &SubmitSM{}, nil); err != ErrNotBound {
			t.Errorf("submit to a peer that leaves: %v", err)
		}
		w.accepts(a, "A")
		if h := w.expect(UnbindRespID); h.Sequence != 9 {
			t.Errorf("answered %+v", h)
		}
		w.over()
		o.want(t, map[string]string{"a": "A ESME_ROK <nil>;"})
		w.bind()
	})
}

func TestPausesGrowWithJitterAndForgetAfterAGoodMinute(t *testing.T) {
	b := newBackoff(time.Second, 10*time.Second)
	var ceilings []time.Duration
	b.random = func(n time.Duration) time.Duration { ceilings = append(ceilings, n); return n / 2 }
	for range 6 {
		if d := b.next(); d != ceilings[len(ceilings)-1]/2 {
			t.Errorf("pause %v", d)
		}
	}
	b.wasUp(59 * time.Second)
	b.next()
	b.wasUp(time.Minute)
	b.next()
	if got := fmt.Sprint(ceilings); got != "[1s 2s 4s 8s 10s 10s 10s 1s]" {
		t.Errorf("ceilings %s", got)
	}
}
