package sip

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"time"

	"canhgiac/ivr"
)

// heardLine is a line whose frames are kept instead of sent; a test moves its clock frame by frame.
type heardLine struct {
	*line
	frames [][]byte
}

func newHeardLine() *heardLine {
	h := &heardLine{line: &line{leg: &leg{log: slog.New(slog.DiscardHandler)}}}
	h.out = func(samples []byte, _ law, _ bool) error {
		h.frames = append(h.frames, bytes.Clone(samples))
		return nil
	}
	return h
}

// asked starts a question and returns once the line has it.
func (h *heardLine) asked(t *testing.T, g ivr.Gather, sounds ...[]byte) <-chan outcome {
	t.Helper()
	out := make(chan outcome, 1)
	had := len(h.ahead)
	go func() {
		o, _ := h.ask(context.Background(), g, sounds)
		out <- o
	}()
	for begun := false; !begun && had == 0; {
		h.mu.Lock()
		begun = h.now != nil
		h.mu.Unlock()
	}
	return out
}

func (h *heardLine) ticks(n int) {
	for range n {
		h.tick()
	}
}

func spoken(frames int) []byte { return bytes.Repeat([]byte{0x2a}, frames*frameSamples) }

var oneKey = ivr.Gather{One: true, First: 9 * time.Second}

func TestAKeyStopsTheWordsAtTheNextFrame(t *testing.T) {
	h := newHeardLine()
	out := h.asked(t, oneKey, spoken(100))
	h.ticks(10)
	h.key('4')
	h.ticks(1)
	if o := <-out; o.keys != "4" {
		t.Errorf("%+v", o)
	}
	if !bytes.Equal(h.frames[9], spoken(1)) || !bytes.Equal(h.frames[10], rest[:]) {
		t.Error("the words went on behind the key")
	}
}

func TestSilenceIsCountedAfterTheWords(t *testing.T) {
	h := newHeardLine()
	out := h.asked(t, oneKey, spoken(100))
	h.ticks(100 + 449)
	select {
	case o := <-out:
		t.Fatalf("over before its time: %+v", o)
	default:
	}
	h.ticks(1)
	if o := <-out; !o.silence || o.keys != "" {
		t.Errorf("%+v", o)
	}
}

// begun waits until the line has something to do.
func (h *heardLine) begun() {
	for begun := false; !begun; {
		h.mu.Lock()
		begun = h.now != nil
		h.mu.Unlock()
	}
}

func TestWordsAreOverOnceTheirLastFrameIsOut(t *testing.T) {
	h := newHeardLine()
	done := make(chan error, 1)
	out := h.out
	h.out = func(samples []byte, l law, first bool) error {
		h.mu.Lock()
		over := h.now == nil
		h.mu.Unlock()
		if over && len(h.frames) < 5 {
			t.Errorf("over with frame %d still to be sent", len(h.frames)+1)
		}
		return out(samples, l, first)
	}
	go func() { done <- h.say(context.Background(), spoken(3), spoken(2)) }()
	h.begun()
	h.ticks(5)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if len(h.frames) != 5 || !bytes.Equal(h.frames[4], spoken(1)) {
		t.Errorf("%d frames", len(h.frames))
	}
}

func TestTheToneOfARingingTelephoneGoesOnUntilItIsTaken(t *testing.T) {
	h := newHeardLine()
	ctx, taken := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { h.tone(ctx, spoken(2), rest[:]); close(done) }()
	h.begun()
	h.ticks(8)
	taken()
	<-done
	for i, f := range h.frames {
		if quiet := i%3 == 2; bytes.Equal(f, rest[:]) != quiet {
			t.Errorf("frame %d is quiet: %t", i+1, !quiet)
		}
	}
}

func TestANumberEndsAtHashOrAfterAPause(t *testing.T) {
	number := ivr.Gather{First: 15 * time.Second, Between: 4 * time.Second}
	h := newHeardLine()
	out := h.asked(t, number, spoken(10))
	for _, k := range "0905#" {
		h.key(k)
	}
	if o := <-out; o.keys != "0905#" {
		t.Errorf("%+v", o)
	}
	out = h.asked(t, number)
	h.ticks(500) // ten seconds to look for the number
	h.key('1')
	h.ticks(199)
	h.key('2')
	h.ticks(200)
	if o := <-out; o.keys != "12" {
		t.Errorf("%+v", o)
	}
}

func TestKeysBetweenTwoQuestionsAnswerTheNext(t *testing.T) {
	h := newHeardLine()
	done := make(chan error, 1)
	go func() { done <- h.say(context.Background(), spoken(5)) }()
	h.begun()
	h.key('1')
	h.ticks(5)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	h.key('2')
	out := h.asked(t, oneKey, spoken(50))
	if o := <-out; o.keys != "12" { // the menu places what is more than one
		t.Errorf("%+v", o)
	}
	if o := <-askedAfter(h, t); o.keys != "3" {
		t.Errorf("%+v", o)
	}
}

func askedAfter(h *heardLine, t *testing.T) <-chan outcome {
	out := h.asked(t, oneKey)
	h.key('3')
	return out
}

func TestKeysOfABridgeAreTheOfficers(t *testing.T) {
	h := newHeardLine()
	h.silent(true)
	h.key('1')
	h.ticks(10)
	h.silent(false)
	if len(h.frames) != 0 {
		t.Error("the line spoke into the bridge")
	}
	out := h.asked(t, oneKey)
	h.key('2')
	if o := <-out; o.keys != "2" {
		t.Errorf("%+v", o)
	}
}

func TestASoundThatIsNoWholeNumberOfFramesIsFilledWithSilence(t *testing.T) {
	h := newHeardLine()
	done := make(chan error, 1)
	go func() { done <- h.say(context.Background(), spoken(1)[:10], spoken(1)) }()
	h.begun()
	h.ticks(2)
	<-done
	if len(h.frames[0]) != frameSamples || h.frames[0][9] != 0x2a || h.frames[0][10] != aLaw.hush() || !bytes.Equal(h.frames[1], spoken(1)) {
		t.Error("the frames are not as they should be")
	}
}

func TestWhatWasPressedWhenTheCallEndsIsLeft(t *testing.T) {
	gone, hangUp := context.WithCancel(context.Background())
	h := newHeardLine()
	over := make(chan error, 1)
	go func() {
		_, err := h.ask(gone, ivr.Gather{First: time.Hour, Between: time.Hour}, nil)
		over <- err
	}()
	h.begun()
	h.key('0')
	h.key('9')
	hangUp()
	if err := <-over; err == nil {
		t.Fatal("the question was answered")
	}
	h.key('5') // between the end and its notice
	if o := h.left(); o.keys != "095" || o.ahead {
		t.Errorf("%+v", o)
	}

	h = newHeardLine()
	h.key('1')
	if o := h.left(); o.keys != "1" || !o.ahead {
		t.Errorf("%+v", o)
	}
}

// TestAKeyAndTheEndAtOnce: whichever is seen first, the key is not lost.
func TestAKeyAndTheEndAtOnce(t *testing.T) {
	for range 200 {
		gone, hangUp := context.WithCancel(context.Background())
		h := newHeardLine()
		got := make(chan string, 1)
		go func() {
			o, err := h.ask(gone, oneKey, nil)
			if err != nil {
				o = h.left()
			}
			got <- o.keys
		}()
		h.begun()
		go hangUp()
		h.key('4')
		if keys := <-got; keys != "4" {
			if o := h.left(); o.keys != "4" { // it came behind the end
				t.Fatalf("kept %q, left %+v", keys, o)
			}
		}
	}
}
