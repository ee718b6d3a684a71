package sip

import (
	"context"
	"errors"
	"testing"
	"time"

	"canhgiac/ivr"
)

// outcomes is what became of placed calls; who takes one is led through the script.
type outcomes struct {
	*script
	ref map[string]ivr.Outcome
}

func (o *outcomes) Answered(ctx context.Context, in ivr.Incoming) (ivr.Reply, error) {
	o.note(in.Ref, ivr.Answered)
	return o.Start(ctx, in)
}

func (o *outcomes) Placed(_ context.Context, _, ref, _ string, out ivr.Outcome) error {
	o.note(ref, out)
	return nil
}

func (o *outcomes) note(ref string, out ivr.Outcome) {
	o.script.mu.Lock()
	defer o.script.mu.Unlock()
	o.ref[ref] = out
	o.told()
}

func newOutcomes() *outcomes { return &outcomes{script: newScript(), ref: map[string]ivr.Outcome{}} }

const called84 = "+84905123456"

func TestWhatBecomesOfACallThatWePlace(t *testing.T) {
	for name, c := range map[string]struct {
		does string
		ring time.Duration
		want ivr.Outcome
	}{
		"somebody takes it": {"accept", 20 * time.Second, ivr.Answered},
		"the line is busy":  {"hangup", 20 * time.Second, ivr.Busy},
		"nobody takes it":   {"", time.Second, ivr.NoAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPhone(t, phoneOptions{number: "0905123456", account: "answermode=manual"})
			h := newOutcomes()
			s := serve(t, h, newOneLine(t), to(p), func(o *Options) { o.Outgoing = h })
			sid, err := s.Dialer("line").Place(t.Context(), ivr.Placing{Ref: "1.1", To: called84, From: "02363888113", Ring: c.ring})
			if err != nil || sid == "" {
				t.Fatal(sid, err)
			}
			p.await("CALL_INCOMING")
			if c.does != "" {
				p.do(c.does, "")
			}
			h.until(t, string(c.want), func() bool { return h.ref["1.1"] == c.want })
			if c.want != ivr.Answered {
				return
			}
			p.press("1")
			h.until(t, "a key of whom we called", func() bool { return h.all() == "1" })
			p.do("hangup", "")
			h.until(t, "the end of the call", func() bool { return h.ended[sid] == "completed" })
		})
	}
}

func TestATrunkThatIsNotThereTakesNoCall(t *testing.T) {
	t.Parallel()
	h := newOutcomes()
	s := serve(t, h, newOneLine(t), func(o *Options) {
		o.Outgoing, o.Trunks[0].Server, o.Trunks[0].Transport = h, "127.0.0.1:1", "tcp"
		o.Listen = []Listen{{"tcp", "127.0.0.1:0"}}
	})
	if _, err := s.Dialer("line").Place(t.Context(), ivr.Placing{Ref: "1.1", To: called84, Ring: time.Second}); !errors.Is(err, ivr.ErrRefused) {
		t.Errorf("%v", err)
	}
	if s.Dialer("other") != nil {
		t.Error("a dialer of no trunk")
	}
}

func TestFinalAnswersAreOutcomes(t *testing.T) {
	for status, want := range map[int]ivr.Outcome{486: ivr.Busy, 600: ivr.Busy, 408: ivr.NoAnswer, 480: ivr.NoAnswer, 487: ivr.NoAnswer,
		603: ivr.Rejected, 403: ivr.Rejected, 404: ivr.Failed, 500: ivr.Failed, 503: ivr.Failed} {
		if got := outcomeOf(status); got != want {
			t.Errorf("%d: %s, want %s", status, got, want)
		}
	}
}

func TestNumbersAsATrunkTakesThem(t *testing.T) {
	for _, c := range []struct {
		form         Form
		number, want string
	}{
		{National, "+84905123456", "0905123456"}, {E164, "+84905123456", "+84905123456"}, {Plain, "+84905123456", "84905123456"},
		{E164, "02363222113", "+842363222113"}, {National, "02363222113", "02363222113"}, {Plain, "113", "113"}, {National, "+15005550006", "+15005550006"},
	} {
		tr := trunk{Trunk: Trunk{Numbers: c.form}}
		if got := tr.dialled(c.number); got != c.want {
			t.Errorf("%s as %s: %s, want %s", c.number, c.form, got, c.want)
		}
	}
}
