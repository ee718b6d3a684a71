package sip

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/diago"
	"github.com/emiago/sipgo"
	gosip "github.com/emiago/sipgo/sip"

	"canhgiac/ivr"
)

// goodbye is how long a BYE, or the CANCEL of a call that rang, may take.
const goodbye = 5 * time.Second

// rung is a call that we place: it rings, and then it is taken or not.
type rung struct {
	s     *Server
	trunk *trunk
	d     *diago.DialogClientSession
	rtcp  control
	leg   *leg // once it is taken

	first chan struct{} // closed when the network has taken the call: it rings, or is over
	done  chan struct{} // closed when its outcome is known
	out   ivr.Outcome
	code  int // of the final answer; 0: none came
	err   error
}

// ring places a call and returns at once. It rings until ctx ends, then it is cancelled.
func (s *Server) ring(ctx context.Context, t *trunk, number, from string) (*rung, error) {
	s.awaitServed(ctx, t.Transport)
	host, port := t.hostPort()
	ip, err := towards(host)
	if err != nil {
		return nil, fmt.Errorf("the way to trunk %s: %w", t.Name, err)
	}
	to := gosip.Uri{Scheme: "sip", User: number, Host: host, Port: port, UriParams: gosip.NewParams(), Headers: gosip.NewParams()}
	d, err := s.diago.NewDialog(to, diago.NewDialogOptions{Transport: t.Transport})
	if err != nil {
		return nil, fmt.Errorf("ring over trunk %s: %w", t.Name, err)
	}
	m, rtcp, err := s.ports.open(ip, s.o.ExternalIP, t.SRTP, t.has)
	if err != nil {
		return nil, err
	}
	d.InitMediaSession(m, nil, nil)
	r := &rung{s: s, trunk: t, d: d, rtcp: rtcp, first: make(chan struct{}), done: make(chan struct{})}
	s.running.Add(1)
	go func() {
		defer s.running.Done()
		r.out, r.err = r.invite(ctx, from)
		if r.out != ivr.Answered {
			r.release()
		}
		close(r.done) // before first: whoever hears of the call by its end must find that it has ended
		r.begun()
	}()
	return r, nil
}

func (t *trunk) hostPort() (string, int) {
	host, port, err := net.SplitHostPort(t.Server)
	if err != nil {
		return t.Server, 0
	}
	n, _ := strconv.Atoi(port)
	return host, n
}

// begun tells once that the network has taken the call.
func (r *rung) begun() {
	select {
	case <-r.first:
	default:
		close(r.first)
	}
}

// invite waits for the answer. Whatever a peer sends, only this call is lost.
func (r *rung) invite(ctx context.Context, from string) (out ivr.Outcome, err error) {
	defer func() {
		if what := recover(); what != nil {
			out, err = ivr.Failed, fmt.Errorf("SIP answer: %v", what)
		}
	}()
	var o offer
	opts := diago.InviteClientOptions{Username: r.trunk.User, Password: r.trunk.Password, OnResponse: func(res *gosip.Response) error {
		if !res.IsProvisional() {
			r.code = res.StatusCode
		} else if res.StatusCode > gosip.StatusTrying {
			r.begun()
		}
		if !res.IsSuccess() {
			return nil
		}
		if o, err = readOffer(res.Body()); err != nil {
			res.SetBody(nil) // the library hangs up on a call without SDP
			return nil
		}
		res.SetBody(o.narrow())
		return nil
	}}
	host, _ := r.trunk.hostPort()
	opts.WithCaller("", from, host)
	if err := r.d.Invite(ctx, opts); err != nil {
		return r.notTaken(ctx, err), err
	}
	if err := r.d.Ack(ctx); err != nil {
		return ivr.Failed, err
	}
	r.leg = newLeg(r.d.MediaSession(), r.rtcp, r.s.laws, r.s.log, o, r.s.o.Silent)
	k := &talk{offer: o, offered: true}
	k.open(r.leg, nil, r.d.InviteRequest.Contact(), r.d.ReadRequest)
	r.s.talks.Store(callID(r.d.InviteRequest), k)
	go r.leg.read()
	return ivr.Answered, nil
}

// notTaken says why nobody took the call. One that was taken in the moment of its end is hung up.
func (r *rung) notTaken(ctx context.Context, err error) ivr.Outcome {
	if res := r.d.InviteResponse; res != nil && res.IsSuccess() && r.d.LoadState() < gosip.DialogStateConfirmed {
		own, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
		defer cancel()
		if err := errors.Join(r.d.Ack(own), r.d.Hangup(own)); err != nil {
			r.s.log.Debug("call taken too late not hung up", "err", err)
		}
	}
	if ctx.Err() != nil {
		return ivr.NoAnswer
	}
	var refused *sipgo.ErrDialogResponse
	if errors.As(err, &refused) {
		return outcomeOf(refused.Res.StatusCode)
	}
	return ivr.Failed
}

// outcomeOf reads a final answer (RFC 3261 §21; the mapping to ISDN causes is RFC 3398 §8.2.6).
func outcomeOf(status int) ivr.Outcome {
	switch status {
	case 486, 600:
		return ivr.Busy
	case 408, 480, 487:
		return ivr.NoAnswer
	case 403, 433, 603, 607, 608:
		return ivr.Rejected
	}
	return ivr.Failed
}

// hangUp ends a call that was taken.
func (r *rung) hangUp() {
	ctx, cancel := context.WithTimeout(context.Background(), goodbye)
	defer cancel()
	if r.d.Context().Err() == nil {
		if err := r.d.Hangup(ctx); err != nil {
			r.s.log.Debug("BYE not answered", "err", err)
		}
	}
	r.release()
}

func (r *rung) release() {
	r.s.talks.Delete(callID(r.d.InviteRequest))
	if err := r.d.Close(); err != nil {
		r.s.log.Debug("dialog not closed", "err", err)
	}
}

// dialled is a number in the form that the trunk takes.
func (t *trunk) dialled(number string) string {
	national, known := strings.CutPrefix(number, "+84")
	switch {
	case !known && strings.HasPrefix(number, "0") && t.Numbers != National:
		national, known = number[1:], true
	case !known:
		return number // a short number, or another country's
	}
	switch t.Numbers {
	case E164:
		return "+84" + national
	case Plain:
		return "84" + national
	}
	return "0" + national
}
