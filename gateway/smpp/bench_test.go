package smpp

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"testing"
	"time"
)

// The peer of both benchmarks is a sink that answers whatever it has read at one go, with a response made beforehand.

// sink answers each submit_sm on conn until it ends, and tells counted of it.
func sink(conn net.Conn, counted func(submits int)) {
	defer conn.Close()
	r := bufio.NewReaderSize(conn, 64<<10)
	var answers []byte
	submits := 0
	for {
		head, err := r.Peek(headerLen)
		if err != nil {
			return
		}
		n := binary.BigEndian.Uint32(head)
		id, seq := CommandID(binary.BigEndian.Uint32(head[4:])), binary.BigEndian.Uint32(head[12:])
		if _, err := r.Discard(int(n)); err != nil {
			return
		}
		body := ""
		switch id {
		case SubmitSMID:
			body = "7f3a9c01\x00"
			submits++
		case BindTransceiverID:
			body = "sink\x00"
		}
		answers = binary.BigEndian.AppendUint32(answers, uint32(headerLen+len(body)))
		answers = binary.BigEndian.AppendUint32(answers, uint32(id.Response()))
		answers = binary.BigEndian.AppendUint32(answers, 0)
		answers = append(binary.BigEndian.AppendUint32(answers, seq), body...)
		if r.Buffered() == 0 {
			if _, err := conn.Write(answers); err != nil {
				return
			}
			answers = answers[:0]
			counted(submits)
			submits = 0
		}
	}
}

func sinkAddr(b *testing.B) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := ln.Accept()
		if err == nil {
			sink(conn, func(int) {})
		}
	}()
	b.Cleanup(func() { ln.Close(); <-done })
	return ln.Addr().String()
}

// BenchmarkSession is one caller that submits 99-octet texts through the client.
func BenchmarkSession(b *testing.B) {
	for _, window := range []int{10, 100} {
		b.Run(fmt.Sprint("window", window), func(b *testing.B) {
			e := newESME()
			c := NewClient(ClientConfig{Addr: sinkAddr(b), Window: window}, e)
			ctx, stop := context.WithCancel(context.Background())
			ended := make(chan struct{})
			go func() { c.Run(ctx); close(ended) }()
			<-e.up
			b.ReportAllocs()
			b.ResetTimer()
			results := make(chan struct{}, 1)
			left := b.N
			done := func(SubmitResult) { // always from the reader: no lock
				if left--; left == 0 {
					results <- struct{}{}
				}
			}
			for range b.N {
				if err := c.Submit(ctx, reminder, done); err != nil {
					b.Fatal(err)
				}
			}
			<-results
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
			stop()
			<-ended
		})
	}
}

// BenchmarkRawLoop is the limit: the same octets, a window at a time, with nothing in between.
func BenchmarkRawLoop(b *testing.B) {
	for _, window := range []int{10, 100} {
		b.Run(fmt.Sprint("window", window), func(b *testing.B) {
			conn, err := net.Dial("tcp", sinkAddr(b))
			if err != nil {
				b.Fatal(err)
			}
			defer conn.Close()
			one, err := Append(nil, Header{Sequence: 1}, reminder)
			if err != nil {
				b.Fatal(err)
			}
			frames, answers := bytes.Repeat(one, window), make([]byte, window*(headerLen+9))
			b.ResetTimer()
			for n := 0; n < b.N; n += window {
				if _, err := conn.Write(frames); err != nil {
					b.Fatal(err)
				}
				if _, err := io.ReadFull(conn, answers); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
		})
	}
}

func BenchmarkAppendSubmitSM(b *testing.B) {
	b.ReportAllocs()
	buf := make([]byte, 0, 1024)
	for b.Loop() {
		if _, err := Append(buf, Header{Sequence: 1}, reminder); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeSubmitSM(b *testing.B) {
	one, err := Append(nil, Header{Sequence: 1}, reminder)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(Header{ID: SubmitSMID}, one[headerLen:]); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkParseReceipt reads a receipt as most SMSCs write it: each message brings one.
func BenchmarkParseReceipt(b *testing.B) {
	r := Receipt{ID: "1863248941056001", State: "DELIVRD", Err: "000", At: time.Now(), Submitted: time.Now()}
	d := &DeliverSM{ESMClass: ESMClassReceipt, ShortMessage: []byte(r.Text()),
		TLVs: TLVs{{TagReceiptedMessageID, []byte(r.ID + "\x00")}, {TagMessageState, []byte{2}}}}
	b.ReportAllocs()
	for b.Loop() {
		if got, ok := ParseReceipt(d); !ok || got.ID != r.ID {
			b.Fatalf("read %+v", got)
		}
	}
}
