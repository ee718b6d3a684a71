package jobs

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/lib/pq"
)

const (
	slots   = 4 // jobs at once on one node
	perUser = 2 // of one person on all nodes, so that nobody waits for one who asked for much
	tries   = 3
	look    = time.Second
	beat    = 500 * time.Millisecond
	lease   = 15 * time.Second // outlives a database that is away for a moment
	sweep   = time.Minute
)

// Runner does jobs. Any number of nodes may run one side by side.
type Runner struct {
	Store *Store
	Works map[Kind]Work
	Log   *slog.Logger

	node string
}

// Run does jobs until ctx ends, and hands back those that have not ended by then.
func (r *Runner) Run(ctx context.Context) error {
	host, _ := os.Hostname() // its name is for people; the rest makes it one of its kind
	r.node = fmt.Sprintf("%s/%d/%s", host, os.Getpid(), rand.Text()[:6])
	var running sync.WaitGroup
	defer running.Wait()
	free := make(chan struct{}, slots)
	for range slots {
		free <- struct{}{}
	}
	tick := time.NewTicker(look)
	defer tick.Stop()
	swept := time.Time{}
	for {
		if time.Since(swept) >= sweep {
			swept = time.Now()
			r.warn(ctx, "sweep", r.Store.Sweep(ctx))
		}
		r.warn(ctx, "give up", r.giveUp(ctx))
		for more := true; more; {
			select {
			case <-free:
			default:
				more = false
				continue
			}
			j, err := r.claim(ctx)
			if err != nil {
				free <- struct{}{}
				more = false
				if !errors.Is(err, ErrNotFound) {
					r.warn(ctx, "claim", err)
				}
				continue
			}
			running.Go(func() {
				r.try(ctx, j)
				free <- struct{}{}
				r.Store.Wake()
			})
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-r.Store.woken:
		}
	}
}

func (r *Runner) warn(ctx context.Context, act string, err error) {
	if err != nil && ctx.Err() == nil {
		r.Log.Warn("jobs: "+act, "error", err)
	}
}

// claimSQL: SKIP LOCKED lets nodes run side by side. Who has fewer jobs on the run goes first, then who has waited longest.
// now() will not do for leases: it is the transaction's start.
const claimSQL = `
with pick as (
  select j.id from jobs j cross join lateral (
    select count(*) as running from jobs o where o.by_user = j.by_user and o.state = 'running' and o.lease_until >= clock_timestamp()
  ) o
  where j.kind = any($2) and j.cancelled_by = '' and o.running < $5
    and (j.state = 'queued' and j.ready_at <= $3 or j.state = 'running' and j.lease_until < clock_timestamp() and j.tries < $6)
  order by o.running, j.id limit 1
  for update of j skip locked
)
update jobs set state = 'running', node = $1, tries = tries + 1, done = 0, total = 0, started_at = $3,
  lease_until = clock_timestamp() + $4 * interval '1 millisecond'
where id in (select id from pick)
returning id`

func (r *Runner) claim(ctx context.Context) (Job, error) {
	var kinds []string
	for k := range r.Works {
		kinds = append(kinds, string(k))
	}
	var id int64
	err := r.Store.db.QueryRowContext(ctx, claimSQL, r.node, pq.Array(kinds), r.Store.now().UTC(), lease.Milliseconds(), perUser, tries).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return Job{}, ErrNotFound
	}
	if err != nil {
		return Job{}, fmt.Errorf("claim a job: %w", err)
	}
	if err := r.Store.notify(ctx, r.Store.db, id, true); err != nil {
		return Job{}, err // its lease will end
	}
	return r.Store.Get(ctx, id)
}

// giveUpSQL ends what nobody goes on with: nodes died of it again and again, or somebody cancelled it meanwhile.
const giveUpSQL = `
with ended as (
  update jobs set state = case when cancelled_by <> '' then 'cancelled' else 'failed' end, ended_at = $1, lease_until = null,
    problem = case when cancelled_by <> '' then '' else 'jobs.problem.tries' end
  where state = 'running' and lease_until < clock_timestamp() and (cancelled_by <> '' or tries >= $2)
  returning id
), inputs as (delete from job_inputs where job_id in (select id from ended)),
outputs as (delete from job_outputs where job_id in (select id from ended))
select pg_notify($3, 'job-' || id), pg_notify($3, 'job-state-' || id) from ended`

func (r *Runner) giveUp(ctx context.Context) error {
	_, err := r.Store.db.ExecContext(ctx, giveUpSQL, r.Store.now().UTC(), tries, r.Store.channel)
	return err
}

// try does a job once and settles it.
func (r *Runner) try(ctx context.Context, j Job) {
	own, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	t := &Task{store: r.Store, ctx: own, job: j}
	beating, stop := context.WithCancel(context.WithoutCancel(ctx))
	var beats sync.WaitGroup
	beats.Go(func() { r.beat(beating, t, cancel) })
	err := work(own, r.Works[j.Kind], t)
	why := context.Cause(own)
	stop()
	beats.Wait()
	if err == nil && t.ended {
		return
	}
	// The node may be stopping: what is said of this job must be said all the same.
	last, done := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer done()
	if err := r.settle(last, t, err, why, ctx.Err() != nil); err != nil && !errors.Is(err, errLost) {
		r.Log.Error("jobs: settle", "job", j.ID, "error", err) // its lease will end
	}
}

// work turns a panic into an error: one bad file must not end the node.
func work(ctx context.Context, w Work, t *Task) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return w(ctx, t)
}
