package campaigns

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"canhgiac/schedules"
)

// finishEvery is how often Run looks for campaigns that have come to their end.
const finishEvery = 5 * time.Second

// Run moves campaigns to done as they come to their end, and counts how far they have come, until ctx ends. Several nodes may
// run it.
func (s *Store) Run(ctx context.Context) error {
	var g errgroup.Group
	g.Go(func() error { return s.keepCounting(ctx) })
	g.Go(func() error { return s.keepFinishing(ctx) })
	return g.Wait()
}

func (s *Store) keepFinishing(ctx context.Context) error {
	tick := time.NewTicker(finishEvery)
	defer tick.Stop()
	for {
		if err := s.climbAll(ctx); err != nil && ctx.Err() == nil {
			s.o.Log.Error("campaigns: calls", "error", err)
		}
		if _, err := s.Finish(ctx); err != nil && ctx.Err() == nil {
			s.o.Log.Error("campaigns: finish", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// climbAll looks at every run whose turn it is, and has what calls came to counted.
func (s *Store) climbAll(ctx context.Context) error {
	if s.o.Caller == nil {
		return nil
	}
	for looked := true; looked; {
		var err error
		if looked, err = s.Climb(ctx); err != nil {
			return err
		}
	}
	_, err := s.db.ExecContext(ctx, freshCallsSQL, s.now().UTC())
	return err
}

const openRunsOfLiveSQL = `
select r.id, c.channel, r.due_at, c.state from campaign_runs r join campaigns c on c.id = r.campaign_id
where r.done_at is null and c.state in ('running', 'cancelled')`

const closeRunSQL = `update campaign_runs set done_at = $2 where id = $1 and done_at is null`

// Finish closes the runs of which nothing is on its way any more, and then the campaigns whose series has ended and whose
// runs are all closed. It says how many campaigns it moved to done.
func (s *Store) Finish(ctx context.Context) (int, error) {
	open, err := s.openRuns(ctx)
	if err != nil {
		return 0, fmt.Errorf("finish runs: %w", err)
	}
	var failed []error // one run's trouble must not keep the others open
	for _, r := range open {
		if err := s.closeRun(ctx, r); err != nil {
			failed = append(failed, fmt.Errorf("finish run %d: %w", r.id, err))
		}
	}
	n, err := s.finishCampaigns(ctx)
	return n, errors.Join(append(failed, err)...)
}

type openRun struct {
	id      int64
	channel string
	dueAt   time.Time
	state   State
}

func (s *Store) openRuns(ctx context.Context) ([]openRun, error) {
	rows, err := s.db.QueryContext(ctx, openRunsOfLiveSQL)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []openRun
	for rows.Next() {
		var r openRun
		if err := rows.Scan(&r.id, &r.channel, &r.dueAt, &r.state); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// closeRun closes a run of which no message and no call is on its way. One by SMS and call stays open until the last message
// that never came has been called for.
func (s *Store) closeRun(ctx context.Context, r openRun) error {
	climbs := r.channel == ChannelSMSThenCall && s.o.Caller != nil && r.state == Running
	if climbs && s.now().Before(r.dueAt.Add(sendWithin+s.o.CallAfter+2*climbEvery)) {
		return nil
	}
	if r.channel != ChannelCall {
		done, err := s.gw.Done(ctx, r.id)
		if err != nil || !done {
			return err
		}
	}
	var calls bool
	if err := s.db.QueryRowContext(ctx, openCallsSQL, r.id).Scan(&calls); err != nil || calls {
		return err
	}
	_, err := s.db.ExecContext(ctx, closeRunSQL, r.id, s.now().UTC())
	return err
}

const restingSQL = `
select id from campaigns c
where state = 'running' and not exists (select from campaign_runs r where r.campaign_id = c.id and r.done_at is null)`

func (s *Store) finishCampaigns(ctx context.Context) (int, error) {
	ids, err := s.ids(ctx, restingSQL)
	if err != nil {
		return 0, fmt.Errorf("finish campaigns: %w", err)
	}
	finished := 0
	for _, id := range ids {
		sch, err := s.sch.Get(ctx, Subject(id))
		if err != nil {
			return finished, err
		}
		if sch.State != schedules.Ended {
			continue
		}
		err = s.act(ctx, id, ActFinish, machine, "", func(tx *sql.Tx, _ Campaign) error { return nil })
		switch {
		case IsRefusal(err): // another node, or an officer, was faster
		case err != nil:
			return finished, err
		default:
			finished++
		}
	}
	return finished, nil
}

func (s *Store) ids(ctx context.Context, query string, args ...any) ([]int64, error) {
	return ids(ctx, s.db, query, args...)
}

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func ids(ctx context.Context, db querier, query string, args ...any) ([]int64, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		all = append(all, id)
	}
	return all, rows.Err()
}
