package webhook

import (
	"context"
	"errors"
	"strconv"
	"time"

	"canhgiac/ivr"
)

// answer: somebody took a call of ours. A machine is told nothing: whoever plays it back must not hear what was meant for one
// person, and a message of ours is nothing to press keys at.
func (s *handler) answer(ctx context.Context, v visit) ([]byte, error) {
	ref := v.Query.Get("ref")
	if v.told.Machine {
		if err := s.Hotline.Placed(ctx, v.from.Name, ref, v.told.SID, ivr.Machine); err != nil {
			return nil, err
		}
		return v.from.Dialect.Render(v.answers, ivr.Reply{Actions: []ivr.Action{{Hangup: true}}}), nil
	}
	in := v.incoming()
	in.Ref = ref
	return s.render(v)(s.Hotline.Answered(ctx, in))
}

// placed: what became of a call of ours. Where somebody had taken it, it is an end like any other; providers tell of things in
// any order, so the end of a call that never reached our menu is told as a failure, which the hotline may know better.
func (s *handler) placed(ctx context.Context, v visit) error {
	ref := v.Query.Get("ref")
	if v.told.Outcome != "" {
		return s.Hotline.Placed(ctx, v.from.Name, ref, v.told.SID, v.told.Outcome)
	}
	if v.told.Over == "" {
		return nil
	}
	err := s.Hotline.Ended(ctx, v.from.Name, v.told.SID, v.told.Over)
	if errors.Is(err, ivr.ErrUnknownCall) {
		return s.Hotline.Placed(ctx, v.from.Name, ref, v.told.SID, ivr.Failed)
	}
	return err
}

// over: only the end of a call is news. A provider that tells of all its calls at one address tells there of those of ours
// that nobody took.
func (s *handler) over(ctx context.Context, v visit) error {
	if v.told.Over == "" {
		return nil
	}
	sid := v.told.SID
	if v.from.Dialect.Manner().TwoNames {
		named, err := s.Hotline.Named(ctx, v.from.Name, sid, v.told.From, v.told.To)
		if errors.Is(err, ivr.ErrUnknownCall) && v.told.Outcome != "" {
			return s.nobody(ctx, v)
		}
		if err == nil && named != sid {
			err = s.Hotline.AlsoNamed(ctx, v.from.Name, named, sid)
		}
		if err != nil {
			return err
		}
		sid = named
	}
	if v.told.Met {
		if err := s.Hotline.Met(ctx, v.from.Name, sid); err != nil {
			return err
		}
	}
	return s.Hotline.Ended(ctx, v.from.Name, sid, v.told.Over)
}

// nobody took a call of ours, and what tells of it bears no reference.
func (s *handler) nobody(ctx context.Context, v visit) error {
	ref, err := s.Hotline.RefOf(ctx, v.from.Name, v.told.SID, v.told.To)
	if err != nil {
		return err
	}
	return s.Hotline.Placed(ctx, v.from.Name, ref, v.told.SID, v.told.Outcome)
}

const (
	holdings = 4               // times that the line waits for a message's sound
	holdFor  = 2 * time.Second // each
)

// held: a message was spoken, and the provider brings its sound by another way. The line waits for that a little, so that the
// caller is not asked to speak again; a sound that comes later still is kept with the report.
func (s *handler) held(ctx context.Context, v visit) ([]byte, error) {
	n, err := v.number()
	if err != nil {
		return nil, err
	}
	stands, err := s.Hotline.Stands(ctx, v.from.Name, v.told.SID)
	if err != nil {
		return nil, err
	}
	if try, _ := strconv.Atoi(v.Query.Get("try")); stands == n && try < holdings {
		return v.from.Dialect.ComeBack(v.answers, v.answers.Again(Held, n, try+1), holdFor), nil
	}
	return s.render(v)(s.Hotline.Step(ctx, v.from.Name, v.told.SID, ivr.Input{Step: n, Kind: ivr.InputSilence}))
}
