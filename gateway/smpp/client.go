package smpp

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync/atomic"
	"time"
)

// What Submit and its done report besides a status.
var (
	ErrNotBound   = errors.New("smpp: not bound")
	ErrFrame      = errors.New("smpp: message cannot be framed")
	ErrNoResponse = errors.New("smpp: no response in time")
	ErrLinkLost   = errors.New("smpp: link lost before the response")
	ErrNotSent    = errors.New("smpp: link lost before the message left") // nobody has it: it may be sent again
)

// ClientConfig says how to reach an SMSC and how patient to be. A zero duration or number takes the default in brackets.
type ClientConfig struct {
	Addr       string
	TLS        *tls.Config // nil for plain TCP
	SystemID   string
	Password   string
	SystemType string
	Mode       CommandID // [BindTransceiverID], or BindTransmitterID, BindReceiverID

	Window          int           // submit_sm without a response at one time [10]
	EnquireLink     time.Duration // silence after which the peer is asked whether it lives [30s]
	ResponseTimeout time.Duration // for submit_sm and enquire_link [30s]
	WriteTimeout    time.Duration // for a peer that stops reading [10s]
	DialTimeout     time.Duration // to connect, TLS included [10s]
	BindTimeout     time.Duration // for a peer that accepts and stays silent [10s]
	CloseTimeout    time.Duration // for what is in flight, and for unbind, when Run's context ends [5s]
	BackoffMin      time.Duration // the first pause before a reconnect lasts up to this [1s]
	BackoffMax      time.Duration // no pause is longer [60s]
	MaxIgnored      int           // rounds of submit_sm without any response before the link is ended; what times out together is one round [2]
	MaxFrame        int           // octets; longer frames are refused [128 KiB]
	MaxUnacked      int           // deliver_sm waiting for their ack, each KiB begun counted; more are refused for now [10000]

	Log  *slog.Logger
	Dial func(ctx context.Context, addr string) (net.Conn, error) // [TCP to Addr]; TLS is laid over it
}

// ClientHandler hears what the SMSC sends.
type ClientHandler interface {
	// Deliver is called for each deliver_sm, in order, by one goroutine. The SMSC gets its deliver_sm_resp only when ack
	// is called, from any goroutine and once: after the row is committed. Without it the SMSC sends the message again.
	// A link that has ended waits for Deliver to return before the next one begins.
	Deliver(d *DeliverSM, ack func(Status))
	// Late is a submit_sm_resp that came after its time-out, on the same link: the id is still good. When the link has
	// ended meanwhile, none can come: a sequence_number means something on its own link only, and what an SMSC sends under
	// it on the next one is not believed.
	Late(m *SubmitSM, r SubmitResult)
	// State tells when the bind comes up and when it went down. It must not block.
	State(up bool)
}

// SubmitResult is what became of one submit_sm. Err nil: the SMSC answered, with Status. ErrNoResponse and ErrLinkLost:
// nobody knows whether the SMSC has the message. ErrNotSent: it has not.
type SubmitResult struct {
	MessageID string
	Status    Status
	Err       error
}

// Client keeps one bind to an SMSC up.
type Client struct {
	requests
	cfg  ClientConfig
	h    ClientHandler
	link atomic.Pointer[link]

	// Run's, from one link to the next:
	sequence uint32 // numbers go on, so that an answer to a lost link's request is never taken for another's
	wary     bool   // the last link answered no submit_sm: one is enough to find out whether this one does

	since atomic.Int64 // when the bind came up or went down, in Unix nanoseconds; 0 before Run
}

// NewClient makes a client; Run starts it.
func NewClient(cfg ClientConfig, h ClientHandler) *Client { return newClient(cfg, h, newRoom()) }

func newClient(cfg ClientConfig, h ClientHandler, r *room) *Client {
	c := &Client{cfg: cfg.withDefaults(), h: h}
	c.requests = requests{room: r, pick: c.bound}
	return c
}

// Run connects, binds, and connects again after pauses that grow, are capped and jittered, until ctx ends. Then it lets
// what is in flight be answered for up to CloseTimeout, unbinds, and returns nil. A refused bind is tried again too, after
// the longest pause where only a change could help: the carrier's mistake of this morning must not need a restart.
func (c *Client) Run(ctx context.Context) error {
	c.since.Store(time.Now().UnixNano())
	pause := newBackoff(c.cfg.BackoffMin, c.cfg.BackoffMax)
	for ctx.Err() == nil {
		up, err := c.session(ctx)
		if ctx.Err() != nil {
			break
		}
		sleep(ctx, c.after(err, up, pause))
	}
	return nil
}

// after says why there is no link, and gives the pause until the next attempt.
func (c *Client) after(err error, up time.Duration, pause *backoff) time.Duration {
	log, d := c.cfg.Log.With("addr", c.cfg.Addr, "error", err, "up", up.Round(100*time.Millisecond).String()), time.Duration(0)
	var refused *BindError
	var unproven *tls.CertificateVerificationError
	var plain tls.RecordHeaderError
	switch {
	case errors.As(err, &refused):
		if refused.Permanent() {
			d = pause.longest()
		} else {
			d = pause.next()
		}
		log.Error("SMSC refuses the bind", "what_to_do", refused.Advice(), "retry_in", d.Round(100*time.Millisecond).String())
	case err == errIgnored: // it may have been up for long, and yet was not good
		d = pause.next()
		log.Error("SMSC took messages without a response: they are in doubt", "what_to_do", "ask the operator", "retry_in", d.Round(100*time.Millisecond).String())
	case errors.As(err, &unproven):
		d = pause.longest()
		log.Error("SMSC does not prove its name", "what_to_do", "check the name in addr and the authority in tls_ca", "retry_in", d.Round(100*time.Millisecond).String())
	case errors.As(err, &plain):
		d = pause.longest()
		log.Error("SMSC speaks no TLS", "what_to_do", "check the port in addr, or set tls to false", "retry_in", d.Round(100*time.Millisecond).String())
	default:
		pause.wasUp(up)
		d = pause.next()
		log.Warn("SMSC link down", "retry_in", d.Round(100*time.Millisecond).String())
	}
	return d
}

// session holds one link from dial to end, and says how long it was bound.
func (c *Client) session(ctx context.Context) (up time.Duration, err error) {
	conn, err := c.dial(ctx)
	if err != nil {
		return 0, fmt.Errorf("smpp: connect: %w", err)
	}
	defer conn.Close()
	f := newFrames(conn, c.cfg.MaxFrame)
	if err := c.bind(ctx, conn, f); err != nil {
		return 0, err
	}
	l := newLink(conn, f, max(c.sequence, 1), linkConfig{
		window: c.cfg.Window, enquire: c.cfg.EnquireLink, response: c.cfg.ResponseTimeout, write: c.cfg.WriteTimeout,
		close: c.cfg.CloseTimeout, queue: c.cfg.MaxUnacked, overload: StatusTemporaryApp, log: c.cfg.Log,
		ignored: c.cfg.MaxIgnored, wary: c.wary,
	}, c.room, c)
	began := time.Now()
	c.since.Store(began.UnixNano())
	c.link.Store(l)
	c.room.changed()
	c.cfg.Log.Info("SMSC link up", "addr", c.cfg.Addr)
	c.h.State(true)
	err = l.run(ctx)
	c.link.Store(nil)
	c.since.Store(time.Now().UnixNano())
	c.h.State(false)
	c.sequence = l.sequence
	c.wary = err == errIgnored || c.wary && int(l.window.Load()) < c.cfg.Window
	return time.Since(began), err
}

func (c *Client) dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.DialTimeout)
	defer cancel()
	conn, err := c.cfg.Dial(ctx, c.cfg.Addr)
	if err != nil || c.cfg.TLS == nil {
		return conn, err
	}
	cfg := c.cfg.TLS
	if cfg.ServerName == "" && !cfg.InsecureSkipVerify {
		cfg = cfg.Clone()
		cfg.ServerName, _, _ = net.SplitHostPort(c.cfg.Addr)
	}
	secure := tls.Client(conn, cfg)
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, fmt.Errorf("TLS handshake: %w", err)
	}
	return secure, nil
}

// bind asks for the session and waits for the answer; the rest of the stream stays in f for the link.
func (c *Client) bind(ctx context.Context, conn net.Conn, f *frames) error {
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	conn.SetDeadline(time.Now().Add(c.cfg.BindTimeout))
	b, err := Append(nil, Header{Sequence: 1}, &Bind{Mode: c.cfg.Mode, SystemID: c.cfg.SystemID, Password: c.cfg.Password,
		SystemType: c.cfg.SystemType, InterfaceVersion: 0x34})
	if err != nil {
		return err
	}
	if _, err := conn.Write(b); err != nil {
		return fmt.Errorf("smpp: bind: %w", err)
	}
	for {
		h, _, err := f.next()
		switch {
		case err != nil:
			return fmt.Errorf("smpp: wait for bind_resp: %w", err)
		case h.ID == EnquireLinkID:
			b, _ := Append(nil, Header{Sequence: h.Sequence}, bare(EnquireLinkRespID))
			if _, err := conn.Write(b); err != nil {
				return fmt.Errorf("smpp: bind: %w", err)
			}
		case !h.ID.IsResponse():
			c.cfg.Log.Debug("before bind_resp", "command", h.ID.String()) // it will come again
		case h.ID == GenericNackID:
			return &BindError{cmp.Or(h.Status, StatusUnknownError)}
		case h.ID != c.cfg.Mode.Response() || h.Sequence != 1: // no response of this peer could be told whose it is
			return fmt.Errorf("smpp: %s was answered by %s with sequence_number %d, not by %s with 1", c.cfg.Mode, h.ID, h.Sequence, c.cfg.Mode.Response())
		case h.Status != StatusOK:
			return &BindError{h.Status}
		default:
			return conn.SetDeadline(time.Time{})
		}
	}
}

// bound gives the link while it takes requests, or nil.
func (c *Client) bound() *link { return c.link.Load().bound() }

// InFlight counts the requests without a response.
func (c *Client) InFlight() int {
	if l := c.link.Load(); l != nil {
		return l.inFlight()
	}
	return 0
}

// Status tells how the bind stands.
func (c *Client) Status() BindStatus {
	s := BindStatus{Mode: c.cfg.Mode, Bound: c.Bound(), InFlight: c.InFlight()}
	if c.cfg.Mode != BindReceiverID {
		s.Window = c.cfg.Window
	}
	if at := c.since.Load(); at != 0 {
		s.Since = time.Unix(0, at)
	}
	return s
}

func (c *Client) late(m *SubmitSM, r SubmitResult) { c.h.Late(m, r) }

func (c *Client) request(l *link, in inbound) {
	switch p := in.p.(type) {
	case *DeliverSM:
		c.h.Deliver(p, l.acker(in))
	case *DataSM:
		// The same message in its short form: receipts and MO of some SMSCs come so.
		c.h.Deliver(&DeliverSM{ServiceType: p.ServiceType, Source: p.Source, Dest: p.Dest, ESMClass: p.ESMClass,
			RegisteredDelivery: p.RegisteredDelivery, DataCoding: p.DataCoding, TLVs: p.TLVs}, l.acker(in))
	case *AlertNotification, *Outbind:
		l.settled(in.weight) // nothing answers these
	default:
		l.refuse(in.h, StatusInvCmdID)
		l.settled(in.weight)
	}
}

// acker gives the function that answers the deliver_sm or data_sm, once; after the link's end it does nothing.
func (l *link) acker(in inbound) func(Status) {
	h, weight := in.h, in.weight // what the answer needs, and not the message
	var once atomic.Bool
	return func(s Status) {
		if once.Swap(true) {
			return
		}
		if h.ID == DataSMID {
			l.reply(h.withStatus(s), &DataSMResp{})
		} else {
			l.reply(h.withStatus(s), &DeliverSMResp{})
		}
		l.settled(weight)
	}
}

func (cfg ClientConfig) withDefaults() ClientConfig {
	cfg.Mode = cmp.Or(cfg.Mode, BindTransceiverID)
	cfg.Window = cmp.Or(cfg.Window, 10)
	cfg.EnquireLink = cmp.Or(cfg.EnquireLink, 30*time.Second)
	cfg.ResponseTimeout = cmp.Or(cfg.ResponseTimeout, 30*time.Second)
	cfg.WriteTimeout = cmp.Or(cfg.WriteTimeout, 10*time.Second)
	cfg.DialTimeout = cmp.Or(cfg.DialTimeout, 10*time.Second)
	cfg.BindTimeout = cmp.Or(cfg.BindTimeout, 10*time.Second)
	cfg.CloseTimeout = cmp.Or(cfg.CloseTimeout, 5*time.Second)
	cfg.BackoffMin = cmp.Or(cfg.BackoffMin, time.Second)
	cfg.BackoffMax = cmp.Or(cfg.BackoffMax, time.Minute)
	cfg.MaxIgnored = cmp.Or(cfg.MaxIgnored, 2)
	cfg.MaxFrame = cmp.Or(cfg.MaxFrame, 128<<10)
	cfg.MaxUnacked = cmp.Or(cfg.MaxUnacked, 10_000)
	cfg.Log = cmp.Or(cfg.Log, slog.New(slog.DiscardHandler))
	if cfg.Dial == nil {
		cfg.Dial = func(ctx context.Context, addr string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", addr)
		}
	}
	return cfg
}
