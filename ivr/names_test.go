package ivr

import (
	"errors"
	"testing"
	"time"

	"canhgiac/reports"
)

// TestACallHasTwoNames: some providers tell of a call's end under another name than that of its beginning.
func TestACallHasTwoNames(t *testing.T) {
	b := newBench(t)
	l := b.ring(mobile)
	find := func(what, name, from, want string) {
		t.Helper()
		got, err := b.Named(t.Context(), "test", name, from)
		if got != want || want == "" && !errors.Is(err, ErrUnknownCall) || want != "" && err != nil {
			t.Errorf("%s: %q, %v; expected %q", what, got, err, want)
		}
	}
	find("its own name", l.sid, "", l.sid)
	find("a name never heard, of its caller", "call-1", "84901234567", l.sid)
	find("a name never heard, of somebody else", "call-1", "84905000000", "")
	find("a name never heard, of nobody", "call-1", "", "")
	for _, name := range []string{"call-1", "call-2"} { // the first one stays
		if err := b.AlsoNamed(t.Context(), "test", l.sid, name); err != nil {
			t.Fatal(err)
		}
	}
	find("its second name", "call-1", "", l.sid)
	find("a third name: the caller's call has one already", "call-2", mobile, "")
	if sid, err := b.Named(t.Context(), "other", "call-1", mobile); !errors.Is(err, ErrUnknownCall) {
		t.Errorf("at another provider: %q, %v", sid, err)
	}
	second := b.ring(mobile)
	*b.clock = b.clock.Add(longestCall + time.Second)
	find("after longer than any call", "call-3", mobile, "")
	if step, err := b.Stands(t.Context(), "test", second.sid); step != 1 || err != nil {
		t.Errorf("stands at %d, %v", step, err)
	}
	if _, err := b.Stands(t.Context(), "test", "nobody"); !errors.Is(err, ErrUnknownCall) {
		t.Errorf("%v", err)
	}
}

// TestAMessageToldOfLate: the line went on as if nothing had been spoken, then the provider brings the sound.
func TestAMessageToldOfLate(t *testing.T) {
	b := newBench(t, "101")
	l := b.ring(mobile)
	l.all("0", "dial:busy")
	at := l.reply.Step
	l.all("-")
	before := b.column(`select node || ' ' || step from calls`)
	late := Input{Step: at, Kind: InputRecorded, Recording: Recording{SID: "RE9", URL: "https://provider.example/RE9", Seconds: 4}}
	for range 2 {
		if _, err := b.Step(t.Context(), "test", l.sid, late); err != nil {
			t.Fatal(err)
		}
	}
	same(t, "messages", []reports.Message{{SID: "RE9", URL: "https://provider.example/RE9", Seconds: 4, At: b.clock.UTC().Truncate(time.Microsecond)}}, b.last().Spoken)
	same(t, "where the call stands", before, b.column(`select node || ' ' || step from calls`))
}
