package sip

import (
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/emiago/sipgo"
	gosip "github.com/emiago/sipgo/sip"
)

// guard stands before every request to the library. A request from the telephone network may hold anything: what panics
// is answered 400 and ends nothing but itself.
func (s *Server) guard(next sipgo.RequestHandler) sipgo.RequestHandler {
	return func(r *gosip.Request, tx gosip.ServerTransaction) {
		defer s.survive(r, tx)
		switch r.Method {
		case gosip.INVITE:
			s.invited(r.Clone(), tx, next) // its transaction reads the original for its own 100 Trying, 200 ms later
		case gosip.ACK:
			s.acknowledged(r, tx, next)
		case gosip.INFO:
			s.informed(r, tx)
		case gosip.CANCEL, gosip.BYE, gosip.OPTIONS:
			next(r, tx)
		default:
			s.respond(r, tx, gosip.StatusMethodNotAllowed, "Method Not Allowed")
		}
	}
}

// own are the methods that the library does not know, or not well.
func (s *Server) own() {
	s.sip.OnRequest(gosip.UPDATE, func(r *gosip.Request, tx gosip.ServerTransaction) {
		defer s.survive(r, tx)
		s.renewed(r, tx)
	})
}

func (s *Server) survive(r *gosip.Request, tx gosip.ServerTransaction) {
	what := recover()
	if what == nil {
		return
	}
	s.log.Error("SIP request not taken", "method", string(r.Method), "panic", fmt.Sprint(what))
	defer func() { _ = recover() }() // an answer needs headers that may be the very ones missing
	if r.Method != gosip.ACK {
		s.respond(r, tx, gosip.StatusBadRequest, "Bad Request")
	}
}

func (s *Server) respond(r *gosip.Request, tx gosip.ServerTransaction, status int, reason string, headers ...gosip.Header) {
	res := gosip.NewResponseFromRequest(r, status, reason, nil)
	for _, h := range headers {
		res.AppendHeader(h)
	}
	if err := tx.Respond(res); err != nil {
		s.log.Debug("SIP answer not sent", "method", string(r.Method), "err", err)
	}
}

// callID is the request's Call-ID, "" where there is none.
func callID(r *gosip.Request) string {
	if id := r.CallID(); id != nil {
		return id.Value()
	}
	return ""
}

// invited lets an INVITE of a new call through, its SDP narrowed to what the library reads safely.
func (s *Server) invited(r *gosip.Request, tx gosip.ServerTransaction, next sipgo.RequestHandler) {
	if to := r.To(); to != nil && to.Params.Has("tag") {
		s.renewed(r, tx)
		return
	}
	id := callID(r)
	if id == "" || r.Contact() == nil || r.From() == nil || r.CSeq() == nil {
		s.respond(r, tx, gosip.StatusBadRequest, "Bad Request")
		return
	}
	t := &talk{timer: readTimer(r)}
	if t.timer.brief {
		s.tooBrief(r, tx)
		return
	}
	f := &fitting{ServerTransaction: tx, timer: t.timer, over: func() bool { return t.makesRoom() || s.stop.Err() != nil }}
	if body := r.Body(); len(body) > 0 {
		o, err := readOffer(body)
		if err != nil {
			s.log.Info("call refused", "reason", err.Error())
			s.respond(r, tx, gosip.StatusNotAcceptableHere, "Not Acceptable Here")
			return
		}
		t.offer, t.offered = o, true
		r.SetBody(o.narrow())
		f.offer = &o
	} else {
		r.SetBody(nil)
	}
	reachable(r)
	if _, twice := s.talks.LoadOrStore(id, t); twice {
		s.respond(r, tx, 482, "Loop Detected") // RFC 3261 §8.2.2.2: it came by two ways
		return
	}
	defer s.talks.Delete(id)
	next(r, f)
}

// acknowledged: an ACK carries an answer only where the INVITE made no offer.
func (s *Server) acknowledged(r *gosip.Request, tx gosip.ServerTransaction, next sipgo.RequestHandler) {
	if len(r.Body()) > 0 {
		var narrowed []byte
		if t := s.talk(r); t != nil && t.wantsAnswer() {
			o, err := readOffer(r.Body())
			if err != nil {
				s.log.Info("late answer not understood", "reason", err.Error())
			} else {
				t.answered(o)
				narrowed = o.narrow()
			}
		}
		r.SetBody(narrowed)
		if narrowed == nil {
			r.RemoveHeader("Content-Type")
		}
	}
	next(r, tx)
}

// informed takes keys by SIP INFO (RFC 6086; what phones send is older). Other news of a call is none to us.
func (s *Server) informed(r *gosip.Request, tx gosip.ServerTransaction) {
	t := s.talk(r)
	if t == nil {
		s.respond(r, tx, gosip.StatusCallTransactionDoesNotExists, "Call/Transaction Does Not Exist")
		return
	}
	kind := ""
	if h := r.ContentType(); h != nil {
		kind = h.Value()
	}
	key, ok := infoKey(kind, string(r.Body()))
	if !ok && len(r.Body()) > 0 {
		s.respond(r, tx, gosip.StatusUnsupportedMediaType, "Unsupported Media Type")
		return
	}
	if ok { // before the answer, since the next key may follow it at once
		t.key(key)
	}
	s.respond(r, tx, gosip.StatusOK, "OK")
}

// talk is the dialog that a request belongs to; nil: none.
func (s *Server) talk(r *gosip.Request) *talk {
	if v, ok := s.talks.Load(callID(r)); ok {
		return v.(*talk)
	}
	return nil
}

// fitting gives the library's answer the form that the true offer asks for.
type fitting struct {
	gosip.ServerTransaction
	offer *offer // nil: there was none
	timer timer
	over  func() bool // the ACK is waited for no longer
	said  bool        // the answer, once: it is said again until the ACK comes
}

func (f *fitting) Respond(res *gosip.Response) error {
	if res.IsSuccess() {
		if f.said && f.over() {
			return errNoACK
		}
		f.said = true
		res = res.Clone() // it is said again
		f.timer.tell(res)
		if f.offer != nil && len(res.Body()) > 0 {
			res.SetBody(f.offer.fit(res.Body()))
		}
	}
	return f.ServerTransaction.Respond(res)
}

// reachable puts the address that an INVITE came from into its Contact where that names a private address which is not our
// peer's: a telephone behind NAT, to which no BYE would come.
func reachable(r *gosip.Request) {
	c := r.Contact()
	host, err := netip.ParseAddr(strings.Trim(c.Address.Host, "[]"))
	if err != nil || !host.IsPrivate() {
		return
	}
	from, port, err := gosip.ParseAddr(r.Source())
	if err != nil || from == host.String() || net.ParseIP(from) == nil || net.ParseIP(from).IsPrivate() {
		return
	}
	c.Address.Host, c.Address.Port = from, port
}
