package campaigns

import (
	"context"
	"fmt"

	"github.com/lib/pq"

	"canhgiac/gateway"
	"canhgiac/residents"
)

// Coverage is how far a campaign has come among the residents of one group.
type Coverage struct {
	Unit      residents.Unit
	Progress  gateway.Progress // messages of all runs
	Reachable int              // numbers that may be messaged now
	Delivered int              // of them, those with at least one message on the handset
}

// NotReached is the tổ trưởng's work: numbers that no message has come to yet.
func (c Coverage) NotReached() int { return max(c.Reachable-c.Delivered, 0) }

// Progress counts the messages of all runs of a campaign.
func (s *Store) Progress(ctx context.Context, id int64) (gateway.Progress, error) {
	runs, err := s.Runs(ctx, id)
	if err != nil || len(runs) == 0 {
		return gateway.Progress{}, err
	}
	return s.gw.Progress(ctx, runIDs(runs))
}

// reachableSQL counts an audience by unit.
const reachableSQL = `select unit_id, count(*) from (` + residents.AudienceSQL + `) a group by unit_id`

// deliveredSQL reads gateway's tables: a number counts once however many of the campaign's messages came to it, and only
// while it still belongs to the audience, so that it can be set against reachable. A household's number is in the audience by
// one of its people, and consent may pass from one to the other: a message to any of them came to the number.
const deliveredSQL = `
select a.unit_id, count(*)
from (` + residents.AudienceSQL + `) a
where exists (
  select from unnest($2::bigint[]) run join residents r on r.phone = a.phone join sent s on s.message_id = (run << 32) + r.id
  where s.state = 'delivered')
group by a.unit_id`

// Coverage tells for each group of the campaign's audience that scope has, in the order people count them, what was reached.
// The ward itself stands first when people who registered by key belong to no group. It reads every message of the campaign.
func (s *Store) Coverage(ctx context.Context, id int64, scope residents.Scope) ([]Coverage, error) {
	c, err := s.Get(ctx, id, scope)
	if err != nil {
		return nil, err
	}
	runs, err := s.Runs(ctx, id)
	if err != nil {
		return nil, err
	}
	ward, err := s.rs.Ward(ctx)
	if err != nil {
		return nil, fmt.Errorf("coverage of campaign %d: %w", id, err)
	}
	groups, err := s.rs.Groups(ctx, ward.ID)
	if err != nil {
		return nil, fmt.Errorf("coverage of campaign %d: %w", id, err)
	}
	reachable, err := s.byUnit(ctx, reachableSQL, pq.Array(c.Units))
	if err != nil {
		return nil, fmt.Errorf("coverage of campaign %d: %w", id, err)
	}
	delivered, err := s.byUnit(ctx, deliveredSQL, pq.Array(c.Units), pq.Array(runIDs(runs)))
	if err != nil {
		return nil, fmt.Errorf("coverage of campaign %d: %w", id, err)
	}
	progress := map[int64]gateway.Progress{}
	if len(runs) > 0 {
		counted, err := s.gw.ProgressByUnit(ctx, runIDs(runs))
		if err != nil {
			return nil, fmt.Errorf("coverage of campaign %d: %w", id, err)
		}
		for _, p := range counted {
			progress[p.UnitID] = p.Progress
		}
	}
	var all []Coverage
	for _, u := range append([]residents.Unit{ward}, groups...) {
		if !scope.Has(u.ID) {
			continue
		}
		one := Coverage{Unit: u, Progress: progress[u.ID], Reachable: reachable[u.ID], Delivered: delivered[u.ID]}
		if one.Reachable > 0 || one.Progress.Total > 0 || (u.ID != ward.ID && c.names(u.ID, ward.ID)) {
			all = append(all, one)
		}
	}
	return all, nil
}

// names tells whether a group is among the campaign's units, by itself or with its ward.
func (c Campaign) names(group, ward int64) bool {
	for _, u := range c.Units {
		if u == group || u == ward {
			return true
		}
	}
	return false
}

func (s *Store) byUnit(ctx context.Context, query string, args ...any) (map[int64]int, error) {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	counts := map[int64]int{}
	for rows.Next() {
		var unit int64
		var n int
		if err := rows.Scan(&unit, &n); err != nil {
			return nil, err
		}
		counts[unit] = n
	}
	return counts, rows.Err()
}
