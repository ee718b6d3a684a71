package smpp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// What carriers really do. Time is the bubble's.

// answer lets f answer each frame that comes, until the link ends; nil says nothing.
func (w *wire) answer(f func(h Header) []byte) {
	for {
		h, _, err := w.frames.next()
		if err != nil {
			return
		}
		if b := f(h); b != nil {
			if _, err := w.Write(b); err != nil {
				return
			}
		}
	}
}

// alive answers enquire_link and nothing else.
func alive(h Header) []byte {
	if h.ID != EnquireLinkID {
		return nil
	}
	b, _ := Append(nil, Header{Sequence: h.Sequence}, &EnquireLinkResp{})
	return b
}

func TestALinkThatTakesMessagesAndAnswersNoneIsEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		w, c, _, _ := newWire(t, ClientConfig{Window: 3, EnquireLink: 2 * time.Second, ResponseTimeout: 5 * time.Second, BackoffMin: time.Millisecond,
			Log: slog.New(slog.NewTextHandler(&log, nil))})
		w.bind()
		go w.answer(alive)
		o := outcomes{}
		for i := range 3 {
			o.submit(t, c, fmt.Sprint("first round ", i))
			time.Sleep(300 * time.Millisecond) // what times out one after the other is one round, too
		}
		for i := range 3 { // each waits until one of the first has timed out
			o.submit(t, c, fmt.Sprint("second round ", i))
		}
		if !c.Bound() {
			t.Error("one round was enough to end the link")
		}
		time.Sleep(6 * time.Second)
		o.want(t, map[string]string{"first round 0": " ESME_ROK smpp: no response in time;", "second round 0": " ESME_ROK smpp: no response in time;", "second round 2": " ESME_ROK smpp: link lost before the response;"})
		if c.Bound() || !strings.Contains(log.String(), "SMSC took messages without a response") {
			t.Fatalf("bound %v after the second round; log:\n%s", c.Bound(), log.String())
		}

		// The next link is tried with a single message, whose answer opens the window.
		w.bind()
		o.submit(t, c, "probe")
		h := w.expect(SubmitSMID)
		if err := c.Submit(elapsed(t, time.Second), &SubmitSM{}, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a second message beside the probe: %v", err)
		}
		w.accepts(h, "P")
		for i := range 3 {
			o.submit(t, c, fmt.Sprint("third round ", i))
		}
		for i := range 3 {
			w.accepts(w.expect(SubmitSMID), fmt.Sprint(i))
		}
		o.want(t, map[string]string{"probe": "P ESME_ROK <nil>;", "third round 2": "2 ESME_ROK <nil>;"})
	})
}

// elapsed is a context that ends after d.
func elapsed(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestALateAnswerShowsThatTheLinkIsOfUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c, e, _ := newWire(t, ClientConfig{Window: 1, ResponseTimeout: 5 * time.Second})
		w.bind()
		o := outcomes{}
		for i := range 6 { // each response comes a second too late
			o.submit(t, c, fmt.Sprint(i))
			h := w.expect(SubmitSMID)
			time.Sleep(6 * time.Second)
			w.accepts(h, fmt.Sprint(i))
			synctest.Wait()
		}
		if !c.Bound() || len(e.late) != 6 {
			t.Errorf("bound %v, %d late ids", c.Bound(), len(e.late))
		}
	})
}

func TestAnAnswerBelongsToItsLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c, e, _ := newWire(t, ClientConfig{ResponseTimeout: 5 * time.Second})
		w.bind()
		o := outcomes{}
		o.submit(t, c, "timed out")
		timedOut := w.expect(SubmitSMID)
		time.Sleep(6 * time.Second)
		o.submit(t, c, "lost")
		lost := w.expect(SubmitSMID)
		w.Close()
		w.bind()
		o.submit(t, c, "new")
		h := w.expect(SubmitSMID)
		w.accepts(timedOut, "OLD") // an SMSC that goes on where the last link ended
		w.accepts(lost, "OLD")
		w.accepts(h, "NEW")
		o.want(t, map[string]string{"timed out": " ESME_ROK smpp: no response in time;", "lost": " ESME_ROK smpp: link lost before the response;", "new": "NEW ESME_ROK <nil>;"})
		if len(e.late) != 0 {
			t.Errorf("an id was taken from another link: %+v", <-e.late)
		}
	})
}

func TestStrangeAnswersToASubmit(t *testing.T) {
	tests := []struct {
		name   string
		answer func(t *testing.T, h Header) []byte
		want   string
		bound  bool
	}{
		{"accepted without an id", func(t *testing.T, h Header) []byte { return honest(SubmitSMRespID, h.Sequence, "\x00") }, " ESME_ROK <nil>;", true},
		{"accepted without a body", func(t *testing.T, h Header) []byte { return honest(SubmitSMRespID, h.Sequence, "") }, " ESME_ROK <nil>;", true},
		{"accepted with an id that never ends", func(t *testing.T, h Header) []byte { return honest(SubmitSMRespID, h.Sequence, "abc") }, "abc ESME_ROK <nil>;", true},
		{"generic_nack", func(t *testing.T, h Header) []byte {
			return frame(t, Header{Sequence: h.Sequence, Status: StatusInvCmdID}, &GenericNack{})
		}, " ESME_RINVCMDID <nil>;", true},
		{"generic_nack that says OK has accepted nothing", func(t *testing.T, h Header) []byte {
			return frame(t, Header{Sequence: h.Sequence}, &GenericNack{})
		}, " ESME_RUNKNOWNERR <nil>;", true},
		{"a sequence_number that was never used", func(t *testing.T, h Header) []byte { return honest(SubmitSMRespID, h.Sequence+7, "abc\x00") }, "", true},
		{"the SMSC has forgotten the bind: the link is made anew", func(t *testing.T, h Header) []byte {
			return frame(t, Header{Sequence: h.Sequence, Status: StatusInvBindStatus}, &SubmitSMResp{})
		}, " ESME_RINVBNDSTS <nil>;", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, c, _, _ := newWire(t, ClientConfig{})
				w.bind()
				o := outcomes{}
				o.submit(t, c, "a")
				w.send(tt.answer(t, w.expect(SubmitSMID)))
				o.want(t, map[string]string{"a": tt.want})
				if c.Bound() != tt.bound {
					t.Errorf("bound %v, want %v", c.Bound(), tt.bound)
				}
				if !tt.bound {
					w.bind()
				}
				o.submit(t, c, "next")
				w.accepts(w.expect(SubmitSMID), "N")
				o.want(t, map[string]string{"next": "N ESME_ROK <nil>;"})
			})
		})
	}
}

func TestARefusedBindSaysWhatToDoAndIsNotHammered(t *testing.T) {
	tests := []struct {
		status   Status
		advice   string
		min, max time.Duration // until the next attempt
	}{
		{StatusInvPassword, "check password", 30 * time.Second, time.Minute},
		{StatusInvSystemID, "check system_id", 30 * time.Second, time.Minute},
		{StatusInvSystemType, "check system_type", 30 * time.Second, time.Minute},
		{StatusBindFailed, "ask the carrier whether it knows this server", 30 * time.Second, time.Minute},
		{StatusInvCmdID, "set bind to separate", 30 * time.Second, time.Minute},
		{StatusAlreadyBound, "still holds an earlier bind", 0, time.Second},
		{StatusSystemError, "nothing: the carrier has trouble", 0, time.Second},
		{StatusThrottled, "nothing: the carrier has trouble", 0, time.Second},
		{Status(0x400), "ask the carrier what this status means", 0, time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.status.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				w, c, _, _ := newWire(t, ClientConfig{Log: slog.New(slog.NewTextHandler(&log, nil))})
				w.accept()
				w.expect(BindTransceiverID)
				w.send(frame(t, Header{Sequence: 1, Status: tt.status}, &BindResp{Mode: BindTransceiverID}))
				w.over()
				began := time.Now()
				w.bind()
				if d := time.Since(began); d < tt.min || d > tt.max {
					t.Errorf("asked again after %v", d)
				}
				if !c.Bound() || !strings.Contains(log.String(), tt.advice) || !strings.Contains(log.String(), tt.status.String()) {
					t.Errorf("bound %v; log:\n%s", c.Bound(), log.String())
				}
			})
		})
	}
}

func TestABindAnsweredUnderAnotherNumberIsNoBind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, answer := range [][]byte{
			frame(t, Header{Sequence: 2}, &BindResp{Mode: BindTransceiverID}),
			frame(t, Header{Sequence: 1}, &BindResp{Mode: BindReceiverID}),
		} {
			var log bytes.Buffer
			w, c, _, stop := newWire(t, ClientConfig{Log: slog.New(slog.NewTextHandler(&log, nil))})
			w.accept()
			w.expect(BindTransceiverID)
			began := time.Now()
			w.send(answer)
			w.over()
			if time.Since(began) > 0 || c.Bound() {
				t.Errorf("given up after %v, bound %v", time.Since(began), c.Bound())
			}
			synctest.Wait()
			if !strings.Contains(log.String(), "was answered by bind_") {
				t.Errorf("the log does not say what was wrong:\n%s", log.String())
			}
			stop()
		}
	})
}

func TestReconnectingIsCappedAndForgetsAfterAGoodMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := atomic.Bool{}
		attempts, conns := make(chan time.Time, 10_000), make(chan net.Conn, 1)
		c := NewClient(ClientConfig{BackoffMin: time.Second, BackoffMax: 20 * time.Second, Dial: func(context.Context, string) (net.Conn, error) {
			attempts <- time.Now()
			if down.Load() {
				return nil, errors.New("nobody there")
			}
			ours, theirs := net.Pipe()
			conns <- theirs
			return ours, nil
		}}, newESME())
		during(t, c.Run)
		for round := range 5 {
			w := &wire{t: t, conns: conns}
			w.bind()
			go w.answer(alive)
			time.Sleep(61 * time.Second)
			for len(attempts) > 0 {
				<-attempts
			}
			down.Store(true)
			w.Close()
			synctest.Wait()
			last := time.Now()
			time.Sleep(10 * time.Minute)
			down.Store(false)
			synctest.Wait()
			var pauses []time.Duration
			for len(attempts) > 0 {
				at := <-attempts
				pauses = append(pauses, at.Sub(last))
				last = at
			}
			if len(pauses) < 30 || pauses[0] > time.Second || pauses[1] > 2*time.Second {
				t.Fatalf("round %d: after a good minute %d pauses that begin with %v", round, len(pauses), pauses[:min(2, len(pauses))])
			}
			if most := slices.Max(pauses); most > 20*time.Second || most < 10*time.Second {
				t.Errorf("round %d: the longest pause was %v", round, most)
			}
		}
	})
}

func TestHalfAFrameIsNoSignOfLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		connect, _ := serve(t, ServerConfig{BindTimeout: 5 * time.Second, EnquireLink: 10 * time.Second, ResponseTimeout: 5 * time.Second}, newSMSC())
		half := frame(t, Header{Sequence: 2}, reminder)[:20]

		unbound := connect()
		began := time.Now()
		unbound.send(half)
		unbound.over()
		if d := time.Since(began); d != 5*time.Second {
			t.Errorf("before the bind it held us for %v", d)
		}

		bound := connect()
		bound.bindAs(BindTransceiverID)
		began = time.Now()
		dripping := make(chan struct{})
		go func() {
			defer close(dripping)
			for _, b := range frame(t, Header{Sequence: 2}, reminder) {
				if _, err := bound.Write([]byte{b}); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
			t.Error("it was listened to until the end")
		}()
		bound.expect(EnquireLinkID)
		bound.over()
		if d := time.Since(began); d < 15*time.Second || d > 18*time.Second {
			t.Errorf("dripping octets held us for %v", d)
		}
		<-dripping
	})
}

func TestNothingWaitsForABlockedConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c, e, _ := newWire(t, ClientConfig{Window: 5, WriteTimeout: time.Hour, ResponseTimeout: time.Hour, EnquireLink: time.Hour})
		acks := make(chan func(Status), 1)
		e.deliver = func(_ *DeliverSM, ack func(Status)) { acks <- ack }
		w.bind()
		w.send(frame(t, Header{Sequence: 9}, &DeliverSM{}))
		o := outcomes{}
		began := time.Now()
		o.submit(t, c, "a")
		synctest.Wait() // the writer is within Write now, and stays there: nobody reads
		for i := range 4 {
			o.submit(t, c, fmt.Sprint(i))
		}
		if err := c.Submit(elapsed(t, time.Millisecond), &SubmitSM{}, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("submit into a full window: %v", err)
		}
		if _, err := c.Query(elapsed(t, time.Millisecond), &QuerySM{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("query into a full window: %v", err)
		}
		if s := c.Status(); !s.Bound || s.InFlight != 5 {
			t.Errorf("%+v", s)
		}
		(<-acks)(StatusOK)
		w.send(frame(t, Header{Sequence: 2}, &EnquireLink{}), honest(SubmitSMRespID, 2, "A\x00")) // and we still listen
		o.want(t, map[string]string{"a": "A ESME_ROK <nil>;"})
		if d := time.Since(began); d > 2*time.Millisecond { // what the two above asked for
			t.Errorf("it took %v", d)
		}
	})
}

func TestAnESMEsUnbindLetsWhatIsUnderWayBeAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSMSC()
		responds := make(chan func(SubmitResult), 1)
		s.submit = func(_ *Peer, _ *SubmitSM, respond func(SubmitResult)) { responds <- respond }
		connect, _ := serve(t, ServerConfig{}, s)
		w := connect()
		w.bindAs(BindTransceiverID)
		p := <-s.bound
		delivered := make(chan error, 1)
		if err := p.Deliver(t.Context(), &DeliverSM{}, func(_ Status, err error) { delivered <- err }); err != nil {
			t.Fatal(err)
		}
		d := w.expect(DeliverSMID)
		w.send(frame(t, Header{Sequence: 2}, reminder), frame(t, Header{Sequence: 3}, &Unbind{}))
		(<-responds)(SubmitResult{MessageID: "A"})
		w.expect(SubmitSMRespID)
		if err := p.Deliver(t.Context(), &DeliverSM{}, nil); err != ErrNotBound {
			t.Errorf("to a peer that leaves: %v", err)
		}
		w.send(frame(t, Header{Sequence: d.Sequence}, &DeliverSMResp{}))
		if h := w.expect(UnbindRespID); h.Sequence != 3 {
			t.Errorf("answered %+v", h)
		}
		if err := <-delivered; err != nil {
			t.Errorf("delivered: %v", err)
		}
		w.over()
	})
}

func TestAFloodIsHeldToWhatFits(t *testing.T) {
	tests := []struct {
		name    string
		octets  int // of each text
		sent    int
		refused int
	}{
		{"of short messages", 100, 150, 50},
		{"of long ones, each of which counts for many", 20 << 10, 10, 6},
		{"of one that is larger than all that we keep", 110 << 10, 2, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, c, e, _ := newWire(t, ClientConfig{MaxUnacked: 100})
				var acks []func(Status)
				e.deliver = func(_ *DeliverSM, ack func(Status)) { acks = append(acks, ack) }
				w.bind()
				refused := atomic.Int64{}
				answers := make(chan Header, 1000)
				go w.answer(func(h Header) []byte {
					if h.ID == DeliverSMRespID && h.Status == StatusTemporaryApp {
						refused.Add(1)
					} else {
						answers <- h
					}
					return nil
				})
				long := &DeliverSM{TLVs: TLVs{{TagMessagePayload, bytes.Repeat([]byte("x"), min(tt.octets, 60<<10))}, {0x1400, make([]byte, max(0, tt.octets-60<<10))}}}
				for i := range tt.sent {
					w.send(frame(t, Header{Sequence: uint32(100 + i)}, long))
				}
				synctest.Wait()
				if int(refused.Load()) != tt.refused || len(acks) != tt.sent-tt.refused {
					t.Errorf("%d taken, %d refused of %d; want %d refused", len(acks), refused.Load(), tt.sent, tt.refused)
				}
				o := outcomes{}
				o.submit(t, c, "a") // in the middle of it
				w.accepts(<-answers, "A")
				o.want(t, map[string]string{"a": "A ESME_ROK <nil>;"})
				for _, ack := range acks {
					ack(StatusOK)
				}
				synctest.Wait()
				w.send(frame(t, Header{Sequence: 1000}, long)) // there is room again
				synctest.Wait()
				if len(acks) != tt.sent-tt.refused+1 {
					t.Error("nothing is taken after the flood")
				}
			})
		})
	}
}
