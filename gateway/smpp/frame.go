package smpp

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"sync/atomic"
)

// A length beyond this is no PDU that anyone would send: the stream has lost its place, or is not SMPP at all.
const absurdLen = 16 << 20

// FrameError is a command_length that cannot be served. Lost says that the next frame's start is unknown, so the link has
// to be closed; otherwise the frame was skipped and the link stays.
type FrameError struct {
	Header Header
	Length uint32
	Limit  int
	Lost   bool
}

func (e *FrameError) Error() string {
	return fmt.Sprintf("smpp: command_length %d of %s, allowed are %d to %d", e.Length, e.Header.ID, headerLen, e.Limit)
}

// frames cuts a stream into frames. The body it gives is good until the next call.
type frames struct {
	r     *bufio.Reader
	limit int
	body  []byte
	whole atomic.Bool // a frame has come since heard was asked
}

func newFrames(r io.Reader, limit int) *frames {
	return &frames{limit: limit, r: bufio.NewReaderSize(r, 16<<10)}
}

// heard tells whether a whole frame has come since it was last asked: octets that never make one are no sign of life.
func (f *frames) heard() bool { return f.whole.Load() && f.whole.Swap(false) }

// came notes a whole frame. Most find it noted already.
func (f *frames) came() {
	if !f.whole.Load() {
		f.whole.Store(true)
	}
}

// next gives the next frame. A *FrameError tells of a frame with a bad length; any other error is the reader's.
func (f *frames) next() (Header, []byte, error) {
	head, err := f.r.Peek(headerLen)
	if err != nil {
		if err == io.EOF && len(head) > 0 {
			err = io.ErrUnexpectedEOF
		}
		return Header{}, nil, err
	}
	n := binary.BigEndian.Uint32(head)
	h := Header{
		ID:       CommandID(binary.BigEndian.Uint32(head[4:])),
		Status:   Status(binary.BigEndian.Uint32(head[8:])),
		Sequence: binary.BigEndian.Uint32(head[12:]),
	}
	if n < headerLen || n > absurdLen {
		return h, nil, &FrameError{Header: h, Length: n, Limit: f.limit, Lost: true}
	}
	if int(n) > f.limit {
		if _, err := f.r.Discard(int(n)); err != nil {
			return h, nil, err
		}
		f.came()
		return h, nil, &FrameError{Header: h, Length: n, Limit: f.limit}
	}
	// Most frames lie whole in the buffer and are read where they are.
	if int(n) <= f.r.Size() {
		frame, err := f.r.Peek(int(n))
		if err != nil {
			return h, nil, unexpected(err)
		}
		body := frame[headerLen:]
		f.r.Discard(int(n)) // cannot fail: these octets are buffered, and stay until the next read
		f.came()
		return h, body, nil
	}
	f.r.Discard(headerLen)
	if cap(f.body) < int(n)-headerLen {
		f.body = make([]byte, n-headerLen)
	}
	f.body = f.body[:n-headerLen]
	if _, err := io.ReadFull(f.r, f.body); err != nil {
		return h, nil, unexpected(err)
	}
	f.came()
	return h, f.body, nil
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
