package webhook

import (
	"context"
	"net/http"
	"strconv"

	"canhgiac/ivr"
)

// do takes a webhook to the hotline and gives the document to answer with, nil for none.
func (s *handler) do(ctx context.Context, v visit) ([]byte, error) {
	switch v.Hook {
	case Call:
		return s.render(v)(s.Hotline.Start(ctx, v.incoming()))
	case Answer:
		return s.answer(ctx, v)
	case Held:
		return s.held(ctx, v)
	case Taped:
		return nil, s.taped(ctx, v)
	case Status:
		return nil, s.over(ctx, v)
	case Placed:
		return nil, s.placed(ctx, v)
	}
	return s.step(ctx, v)
}

func (v visit) incoming() ivr.Incoming {
	return ivr.Incoming{Provider: v.from.Name, SID: v.told.SID, From: User(v.told.From), To: User(v.told.To)}
}

// render is a function of the hotline's two results, so that one line reads as what it does.
func (s *handler) render(v visit) func(ivr.Reply, error) ([]byte, error) {
	return func(reply ivr.Reply, err error) ([]byte, error) {
		if err != nil {
			return nil, err
		}
		return v.from.Dialect.Render(v.answers.In(reply.Voice), reply), nil
	}
}

// number is the step that an address names.
func (v visit) number() (int, error) {
	n, err := strconv.Atoi(v.Query.Get("n"))
	if err != nil || n < 1 {
		return 0, Refuse(http.StatusBadRequest, "n: expected the number of a step")
	}
	return n, nil
}

func (s *handler) step(ctx context.Context, v visit) ([]byte, error) {
	n, err := v.number()
	if err != nil {
		return nil, err
	}
	in := v.told.Input
	in.Step = n
	if v.from.Dialect.Manner().TwoNames && v.told.Alias != "" {
		if err := s.Hotline.AlsoNamed(ctx, v.from.Name, v.told.SID, v.told.Alias); err != nil {
			return nil, err
		}
	}
	if !v.told.Aside {
		return s.render(v)(s.Hotline.Step(ctx, v.from.Name, v.told.SID, in))
	}
	if in.Kind == "" {
		return nil, nil
	}
	_, err = s.Hotline.Step(ctx, v.from.Name, v.told.SID, in)
	return nil, err
}

// taped: a recording told of again, or long after the call, is the same recording.
func (s *handler) taped(ctx context.Context, v visit) error {
	r := v.told.Input.Recording
	if r.SID == "" {
		return nil
	}
	return s.Hotline.WantTape(ctx, v.from.Name, v.told.SID, r)
}

// trouble is the document for a step that we could not take: come back, and after some tries the way to an officer.
// nil for a webhook that no caller waits on; the provider sends it again.
func (s *handler) trouble(v visit) []byte {
	if !v.Hook.waits() || v.told.Aside {
		return nil
	}
	tried, _ := strconv.Atoi(v.Query.Get("try"))
	if tried+1 >= tries {
		return v.from.Dialect.Failure(v.answers, s.Hotline.Failure())
	}
	again := carry(v.told)
	again.Set("try", strconv.Itoa(tried+1))
	for _, field := range []string{"n", "ref"} {
		if value := v.Query.Get(field); value != "" {
			again.Set(field, value)
		}
	}
	if v.answers.seal != nil { // such a provider tells who calls only once
		for field, value := range map[string]string{"from": v.told.From, "to": v.told.To} {
			if value != "" {
				again.Set(field, value)
			}
		}
	}
	return v.from.Dialect.ComeBack(v.answers, v.answers.address(v.Hook, again), tryAgain)
}
