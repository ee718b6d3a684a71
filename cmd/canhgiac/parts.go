package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// part is one long-running piece of a node. run returns when its work is safe to abandon.
type part struct {
	name   string
	run    func(context.Context) error
	grace  time.Duration // how long it may take to stop; the stages together stay under 10 s
	beside bool          // stops together with the part before it in the list: neither leans on the other
}

// stages are the parts in the order of their start, those together that stop side by side.
func stages(parts []part) [][]int {
	var all [][]int
	for i, p := range parts {
		if i > 0 && p.beside {
			all[len(all)-1] = append(all[len(all)-1], i)
		} else {
			all = append(all, []int{i})
		}
	}
	return all
}

// graceOf is how long parts may take to stop in all: of each stage its longest.
func graceOf(parts []part) (sum time.Duration) {
	for _, stage := range stages(parts) {
		longest := time.Duration(0)
		for _, i := range stage {
			longest = max(longest, parts[i].grace)
		}
		sum += longest
	}
	return sum
}

// runParts starts the parts in order. When ctx ends, or one of them fails, it stops them by stages in the reverse order: a
// part is told to stop only after those that lean on it have ended.
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
	for _, stage := range slices.Backward(stages(parts)) {
		told := time.Now()
		for _, i := range stage {
			stops[i]()
		}
		for _, i := range stage {
			select {
			case <-done[i]:
				continue
			case <-time.After(parts[i].grace - time.Since(told)):
			}
			select {
			case <-done[i]: // while another of its stage was waited for
			default:
				result = errors.Join(result, fmt.Errorf("%s did not stop within %s", parts[i].name, parts[i].grace))
			}
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
