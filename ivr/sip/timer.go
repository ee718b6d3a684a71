package sip

import (
	"strconv"
	"strings"
	"time"

	gosip "github.com/emiago/sipgo/sip"
)

// leastSession is the shortest session that we renew or have renewed (RFC 4028 §5).
const leastSession = 90 * time.Second

// timer is what a request says of session timers (RFC 4028). We take part where the other end renews the session; one that
// would have us do it is answered as by who knows no timers: then it may renew by itself, or do without (§7.2).
type timer struct {
	agreed time.Duration // 0: none
	brief  bool          // too short: 422
}

func readTimer(r *gosip.Request) timer {
	h := r.GetHeader("Session-Expires")
	if h == nil {
		h = r.GetHeader("x") // the compact form, §4
	}
	if h == nil || !supportsTimer(r) {
		return timer{}
	}
	value, params, _ := strings.Cut(h.Value(), ";")
	seconds, err := strconv.ParseUint(strings.TrimSpace(value), 10, 31)
	if err != nil {
		return timer{}
	}
	for p := range strings.SplitSeq(params, ";") {
		if strings.EqualFold(strings.ReplaceAll(p, " ", ""), "refresher=uas") {
			return timer{}
		}
	}
	t := timer{agreed: time.Duration(min(seconds, 1<<20)) * time.Second}
	t.brief = t.agreed < leastSession
	return t
}

func supportsTimer(r *gosip.Request) bool {
	for _, name := range []string{"Supported", "k", "Require"} {
		for _, h := range r.GetHeaders(name) {
			for option := range strings.SplitSeq(h.Value(), ",") {
				if strings.EqualFold(strings.TrimSpace(option), "timer") {
					return true
				}
			}
		}
	}
	return false
}

// lasts is how long after a renewal we wait for the next: a third of the session, or 32 s, before its end (§10).
func (t timer) lasts() time.Duration { return t.agreed - min(32*time.Second, t.agreed/3) }

// tell puts what was agreed into a 2xx.
func (t timer) tell(res *gosip.Response) {
	if t.agreed > 0 {
		res.AppendHeader(gosip.NewHeader("Session-Expires", strconv.Itoa(int(t.agreed/time.Second))+";refresher=uac"))
		res.AppendHeader(gosip.NewHeader("Require", "timer"))
	}
	res.AppendHeader(gosip.NewHeader("Supported", "timer"))
}

// tooBrief refuses a session that would be renewed all the time (§5).
func (s *Server) tooBrief(r *gosip.Request, tx gosip.ServerTransaction) {
	s.respond(r, tx, 422, "Session Interval Too Small", gosip.NewHeader("Min-SE", strconv.Itoa(int(leastSession/time.Second))))
}
