package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// part is one long-running piece of a node. run returns when its work is safe to abandon.
type part struct {
	name  string
	run   func(context.Context) error
	grace time.Duration // how long it may take to stop; all together stay under 10 s
}

// runParts starts the parts in order. When ctx ends, or one of them fails, it stops them in the reverse order: each is
// told to stop only after those that lean on it have ended.
func runParts(ctx context.Context, log *slog.Logger, parts []part) error {
	type ended struct {
		i   int
		err error
	}
	ends := make(chan ended, len(parts))
	stops := make([]context.CancelFunc, len(parts))
	done := make([]chan struct{}, len(parts))
	for i, p := range parts {
		own, stop := context.WithCancel(context.WithoutCancel(ctx))
		stops[i], done[i] = stop, make(chan struct{})
		go func() {
			defer close(done[i])
			ends <- ended{i, p.run(own)}
		}()
	}
	var result error
	select {
	case <-ctx.Done():
		log.Info("stopping")
	case e := <-ends:
		if e.err == nil {
			e.err = errors.New("ended unasked")
		}
		result = fmt.Errorf("%s: %w", parts[e.i].name, e.err)
		log.Error("a part failed; stopping", "part", parts[e.i].name, "error", e.err)
	}
	for i := len(parts) - 1; i >= 0; i-- {
		stops[i]()
		select {
		case <-done[i]:
		case <-time.After(parts[i].grace):
			result = errors.Join(result, fmt.Errorf("%s did not stop within %s", parts[i].name, parts[i].grace))
		}
	}
	for {
		select {
		case e := <-ends:
			if e.err != nil && !errors.Is(e.err, context.Canceled) {
				result = errors.Join(result, fmt.Errorf("%s: %w", parts[e.i].name, e.err))
			}
		default:
			return result
		}
	}
}
