package sip

import (
	"context"
	"sync"
	"testing"
	"time"

	"canhgiac/ivr"
	"canhgiac/ivr/prompts"
	"canhgiac/ivr/prompts/audio"
)

// script is a menu without end or memory: it asks for one key after the other, and keeps those that it got.
type script struct {
	mu     sync.Mutex
	ask    ivr.Action
	keys   map[string]string // by call
	ended  map[string]string
	more   chan struct{}
	starts []ivr.Incoming
	fail   error // of every step
}

func newScript() *script {
	return &script{keys: map[string]string{}, ended: map[string]string{}, more: make(chan struct{}, 1),
		ask: ivr.Action{Gather: &ivr.Gather{Play: []string{"line"}, One: true, First: time.Hour}}}
}

func (s *script) told() {
	select {
	case s.more <- struct{}{}:
	default:
	}
}

func (s *script) Start(_ context.Context, in ivr.Incoming) (ivr.Reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return ivr.Reply{}, s.fail
	}
	s.starts = append(s.starts, in)
	s.told()
	return ivr.Reply{Step: 1, Actions: []ivr.Action{s.ask}}, nil
}

func (s *script) Step(_ context.Context, _, sid string, in ivr.Input) (ivr.Reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return ivr.Reply{}, s.fail
	}
	s.keys[sid] += in.Keys
	s.told()
	return ivr.Reply{Step: in.Step + 1, Actions: []ivr.Action{s.ask}}, nil
}

func (s *script) Pressed(context.Context, string, string, ivr.Input) error { return nil }

func (s *script) Ended(_ context.Context, _, sid, status string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended[sid] = status
	s.told()
	return nil
}

func (s *script) Failure() []ivr.Action { return []ivr.Action{{Play: "line"}, {Hangup: true}} }

// until waits for a word from the menu after which it is so.
func (s *script) until(t testing.TB, what string, done func() bool) {
	t.Helper()
	timeout := time.After(within)
	for {
		s.mu.Lock()
		ok := done()
		s.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-s.more:
		case <-timeout:
			s.mu.Lock()
			defer s.mu.Unlock()
			t.Fatalf("never seen: %s; keys %.200q, %d calls ended", what, s.keys, len(s.ended))
		}
	}
}

// all is every key of every call, where there is but one.
func (s *script) all() (keys string) {
	for _, k := range s.keys {
		keys += k
	}
	return keys
}

// oneLine says the same of every line: a tone of 30 s.
type oneLine struct{ wav []byte }

func newOneLine(t testing.TB) oneLine {
	samples := tone(600, 30*time.Second)
	wav := append(header(len(samples), 1), samples...)
	if _, err := audio.ALaw(wav); err != nil {
		t.Fatal(err)
	}
	return oneLine{wav}
}

func (o oneLine) Find(v prompts.Voice, _ string) (prompts.Kept, prompts.Voice, error) {
	return prompts.Kept{WAV: o.wav}, v, nil
}
