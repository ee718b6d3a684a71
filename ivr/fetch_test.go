package ivr

import (
	"context"
	"testing"
	"time"
)

// sourceOf is a provider that gives what it is told to.
type sourceOf func() (Sound, error)

func (s sourceOf) Fetch(context.Context, string) (Sound, error) { return s() }

// TestTwoNodesRaceForOneRecording: while a node fetches no other does; where it takes longer than its lease, the sound that came
// first stays, whatever the slower node brings.
func TestTwoNodesRaceForOneRecording(t *testing.T) {
	b := tapedBench(t)
	l := b.ring(mobile)
	if err := b.WantTape(t.Context(), "test", l.sid, Recording{SID: "RE1", URL: "https://provider.example/1", Seconds: 9}); err != nil {
		t.Fatal(err)
	}
	*b.clock = b.clock.Add(time.Minute)
	sound := func(s string) Sound { return Sound{Type: "audio/wav", Data: []byte(s)} }
	next := func(node *bench, s sourceOf, want bool) {
		t.Helper()
		if got, err := node.NewFetcher(map[string]Source{"test": s}).Next(t.Context()); got != want || err != nil {
			t.Errorf("a recording to fetch: %v, %v; expected %v", got, err, want)
		}
	}
	other := b.otherNode()
	quick := sourceOf(func() (Sound, error) { return sound("the first to come"), nil })
	next(b, func() (Sound, error) {
		next(other, quick, false)
		*b.clock = b.clock.Add(fetchLease + time.Second)
		next(other, quick, true)
		return sound("late"), nil
	}, true)
	*b.clock = b.clock.Add(24 * time.Hour)
	next(b, quick, false)
	same(t, "kept", []string{"the first to come"}, b.column(`select convert_from(sound, 'UTF8') from call_recordings`))
}

func TestWhatDoesNotComeIsToldWithItsReason(t *testing.T) {
	b := tapedBench(t)
	l := b.ring(mobile)
	if err := b.WantTape(t.Context(), "test", l.sid, Recording{SID: "RE1", URL: "https://provider.example/1"}); err != nil {
		t.Fatal(err)
	}
	for try, why := range []string{SoundGone, SoundForeign, SoundTooLarge} {
		*b.clock = b.clock.Add(time.Hour)
		f := b.NewFetcher(map[string]Source{"test": sourceOf(func() (Sound, error) { return Sound{}, NoSound{Why: why} })})
		if _, err := f.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
		all, err := b.Unfetched(t.Context())
		if told := try+1 >= failedTries; err != nil || told != (len(all) == 1) || told && (all[0].Why != why || all[0].N != 1 || all[0].Provider != "test") {
			t.Errorf("after %d tries: %+v, %v", try+1, all, err)
		}
	}
	*b.clock = b.clock.Add(2 * time.Hour)
	if _, err := b.NewFetcher(map[string]Source{"test": sourceOf(func() (Sound, error) { return Sound{Type: "audio/wav", Data: []byte("x")}, nil })}).Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	if all, err := b.Unfetched(t.Context()); len(all) != 0 || err != nil {
		t.Errorf("still told of: %+v, %v", all, err)
	}
}
