package conversations

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"canhgiac/ivr"
	"canhgiac/ivr/prompts"
	"canhgiac/ivr/prompts/audio"
	"canhgiac/ivr/sip"
)

// within is how long a test waits for what must come.
const within = 30 * time.Second

// oneFrame is how long every line of the menu sounds here. Calls live by frames and by no other clock (sip.Options.Frame):
// here their time runs twenty times as fast.
const (
	oneFrame    = 20 * time.Millisecond
	fasterFrame = time.Millisecond
)

// toneEnds is how many frames of quiet belong to the tone itself.
const toneEnds = 5

// hearable are sounds that say their own names: each line is one frame, whose samples are its name. What a telephone hears
// is read from the packets that came to it.
type hearable struct{}

const saysLine = "line:"

func (hearable) Find(v prompts.Voice, line string) (prompts.Kept, prompts.Voice, error) {
	wav := audio.Pause(oneFrame)
	copy(wav[len(wav)-frameSamples:], saysLine+line)
	return prompts.Kept{WAV: wav}, v, nil
}

// spoken is the menu as the server asks it. Time is the resident's: who will press a key is waited for, and who will not is
// soon silent, once everything is heard. Nothing is decided by which of two comes first.
type spoken struct {
	*ivr.Hotline
	h       *house
	replies chan ivr.Reply
	silent  chan struct{} // the resident has heard all, and does nothing
	ended   chan struct{}

	mu    sync.Mutex
	moves []move
	at    int
}

// plan is what the resident will do at each reply.
func (s *spoken) plan(moves []move) {
	s.mu.Lock()
	s.moves, s.at = moves, 0
	s.mu.Unlock()
}

func (s *spoken) Start(ctx context.Context, in ivr.Incoming) (ivr.Reply, error) {
	return s.told(s.Hotline.Start(ctx, in))
}

func (s *spoken) Step(ctx context.Context, provider, sid string, in ivr.Input) (ivr.Reply, error) {
	if in.Kind == ivr.InputSilence {
		select {
		case <-s.silent:
		case <-ctx.Done():
			return ivr.Reply{}, ctx.Err()
		}
		s.h.pass(longSilence)
	}
	return s.told(s.Hotline.Step(ctx, provider, sid, in))
}

func (s *spoken) Ended(ctx context.Context, provider, sid, status string) error {
	err := s.Hotline.Ended(ctx, provider, sid, status)
	if err == nil {
		s.ended <- struct{}{}
	}
	return err
}

func (s *spoken) told(r ivr.Reply, err error) (ivr.Reply, error) {
	if err != nil {
		return r, err
	}
	s.mu.Lock()
	does := ""
	if s.at < len(s.moves) {
		does = s.moves[s.at].does
	}
	s.at++
	s.mu.Unlock()
	r.Actions = patient(r.Actions, does)
	s.replies <- r
	return r, nil
}

// patient fits the times of a reply to what the resident does.
func patient(actions []ivr.Action, does string) []ivr.Action {
	forEver, soon := time.Hour, 2*oneFrame
	if does == "silence" || does == "says_nothing" {
		forEver = soon
	}
	var fitted []ivr.Action
	for _, a := range actions {
		switch {
		case a.Gather != nil:
			g := *a.Gather
			g.First, g.Between = forEver, time.Hour
			if !strings.HasSuffix(does, "#") {
				g.Between = 400 * oneFrame // a pause ends the number
			}
			a.Gather = &g
		case a.Record != nil:
			a.Record = &ivr.Record{Max: time.Hour, Silence: forEver}
		case a.Dial != nil:
			a.Dial = &ivr.Dial{Number: a.Dial.Number, Ring: time.Hour}
		}
		fitted = append(fitted, a)
	}
	return fitted
}

// sipLine is a telephone behind a trunk, and the officers' telephone behind the same.
type sipLine struct {
	*house
	menu   *spoken
	server *sip.Server
	duty   *dutyPhone
	phone  *phone
	last   ivr.Action // what the hotline waits for
	isOver bool
}

func openSIP(t *testing.T, h *house) line {
	t.Helper()
	l := &sipLine{house: h, duty: newDutyPhone(t), menu: &spoken{Hotline: h.Hotline, h: h, replies: make(chan ivr.Reply, 16), silent: make(chan struct{}), ended: make(chan struct{}, 16)}}
	trunk := sip.Trunk{Name: "line", Addresses: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Server: l.duty.addr(), CallerID: "02363111222", MaxCalls: 10}
	var err error
	l.server, err = sip.Open(t.Context(), sip.Options{Listen: []sip.Listen{{Network: "udp", Addr: "127.0.0.1:0"}}, Trunks: []sip.Trunk{trunk},
		Hotline: l.menu, Spoken: h.Hotline, Spool: t.TempDir(), Sounds: hearable{}, Frame: fasterFrame, Log: h.log})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.server.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l
}

func (l *sipLine) plan(moves []move) { l.menu.plan(moves) }

func (l *sipLine) rings(t *testing.T, from string) heard {
	t.Helper()
	if l.phone != nil {
		l.phone.close()
	}
	l.phone, l.isOver = newPhone(t, l.server.Addr("udp"), from), false
	l.phone.call(t)
	return l.listens(t)
}

// listens hears what the hotline says next, to the point where it waits for something.
func (l *sipLine) listens(t *testing.T) heard {
	t.Helper()
	reply := await(t, l.menu.replies, "a reply of the menu")
	l.last = reply.Actions[len(reply.Actions)-1]
	ear, words := l.phone.ear, wordsOf(reply.Actions)
	ear.until(t, fmt.Sprint(words, " lines"), func() bool { return len(ear.lines) >= words })
	switch {
	case l.last.Gather != nil:
		ear.until(t, "quiet after the words", func() bool { return ear.now == "" })
	case l.last.Record != nil:
		ear.until(t, "the tone, and quiet after it", func() bool { return ear.toned && ear.quiet > toneEnds })
	case l.last.Dial != nil:
		l.duty.rung(t)
	case l.last.Hangup:
		l.isOver = true
		await(t, l.phone.byes, "BYE")
	}
	return heard{lines: ear.take(), over: l.isOver}
}

// wordsOf is how many lines a reply says: so many are waited for, whichever they are.
func wordsOf(actions []ivr.Action) (lines int) {
	for _, a := range actions {
		if a.Play != "" {
			lines++
		}
		if a.Gather != nil {
			lines += len(a.Gather.Play)
		}
	}
	return lines
}

// presses one key after the other, by RFC 4733. A reply comes of them once the number, or the one key, is whole.
func (l *sipLine) presses(t *testing.T, keys string) heard {
	t.Helper()
	if l.last.Gather == nil {
		t.Fatalf("%s pressed where nothing is asked", keys)
	}
	for _, key := range keys {
		l.phone.press(t, key)
	}
	return l.listens(t)
}

func (l *sipLine) isSilent(t *testing.T) heard {
	t.Helper()
	limit := time.NewTimer(within)
	defer limit.Stop()
	select {
	case l.menu.silent <- struct{}{}:
	case <-limit.C:
		t.Fatal("the silence was not noticed")
	}
	return l.listens(t)
}

func (l *sipLine) saysNothing(t *testing.T) heard {
	t.Helper()
	return l.isSilent(t)
}

func (l *sipLine) speaks(t *testing.T) heard {
	t.Helper()
	if l.last.Record == nil {
		t.Fatal("spoken where nothing is recorded")
	}
	loud := bytes.Repeat([]byte{0x2a, 0xaa}, frameSamples/2)
	for range 60 {
		l.phone.send(t, pcma, false, frameSamples, loud)
	}
	l.phone.press(t, '#')
	return l.listens(t)
}

func (l *sipLine) officer(t *testing.T, does string) heard {
	t.Helper()
	switch does {
	case "busy":
		l.duty.refuses(t, 486)
	case "no_answer":
		l.duty.refuses(t, 480)
	default:
		l.duty.answers(t)
		l.duty.hangsUp(t)
	}
	return l.listens(t)
}

func (l *sipLine) officerThenHangsUp(t *testing.T) {
	t.Helper()
	l.duty.answers(t)
	l.hangsUp(t)
}

func (l *sipLine) hangsUp(t *testing.T) {
	t.Helper()
	if !l.isOver {
		l.phone.bye(t)
	}
	await(t, l.menu.ended, "the end of the call")
	l.duty.free(t)
	for len(l.menu.replies) > 0 { // to what nobody hears any more
		<-l.menu.replies
	}
}

func await[V any](t *testing.T, c <-chan V, what string) (v V) {
	t.Helper()
	limit := time.NewTimer(within)
	defer limit.Stop()
	select {
	case v = <-c:
	case <-limit.C:
		t.Fatal(fmt.Sprint("never came: ", what))
	}
	return v
}
