package smpp

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// raw is a peer that writes octets as it likes.
type raw struct {
	t *testing.T
	net.Conn
}

func (r raw) send(b ...[]byte) {
	r.t.Helper()
	if _, err := r.Write(bytes.Join(b, nil)); err != nil {
		r.t.Fatal(err)
	}
}

// next gives the header of what the other side sends; false at the end of the connection.
func (r raw) next() (Header, bool) {
	r.t.Helper()
	r.SetReadDeadline(time.Now().Add(10 * time.Second))
	var head [16]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		if !errors.Is(err, io.EOF) {
			r.t.Fatalf("read: %v", err)
		}
		return Header{}, false
	}
	if _, err := io.CopyN(io.Discard, r, int64(binary.BigEndian.Uint32(head[:]))-16); err != nil {
		r.t.Fatalf("read: %v", err)
	}
	return Header{CommandID(binary.BigEndian.Uint32(head[4:])), Status(binary.BigEndian.Uint32(head[8:])), binary.BigEndian.Uint32(head[12:])}, true
}

// octets is a frame with the length it claims and the body it has.
func octets(length uint32, id CommandID, seq uint32, body string) []byte {
	b := binary.BigEndian.AppendUint32(nil, length)
	b = binary.BigEndian.AppendUint32(b, uint32(id))
	b = binary.BigEndian.AppendUint32(b, 0)
	return append(binary.BigEndian.AppendUint32(b, seq), body...)
}

func honest(id CommandID, seq uint32, body string) []byte {
	return octets(uint32(16+len(body)), id, seq, body)
}

func frame(t testing.TB, h Header, p PDU) []byte {
	t.Helper()
	b, err := Append(nil, h, p)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// message is the body of submit_sm and deliver_sm up to sm_length.
const message = "\x00\x01\x01849\x00\x01\x01841\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

var badFrames = []struct {
	name   string
	frame  func(id CommandID) []byte // id is submit_sm for a server, deliver_sm for a client
	answer CommandID                 // 0: none; SubmitSMRespID stands for the response to id
	status Status
	closes bool
	only   CommandID // the side that it is for; 0: both
}{
	{"a length of 0 loses the place in the stream", func(id CommandID) []byte { return octets(0, id, 9, "") }, GenericNackID, StatusInvCmdLen, true, 0},
	{"so does a length of 15", func(id CommandID) []byte { return octets(15, id, 9, "") }, GenericNackID, StatusInvCmdLen, true, 0},
	{"so does a length of 4 GB", func(id CommandID) []byte { return octets(0xFFFFFFFF, id, 9, "and so on") }, GenericNackID, StatusInvCmdLen, true, 0},
	{"so does HTTP", func(CommandID) []byte { return []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n") }, GenericNackID, StatusInvCmdLen, true, 0},
	{"a frame over the limit is passed over", func(id CommandID) []byte { return honest(id, 9, strings.Repeat("x", 200_000)) }, GenericNackID, StatusInvCmdLen, false, 0},
	{"an unknown id", func(CommandID) []byte { return honest(0x0000FFFF, 9, "whatever") }, GenericNackID, StatusInvCmdID, false, 0},
	{"an operation that is not served", func(CommandID) []byte { return honest(ReplaceSMID, 9, "7f3a\x00\x01\x01849\x00\x00\x00\x00\x00\x00") }, ReplaceSMRespID, StatusInvCmdID, false, 0},
	{"no body", func(id CommandID) []byte { return honest(id, 9, "") }, SubmitSMRespID, StatusInvCmdLen, false, 0},
	{"a body cut before sm_length", func(id CommandID) []byte { return honest(id, 9, message) }, SubmitSMRespID, StatusInvCmdLen, false, 0},
	{"a service_type without its NUL", func(id CommandID) []byte { return honest(id, 9, "CMT") }, SubmitSMRespID, StatusInvServiceType, false, 0},
	{"a source without its NUL", func(id CommandID) []byte { return honest(id, 9, "\x00\x01\x01849") }, SubmitSMRespID, StatusInvSource, false, 0},
	{"a destination without its NUL", func(id CommandID) []byte { return honest(id, 9, "\x00\x01\x01849\x00\x01\x01841") }, SubmitSMRespID, StatusInvDest, false, 0},
	{"a text shorter than its length", func(id CommandID) []byte { return honest(id, 9, message+"\x05text") }, SubmitSMRespID, StatusInvMsgLen, false, 0},
	{"a TLV cut in its head", func(id CommandID) []byte { return honest(id, 9, message+"\x04text\x04\x24\x00") }, SubmitSMRespID, StatusInvTLVStream, false, 0},
	{"a TLV longer than the rest", func(id CommandID) []byte { return honest(id, 9, message+"\x04text\x04\x24\x00\x09payload") }, SubmitSMRespID, StatusInvTLVLen, false, 0},
	{"a response to nothing", func(CommandID) []byte { return honest(SubmitSMRespID, 99, "id\x00") }, 0, 0, false, 0},
	{"a response to nothing, cut off", func(CommandID) []byte { return honest(DeliverSMRespID, 99, "id") }, 0, 0, false, 0},
	{"an unbind_resp to nothing", func(CommandID) []byte { return honest(UnbindRespID, 0, "") }, 0, 0, false, 0},
	{"a generic_nack to nothing", func(CommandID) []byte { return honest(GenericNackID, 0, "") }, 0, 0, false, 0},
	{"an alert_notification", func(CommandID) []byte { return honest(AlertNotificationID, 9, "\x00\x001\x00\x00\x002\x00") }, 0, 0, false, DeliverSMID},
	{"an ESME never sends alert_notification", func(CommandID) []byte { return honest(AlertNotificationID, 9, "\x00\x001\x00\x00\x002\x00") }, GenericNackID, StatusInvCmdID, false, SubmitSMID},
	{"an alert_notification cut off", func(CommandID) []byte { return honest(AlertNotificationID, 9, "\x00\x001\x00\x00\x00") }, GenericNackID, StatusInvCmdLen, false, 0},
	{"an outbind without its NUL", func(CommandID) []byte { return honest(OutbindID, 9, "SMSC") }, GenericNackID, StatusInvSystemID, false, 0},
	{"another bind, cut off", func(CommandID) []byte { return honest(BindReceiverID, 9, "x\x00") }, BindReceiverRespID, StatusInvCmdLen, false, 0},
	{"another bind, with a system_id of 16", func(CommandID) []byte {
		return honest(BindTransmitterID, 9, "a-name-of-16-oct\x00\x00\x00\x34\x00\x00\x00")
	}, BindTransmitterRespID, StatusInvSystemID, false, 0},
	{"an SMSC is held to no sizes: a source of 21 digits", func(id CommandID) []byte {
		return honest(id, 9, "\x00\x01\x01849012345678901234567\x00\x01\x01841\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	}, SubmitSMRespID, StatusOK, false, DeliverSMID},
	{"an SMSC is held to no sizes: a text of 255 octets", func(id CommandID) []byte { return honest(id, 9, message+"\xff"+strings.Repeat("x", 255)) }, SubmitSMRespID, StatusOK, false, DeliverSMID},
	{"an ESME is: a source of 21 digits", func(id CommandID) []byte {
		return honest(id, 9, "\x00\x01\x01849012345678901234567\x00\x01\x01841\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	}, SubmitSMRespID, StatusInvSource, false, SubmitSMID},
	{"a text of 255 octets", func(id CommandID) []byte { return honest(id, 9, message+"\xff"+strings.Repeat("x", 255)) }, SubmitSMRespID, StatusInvMsgLen, false, SubmitSMID},
	{"a validity_period of 10 octets", func(id CommandID) []byte {
		return honest(id, 9, "\x00\x01\x01849\x00\x01\x01841\x00\x00\x00\x00\x002608270705\x00\x00\x00\x00\x00\x00")
	}, SubmitSMRespID, StatusInvValidity, false, SubmitSMID},
	{"a schedule_delivery_time of 17", func(id CommandID) []byte {
		return honest(id, 9, "\x00\x01\x01849\x00\x01\x01841\x00\x00\x00\x00260827070509000++\x00\x00\x00\x00\x00\x00\x00")
	}, SubmitSMRespID, StatusInvSchedule, false, SubmitSMID},
	{"a TLV of a wrong size", func(id CommandID) []byte { return honest(id, 9, message+"\x04text\x02\x0c\x00\x01\x2a") }, SubmitSMRespID, StatusInvTLVLen, false, SubmitSMID},
	{"a submit_multi to nobody", func(CommandID) []byte { return honest(SubmitMultiID, 9, "\x00\x01\x01849\x00\x00") }, SubmitMultiRespID, StatusInvNumDests, false, 0},
	{"a submit_multi to 255", func(CommandID) []byte {
		return honest(SubmitMultiID, 9, "\x00\x01\x01849\x00\xff"+strings.Repeat("\x01\x01\x01841\x00", 255))
	}, SubmitMultiRespID, StatusInvNumDests, false, 0},
	{"a submit_multi to fewer than it says", func(CommandID) []byte { return honest(SubmitMultiID, 9, "\x00\x01\x01849\x00\x02\x01\x01\x01841\x00") }, SubmitMultiRespID, StatusInvCmdLen, false, 0},
	{"a submit_multi with a dest_flag of 3", func(CommandID) []byte { return honest(SubmitMultiID, 9, "\x00\x01\x01849\x00\x01\x03841\x00") }, SubmitMultiRespID, StatusInvDestFlag, false, 0},
	{"a submit_multi to a list without a name", func(CommandID) []byte { return honest(SubmitMultiID, 9, "\x00\x01\x01849\x00\x01\x02\x00") }, SubmitMultiRespID, StatusInvDistList, false, 0},
	{"a query_sm whose id has no NUL", func(CommandID) []byte { return honest(QuerySMID, 9, "7f3a") }, QuerySMRespID, StatusInvMessageID, false, 0},
	{"a cancel_sm with an id of 65", func(CommandID) []byte { return honest(CancelSMID, 9, "\x00"+strings.Repeat("7", 65)+"\x00") }, CancelSMRespID, StatusInvMessageID, false, 0},
	{"a replace_sm cut off", func(CommandID) []byte { return honest(ReplaceSMID, 9, "7f3a\x00\x01\x01849\x00") }, ReplaceSMRespID, StatusInvCmdLen, false, 0},
	{"a data_sm cut off", func(CommandID) []byte { return honest(DataSMID, 9, "\x00\x01\x01849\x00") }, DataSMRespID, StatusInvCmdLen, false, 0},
	{"an enquire_link with a body is answered", func(CommandID) []byte { return honest(EnquireLinkID, 9, "why") }, EnquireLinkRespID, StatusOK, false, 0},
	{"an unknown response", func(CommandID) []byte { return honest(0x8000FFFF, 9, "whatever") }, 0, 0, false, 0},
	{"a response that is cut off", func(CommandID) []byte { return honest(SubmitMultiRespID, 9, "7f3a\x00\x05\x01") }, 0, 0, false, 0},
}

func checkBadFrames(t *testing.T, request CommandID, connect func(*testing.T) raw) {
	for _, tt := range badFrames {
		if tt.only != 0 && tt.only != request {
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			peer := connect(t)
			peer.send(tt.frame(request))
			if tt.answer != 0 {
				want := Header{ID: tt.answer, Status: tt.status, Sequence: 9}
				if tt.answer == SubmitSMRespID {
					want.ID = request.Response()
				}
				if strings.HasSuffix(tt.name, "HTTP") {
					want.Sequence = binary.BigEndian.Uint32([]byte(".1\r\n"))
				}
				if got, ok := peer.next(); !ok || got != want {
					t.Fatalf("answered with %+v, want %+v", got, want)
				}
			}
			if tt.closes {
				if h, ok := peer.next(); ok {
					t.Errorf("still there, with %+v", h)
				}
				return
			}
			peer.send(frame(t, Header{Sequence: 10}, &EnquireLink{}))
			if got, ok := peer.next(); !ok || got != (Header{ID: EnquireLinkRespID, Sequence: 10}) {
				t.Errorf("afterwards enquire_link gets %+v", got)
			}
		})
	}
}

func TestWhatAServerAnswersToBadFrames(t *testing.T) {
	ln := listen(t)
	s := newSMSC()
	during(t, func(ctx context.Context) error {
		return NewServer(ServerConfig{CloseTimeout: 50 * time.Millisecond}, s).Serve(ctx, ln)
	})
	checkBadFrames(t, SubmitSMID, func(t *testing.T) raw {
		conn, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		peer := raw{t, conn}
		peer.send(frame(t, Header{Sequence: 1}, &Bind{Mode: BindTransceiverID, SystemID: "x", InterfaceVersion: 0x34}))
		if h, ok := peer.next(); !ok || h != (Header{ID: BindTransceiverRespID, Sequence: 1}) {
			t.Fatalf("bind answered with %+v", h)
		}
		return peer
	})
}

func TestWhatAClientAnswersToBadFrames(t *testing.T) {
	checkBadFrames(t, DeliverSMID, func(t *testing.T) raw {
		ln := listen(t)
		defer ln.Close()
		during(t, NewClient(ClientConfig{Addr: ln.Addr().String(), CloseTimeout: 50 * time.Millisecond}, newESME()).Run)
		conn, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		peer := raw{t, conn}
		if h, ok := peer.next(); !ok || h.ID != BindTransceiverID {
			t.Fatalf("no bind but %+v", h)
		}
		peer.send(frame(t, Header{Sequence: 1}, &BindResp{Mode: BindTransceiverID, SystemID: "raw"}))
		return peer
	})
}

func TestBeforeTheBind(t *testing.T) {
	ln := listen(t)
	s := newSMSC()
	s.bind = func(b *Bind) Status {
		if b.Password != "right" {
			return StatusInvPassword
		}
		return StatusOK
	}
	during(t, func(ctx context.Context) error { return NewServer(ServerConfig{}, s).Serve(ctx, ln) })
	for _, tt := range []struct {
		name   string
		frame  []byte
		want   Header
		closes bool
	}{
		{"submit_sm is refused", honest(SubmitSMID, 5, message+"\x00"), Header{SubmitSMRespID, StatusInvBindStatus, 5}, false},
		{"enquire_link is answered", honest(EnquireLinkID, 5, ""), Header{EnquireLinkRespID, 0, 5}, false},
		{"an unknown id", honest(0xFFFF, 5, ""), Header{GenericNackID, StatusInvCmdID, 5}, false},
		{"unbind ends it", honest(UnbindID, 5, ""), Header{UnbindRespID, 0, 5}, true},
		{"a wrong password ends it", frame(t, Header{Sequence: 5}, &Bind{Mode: BindTransceiverID, Password: "wrong"}), Header{BindTransceiverRespID, StatusInvPassword, 5}, true},
		{"a bind cut off ends it", honest(BindTransmitterID, 5, "x\x00"), Header{BindTransmitterRespID, StatusInvCmdLen, 5}, true},
		{"a length of 0 ends it", octets(0, BindTransceiverID, 5, ""), Header{GenericNackID, StatusInvCmdLen, 5}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			conn, err := net.Dial("tcp", ln.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			peer := raw{t, conn}
			peer.send(tt.frame)
			if got, ok := peer.next(); !ok || got != tt.want {
				t.Fatalf("got %+v, want %+v", got, tt.want)
			}
			if tt.closes {
				if h, ok := peer.next(); ok {
					t.Errorf("still there, with %+v", h)
				}
				return
			}
			peer.send(frame(t, Header{Sequence: 6}, &Bind{Mode: BindTransmitterID, Password: "right"}))
			if got, ok := peer.next(); !ok || got != (Header{BindTransmitterRespID, 0, 6}) {
				t.Errorf("afterwards bind gets %+v", got)
			}
			peer.send(frame(t, Header{Sequence: 7}, &Bind{Mode: BindTransmitterID, Password: "right"}))
			if got, ok := peer.next(); !ok || got != (Header{BindTransmitterRespID, StatusAlreadyBound, 7}) {
				t.Errorf("a second bind gets %+v", got)
			}
		})
	}
}

func TestFramesSurviveAnyCutOfTheStream(t *testing.T) {
	var stream []byte
	for seq := range uint32(20) {
		b, err := Append(stream, Header{Sequence: seq}, &SubmitSM{TLVs: TLVs{{TagMessagePayload, bytes.Repeat([]byte("x"), int(seq)*2000)}}})
		if err != nil {
			t.Fatal(err)
		}
		stream = b
	}
	for _, chunk := range []int{1, 7, 16, 1000, 40000} {
		f := newFrames(slow{bytes.NewReader(stream), chunk}, 128<<10)
		for seq := range uint32(20) {
			h, body, err := f.next()
			if err != nil || h.Sequence != seq {
				t.Fatalf("in pieces of %d: frame %d is %+v, %v", chunk, seq, h, err)
			}
			p, err := Decode(h, body)
			if err != nil {
				t.Fatal(err)
			}
			if v, _ := p.(*SubmitSM).TLVs.Get(TagMessagePayload); len(v) != int(seq)*2000 {
				t.Errorf("payload of %d octets", len(v))
			}
		}
		if _, _, err := f.next(); err != io.EOF {
			t.Errorf("at the end: %v", err)
		}
	}
	_, _, err := newFrames(bytes.NewReader(stream[:10]), 128<<10).next()
	if diff := cmp.Diff(io.ErrUnexpectedEOF.Error(), err.Error()); diff != "" {
		t.Error(diff)
	}
}

// slow gives at most n octets a read.
type slow struct {
	io.Reader
	n int
}

func (s slow) Read(b []byte) (int, error) { return s.Reader.Read(b[:min(len(b), s.n)]) }
