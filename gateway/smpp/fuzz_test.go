package smpp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzDecode: whatever is read must be written again as the same PDU, unless a field is longer than the specification lets
// us write.
func FuzzDecode(f *testing.F) {
	for _, s := range samples {
		f.Add(uint32(s.pdu.Command()), uint32(s.status), frame(f, Header{}, s.pdu)[headerLen:])
	}
	for _, bad := range badFrames {
		if b := bad.frame(SubmitSMID); len(b) >= headerLen && len(b) < 1000 {
			f.Add(binary.BigEndian.Uint32(b[4:]), uint32(0), b[headerLen:])
		}
	}
	f.Fuzz(func(t *testing.T, id, status uint32, body []byte) {
		h := Header{ID: CommandID(id), Status: Status(status)}
		p, err := Decode(h, body)
		if err != nil {
			var fe *FieldError
			if !errors.As(err, &fe) && !errors.Is(err, ErrUnknownCommand) {
				t.Errorf("untyped error %v", err)
			}
			return
		}
		b, err := Append(nil, h, p)
		if err != nil {
			var fe *FieldError
			if !errors.As(err, &fe) {
				t.Errorf("untyped error %v", err)
			}
			return
		}
		_, again, err := unframe(b)
		if err != nil {
			t.Fatalf("what was written is not read: %v", err)
		}
		if diff := cmp.Diff(p, again, sameMessage); diff != "" {
			t.Error(diff)
		}
		if d, ok := p.(*DeliverSM); ok {
			ParseReceipt(d)
		}
	})
}

// FuzzRoundTrip: a frame is written again octet for octet, but that what it has behind its last field is dropped, and what
// a response left out at its end is filled in. So what we write is always read and written as it is.
func FuzzRoundTrip(f *testing.F) {
	for _, s := range samples {
		f.Add(frame(f, Header{Status: s.status, Sequence: 7}, s.pdu))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, p, err := unframe(b)
		if err != nil {
			return
		}
		again, err := Append(nil, h, p)
		var fe *FieldError
		if errors.As(err, &fe) && !h.ID.asksSMSC() {
			return // an SMSC that goes beyond the sizes is read, but we do not write so
		}
		if err != nil {
			t.Fatal(err)
		}
		b = b[:binary.BigEndian.Uint32(b)]
		was, is := b[headerLen:], again[headerLen:]
		if !bytes.HasPrefix(was, is) && !bytes.HasPrefix(is, was) {
			t.Fatalf("%x became %x", b, again)
		}
		if len(is) > len(was) && !h.ID.IsResponse() {
			t.Errorf("%x was filled up to %x", b, again)
		}
		if _, p, err = unframe(again); err != nil {
			t.Fatalf("what was written is not read: %v", err)
		}
		if once := frame(t, h, p); !bytes.Equal(once, again) {
			t.Errorf("%x became %x", again, once)
		}
	})
}

// FuzzFrames: a stream of anything ends, gives only whole frames within the limit, and never panics.
func FuzzFrames(f *testing.F) {
	for _, bad := range badFrames {
		if b := bad.frame(SubmitSMID); len(b) < 1000 {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		frames := newFrames(bytes.NewReader(stream), 1000)
		for {
			_, body, err := frames.next()
			var fe *FrameError
			if errors.As(err, &fe) && !fe.Lost {
				continue
			}
			if err != nil {
				return
			}
			if len(body) > 1000-headerLen {
				t.Errorf("a body of %d", len(body))
			}
		}
	})
}
