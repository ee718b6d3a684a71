package ivr

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"canhgiac/internal/postgres/pgtest"
	"canhgiac/reports"
	"canhgiac/residents"
)

// tapedBench is a hotline that records calls.
func tapedBench(t *testing.T) *bench {
	clock := noon
	return benchWith(t, pgtest.New(t), &clock, func(_ *sql.DB, _ func() time.Time, _ *residents.Store, o *Options) { o.Tape = true })
}

func TestACallerIsToldOfTheRecordingBeforeAnythingElse(t *testing.T) {
	l := tapedBench(t).ring(mobile)
	if a := l.reply.Actions; len(a) < 3 || a[0].Play != tapeLine || !a[1].Tape || a[2].Gather == nil {
		t.Errorf("%+v", a)
	}
	l.press("5")
	for _, a := range l.reply.Actions {
		if a.Tape || a.Play == tapeLine {
			t.Error("told twice")
		}
	}
	for _, a := range newBench(t).ring(mobile).reply.Actions {
		if a.Tape || a.Play == tapeLine {
			t.Error("told where no call is recorded")
		}
	}
}

func TestARecordedCallIsKeptWithItsSumUntilItsTimeIsOver(t *testing.T) {
	b := tapedBench(t)
	ctx := t.Context()
	tape := func(l *line, sid string) {
		t.Helper()
		for range 2 { // told again, nothing changes
			if err := b.KeepTape(ctx, "test", Tape{SID: sid, CallSID: l.sid, At: *b.clock, Seconds: 9, Sound: Sound{Type: "audio/wav", Data: []byte(sid)}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	plain, told := b.ring("0905000001"), b.ring("0905000002")
	told.all("1", "1")
	tape(plain, "call-1")
	tape(told, "call-2")
	for _, l := range []*line{plain, told} {
		if err := b.Ended(ctx, "test", l.sid, "completed"); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.KeepTape(ctx, "test", Tape{SID: "x", CallSID: "nobody's", At: *b.clock, Sound: Sound{Type: "audio/wav", Data: []byte("x")}}); !errors.Is(err, ErrUnknownCall) {
		t.Errorf("of a call never heard of: %v", err)
	}
	purge := func(want int) {
		t.Helper()
		if n, err := b.PurgeTapes(ctx, 24*time.Hour); n != want || err != nil {
			t.Errorf("%d purged, %v; expected %d", n, err, want)
		}
	}
	*b.clock = b.clock.Add(23 * time.Hour)
	purge(0)
	*b.clock = b.clock.Add(2 * time.Hour)
	purge(1)
	purge(0)
	if s, err := b.Taped(ctx, "call-2"); err != nil || string(s.Data) != "call-2" {
		t.Errorf("what belongs to a report is evidence: %v", err)
	}
	if _, err := b.Taped(ctx, "call-1"); !errors.Is(err, reports.ErrNotFound) {
		t.Errorf("purged, and heard: %v", err)
	}
	sum := sha256.Sum256([]byte("call-1"))
	same(t, "audit", []string{"recording.purge call-1 sha256:" + hex.EncodeToString(sum[:])},
		b.column(`select act || ' ' || detail from audit_log where object = (select 'call:' || call_id from call_recordings where sid = 'call-1')`))
	if kept := b.column(`select sha256 from call_recordings where sound is null and purged_at is not null`); strings.Join(kept, "") != hex.EncodeToString(sum[:]) {
		t.Errorf("its row does not outlive its sound: %v", kept)
	}
}

func TestTheRecordingOfACallStillGoingIsNotPurged(t *testing.T) {
	b := tapedBench(t)
	l := b.ring(mobile)
	if err := b.KeepTape(t.Context(), "test", Tape{SID: "call-1", CallSID: l.sid, At: b.clock.Add(-48 * time.Hour), Sound: Sound{Type: "audio/wav", Data: []byte("x")}}); err != nil {
		t.Fatal(err)
	}
	if n, err := b.PurgeTapes(t.Context(), 24*time.Hour); n != 0 || err != nil {
		t.Errorf("%d purged, %v", n, err)
	}
}
