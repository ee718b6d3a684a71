package smpp

import (
	"cmp"
	"errors"
	"io"
	"time"
)

// lingering is how long a link that gave up on its peer lets it read why: closing at once, with octets of the peer unread,
// would reset the connection under the generic_nack.
const lingering = time.Second

// read takes frames until the connection fails or the link ends.
func (l *link) read() error {
	for {
		h, body, err := l.frames.next()
		if err != nil {
			var fe *FrameError
			if !errors.As(err, &fe) {
				return err
			}
			l.cfg.log.Warn("frame refused", "error", err, "command", h.ID.String())
			l.reply(Header{Status: StatusInvCmdLen, Sequence: h.Sequence}, bare(GenericNackID))
			if fe.Lost {
				l.finish(err)
				l.discard()
				return err
			}
			continue
		}
		if h.ID.IsResponse() {
			l.response(h, body)
		} else {
			l.inboundRequest(h, body)
		}
	}
}

// discard reads on without looking until the peer has closed or lingering is over, so that what finish sent arrives.
func (l *link) discard() {
	l.conn.SetReadDeadline(time.Now().Add(lingering))
	io.Copy(io.Discard, l.frames.r)
}

func (l *link) response(h Header, body []byte) {
	switch h.ID {
	case EnquireLinkRespID: // that it came is all it says, and the reader has noted that
		return
	case GenericNackID:
		h.Status = cmp.Or(h.Status, StatusUnknownError) // whatever it says, it is no success
		fallthrough
	case UnbindRespID:
		if s := l.unbindSeq.Load(); s != 0 && s == h.Sequence {
			l.kill(nil)
			return
		}
	}
	l.answered(h, body)
}

func (l *link) inboundRequest(h Header, body []byte) {
	switch h.ID {
	case EnquireLinkID:
		l.reply(Header{Sequence: h.Sequence}, bare(EnquireLinkRespID))
		return
	case UnbindID:
		l.startDraining()
		select {
		case l.peerUnbind <- h.Sequence:
		default: // it asks twice; the first is being answered
		}
		return
	}
	p, err := Decode(h, body)
	if err != nil {
		var fe *FieldError
		status := StatusInvCmdID
		if errors.As(err, &fe) {
			status = fe.Status
		}
		l.cfg.log.Warn("request refused", "error", err, "sequence", h.Sequence, "status", status.String())
		l.refuse(h, status)
		return
	}
	in := inbound{h, p, 1 + int64(len(body))/1024}
	if all := l.unsettled.Add(in.weight); all > int64(l.cfg.queue) && all > in.weight { // one alone is taken, whatever its size
		l.settled(in.weight)
		l.refuse(h, l.cfg.overload)
		return
	}
	l.inMu.Lock()
	l.in = append(l.in, in)
	l.inMu.Unlock()
	signal(l.inWake)
}

// dispatch hands the peer's requests to the side, in order, off the reader: a slow handler must not keep responses and
// enquire_link waiting.
func (l *link) dispatch() {
	var batch []inbound
	for {
		select {
		case <-l.dead:
			return
		case <-l.inWake:
		}
		l.inMu.Lock()
		batch, l.in = l.in, batch[:0]
		l.inMu.Unlock()
		for i := range batch {
			select {
			case <-l.dead:
				return // the peer never got an answer and will send the rest again
			default:
			}
			l.side.request(l, batch[i])
			batch[i] = inbound{}
		}
	}
}

// write sends what is queued, all of it at one go: while one write is under way the next window gathers.
func (l *link) write() {
	var spare []byte
	for {
		select {
		case <-l.dead:
			return
		case <-l.wake:
		}
		for {
			l.mu.Lock()
			out, last := l.out, l.phase == phaseClosed
			l.out = spare[:0]
			l.taken += uint64(len(out))
			l.mu.Unlock()
			if len(out) > 0 {
				l.conn.SetWriteDeadline(time.Now().Add(l.cfg.write))
				n, err := l.conn.Write(out)
				l.mu.Lock()
				l.written += uint64(n)
				l.mu.Unlock()
				if err != nil {
					l.kill(err)
					return
				}
			}
			spare = out
			if last {
				l.closeWrite()
				return
			}
			if len(out) == 0 {
				break
			}
		}
	}
}

// closeWrite ends our half and gives the peer a moment to close its own.
func (l *link) closeWrite() {
	half, ok := l.conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		l.kill(nil)
		return
	}
	l.conn.SetReadDeadline(time.Now().Add(lingering))
}
