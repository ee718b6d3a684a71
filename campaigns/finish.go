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

const openRunsOfLiveSQL = `
select r.id from campaign_runs r join campaigns c on c.id = r.campaign_id
where r.done_at is null and c.state in ('running', 'cancelled')`

const closeRunSQL = `update campaign_runs set done_at = $2 where id = $1 and done_at is null`

// Finish closes the runs of which nothing is on its way any more, and then the campaigns whose series has ended and whose
// runs are all closed. It says how many campaigns it moved to done.
func (s *Store) Finish(ctx context.Context) (int, error) {
	ids, err := s.ids(ctx, openRunsOfLiveSQL)
	if err != nil {
		return 0, fmt.Errorf("finish runs: %w", err)
	}
	var failed []error // one run's trouble must not keep the others open
	for _, run := range ids {
		if err := s.closeRun(ctx, run); err != nil {
			failed = append(failed, fmt.Errorf("finish run %d: %w", run, err))
		}
	}
	n, err := s.finishCampaigns(ctx)
	return n, errors.Join(append(failed, err)...)
}

func (s *Store) closeRun(ctx context.Context, run int64) error {
	done, err := s.gw.Done(ctx, run)
	if err != nil || !done {
		return err
	}
	_, err = s.db.ExecContext(ctx, closeRunSQL, run, s.now().UTC())
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
