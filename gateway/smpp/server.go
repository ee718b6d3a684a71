package smpp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"
)

// ServerConfig says how an SMSC's end behaves. A zero duration or number takes the default in brackets.
type ServerConfig struct {
	SystemID        string
	Window          int           // deliver_sm without a response at one time, for each peer [10]
	EnquireLink     time.Duration // silence after which the peer is asked whether it lives [30s]
	ResponseTimeout time.Duration // for deliver_sm and enquire_link [30s]
	WriteTimeout    time.Duration // for a peer that stops reading [10s]
	BindTimeout     time.Duration // for a peer that connects and does not bind [10s]
	CloseTimeout    time.Duration // for what is in flight, and for unbind, when Serve's context ends [5s]
	MaxFrame        int           // octets; longer frames are refused [128 KiB]
	MaxUnanswered   int           // submit_sm waiting for Submit to return, each KiB begun counted; more are throttled [10000]
	Log             *slog.Logger
}

// ServerHandler is the SMSC behind a Server. It may serve more operations: see QueryHandler and those beside it.
type ServerHandler interface {
	// Bind judges a bind; any status but StatusOK is sent back and the link closed. Deliver to p waits until the
	// bind_resp is on its way, so it must not be called and waited for inside Bind.
	Bind(p *Peer, b *Bind) Status
	// Submit is called for each submit_sm of p, in order, by one goroutine a peer. Each call of respond, from any
	// goroutine, sends one response: a simulator may answer late, twice or never.
	Submit(p *Peer, m *SubmitSM, respond func(SubmitResult))
	// Closed is called once for each peer that was bound, when its link has ended.
	Closed(p *Peer)
}

// Server accepts binds.
type Server struct {
	cfg ServerConfig
	h   ServerHandler
}

// NewServer makes a server; Serve starts it.
func NewServer(cfg ServerConfig, h ServerHandler) *Server {
	return &Server{cfg: cfg.withDefaults(), h: h}
}

// Serve accepts peers on ln until ctx ends; then it unbinds them, closes ln, and returns nil when all have gone.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(ctx, func() { ln.Close() })
	defer stop()
	var peers sync.WaitGroup
	defer peers.Wait()
	defer cancel()
	for {
		conn, err := ln.Accept()
		switch {
		case err == nil:
			peers.Go(func() { s.session(ctx, conn) })
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("smpp: accept: %w", err)
		default: // out of file descriptors, say: those who are bound stay
			s.cfg.Log.Error("accept", "error", err)
			sleep(ctx, 100*time.Millisecond)
		}
	}
}

// session serves one connection from accept to end.
func (s *Server) session(ctx context.Context, conn net.Conn) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p := &Peer{server: s, conn: conn, unbind: cancel, bound: make(chan struct{}), gone: make(chan struct{})}
	defer conn.Close()
	defer close(p.gone)
	f := newFrames(conn, s.cfg.MaxFrame)
	h, err := s.await(ctx, p, f)
	if err != nil {
		s.cfg.Log.Info("ESME not bound", "remote", conn.RemoteAddr().String(), "error", err)
		return
	}
	defer s.h.Closed(p)
	p.link = newLink(conn, f, 0, linkConfig{
		window: s.cfg.Window, enquire: s.cfg.EnquireLink, response: s.cfg.ResponseTimeout, write: s.cfg.WriteTimeout,
		close: s.cfg.CloseTimeout, queue: s.cfg.MaxUnanswered, overload: StatusThrottled, log: s.cfg.Log,
	}, newRoom(), p)
	p.link.reply(h, &BindResp{Mode: p.bind.Mode, SystemID: s.cfg.SystemID, TLVs: TLVs{{TagSCInterfaceVersion, []byte{0x34}}}})
	close(p.bound)
	s.cfg.Log.Info("ESME bound", "system_id", p.bind.SystemID, "mode", p.bind.Mode.String(), "remote", conn.RemoteAddr().String())
	err = p.link.run(ctx)
	s.cfg.Log.Info("ESME gone", "system_id", p.bind.SystemID, "error", err)
}

// await reads until the peer has bound, and gives the header of the answer that it is owed.
func (s *Server) await(ctx context.Context, p *Peer, f *frames) (Header, error) {
	stop := context.AfterFunc(ctx, func() { p.conn.Close() })
	defer stop()
	p.conn.SetDeadline(time.Now().Add(s.cfg.BindTimeout))
	for {
		h, body, err := f.next()
		answer, end := Header{Sequence: h.Sequence}, err
		var id CommandID
		var fe *FrameError
		switch {
		case errors.As(err, &fe):
			id, answer.Status = GenericNackID, StatusInvCmdLen
			if !fe.Lost {
				end = nil
			}
		case err != nil:
			return h, err
		case h.ID == BindTransceiverID || h.ID == BindTransmitterID || h.ID == BindReceiverID:
			pdu, err := Decode(h, body)
			if err == nil {
				p.bind = pdu.(*Bind)
				answer.Status = s.h.Bind(p, p.bind)
				if answer.Status == StatusOK {
					p.conn.SetDeadline(time.Time{})
					return answer, nil
				}
				err = &BindError{answer.Status}
			} else {
				answer.Status = StatusBindFailed
				var field *FieldError
				if errors.As(err, &field) {
					answer.Status = field.Status
				}
			}
			id, end = h.ID.Response(), err
		case h.ID == EnquireLinkID:
			id = EnquireLinkRespID
		case h.ID == UnbindID:
			id, end = UnbindRespID, errUnbound
		case h.ID.IsResponse():
			continue
		case !h.ID.known():
			id, answer.Status = GenericNackID, StatusInvCmdID
		default:
			id, answer.Status = h.ID.Response(), StatusInvBindStatus
		}
		b, _ := Append(nil, answer, bare(id))
		if _, err := p.conn.Write(b); err != nil {
			return h, err
		}
		if end != nil {
			if half, ok := p.conn.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
				p.conn.SetReadDeadline(time.Now().Add(lingering))
				io.Copy(io.Discard, f.r) // as link.discard: closing at once might reset the answer away
			}
			return h, end
		}
	}
}

// Peer is one ESME that is bound, or about to be.
type Peer struct {
	server *Server
	conn   net.Conn
	bind   *Bind
	link   *link
	unbind context.CancelFunc
	bound  chan struct{} // closed when link is there
	gone   chan struct{} // closed when the connection's session has ended
}

// Bind is what the peer bound with.
func (p *Peer) Bind() *Bind { return p.bind }

// RemoteAddr is the peer's network address.
func (p *Peer) RemoteAddr() net.Addr { return p.conn.RemoteAddr() }

// Deliver waits for room in the window and sends d to the peer. A returned error means that d was certainly not sent.
// After nil, done is called exactly once, from the link's own goroutines, so it must not block: with the peer's status,
// or with ErrNoResponse, ErrLinkLost or ErrNotSent.
func (p *Peer) Deliver(ctx context.Context, d *DeliverSM, done func(Status, error)) error {
	if p.bind.Mode == BindTransmitterID {
		return ErrNotBound
	}
	select {
	case <-p.bound:
	case <-p.gone:
		return ErrNotBound
	case <-ctx.Done():
		return ctx.Err()
	}
	return p.link.room.send(ctx, p.link.bound, d, &asked{done: done})
}

// Unbind ends the session in order: what is in flight may still be answered for up to CloseTimeout.
func (p *Peer) Unbind() { p.unbind() }

// Drop cuts the link without a word.
func (p *Peer) Drop() { p.conn.Close() }

func (p *Peer) late(*SubmitSM, SubmitResult) {}

func (p *Peer) request(l *link, in inbound) {
	h := in.h
	_, again := in.p.(*Bind)
	switch {
	case again:
		l.refuse(h, StatusAlreadyBound)
	case p.bind.Mode == BindReceiverID:
		l.refuse(h, StatusInvBindStatus)
	case !p.serve(l, h, in.p):
		l.refuse(h, StatusInvCmdID)
	}
	l.settled(in.weight)
}

func (cfg ServerConfig) withDefaults() ServerConfig {
	cfg.Window = cmp.Or(cfg.Window, 10)
	cfg.EnquireLink = cmp.Or(cfg.EnquireLink, 30*time.Second)
	cfg.ResponseTimeout = cmp.Or(cfg.ResponseTimeout, 30*time.Second)
	cfg.WriteTimeout = cmp.Or(cfg.WriteTimeout, 10*time.Second)
	cfg.BindTimeout = cmp.Or(cfg.BindTimeout, 10*time.Second)
	cfg.CloseTimeout = cmp.Or(cfg.CloseTimeout, 5*time.Second)
	cfg.MaxFrame = cmp.Or(cfg.MaxFrame, 128<<10)
	cfg.MaxUnanswered = cmp.Or(cfg.MaxUnanswered, 10_000)
	cfg.Log = cmp.Or(cfg.Log, slog.New(slog.DiscardHandler))
	return cfg
}
