package sip

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/emiago/diago"
	"github.com/emiago/diago/media"
	gosip "github.com/emiago/sipgo/sip"

	"canhgiac/ivr"
)

const secureAlgorithm = media.SRTPProfileAes128CmHmacSha1_80

// errNoACK ends a call that was answered and never confirmed, where another rang or this node stops.
var errNoACK = errors.New("no ACK came")

// retryAfter is when a trunk may offer another call to a node that is full: most calls end within a few minutes.
const retryAfter = "10"

// answer is one incoming call from its INVITE to its end; the library hangs up behind it.
func (s *Server) answer(d *diago.DialogServerSession) {
	t := s.trunkAt(d.InviteRequest.Source())
	if t == nil {
		return // filtered; never
	}
	log := s.log.With("trunk", t.Name)
	var place *seat
	if s.enter() {
		defer s.running.Done()
		place = t.sit(time.Now())
	}
	if place == nil {
		log.Warn("call turned away", "closing", s.closing.Load())
		s.refuse(d, gosip.StatusServiceUnavailable, "Service Unavailable", gosip.NewHeader("Retry-After", retryAfter))
		return
	}
	defer place.leave()
	v, ok := s.talks.Load(callID(d.InviteRequest))
	if !ok {
		return // kept while the INVITE is served; never
	}
	k := v.(*talk)
	if t.SRTP && k.offered && k.offer.crypto == "" {
		log.Info("call refused", "reason", "no SRTP offered")
		s.refuse(d, gosip.StatusNotAcceptableHere, "Not Acceptable Here")
		return
	}
	in := ivr.Incoming{Provider: t.Name, SID: newSID(), From: caller(d.InviteRequest), To: called(d.InviteRequest), Holder: s.o.Node}
	log = log.With("call", in.SID)
	begin := s.begin(d, in)
	if begin == nil {
		log.Info("call rejected, as the menu wishes")
		return
	}
	g, err := s.takeUp(d, t, k, place)
	if err != nil {
		log.Warn("call not answered", "err", err)
		s.endUnanswered(in)
		return
	}
	c := s.newCall(t, g, d.Context(), in, log)
	k.open(g, c.line, d.InviteResponse.Contact(), d.ReadRequest)
	c.log.Info("call answered", "law", g.speaks(), "srtp", k.agreed().crypto != "")
	c.run(begin)
	ctx, cancel := context.WithTimeout(d.Context(), goodbye)
	defer cancel()
	if err := d.Hangup(ctx); err != nil && d.Context().Err() == nil { // before a node that stops closes its sockets
		log.Debug("BYE not answered", "err", err)
	}
	c.endTape() // the caller does not wait for it
}

// begin opens the call in the menu before it is answered, since the menu may not want it answered: nil, the call was
// rejected. What it gives is the first step; where that failed, it is tried again once the caller can be spoken to.
func (s *Server) begin(d *diago.DialogServerSession, in ivr.Incoming) func(context.Context) (ivr.Reply, error) {
	start := func(ctx context.Context) (ivr.Reply, error) { return s.o.Hotline.Start(ctx, in) }
	ctx, cancel := context.WithTimeout(d.Context(), patience)
	defer cancel()
	reply, err := start(ctx)
	if err != nil {
		return start
	}
	if len(reply.Actions) == 1 && reply.Actions[0].Reject != nil {
		s.reject(d, *reply.Actions[0].Reject)
		return nil
	}
	return func(context.Context) (ivr.Reply, error) { return reply, nil }
}

// reject lets the call ring a little and then says busy: the caller pays nothing.
func (s *Server) reject(d *diago.DialogServerSession, r ivr.Reject) {
	if r.Ring > 0 {
		if err := d.Ringing(); err != nil {
			return
		}
		wait := time.NewTimer(s.onTheCallsClock(r.Ring))
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-d.Context().Done():
			return
		case <-s.stop.Done():
		}
	}
	s.refuse(d, gosip.StatusBusyHere, "Busy Here")
}

// endUnanswered closes a call that was opened in the menu and never spoke.
func (s *Server) endUnanswered(in ivr.Incoming) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.o.Hotline.Ended(ctx, in.Provider, in.SID, statusFailed); err != nil && !errors.Is(err, ivr.ErrUnknownCall) {
		s.log.Error("end of the call not kept", "call", in.SID, "err", err)
	}
}

func (s *Server) refuse(d *diago.DialogServerSession, status int, reason string, headers ...gosip.Header) {
	if err := d.Respond(status, reason, nil, headers...); err != nil {
		s.log.Debug("SIP answer not sent", "status", status, "err", err)
	}
}

// takeUp answers with our end of the sound; an INVITE without an offer gets ours, and its ACK brings the answer.
func (s *Server) takeUp(d *diago.DialogServerSession, t *trunk, k *talk, place *seat) (*leg, error) {
	peer, _, err := net.SplitHostPort(d.InviteRequest.Source())
	if err != nil {
		return nil, err
	}
	ip, err := towards(peer)
	if err != nil {
		return nil, fmt.Errorf("our address towards the trunk: %w", err)
	}
	m, rtcp, err := s.ports.open(ip, s.o.ExternalIP, k.offered || t.SRTP, t.has)
	if err != nil {
		s.refuse(d, gosip.StatusServiceUnavailable, "Service Unavailable", gosip.NewHeader("Retry-After", retryAfter))
		return nil, err
	}
	d.InitMediaSession(m, nil, nil) // closed with the dialog
	if k.offered {
		if err := m.RemoteSDP(k.offer.narrow()); err != nil {
			s.refuse(d, gosip.StatusNotAcceptableHere, "Not Acceptable Here")
			return nil, err
		}
	}
	place.answered(time.Now())
	k.waits(place)
	err = d.RespondSDP(m.LocalSDP()) // waits for the ACK
	if err != nil {
		return nil, fmt.Errorf("answer: %w", err)
	}
	if !place.heard() {
		return nil, errNoACK
	}
	if !k.offered && len(m.CommonCodecs()) == 0 {
		return nil, errors.New("answer: the ACK brought no SDP")
	}
	return newLeg(m, rtcp, s.laws, s.log, k.agreed(), s.o.Silent), nil
}

// caller is who calls: the network's own word for it (RFC 3325) before the telephone's. Withheld is a word.
func caller(r *gosip.Request) string {
	for _, name := range []string{"P-Asserted-Identity", "Remote-Party-ID"} {
		h := r.GetHeader(name)
		if h == nil {
			continue
		}
		var uri gosip.Uri
		params := gosip.NewParams()
		value, _, _ := strings.Cut(h.Value(), ",")
		if _, err := gosip.ParseAddressValue(value, &uri, &params); err == nil && uri.User != "" {
			return number(uri.User)
		}
	}
	from := r.From().Address
	if strings.EqualFold(from.User, "anonymous") || strings.EqualFold(from.Host, "anonymous.invalid") {
		return "anonymous"
	}
	return number(from.User)
}

// called is the number that was dialled: the request's own, or the To header's where we are called by the name under which we
// registered.
func called(r *gosip.Request) string {
	if n := number(r.Recipient.User); n != "" && strings.Trim(n, "+0123456789") == "" {
		return n
	}
	return number(r.To().Address.User)
}

// number is the user part without parameters ("+84905123456;phone-context=...").
func number(user string) string {
	n, _, _ := strings.Cut(user, ";")
	return strings.ReplaceAll(strings.ToValidUTF8(n, "\ufffd"), "\x00", "\ufffd")
}

// newSID names a call. A Call-ID will not do: it is the peer's, may come again, and has any length.
func newSID() string { return "sip-" + strings.ToLower(rand.Text()) }
