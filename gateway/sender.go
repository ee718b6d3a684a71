package gateway

import (
	"context"
	"errors"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
)

// SenderOptions are what a sender may be told beyond its carriers.
type SenderOptions struct {
	Log        *slog.Logger
	Registerer prometheus.Registerer // nil: no metrics
}

// Sender keeps the binds to the carriers up and moves the queue over them, in both directions.
type Sender struct{}

// NewSender makes a sender over store's queue; Run starts it. handle may be nil where nothing answers inbound words.
func NewSender(store *Store, carriers []Carrier, words Words, handle InboundHandler, o SenderOptions) (*Sender, error) {
	return nil, errors.ErrUnsupported
}

// Run sends until ctx ends; then it finishes what it claimed, within some eight seconds, and gives its leases back.
func (s *Sender) Run(ctx context.Context) error { return errors.ErrUnsupported }
