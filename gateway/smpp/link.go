package smpp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Why a link ended, beside the connection's own errors.
var (
	errDeadPeer = errors.New("smpp: the peer answers nothing")
	errUnbound  = errors.New("smpp: unbound")
	errFlood    = errors.New("smpp: the peer asks without reading the answers")
)

// side is the end that a link serves: the client's or the server's.
type side interface {
	// request takes one of the peer's requests. It is called in order, by the link's dispatcher, and must answer it by
	// reply, at once or later; settled when it no longer counts against linkConfig.queue.
	request(l *link, h Header, p PDU)
	// late takes a submit_sm_resp that came after its time-out.
	late(m *SubmitSM, r SubmitResult)
}

type linkConfig struct {
	window   int
	enquire  time.Duration
	response time.Duration
	write    time.Duration
	close    time.Duration
	queue    int    // requests of the peer at one time; more are refused
	overload Status // with this
	log      *slog.Logger
}

// asked is a request of ours that waits for its response: a submit_sm, or a deliver_sm. In-flight is kept by our own
// sequence numbers only, so that a request of the peer with the same number is never taken for a response.
type asked struct {
	id         CommandID
	at         time.Time
	end        uint64 // where its frame ends in all that the link has queued
	submit     *SubmitSM
	submitDone func(SubmitResult)
	done       func(Status, error)
}

func (a *asked) tell(r SubmitResult) {
	if a.submitDone != nil {
		a.submitDone(r)
		return
	}
	a.done(r.Status, r.Err)
}

type phase uint8

const (
	phaseBound    phase = iota
	phaseDraining       // no new requests of ours; what is in flight may be answered
	phaseClosed         // nothing more is queued for the wire
)

// link is one bound connection. mu guards memory only; nothing is read or written under it.
type link struct {
	conn   net.Conn
	frames *frames
	cfg    linkConfig
	side   side

	mu       sync.Mutex
	phase    phase
	out      []byte // frames for the writer
	taken    uint64 // octets that the writer has taken out of out
	written  uint64 // octets that the connection has taken
	sequence uint32
	waiting  map[uint32]asked
	expired  expired
	err      error // why the link ended

	slots    chan struct{} // one for each request of ours in flight
	wake     chan struct{} // there is something in out
	nudge    chan struct{} // the keeper should look
	draining chan struct{} // closed with phaseDraining
	dead     chan struct{} // closed when conn is

	unbindSeq  atomic.Uint32
	peerUnbind chan uint32 // the peer's unbind, to be answered when nothing is in flight

	inMu      sync.Mutex
	in        []inbound
	inWake    chan struct{}
	unsettled atomic.Int64
}

type inbound struct {
	h Header
	p PDU
}

func newLink(conn net.Conn, f *frames, firstSequence uint32, cfg linkConfig, s side) *link {
	return &link{
		conn: conn, frames: f, cfg: cfg, side: s, sequence: firstSequence,
		waiting: make(map[uint32]asked, cfg.window), expired: newExpired(),
		slots: make(chan struct{}, cfg.window), wake: make(chan struct{}, 1), nudge: make(chan struct{}, 1),
		draining: make(chan struct{}), dead: make(chan struct{}), peerUnbind: make(chan uint32, 1), inWake: make(chan struct{}, 1),
	}
}

// run serves the link until it ends, and says why: nil after an orderly end that ctx asked for. All its goroutines have
// ended then, and every request in flight has been told.
func (l *link) run(ctx context.Context) error {
	var writer, others sync.WaitGroup
	writer.Go(l.write)
	others.Go(l.dispatch)
	others.Go(func() { l.keep(ctx) })
	l.kill(l.read())
	writer.Wait() // how much it wrote decides what is in doubt
	l.abandon()
	others.Wait()
	return l.err
}

// send queues p as a request of ours once the window has room. An error means that p will never reach the wire.
func (l *link) send(ctx context.Context, p PDU, a asked) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case l.slots <- struct{}{}:
	default:
		select {
		case l.slots <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		case <-l.draining:
			return ErrNotBound
		}
	}
	l.mu.Lock()
	if l.phase != phaseBound {
		l.mu.Unlock()
		<-l.slots
		return ErrNotBound
	}
	seq := l.nextSequence()
	out, err := Append(l.out, Header{Sequence: seq}, p)
	if err != nil {
		l.mu.Unlock()
		<-l.slots
		return fmt.Errorf("%w: %w", ErrFrame, err)
	}
	l.out = out
	a.id, a.at, a.end = p.Command(), time.Now(), l.taken+uint64(len(out))
	l.waiting[seq] = a
	l.mu.Unlock()
	signal(l.wake)
	return nil
}

// nextSequence counts 1 to 0x7FFFFFFF (SMPP §5.1.4), past numbers that are still in use. mu is held.
func (l *link) nextSequence() uint32 {
	for {
		l.sequence++
		if l.sequence > 0x7FFFFFFF {
			l.sequence = 1
		}
		if _, used := l.waiting[l.sequence]; !used && !l.expired.has(l.sequence) {
			return l.sequence
		}
	}
}

// reply queues an answer to the peer. After the link's end it does nothing: the peer will ask again on the next one.
func (l *link) reply(h Header, p PDU) {
	l.mu.Lock()
	if l.phase == phaseClosed {
		l.mu.Unlock()
		return
	}
	out, err := Append(l.out, h, p)
	if err != nil {
		// A field of ours does not fit: the peer still gets its answer.
		l.cfg.log.Error("answer cannot be framed", "command", p.Command().String(), "error", err)
		out, _ = Append(out, h.withStatus(StatusSystemError), bare(p.Command()))
	}
	l.out = out
	flood := len(out) > 1<<20+l.cfg.window*64<<10
	l.mu.Unlock()
	if flood {
		l.kill(errFlood)
		return
	}
	signal(l.wake)
}

// refuse answers a request with a bare status: its response without a body, or generic_nack where it has none.
func (l *link) refuse(h Header, s Status) {
	id := h.ID.Response()
	if !h.ID.known() || h.ID == OutbindID || h.ID == AlertNotificationID {
		id = GenericNackID
	}
	l.reply(h.withStatus(s), bare(id))
}

// answered takes the response h to a request of ours.
func (l *link) answered(h Header, r SubmitResult) {
	l.mu.Lock()
	a, ok := l.waiting[h.Sequence]
	if ok && h.ID != a.id.Response() && h.ID != GenericNackID {
		ok = false // a response to something else that bears our number
	}
	if !ok {
		m := l.expired.take(h)
		l.mu.Unlock()
		if m != nil {
			l.side.late(m, r)
			return
		}
		l.cfg.log.Debug("response to nothing in flight", "command", h.ID.String(), "sequence", h.Sequence, "status", h.Status.String())
		return
	}
	delete(l.waiting, h.Sequence)
	quiet := l.phase == phaseDraining && len(l.waiting) == 0
	l.mu.Unlock()
	<-l.slots
	if quiet {
		signal(l.nudge)
	}
	a.tell(r)
}

// abandon tells every request in flight that the link was lost. One whose last octet never left is not in doubt: no peer
// acts on half a frame.
func (l *link) abandon() {
	l.mu.Lock()
	lost, written := l.waiting, l.written
	l.waiting = nil
	l.mu.Unlock()
	for _, a := range lost {
		if a.end > written {
			a.tell(SubmitResult{Err: ErrNotSent})
		} else {
			a.tell(SubmitResult{Err: ErrLinkLost})
		}
	}
}

// startDraining refuses new requests of ours from now on.
func (l *link) startDraining() {
	l.mu.Lock()
	if l.phase == phaseBound {
		l.phase = phaseDraining
		close(l.draining)
	}
	l.mu.Unlock()
}

// finish lets the writer send what is queued and then end the link for err.
func (l *link) finish(err error) {
	l.startDraining()
	l.mu.Lock()
	if l.phase != phaseClosed {
		l.phase = phaseClosed
		l.err = err
	}
	l.mu.Unlock()
	signal(l.wake)
}

// kill ends the link at once; the first reason stands.
func (l *link) kill(err error) {
	l.startDraining()
	l.mu.Lock()
	if l.phase != phaseClosed {
		l.phase = phaseClosed
		l.err = err
	}
	select {
	case <-l.dead:
		l.mu.Unlock()
		return
	default:
		close(l.dead)
	}
	l.mu.Unlock()
	l.conn.Close()
}

// inFlight counts our requests without a response.
func (l *link) inFlight() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.waiting)
}

// quiet tells that nothing is in flight in either direction.
func (l *link) quiet() bool { return l.inFlight() == 0 && l.unsettled.Load() == 0 }

// settled says that one of the peer's requests no longer counts against the queue.
func (l *link) settled() {
	if l.unsettled.Add(-1) == 0 {
		signal(l.nudge)
	}
}

func (h Header) withStatus(s Status) Header { h.Status = s; return h }

// bare is a PDU of nothing but a header.
type bare CommandID

func (b bare) Command() CommandID                { return CommandID(b) }
func (bare) appendBody(b []byte) ([]byte, error) { return b, nil }
func (bare) decodeBody(*fields)                  {}

// signal wakes whoever waits on c, which holds one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
