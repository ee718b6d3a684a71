package campaigns

import (
	"context"
	"time"
)

// countersLock is held by the one node that counts: what counting may cost is for all nodes together.
const countersLock = 0x63670029

const leadSQL = `select pg_try_advisory_lock($1)`

// leadEvery is how often a node that does not count asks whether it should.
const leadEvery = 5 * time.Second

// keepCounting counts what is due until ctx ends, on one node at a time: the lock ends with the connection that holds it.
func (s *Store) keepCounting(ctx context.Context) error {
	for {
		if err := s.leadCounting(ctx); err != nil && ctx.Err() == nil {
			s.o.Log.Error("campaigns: count", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(leadEvery):
		}
	}
}

// leadCounting counts while this node holds the lock; at once it returns when another does.
func (s *Store) leadCounting(ctx context.Context) error {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	var mine bool
	if err := conn.QueryRowContext(ctx, leadSQL, countersLock).Scan(&mine); err != nil || !mine {
		return err
	}
	defer func() {
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), `select pg_advisory_unlock($1)`, countersLock) // else the connection's end frees it
	}()
	for {
		if err := conn.PingContext(ctx); err != nil {
			return err
		}
		took, err := s.CountDue(ctx)
		if err != nil {
			return err
		}
		audience, err := s.gw.CountAudience(ctx)
		if err != nil {
			return err
		}
		ward, err := s.CountWard(ctx)
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(max(countRest*(took+audience+ward), leastPause)):
		}
	}
}
