package smpp

import (
	"context"
	"errors"
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
	errIgnored  = errors.New("smpp: the peer lives, but answers no submit_sm")
	errForgot   = errors.New("smpp: the peer says that nobody is bound")
)

// side is the end that a link serves: the client's or the server's.
type side interface {
	// request takes one of the peer's requests. It is called in order, by the link's dispatcher, and must answer it by
	// reply, at once or later; settled when it no longer counts against linkConfig.queue.
	request(l *link, in inbound)
	// late takes a submit_sm_resp that came after its time-out.
	late(m *SubmitSM, r SubmitResult)
}

type linkConfig struct {
	window   int
	enquire  time.Duration
	response time.Duration
	write    time.Duration
	close    time.Duration
	ignored  int    // rounds of submit_sm without a response that end the link; 0: none do
	wary     bool   // one submit_sm at a time until the first is answered
	queue    int    // requests of the peer at one time, in all their weight; more are refused
	overload Status // with this
	log      *slog.Logger
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
	room   *room // where callers wait for the window

	mu       sync.Mutex
	phase    phase
	out      []byte // frames for the writer
	taken    uint64 // octets that the writer has taken out of out
	written  uint64 // octets that the connection has taken
	sequence uint32
	waiting  map[uint32]asked
	expired  expired
	round    time.Time // when the last submit_sm timed out; one sent since then and timing out too makes another round
	rounds   int       // of time-outs, since a submit_sm was answered
	err      error     // why the link ended

	asking  atomic.Int32  // len(waiting), for those who look without the lock
	window  atomic.Int32  // how many it may be
	leaving atomic.Bool   // phase is not phaseBound, for the same
	wake    chan struct{} // there is something in out
	nudge   chan struct{} // the keeper should look
	dead    chan struct{} // closed when conn is

	unbindSeq  atomic.Uint32
	peerUnbind chan uint32 // the peer's unbind, to be answered when nothing is in flight

	inMu      sync.Mutex
	in        []inbound
	inWake    chan struct{}
	unsettled atomic.Int64 // weight of the peer's requests
}

// inbound is a request of the peer. Its weight counts against linkConfig.queue until it is settled: one for each KiB that is
// begun, so that no peer fills the memory with few but large ones.
type inbound struct {
	h      Header
	p      PDU
	weight int64
}

func newLink(conn net.Conn, f *frames, firstSequence uint32, cfg linkConfig, r *room, s side) *link {
	l := &link{
		conn: conn, frames: f, cfg: cfg, side: s, room: r, sequence: firstSequence,
		waiting: make(map[uint32]asked, cfg.window), expired: newExpired(),
		wake: make(chan struct{}, 1), nudge: make(chan struct{}, 1), dead: make(chan struct{}),
		peerUnbind: make(chan uint32, 1), inWake: make(chan struct{}, 1),
	}
	l.window.Store(int32(cfg.window))
	if cfg.wary {
		l.window.Store(1)
	}
	return l
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

// startDraining refuses new requests of ours from now on.
func (l *link) startDraining() {
	l.mu.Lock()
	if l.phase == phaseBound {
		l.phase = phaseDraining
		l.leaving.Store(true)
	}
	l.mu.Unlock()
	l.room.changed()
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

// quiet tells that nothing is in flight in either direction.
func (l *link) quiet() bool { return l.inFlight() == 0 && l.unsettled.Load() == 0 }

// settled says that one of the peer's requests no longer counts against the queue.
func (l *link) settled(weight int64) {
	if l.unsettled.Add(-weight) == 0 {
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
