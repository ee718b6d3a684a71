package smpp

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestWhatBecomesOfAQuery(t *testing.T) {
	found := &QuerySMResp{MessageID: "A", FinalDate: "261123140000000+", State: 2, ErrorCode: 5}
	tests := []struct {
		name   string
		answer func(w *wire, h Header)
		want   *QuerySMResp
		err    error
	}{
		{"it is answered", func(w *wire, h Header) { w.send(frame(w.t, Header{Sequence: h.Sequence}, found)) }, found, nil},
		{"it is answered after the response to something else, under its number", func(w *wire, h Header) {
			w.accepts(h, "not what was asked")
			w.send(frame(w.t, Header{Sequence: h.Sequence}, found))
		}, found, nil},
		{"it is refused", func(w *wire, h Header) {
			w.send(frame(w.t, Header{Sequence: h.Sequence, Status: StatusQueryFailed}, &QuerySMResp{}))
		}, nil, &RefusedError{QuerySMID, StatusQueryFailed}},
		{"the SMSC does not know the operation", func(w *wire, h Header) {
			w.send(frame(w.t, Header{Sequence: h.Sequence, Status: StatusInvCmdID}, &GenericNack{}))
		}, nil, &RefusedError{QuerySMID, StatusInvCmdID}},
		{"a generic_nack that says OK is a refusal all the same", func(w *wire, h Header) {
			w.send(frame(w.t, Header{Sequence: h.Sequence}, &GenericNack{}))
		}, nil, &RefusedError{QuerySMID, StatusUnknownError}},
		{"it is never answered", func(*wire, Header) {}, nil, ErrNoResponse},
		{"the link is lost", func(w *wire, _ Header) { w.Close() }, nil, ErrLinkLost},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, c, _, _ := newWire(t, ClientConfig{ResponseTimeout: 5 * time.Second})
				w.bind()
				go func() {
					h, _, err := w.frames.next()
					if err != nil || h.ID != QuerySMID {
						t.Errorf("got %+v %v", h, err)
					}
					tt.answer(w, h)
				}()
				got, err := c.Query(t.Context(), &QuerySM{MessageID: "A", Source: Address{TON: 5, Addr: "CATHANHKHEX"}})
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Error(diff)
				}
				if refused, ok := tt.err.(*RefusedError); ok {
					if e, ok := err.(*RefusedError); !ok || *e != *refused {
						t.Errorf("got %v, want %v", err, tt.err)
					}
				} else if !errors.Is(err, tt.err) {
					t.Errorf("got %v, want %v", err, tt.err)
				}
				if c.InFlight() != 0 {
					t.Errorf("%d in flight", c.InFlight())
				}
			})
		})
	}
}

func TestAQueryThatCannotBeAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c, _, _ := newWire(t, ClientConfig{})
		if _, err := c.Query(t.Context(), &QuerySM{}); err != ErrNotBound {
			t.Errorf("before the bind: %v", err)
		}
		w.bind()
		if _, err := c.Query(t.Context(), &QuerySM{MessageID: string(make([]byte, 200))}); !errors.Is(err, ErrFrame) {
			t.Errorf("an id that does not fit: %v", err)
		}
		hurried, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Query(hurried, &QuerySM{}); err != context.DeadlineExceeded {
			t.Errorf("a caller in a hurry: %v", err)
		}
		h := w.expect(QuerySMID)
		w.send(frame(t, Header{Sequence: h.Sequence}, &QuerySMResp{})) // nobody waits for it any more
		synctest.Wait()
		if c.InFlight() != 0 || !c.Bound() {
			t.Errorf("%d in flight, bound %v", c.InFlight(), c.Bound())
		}
	})
}

// library serves every operation; a message_id of "gone" is refused.
type library struct{ *smsc }

func judge(id string) Status {
	if id == "gone" {
		return StatusInvMessageID
	}
	return StatusOK
}

func (library) Query(_ *Peer, q *QuerySM, respond func(*QuerySMResp, Status)) {
	respond(&QuerySMResp{MessageID: q.MessageID, State: 2}, judge(q.MessageID))
}
func (library) Cancel(_ *Peer, m *CancelSM, respond func(Status))   { respond(judge(m.MessageID)) }
func (library) Replace(_ *Peer, m *ReplaceSM, respond func(Status)) { respond(judge(m.MessageID)) }
func (library) Data(_ *Peer, m *DataSM, respond func(SubmitResult)) {
	respond(SubmitResult{MessageID: "d1", Status: judge(m.Dest.Addr)})
}
func (library) SubmitMulti(_ *Peer, m *SubmitMulti, respond func(*SubmitMultiResp, Status)) {
	respond(&SubmitMultiResp{MessageID: "m1", Unsuccess: []Unsuccess{{m.Dests[0].Address, StatusInvDest}}}, judge(m.Dests[0].Addr))
}

func TestTheServerServesWhatItsHandlerKnows(t *testing.T) {
	const id, gone = "7", "gone"
	to := func(number string) []Destination { return []Destination{{Address: Address{Addr: number}}} }
	tests := []struct {
		name     string
		ask      func(id string) PDU
		response PDU
	}{
		{"query_sm", func(id string) PDU { return &QuerySM{MessageID: id} }, &QuerySMResp{MessageID: id, State: 2}},
		{"cancel_sm", func(id string) PDU { return &CancelSM{MessageID: id} }, &CancelSMResp{}},
		{"replace_sm", func(id string) PDU { return &ReplaceSM{MessageID: id} }, &ReplaceSMResp{}},
		{"data_sm", func(id string) PDU { return &DataSM{Dest: Address{Addr: id}} }, &DataSMResp{MessageID: "d1"}},
		{"submit_multi", func(id string) PDU { return &SubmitMulti{Dests: to(id)} },
			&SubmitMultiResp{MessageID: "m1", Unsuccess: []Unsuccess{{Address{Addr: id}, StatusInvDest}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				able, _ := serve(t, ServerConfig{}, library{newSMSC()})
				plain, _ := serve(t, ServerConfig{}, newSMSC())
				for _, peer := range []struct {
					connect func() *wire
					as      CommandID
					asks    string
					status  Status
				}{
					{able, BindTransceiverID, id, StatusOK},
					{able, BindTransmitterID, gone, StatusInvMessageID},
					{able, BindReceiverID, id, StatusInvBindStatus},
					{plain, BindTransceiverID, id, StatusInvCmdID},
				} {
					w := peer.connect()
					w.bindAs(peer.as)
					ask := tt.ask(peer.asks)
					w.send(frame(t, Header{Sequence: 8}, ask))
					h, body, err := w.frames.next()
					if err != nil || h != (Header{ask.Command().Response(), peer.status, 8}) {
						t.Fatalf("%s: got %+v %v, want %s", peer.as, h, err, peer.status)
					}
					if peer.status != StatusOK {
						continue
					}
					if got, err := Decode(h, body); err != nil || !cmp.Equal(tt.response, got) {
						t.Errorf("got %+v %v, want %+v", got, err, tt.response)
					}
				}
			})
		})
	}
}

func TestCancelAndReplaceAreAskedLikeAQuery(t *testing.T) {
	ln := listen(t)
	during(t, func(ctx context.Context) error { return NewServer(ServerConfig{}, library{newSMSC()}).Serve(ctx, ln) })
	e := newESME()
	a := NewAccount(AccountConfig{ClientConfig: ClientConfig{Addr: ln.Addr().String()}, Binds: 2, Separate: true}, e)
	during(t, a.Run)
	<-e.up
	var refused *RefusedError
	if err := a.Cancel(t.Context(), &CancelSM{MessageID: "7"}); err != nil {
		t.Error(err)
	}
	if err := a.Cancel(t.Context(), &CancelSM{MessageID: "gone"}); !errors.As(err, &refused) || *refused != (RefusedError{CancelSMID, StatusInvMessageID}) {
		t.Errorf("cancel what is gone: %v", err)
	}
	if err := a.Replace(t.Context(), &ReplaceSM{MessageID: "7", ShortMessage: []byte("TIN MOI")}); err != nil {
		t.Error(err)
	}
	if got, err := a.Query(t.Context(), &QuerySM{MessageID: "7"}); err != nil || got.MessageID != "7" || got.State != 2 {
		t.Errorf("%+v %v", got, err)
	}
}
