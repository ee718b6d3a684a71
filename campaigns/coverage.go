package campaigns

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"canhgiac/gateway"
	"canhgiac/residents"
)

// Coverage is how far a campaign has come among the residents of one group.
type Coverage struct {
	Unit      residents.Unit
	Progress  gateway.Progress // messages of all runs
	Reachable int              // numbers that the campaign may go to now
	Reached   int              // of them, those to which a message was delivered or a call heard (arrivedSQL)
}

// NotReached is the tổ trưởng's work: numbers that neither a message nor a call has come to yet.
func (c Coverage) NotReached() int { return max(c.Reachable-c.Reached, 0) }

// Counted is how far a campaign has come, as it was last counted.
type Counted struct {
	At       time.Time        // of the count; zero: none yet
	Revision int64            // another one where a count found a change
	Progress gateway.Progress // messages of all runs
	// Groups are those of the campaign's audience, in the order people count them. The ward itself stands first when people
	// who registered by key belong to no group.
	Groups []Coverage
}

const countsSQL = `select revision, counted_at from campaign_counts where campaign_id = $1`

// lastCount gives the last count of a campaign, made anew first in a small ward.
func (s *Store) lastCount(ctx context.Context, id int64) (Counted, error) {
	fail := func(err error) (Counted, error) {
		return Counted{}, fmt.Errorf("read the count of campaign %d: %w", id, err)
	}
	var small bool
	if err := s.db.QueryRowContext(ctx, residents.SmallWardSQL).Scan(&small); err != nil {
		return fail(err)
	}
	if small {
		if _, err := s.count(ctx, id); err != nil {
			return fail(err)
		}
	}
	var n Counted
	var at sql.NullTime
	if err := s.db.QueryRowContext(ctx, countsSQL, id).Scan(&n.Revision, &at); err != nil {
		return fail(err)
	}
	n.At = at.Time
	return n, nil
}

// Revision changes whenever Counted does.
func (s *Store) Revision(ctx context.Context, id int64) (int64, error) {
	n, err := s.lastCount(ctx, id)
	return n.Revision, err
}

const progressSQL = `
select t.unit_id, sum(queued), sum(submitting), sum(accepted), sum(delivered), sum(unknown), sum(failed), sum(expired), sum(suppressed), sum(cancelled)
from campaign_runs r join run_tallies t on t.run_id = r.id where r.campaign_id = $1 group by t.unit_id`

const reachedSQL = `select unit_id, reachable, delivered from reach_tallies where campaign_id = $1`

// Counted tells how far a campaign has come, in all and by group, as far as scope goes. Who has left the ward's groups counts
// in all, for whom the whole ward is in scope.
func (s *Store) Counted(ctx context.Context, id int64, scope residents.Scope) (Counted, error) {
	c, err := s.Get(ctx, id, scope)
	if err != nil {
		return Counted{}, err
	}
	n, err := s.lastCount(ctx, id)
	if err != nil {
		return Counted{}, err
	}
	units := map[int64]Coverage{}
	err = s.each(ctx, progressSQL, id, func(scan func(...any) error) error {
		var unit int64
		var p gateway.Progress
		if err := scan(&unit, &p.Queued, &p.Submitting, &p.Accepted, &p.Delivered, &p.Unknown, &p.Failed, &p.Expired, &p.Suppressed, &p.Cancelled); err != nil {
			return err
		}
		p.Total = p.Queued + p.Submitting + p.Accepted + p.Delivered + p.Unknown + p.Failed + p.Expired + p.Suppressed + p.Cancelled
		units[unit] = Coverage{Progress: p}
		if scope.Has(unit) {
			n.Progress.Plus(p)
		}
		return nil
	})
	if err == nil {
		err = s.each(ctx, reachedSQL, id, func(scan func(...any) error) error {
			var unit int64
			var can, did int
			err := scan(&unit, &can, &did)
			units[unit] = Coverage{Progress: units[unit].Progress, Reachable: can, Reached: did}
			return err
		})
	}
	if err == nil {
		n.Groups, err = s.inOrder(ctx, c, units, scope)
	}
	if err != nil {
		return Counted{}, fmt.Errorf("how far campaign %d has come: %w", id, err)
	}
	return n, nil
}

// inOrder puts the campaign's units that scope has into the order of the ward.
func (s *Store) inOrder(ctx context.Context, c Campaign, units map[int64]Coverage, scope residents.Scope) ([]Coverage, error) {
	ward, err := s.rs.Ward(ctx)
	if err != nil {
		return nil, err
	}
	groups, err := s.rs.Groups(ctx, ward.ID)
	if err != nil {
		return nil, err
	}
	var all []Coverage
	for _, u := range append([]residents.Unit{ward}, groups...) {
		if !scope.Has(u.ID) {
			continue
		}
		one := units[u.ID]
		one.Unit = u
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

func (s *Store) each(ctx context.Context, query string, id int64, row func(scan func(...any) error) error) error {
	rows, err := s.db.QueryContext(ctx, query, id)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
