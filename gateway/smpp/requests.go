package smpp

import (
	"context"
	"fmt"
)

// requests are what a Client and an Account alike ask of an SMSC, over the link that pick names.
type requests struct {
	room *room
	pick func() *link // nil where none is bound
}

// Submit waits for room in a window and sends m, which must not change until done. A returned error means that m was
// certainly not sent: ErrNotBound, ErrFrame, or ctx's error. After nil, done is called exactly once, from the link's own
// goroutines, so it must not block: with the response, or with Err ErrNoResponse, ErrLinkLost or ErrNotSent.
func (r *requests) Submit(ctx context.Context, m *SubmitSM, done func(SubmitResult)) error {
	return r.room.send(ctx, r.pick, m, &asked{submit: m, submitDone: done})
}

// Bound tells whether Submit would find a link.
func (r *requests) Bound() bool { return r.pick() != nil }

// RefusedError is an SMSC's refusal of a request that is no submit_sm and no bind.
type RefusedError struct {
	Command CommandID
	Status  Status
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("smpp: %s refused: %s (%s)", e.Command, e.Status, e.Status.Explain())
}

// Query asks what became of a message. Like a submit_sm it takes a place in the window until it is answered, and some
// SMSCs never answer it. Errors are Submit's, those of its done, and *RefusedError.
func (r *requests) Query(ctx context.Context, q *QuerySM) (*QuerySMResp, error) {
	p, err := r.ask(ctx, q)
	if err != nil {
		return nil, err
	}
	return p.(*QuerySMResp), nil
}

// Cancel takes a message back. Errors are Query's.
func (r *requests) Cancel(ctx context.Context, m *CancelSM) error {
	_, err := r.ask(ctx, m)
	return err
}

// Replace puts another text in place of a message's. Errors are Query's.
func (r *requests) Replace(ctx context.Context, m *ReplaceSM) error {
	_, err := r.ask(ctx, m)
	return err
}

// ask sends p and waits for its response.
func (r *requests) ask(ctx context.Context, p PDU) (PDU, error) {
	var answer PDU
	answered := make(chan error, 1)
	heard := func(h Header, body []byte, err error) {
		switch {
		case err != nil:
		case h.Status != StatusOK || h.ID == GenericNackID:
			err = &RefusedError{p.Command(), h.Status}
		default:
			answer, err = Decode(h, body)
		}
		answered <- err
	}
	if err := r.room.send(ctx, r.pick, p, &asked{heard: heard}); err != nil {
		return nil, err
	}
	select {
	case err := <-answered:
		return answer, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
