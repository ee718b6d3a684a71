package smpp

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener whose connections are made by the test.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// serve runs a server until the test ends; connect gives an ESME's end, written by hand.
func serve(t *testing.T, cfg ServerConfig, s ServerHandler) (connect func() *wire, stop context.CancelFunc) {
	ln := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	stop = during(t, func(ctx context.Context) error { return NewServer(cfg, s).Serve(ctx, ln) })
	return func() *wire {
		ours, theirs := net.Pipe()
		ln.conns <- theirs
		t.Cleanup(func() { ours.Close() })
		w := &wire{t: t, raw: raw{t, ours}, frames: newFrames(ours, 1<<20)}
		return w
	}, stop
}

func (w *wire) bindAs(mode CommandID) {
	w.t.Helper()
	w.send(frame(w.t, Header{Sequence: 1}, &Bind{Mode: mode, SystemID: "ward"}))
	w.expect(mode.Response())
}

func TestDeliverHasAWindowAndATimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSMSC()
		connect, _ := serve(t, ServerConfig{Window: 1, ResponseTimeout: 5 * time.Second}, s)
		w := connect()
		w.bindAs(BindReceiverID)
		p := <-s.bound
		type result struct {
			status Status
			err    error
		}
		results := make(chan result, 10)
		deliver := func() {
			t.Helper()
			if err := p.Deliver(t.Context(), &DeliverSM{}, func(s Status, err error) { results <- result{s, err} }); err != nil {
				t.Fatal(err)
			}
		}
		deliver()
		h := w.expect(DeliverSMID)
		full, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := p.Deliver(full, &DeliverSM{}, nil); err != context.DeadlineExceeded {
			t.Errorf("a full window gives %v", err)
		}
		w.send(frame(t, Header{Sequence: h.Sequence, Status: StatusTemporaryApp}, &DeliverSMResp{}))
		if r := <-results; r != (result{StatusTemporaryApp, nil}) {
			t.Errorf("got %+v", r)
		}
		deliver()
		w.expect(DeliverSMID)
		if r := <-results; r.err != ErrNoResponse {
			t.Errorf("got %+v", r)
		}
		deliver()
		w.expect(DeliverSMID)
		p.Drop()
		if r := <-results; r.err != ErrLinkLost {
			t.Errorf("got %+v", r)
		}
		if <-s.closed != p {
			t.Error("another peer was closed")
		}
		if err := p.Deliver(t.Context(), &DeliverSM{}, nil); err != ErrNotBound {
			t.Errorf("after the end: %v", err)
		}
	})
}

func TestABindOnlyDoesWhatItIsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSMSC()
		connect, _ := serve(t, ServerConfig{}, s)
		receiver := connect()
		receiver.bindAs(BindReceiverID)
		<-s.bound
		receiver.send(frame(t, Header{Sequence: 2}, reminder))
		if h := receiver.expect(SubmitSMRespID); h.Status != StatusInvBindStatus {
			t.Errorf("a receiver's submit_sm got %s", h.Status)
		}
		transmitter := connect()
		transmitter.bindAs(BindTransmitterID)
		if err := (<-s.bound).Deliver(t.Context(), &DeliverSM{}, nil); err != ErrNotBound {
			t.Errorf("a transmitter was sent a message: %v", err)
		}
		transmitter.send(frame(t, Header{Sequence: 2}, reminder))
		if h := transmitter.expect(SubmitSMRespID); h.Status != StatusOK {
			t.Errorf("a transmitter's submit_sm got %s", h.Status)
		}
	})
}

func TestTheServerAnswersLateTwiceOrNever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSMSC()
		var responds []func(SubmitResult)
		s.submit = func(_ *Peer, _ *SubmitSM, respond func(SubmitResult)) { responds = append(responds, respond) }
		connect, _ := serve(t, ServerConfig{MaxUnanswered: 2}, s)
		w := connect()
		w.bindAs(BindTransceiverID)
		for seq := range uint32(5) { // unanswered ones do not count against the limit once the handler has them
			w.send(frame(t, Header{Sequence: 10 + seq}, reminder))
			synctest.Wait()
		}
		responds[3](SubmitResult{MessageID: "d"})
		responds[3](SubmitResult{MessageID: "d"})
		responds[0](SubmitResult{Status: StatusThrottled})
		for _, want := range []Header{{SubmitSMRespID, 0, 13}, {SubmitSMRespID, 0, 13}, {SubmitSMRespID, StatusThrottled, 10}} {
			if h := w.expect(SubmitSMRespID); h != want {
				t.Errorf("got %+v, want %+v", h, want)
			}
		}
	})
}

func TestAPeerThatDoesNotBind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		connect, _ := serve(t, ServerConfig{BindTimeout: 5 * time.Second}, newSMSC())
		began := time.Now()
		connect().over()
		if d := time.Since(began); d != 5*time.Second {
			t.Errorf("closed after %v", d)
		}
	})
}

func TestTheServersEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSMSC()
		connect, stop := serve(t, ServerConfig{CloseTimeout: 2 * time.Second}, s)
		orderly, deaf, dialling := connect(), connect(), connect()
		orderly.bindAs(BindTransceiverID)
		deaf.bindAs(BindTransceiverID)
		stop()
		h := orderly.expect(UnbindID)
		orderly.send(frame(t, Header{Sequence: h.Sequence}, &UnbindResp{}))
		orderly.over()
		began := time.Now()
		deaf.expect(UnbindID)
		deaf.over()
		if d := time.Since(began); d > 3*time.Second {
			t.Errorf("a peer that ignores the unbind holds us for %v", d)
		}
		dialling.over()
		for range 2 {
			<-s.closed
		}
	})
}
