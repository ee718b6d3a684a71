package simulator

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"canhgiac/gateway/smpp"
)

// BenchmarkTheWayOfAMessage is submit_sm, response, receipt and its acknowledgement, driven by a client that does next to
// nothing: what a message costs in µs of CPU (cpu-µs/msg, both ends, the kernel's part included) is the simulator's share
// of the two processors in `canhgiac bench gateway`.
func BenchmarkTheWayOfAMessage(b *testing.B) {
	b.Run("at once", func(b *testing.B) { benchWay(b, Script{}) })
	b.Run("by a spread of latencies", func(b *testing.B) {
		benchWay(b, script(b, "network:", "responses: {after: 1ms..10ms, twice: 0.01}", "receipts: {after: 5ms..50ms, twice: 0.01}"))
	})
}

func benchWay(b *testing.B, sc Script) {
	s := run(b, Options{Script: sc})
	w := dialWire(b, s)
	conn, in := w.Conn, w.in
	const window, number = 500, "84900000000"
	m := &smpp.SubmitSM{
		Source: smpp.Address{TON: smpp.TONAlphanumeric, Addr: "CATHANHKHEX"}, Dest: smpp.Address{TON: 1, NPI: 1, Addr: number},
		RegisteredDelivery: smpp.ReceiptAlways, ShortMessage: []byte("CATHANHKHEX: KHONG SO HAI. Ai goi doa bat, doa phat, ba con binh tinh tat may, bao cong an."),
	}
	frame, err := smpp.Append(nil, smpp.Header{}, m)
	if err != nil {
		b.Fatal(err)
	}
	at := len(frame) // where the number's last digits stand
	for i := range frame {
		if string(frame[i:min(len(frame), i+len(number))]) == number {
			at = i + len(number)
			break
		}
	}
	b.ResetTimer()
	began, start := cpu(b), time.Now()
	var out []byte
	for sent, answered, receipts := 0, 0, 0; receipts < b.N; {
		for ; sent < b.N && sent-answered < window && sent-receipts < 4*window; sent++ {
			binary.BigEndian.PutUint32(frame[12:], uint32(sent+2))
			for i, n := 1, sent; i <= 8; i, n = i+1, n/10 {
				frame[at-i] = byte('0' + n%10)
			}
			out = append(out, frame...)
		}
		if _, err := conn.Write(out); err != nil {
			b.Fatal(err)
		}
		out = out[:0]
		for first := true; first || in.Buffered() >= 16; first = false {
			id, seq, err := rawFrame(in)
			if err != nil {
				b.Fatal(err)
			}
			switch id {
			case smpp.SubmitSMRespID:
				answered++
			case smpp.DeliverSMID:
				receipts++
				out = append(out, 0, 0, 0, 17, 0x80, 0, 0, 5, 0, 0, 0, 0)
				out = binary.BigEndian.AppendUint32(out, seq)
				out = append(out, 0)
			}
		}
	}
	if _, err := conn.Write(out); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64((cpu(b)-began).Nanoseconds())/1e3/float64(b.N), "cpu-µs/msg")
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "msg/s")
	if got := s.Accepted(); got.Distinct != int64(b.N) || got.Doubled != 0 {
		b.Errorf("counts %+v", got)
	}
}

// wireEnd is a bound connection without a session behind it.
type wireEnd struct {
	net.Conn
	in    *bufio.Reader
	heard []*smpp.DeliverSM
}

func dialWire(t testing.TB, s *Simulator) *wireEnd {
	t.Helper()
	w, st := knock(t, s)
	if st != smpp.StatusOK {
		t.Fatalf("bind: %s", st)
	}
	return w
}

// bindWire tries to bind, and gives the answer.
func bindWire(t testing.TB, s *Simulator) smpp.Status {
	t.Helper()
	_, st := knock(t, s)
	return st
}

func knock(t testing.TB, s *Simulator) (*wireEnd, smpp.Status) {
	t.Helper()
	conn, err := net.Dial("tcp", s.SMPPAddr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	w := &wireEnd{Conn: conn, in: bufio.NewReaderSize(conn, 1<<16)}
	w.write(t, 1, &smpp.Bind{Mode: smpp.BindTransceiverID, SystemID: "bench", InterfaceVersion: 0x34})
	head, err := w.in.Peek(16)
	if err != nil {
		t.Fatal(err)
	}
	st := smpp.Status(binary.BigEndian.Uint32(head[8:]))
	if id, _, err := rawFrame(w.in); err != nil || id != smpp.BindTransceiverRespID {
		t.Fatalf("bind: %s %v", id, err)
	}
	return w, st
}

func (w *wireEnd) write(t testing.TB, seq uint32, p smpp.PDU) {
	t.Helper()
	frame, err := smpp.Append(nil, smpp.Header{Sequence: seq}, p)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(frame); err != nil {
		t.Fatal(err)
	}
}

// rawFrame reads one frame and gives its command_id and sequence_number.
func rawFrame(in *bufio.Reader) (id smpp.CommandID, seq uint32, err error) {
	head, err := in.Peek(16)
	if err != nil {
		return 0, 0, err
	}
	id, seq = smpp.CommandID(binary.BigEndian.Uint32(head[4:])), binary.BigEndian.Uint32(head[12:])
	size := int(binary.BigEndian.Uint32(head))
	if size < 16 {
		return 0, 0, fmt.Errorf("a frame of %d octets", size)
	}
	if _, err := in.Discard(size); err != nil {
		return 0, 0, io.ErrUnexpectedEOF
	}
	return id, seq, nil
}

// cpu is what this process has used of the processors.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
