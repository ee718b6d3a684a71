package smpp

import (
	"context"
	"errors"
	"log/slog"
	"net"
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
	MaxUnanswered   int           // submit_sm waiting for their respond; more are throttled [10000]
	Log             *slog.Logger
}

// ServerHandler is the SMSC behind a Server.
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
func NewServer(cfg ServerConfig, h ServerHandler) *Server { return &Server{cfg: cfg, h: h} }

// Serve accepts peers on ln until ctx ends; then it unbinds them, closes ln, and returns nil when all have gone.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error { return errors.ErrUnsupported }

// Peer is one ESME that is bound, or about to be.
type Peer struct{}

// Bind is what the peer bound with.
func (p *Peer) Bind() *Bind { return nil }

// RemoteAddr is the peer's network address.
func (p *Peer) RemoteAddr() net.Addr { return nil }

// Deliver waits for room in the window and sends d to the peer. A returned error means that d was certainly not sent.
// After nil, done is called exactly once, from the link's own goroutines, so it must not block: with the peer's status,
// or with ErrNoResponse or ErrLinkLost.
func (p *Peer) Deliver(ctx context.Context, d *DeliverSM, done func(Status, error)) error {
	return errors.ErrUnsupported
}

// Unbind ends the session in order: what is in flight may still be answered for up to CloseTimeout.
func (p *Peer) Unbind() {}

// Drop cuts the link without a word.
func (p *Peer) Drop() {}
