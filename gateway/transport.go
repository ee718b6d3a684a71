package gateway

import (
	"context"

	"canhgiac/gateway/smpp"
)

// Transport carries messages to one carrier and brings back what it says: all that a link asks of SMPP. Its
// smpp.ClientHandler hears of the rest.
type Transport interface {
	// Run keeps the way to the carrier up until ctx ends; every Submit has been answered when it returns.
	Run(ctx context.Context) error
	// Submit waits for room and sends m, which must not change until done. An error means that m was certainly not sent;
	// after nil, done is called exactly once and must not block.
	Submit(ctx context.Context, m *smpp.SubmitSM, done func(smpp.SubmitResult)) error
	// Bound tells whether a Submit would find a link.
	Bound() bool
	// InFlight counts the submits without an answer.
	InFlight() int
}

// transport is c's own, or SMPP.
func (c Carrier) transport(h smpp.ClientHandler, cfg smpp.ClientConfig) Transport {
	if c.Transport != nil {
		return c.Transport(h)
	}
	return smpp.NewAccount(smpp.AccountConfig{ClientConfig: cfg, Binds: c.Binds, Separate: c.Separate}, h)
}
