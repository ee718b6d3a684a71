package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

const beatSQL = `
update jobs set done = $4, total = $5, lease_until = clock_timestamp() + $6 * interval '1 millisecond'
where id = $1 and node = $2 and tries = $3 and state = 'running'
returning cancelled_by`

// beat keeps the lease, tells how far the work is, and hears of a cancel; on connections of its own, since the work's may be
// in the middle of a transaction.
func (r *Runner) beat(ctx context.Context, t *Task, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	held := time.Now()
	var toldDone, toldTotal int64
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		done, total := t.done.Load(), t.total.Load()
		var cancelledBy string
		err := t.store.db.QueryRowContext(ctx, beatSQL, t.job.ID, t.job.Node, t.job.Tries, done, total, lease.Milliseconds()).Scan(&cancelledBy)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			cancel(errLost)
			return
		case err != nil:
			r.warn(ctx, "beat", err)
			if time.Since(held) > lease-2*time.Second {
				cancel(errLost) // another node may begin any moment
				return
			}
			continue
		case cancelledBy != "":
			cancel(errCancelled)
		}
		held = time.Now()
		if done != toldDone || total != toldTotal {
			toldDone, toldTotal = done, total
			r.warn(ctx, "notify", t.store.notify(ctx, t.store.db, t.job.ID, false))
		}
	}
}

// againSQL puts a job back into the queue: after a try that failed, or because the node stops, which is no try.
const againSQL = `
update jobs set state = 'queued', node = '', lease_until = null, tries = tries - $4, done = 0, total = 0, ready_at = $5
where id = $1 and state = 'running' and node = $2 and tries = $3 and cancelled_by = ''`

func (r *Runner) settle(ctx context.Context, t *Task, err, why error, stopping bool) error {
	if err == nil {
		err = t.end(ctx, t.store.db, Done, nil)
		if !errors.Is(err, errLost) {
			return err
		}
	}
	// Whatever else the work came back with: where somebody asked for the end, that is what it came to.
	if cancelled := t.end(ctx, t.store.db, Cancelled, nil); !errors.Is(cancelled, errLost) {
		return cancelled
	}
	var p *Problem
	switch {
	case errors.As(err, &p):
		return t.end(ctx, t.store.db, Failed, p)
	case errors.Is(err, errLost), errors.Is(why, errLost):
		return r.again(ctx, t, 0, 0) // changes nothing where another node has it
	case stopping:
		return r.again(ctx, t, 1, 0)
	}
	r.Log.Error("jobs: a try failed", "job", t.job.ID, "kind", t.job.Kind, "try", t.job.Tries, "error", err)
	if t.job.Tries >= tries {
		return t.end(ctx, t.store.db, Failed, &Problem{Key: "jobs.problem.tries"})
	}
	return r.again(ctx, t, 0, time.Duration(t.job.Tries)*2*time.Second)
}

func (r *Runner) again(ctx context.Context, t *Task, untried int, in time.Duration) error {
	if _, err := t.store.db.ExecContext(ctx, againSQL, t.job.ID, t.job.Node, t.job.Tries, untried, t.store.now().UTC().Add(in)); err != nil {
		return fmt.Errorf("hand job %d back: %w", t.job.ID, err)
	}
	return t.store.notify(ctx, t.store.db, t.job.ID, true)
}
