package main

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"sync/atomic"

	"canhgiac/gateway"
	"canhgiac/gateway/simulator"
	"canhgiac/gateway/smpp"
)

const benchCarrier = "simulator"

func newFar(o gatewayOptions, log *slog.Logger) (far, error) {
	switch o.transport {
	case "smpp":
		return newSimulated(o, log)
	case "noop":
		return &noop{}, nil
	}
	return nil, fmt.Errorf("--transport %q: want smpp or noop", o.transport)
}

// simulated is the simulator at the end of a real link.
type simulated struct {
	sim *simulator.Simulator
	log *slog.Logger
}

func newSimulated(o gatewayOptions, log *slog.Logger) (*simulated, error) {
	var script simulator.Script
	script.Network.Receipts.After = simulator.Span{Min: o.receipts, Max: o.receipts}
	sim, err := simulator.New(simulator.Options{SMPPAddr: "127.0.0.1:0", HTTPAddr: "127.0.0.1:0", Script: script, Log: log})
	return &simulated{sim, log}, err
}

func (s *simulated) run(ctx context.Context) error { return s.sim.Run(ctx) }

func (s *simulated) carrier(ctx context.Context) (gateway.Carrier, error) {
	select {
	case <-s.sim.Ready():
	case <-ctx.Done():
		return gateway.Carrier{}, ctx.Err()
	}
	return gateway.Carrier{
		Name: benchCarrier, Link: smpp.ClientConfig{Addr: s.sim.SMPPAddr(), SystemID: "bench", Window: 500, Log: s.log},
		Source: smpp.Address{TON: smpp.TONAlphanumeric, Addr: "CATHANHKHEX"},
	}, nil
}

func (s *simulated) counts() farCounts {
	c := s.sim.Accepted()
	return farCounts{distinct: int(c.Distinct), doubled: int(c.Doubled), receipts: int(c.Receipts)}
}

// noop answers and receipts at once, without a link: what is left is the queue and the ledger.
type noop struct {
	h         smpp.ClientHandler
	ids       atomic.Int64
	confirmed atomic.Int64
}

func (n *noop) run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

func (n *noop) carrier(context.Context) (gateway.Carrier, error) {
	return gateway.Carrier{
		Name: benchCarrier, Source: smpp.Address{TON: smpp.TONAlphanumeric, Addr: "CATHANHKHEX"},
		Transport: func(h smpp.ClientHandler) gateway.Transport { n.h = h; return n },
	}, nil
}

func (n *noop) counts() farCounts {
	return farCounts{distinct: int(n.ids.Load()), receipts: int(n.confirmed.Load())}
}

// Run is the bind, which is always up.
func (n *noop) Run(ctx context.Context) error {
	n.h.State(true)
	<-ctx.Done()
	return nil
}

// Submit answers with an id and its receipt.
func (n *noop) Submit(_ context.Context, m *smpp.SubmitSM, done func(smpp.SubmitResult)) error {
	id := strconv.FormatInt(n.ids.Add(1), 10)
	done(smpp.SubmitResult{MessageID: id})
	n.h.Deliver(&smpp.DeliverSM{
		Source: m.Dest, Dest: m.Source, ESMClass: smpp.ESMClassReceipt,
		TLVs: smpp.TLVs{{Tag: smpp.TagReceiptedMessageID, Value: append([]byte(id), 0)}, {Tag: smpp.TagMessageState, Value: []byte{2}}},
	}, func(s smpp.Status) {
		if s == smpp.StatusOK {
			n.confirmed.Add(1)
		}
	})
	return nil
}

func (n *noop) Bound() bool { return true }

func (n *noop) InFlight() int { return 0 }
