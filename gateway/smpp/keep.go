package smpp

import (
	"context"
	"time"
)

// keep watches the clock: responses that are overdue, a peer that has gone silent, and the steps of an orderly end.
func (l *link) keep(ctx context.Context) {
	tick := time.NewTicker(l.cfg.tick())
	defer tick.Stop()
	var (
		heard   = time.Now()
		asked   time.Time // when enquire_link was sent last
		until   time.Time // end of draining
		theirs  uint32    // sequence of the peer's unbind
		unbound bool      // our unbind has been sent
		ending  = ctx.Done()
		leaving bool // the end is the peer's wish
	)
	for {
		select {
		case <-l.dead:
			return
		case <-ending:
			ending = nil
			l.startDraining()
			if until.IsZero() {
				until = time.Now().Add(l.cfg.close)
			}
		case theirs = <-l.peerUnbind:
			leaving = true
			until = time.Now().Add(l.cfg.close)
		case <-l.nudge:
		case <-tick.C:
		}
		now := time.Now()
		l.expire(now)
		if l.frames.heard() {
			heard = now
		}
		if now.Sub(heard) >= l.cfg.enquire {
			switch {
			case !heard.Before(asked): // not asked since it was last heard
				asked = now
				l.reply(Header{Sequence: l.take()}, bare(EnquireLinkID))
			case now.Sub(asked) >= l.cfg.response:
				l.kill(errDeadPeer)
				return
			}
		}
		if until.IsZero() || (!l.quiet() && now.Before(until)) {
			continue
		}
		switch {
		case leaving:
			l.reply(Header{Sequence: theirs}, bare(UnbindRespID))
			l.finish(errUnbound)
			return
		case !unbound:
			unbound = true
			seq := l.take()
			l.unbindSeq.Store(seq) // before the response can come
			l.reply(Header{Sequence: seq}, bare(UnbindID))
			until = now.Add(max(l.cfg.close/2, l.cfg.tick()))
		case now.After(until):
			l.kill(nil) // no unbind_resp: nothing was in flight, so nothing is lost
			return
		}
	}
}

// tick is how finely the keeper looks.
func (c linkConfig) tick() time.Duration {
	return min(max(min(c.response, c.enquire, c.close)/10, time.Millisecond), time.Second)
}
