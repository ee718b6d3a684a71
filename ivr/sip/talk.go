package sip

import (
	"sync"

	gosip "github.com/emiago/sipgo/sip"
)

// talk is one dialog as the guard knows it, by its Call-ID.
type talk struct {
	offer   offer
	offered bool // the INVITE had an offer; else the ACK brings an answer to ours

	mu      sync.Mutex
	late    bool // the answer of the ACK has come
	leg     *leg
	line    *line // nil on an officer's leg
	read    func(*gosip.Request, gosip.ServerTransaction) error
	contact gosip.Header
	early   []rune // keys by INFO that came before there was a line to take them
	timer   timer  // of the INVITE
	place   *seat  // while the ACK is waited for
}

// waits: our answer goes out now, and again until the ACK comes.
func (t *talk) waits(place *seat) {
	t.mu.Lock()
	t.place = place
	t.mu.Unlock()
}

// makesRoom says that another call has the place of this one.
func (t *talk) makesRoom() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.place != nil && t.place.taken()
}

// open tells of the sound, once there is one.
func (t *talk) open(g *leg, l *line, contact gosip.Header, read func(*gosip.Request, gosip.ServerTransaction) error) {
	t.mu.Lock()
	t.leg, t.line, t.contact, t.read = g, l, contact, read
	for _, k := range t.early { // under the lock, so that the next key stays behind them
		if l != nil {
			l.key(k)
		}
	}
	t.early = nil
	g.vigil.renew(t.timer.lasts())
	t.mu.Unlock()
}

func (t *talk) key(k rune) {
	t.mu.Lock()
	l := t.line
	defer t.mu.Unlock()
	switch {
	case l != nil:
		t.leg.path.heard.Store(true)
		l.key(k)
	case t.leg == nil && len(t.early) < keysKept:
		t.early = append(t.early, k)
	}
}

func (t *talk) wantsAnswer() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.offered && !t.late
}

func (t *talk) answered(o offer) {
	t.mu.Lock()
	t.offer, t.late = o, true
	t.mu.Unlock()
}

func (t *talk) agreed() offer {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.offer
}

// renewed answers a re-INVITE or an UPDATE: a refreshed session, a hold, an address that moved (RFC 3261 §14.2). The
// library's own handling needs a sound session of its own.
func (s *Server) renewed(r *gosip.Request, tx gosip.ServerTransaction) {
	t := s.talk(r)
	if t == nil {
		s.respond(r, tx, gosip.StatusCallTransactionDoesNotExists, "Call/Transaction Does Not Exist")
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.leg == nil {
		s.respond(r, tx, gosip.StatusRequestPending, "Request Pending")
		return
	}
	if err := t.read(r, tx); err != nil {
		s.respond(r, tx, gosip.StatusInternalServerError, "Server Internal Error", gosip.NewHeader("Retry-After", "2"))
		return
	}
	session := readTimer(r)
	if session.brief {
		s.tooBrief(r, tx)
		return
	}
	t.leg.path.heard.Store(true) // a sign of life as good as a packet
	var body []byte
	if len(r.Body()) > 0 || r.Method != gosip.UPDATE {
		var err error
		if body, err = t.reoffer(r.Body()); err != nil {
			s.log.Info("new offer refused", "reason", err.Error())
			s.respond(r, tx, gosip.StatusNotAcceptableHere, "Not Acceptable Here")
			return
		}
	}
	t.leg.vigil.renew(session.lasts())
	res := gosip.NewResponseFromRequest(r, gosip.StatusOK, "OK", body)
	res.AppendHeader(t.contact)
	if body != nil {
		res.AppendHeader(gosip.NewHeader("Content-Type", "application/sdp"))
	}
	session.tell(res)
	if err := tx.Respond(res); err != nil {
		s.log.Debug("SIP answer not sent", "method", string(r.Method), "err", err)
	}
}

// reoffer goes on with what body offers, and gives our answer. Without a body it repeats what was agreed.
func (t *talk) reoffer(body []byte) ([]byte, error) {
	now := t.leg.sess.Load()
	o := t.offer
	if len(body) > 0 {
		var err error
		if o, err = readOffer(body); err != nil {
			return nil, err
		}
	}
	s := now.Fork()
	s.ExternalIP, s.SecureRTP, s.SRTPAlg = now.ExternalIP, 1, secureAlgorithm
	if err := s.RemoteSDP(o.narrow()); err != nil {
		return nil, err
	}
	answer := o.fit(s.LocalSDP())
	t.offer = o
	t.leg.adopt(s, o)
	return answer, nil
}
