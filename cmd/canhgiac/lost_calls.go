package main

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"canhgiac/internal/nodes"
	"canhgiac/ivr"
)

const (
	lostEach   = 30 * time.Second
	lostAfter  = 2 * time.Minute // of looking on, all the while without a word of the node
	lostUnseen = 2 * lostEach    // between two looks: what was seen before counts no more
)

// lostCalls ends the calls of nodes that died with them: a call by SIP lives in the process that has its socket. A node is
// dead to this one only when it was silent while this one looked on: after hours without a database nobody was heard of,
// and all may live.
type lostCalls struct {
	nodes   *nodes.Store
	hotline *ivr.Hotline
	self    string
	now     func() time.Time
	log     *slog.Logger

	looked time.Time            // for the last time
	silent map[string]time.Time // since when, of nodes that have calls
}

// run looks until ctx ends. Every node does.
func (l *lostCalls) run(ctx context.Context) error {
	tick := time.NewTicker(lostEach)
	defer tick.Stop()
	for {
		if err := l.look(ctx); err != nil && ctx.Err() == nil {
			l.log.Error("calls of dead nodes not ended", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (l *lostCalls) look(ctx context.Context) error {
	now := l.now()
	if now.Sub(l.looked) > lostUnseen {
		l.silent = nil
	}
	holders, err := l.hotline.Holders(ctx)
	if err != nil {
		return err
	}
	living, err := l.nodes.Living(ctx)
	if err != nil {
		return err
	}
	l.looked = now
	silent := map[string]time.Time{}
	var dead []string
	for _, h := range holders {
		if h == l.self || slices.Contains(living, h) {
			continue
		}
		since, known := l.silent[h]
		if !known {
			since = now
		}
		silent[h] = since
		if now.Sub(since) >= lostAfter {
			dead = append(dead, h)
		}
	}
	l.silent = silent
	if len(dead) == 0 {
		return nil
	}
	n, err := l.hotline.EndAbandoned(ctx, dead)
	if n > 0 {
		l.log.Warn("calls ended whose node is gone", "calls", n)
	}
	return err
}
