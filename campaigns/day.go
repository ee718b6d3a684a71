package campaigns

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"canhgiac/residents"
)

// Upcoming is a campaign's next due time.
type Upcoming struct {
	Campaign
	At  time.Time
	Nth int // which content, from 1
}

// Upcoming gives what falls due before t and reaches anybody in scope, the first due first.
func (s *Store) Upcoming(ctx context.Context, scope residents.Scope, before time.Time) ([]Upcoming, error) {
	due, err := s.sch.Upcoming(ctx, before, 50)
	if err != nil {
		return nil, err
	}
	var all []Upcoming
	for _, d := range due {
		id, ok := ParseSubject(d.Subject)
		if !ok {
			continue
		}
		c, err := s.Get(ctx, id, scope)
		if errors.Is(err, residents.ErrOutside) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if nth := d.Fired + 1; c.State.Allows(ActFire) && nth <= len(c.Contents) {
			all = append(all, Upcoming{Campaign: c, At: d.NextAt, Nth: nth})
		}
	}
	return all, nil
}

// Only is the campaign with its nth content alone.
func (u Upcoming) Only() Campaign {
	one := u.Campaign
	one.Contents = u.Contents[u.Nth-1 : u.Nth]
	return one
}

// Fired is a run with the campaign that it is of.
type Fired struct {
	Run
	Campaign int64
	Name     string
}

const firedSQL = `
select r.id, r.due_at, r.nth, r.audience, r.done_at, c.id, c.name
from campaign_runs r join campaigns c on c.id = r.campaign_id
where r.due_at >= $1 order by r.due_at desc, r.id desc limit $2`

// FiredSince gives the runs among the newest n since t that reach anybody in scope, newest first.
func (s *Store) FiredSince(ctx context.Context, scope residents.Scope, t time.Time, n int) ([]Fired, error) {
	rows, err := s.db.QueryContext(ctx, firedSQL, t.UTC(), n)
	if err != nil {
		return nil, fmt.Errorf("runs since %s: %w", t.UTC().Format(time.RFC3339), err)
	}
	defer rows.Close()
	var all []Fired
	for rows.Next() {
		var f Fired
		var done sql.NullTime
		if err := rows.Scan(&f.ID, &f.DueAt, &f.Nth, &f.Audience, &done, &f.Campaign, &f.Name); err != nil {
			return nil, fmt.Errorf("runs since %s: %w", t.UTC().Format(time.RFC3339), err)
		}
		f.DoneAt = done.Time
		all = append(all, f)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("runs since %s: %w", t.UTC().Format(time.RFC3339), err)
	}
	reached := all[:0]
	for _, f := range all {
		if _, err := s.Get(ctx, f.Campaign, scope); err == nil {
			reached = append(reached, f)
		} else if !errors.Is(err, residents.ErrOutside) {
			return nil, err
		}
	}
	return reached, nil
}

// Unsendable gives why carriers would not take what is still to leave of c: its texts from the nth on.
func (s *Store) Unsendable(c Campaign, from int) []Problem {
	var found []Problem
	for i := max(from-1, 0); i < len(c.Contents); i++ {
		for _, p := range s.CheckCarriers(c.Contents[i], c.Form) {
			p.Field = fmt.Sprintf("contents.%d.%s", i, p.Field)
			found = append(found, p)
		}
	}
	return found
}
