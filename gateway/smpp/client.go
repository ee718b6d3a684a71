package smpp

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"time"
)

// What Submit and its done report besides a status.
var (
	ErrNotBound   = errors.New("smpp: not bound")
	ErrFrame      = errors.New("smpp: message cannot be framed")
	ErrNoResponse = errors.New("smpp: no response in time")
	ErrLinkLost   = errors.New("smpp: link lost before the response")
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
	MaxFrame        int           // octets; longer frames are refused [128 KiB]
	MaxUnacked      int           // deliver_sm waiting for their ack; more are refused for now [10000]

	Log  *slog.Logger
	Dial func(ctx context.Context, addr string) (net.Conn, error) // [TCP to Addr]; TLS is laid over it
}

// ClientHandler hears what the SMSC sends.
type ClientHandler interface {
	// Deliver is called for each deliver_sm, in order, by one goroutine. The SMSC gets its deliver_sm_resp only when ack
	// is called, from any goroutine and once: after the row is committed. Without it the SMSC sends the message again.
	Deliver(d *DeliverSM, ack func(Status))
	// Late is a submit_sm_resp that came after its time-out: the id is still good.
	Late(m *SubmitSM, r SubmitResult)
	// State tells when the bind comes up and when it went down.
	State(up bool)
}

// SubmitResult is what became of one submit_sm. Err nil: the SMSC answered, with Status. ErrNoResponse and ErrLinkLost:
// nobody knows whether the SMSC has the message.
type SubmitResult struct {
	MessageID string
	Status    Status
	Err       error
}

// Client keeps one bind to an SMSC up.
type Client struct {
	cfg ClientConfig
	h   ClientHandler
}

// NewClient makes a client; Run starts it.
func NewClient(cfg ClientConfig, h ClientHandler) *Client { return &Client{cfg: cfg, h: h} }

// Run connects, binds, and connects again after pauses that grow, are capped and jittered, until ctx ends. Then it lets
// what is in flight be answered for up to CloseTimeout, unbinds, and returns nil.
func (c *Client) Run(ctx context.Context) error { return errors.ErrUnsupported }

// Submit waits for room in the window and sends m, which must not change until done. A returned error means that m was
// certainly not sent: ErrNotBound, ErrFrame, or ctx's error. After nil, done is called exactly once, from the link's own
// goroutines, so it must not block: with the response, or with Err ErrNoResponse or ErrLinkLost.
func (c *Client) Submit(ctx context.Context, m *SubmitSM, done func(SubmitResult)) error {
	return errors.ErrUnsupported
}

// Bound tells whether Submit would find a link.
func (c *Client) Bound() bool { return false }

// InFlight counts the submit_sm without a response.
func (c *Client) InFlight() int { return 0 }
