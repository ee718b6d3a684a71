package campaigns

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"canhgiac/gateway"
	"canhgiac/schedules"
)

// Expansion is an audience that is being written out at the moment. The transaction that does it shows nothing of itself
// before its end, so it is told beside it.
type Expansion struct {
	Done, Total int // Total 0: the audience is still being counted
	StartedAt   time.Time
}

const expansionSQL = `select done, total, started_at from campaign_expansions
where campaign_id = $1 and seen_at > clock_timestamp() - interval '10 seconds'`

// Expanding tells how far the campaign's expansion is, if one is under way.
func (s *Store) Expanding(ctx context.Context, campaign int64) (e Expansion, is bool, err error) {
	err = s.db.QueryRowContext(ctx, expansionSQL, campaign).Scan(&e.Done, &e.Total, &e.StartedAt)
	if errors.Is(err, sql.ErrNoRows) {
		return e, false, nil
	}
	if err != nil {
		return e, false, fmt.Errorf("expansion of campaign %d: %w", campaign, err)
	}
	return e, true, nil
}

const beginExpansionSQL = `
insert into campaign_expansions (campaign_id, due_at, started_at, seen_at) values ($1, $2, $3, clock_timestamp())
on conflict (campaign_id) do update set due_at = excluded.due_at, done = 0, total = 0, stop = false,
  started_at = excluded.started_at, seen_at = excluded.seen_at`

const tellExpansionSQL = `
update campaign_expansions set done = $2, total = $3, seen_at = clock_timestamp() where campaign_id = $1 returning stop`

const endExpansionSQL = `delete from campaign_expansions where campaign_id = $1`

// tellEvery is how often an expansion tells how far it is, and asks whether it should stop.
const tellEvery = 250 * time.Millisecond

// expand enqueues r, in tx, and gives way to a pause or a cancel: then nothing of it stands, and the error is
// schedules.ErrStopped.
func (s *Store) expand(ctx context.Context, tx *sql.Tx, r gateway.Run, dueAt time.Time) (int, error) {
	if _, err := s.db.ExecContext(ctx, beginExpansionSQL, r.Campaign, dueAt.UTC(), s.now().UTC()); err != nil {
		return 0, err
	}
	var done, total atomic.Int64
	r.Progress = func(d, t int) { done.Store(int64(d)); total.Store(int64(t)) }
	own, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	ended := make(chan struct{})
	var beside sync.WaitGroup
	beside.Go(func() {
		tick := time.NewTicker(tellEvery)
		defer tick.Stop()
		for {
			select {
			case <-ended:
				return
			case <-tick.C:
			}
			var asked bool
			err := s.db.QueryRowContext(ctx, tellExpansionSQL, r.Campaign, done.Load(), total.Load()).Scan(&asked)
			if err == nil && asked {
				stop(schedules.ErrStopped)
			}
		}
	})
	n, err := s.gw.EnqueueRun(own, tx, r)
	close(ended)
	beside.Wait()
	if err == nil {
		_, err = tx.ExecContext(ctx, endExpansionSQL, r.Campaign) // goes as the run appears
		return n, err
	}
	if errors.Is(context.Cause(own), schedules.ErrStopped) {
		err = schedules.ErrStopped
	}
	_, gone := s.db.ExecContext(context.WithoutCancel(ctx), endExpansionSQL, r.Campaign)
	return 0, errors.Join(err, gone)
}

const stopExpansionSQL = `update campaign_expansions set stop = true where campaign_id = $1 and not stop`

// interrupting does act, which waits for the locks of an expansion that is under way, and has that give way to it. It is asked
// again until act is through, since it may only just have begun.
func (s *Store) interrupting(ctx context.Context, id int64, act func() error) error {
	through := make(chan struct{})
	var beside sync.WaitGroup
	beside.Go(func() {
		tick := time.NewTicker(tellEvery)
		defer tick.Stop()
		for {
			if _, err := s.db.ExecContext(ctx, stopExpansionSQL, id); err != nil && ctx.Err() == nil {
				s.o.Log.Warn("campaigns: stop an expansion", "campaign", id, "error", err)
			}
			select {
			case <-through:
				return
			case <-tick.C:
			}
		}
	})
	err := act()
	close(through)
	beside.Wait()
	return err
}
