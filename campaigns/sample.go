package campaigns

import (
	"context"
	"database/sql"
	"fmt"

	"canhgiac/gateway"
	"canhgiac/schedules"
)

// SampleOptions are the first campaign of a demo: the six reminders "4 không, 2 phải", already approved and running.
type SampleOptions struct {
	Name     string // empty: the slogan
	Contents []Content
	Form     Form   // empty: Plain
	Cron     string // empty: every minute
	Hours    schedules.Hours
	Caps     gateway.Caps // zero: the ward's own
	Author   User
	Approver User
}

const sampleName = "Nhắc “4 không, 2 phải”"

const noSampleSQL = `
select case when exists (select from campaigns where name = $1)
	then exists (select from campaigns where name = $1 and state <> 'done')
	else exists (select from campaigns) end`

// LoadSample puts the sample campaign in place, whole or not at all, and gives its id; 0 when there are campaigns already,
// which it leaves alone. After a sample that has run to its end comes another, beside whatever a visitor wrote: a demo that
// starts again has something to watch again. Its audience is the whole ward.
func (s *Store) LoadSample(ctx context.Context, o SampleOptions) (int64, error) {
	ward, err := s.rs.Ward(ctx)
	if err != nil {
		return 0, fmt.Errorf("load the sample campaign: %w", err)
	}
	c := s.Blank()
	c.Name, c.Contents, c.Cron, c.Units = sampleName, o.Contents, "* * * * *", []int64{ward.ID}
	if o.Name != "" {
		c.Name = o.Name
	}
	if o.Form != "" {
		c.Form = o.Form
	}
	if o.Cron != "" {
		c.Cron = o.Cron
	}
	if !o.Hours.IsZero() {
		c.Hours = o.Hours
	}
	if o.Caps != (gateway.Caps{}) {
		c.Caps = o.Caps
	}
	if err := s.valid(ctx, c, nil); err != nil {
		return 0, fmt.Errorf("load the sample campaign: %w", err)
	}
	var id int64
	err = s.in(ctx, func(tx *sql.Tx) error {
		var some bool
		if err := tx.QueryRowContext(ctx, noSampleSQL, tidy(c).Name).Scan(&some); err != nil || some {
			return err
		}
		if id, err = s.create(ctx, tx, c, o.Author); err != nil {
			return err
		}
		if err := s.actIn(ctx, tx, id, ActSubmit, o.Author, "", nil); err != nil {
			return err
		}
		if err := s.approve(ctx, tx, id, o.Approver); err != nil {
			return err
		}
		return s.start(ctx, tx, id, o.Author)
	})
	if err != nil {
		return 0, fmt.Errorf("load the sample campaign: %w", err)
	}
	return id, nil
}
