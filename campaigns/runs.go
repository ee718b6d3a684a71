package campaigns

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"canhgiac/gateway"
	"canhgiac/schedules"
)

// sendWithin is how long after its due time a reminder may still leave: past the next morning's hours, it is yesterday's.
const sendWithin = 24 * time.Hour

// anyHour is what an urgent campaign is held to.
var anyHour = schedules.Hours{From: 0, To: 24 * 60}

// Run is one expansion of a campaign's audience: one content, one due time.
type Run struct {
	ID       int64
	DueAt    time.Time
	Nth      int // which content, from 1
	Audience int // messages enqueued, and calls wanted
	DoneAt   time.Time
}

// addRunSQL: the key (campaign, due time) is what makes a second firing add nothing.
const addRunSQL = `
insert into campaign_runs (campaign_id, due_at, nth, created_at) values ($1, $2, $3, $4)
on conflict (campaign_id, due_at) do nothing
returning id`

const sizeRunSQL = `update campaign_runs set audience = $2 where id = $1`

// Fire expands the audience and enqueues the nth content in the caller's transaction, which is the one that records the
// due time. A second firing of the same due time adds nothing, nor does one of a campaign that is not running any more.
func (s *Store) Fire(ctx context.Context, tx *sql.Tx, campaign int64, dueAt time.Time, nth int) error {
	c, err := get(tx.QueryRowContext(ctx, lockSQL, campaign), campaign)
	if err != nil {
		return err
	}
	if !c.State.Allows(ActFire) {
		s.o.Log.Warn("campaigns: due, but not running", "campaign", campaign, "state", c.State)
		return nil
	}
	if nth < 1 || nth > len(c.Contents) {
		return fmt.Errorf("fire campaign %d: it has %d contents, no %dth", campaign, len(c.Contents), nth)
	}
	var run int64
	err = tx.QueryRowContext(ctx, addRunSQL, campaign, dueAt.UTC(), nth, s.now().UTC()).Scan(&run)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("fire campaign %d: %w", campaign, err)
	}
	r := gateway.Run{
		ID: run, Campaign: campaign, Text: c.Contents[nth-1].In(c.Form), Urgent: c.Urgent, Audience: c.Audience(),
		Hours: c.Hours, Caps: c.Caps, SendAfter: dueAt.UTC(), SendBy: dueAt.UTC().Add(sendWithin), Resend: c.Resend,
	}
	if c.Urgent {
		r.Hours, r.Caps = anyHour, gateway.Caps{}
	}
	n := 0
	if c.Channel != ChannelCall {
		if n, err = s.expand(ctx, tx, r, dueAt); err != nil {
			return fmt.Errorf("fire campaign %d: %w", campaign, err)
		}
	}
	calls := 0
	switch c.Channel {
	case ChannelCall:
		calls, err = s.wantCalls(ctx, tx, c, run, nth, callAllSQL)
	case ChannelSMSThenCall:
		calls, err = s.wantCalls(ctx, tx, c, run, nth, callOthersSQL)
	}
	if err != nil {
		return fmt.Errorf("fire campaign %d: %w", campaign, err)
	}
	if _, err := tx.ExecContext(ctx, sizeRunSQL, run, n+calls); err != nil {
		return fmt.Errorf("fire campaign %d: %w", campaign, err)
	}
	s.o.Log.Info("campaigns: fired", "campaign", campaign, "run", run, "nth", nth, "messages", n, "calls", calls)
	did := fmt.Sprintf("run %d, content %d, %d messages", run, nth, n)
	if c.Calls() {
		did += fmt.Sprintf(", %d calls", calls)
	}
	return s.record(ctx, tx, campaign, ActFire, c.State, c.State, machine, did)
}

const runsSQL = `select id, due_at, nth, audience, done_at from campaign_runs where campaign_id = $1 order by due_at desc`

// Runs gives a campaign's runs, newest first.
func (s *Store) Runs(ctx context.Context, campaign int64) ([]Run, error) {
	rows, err := s.db.QueryContext(ctx, runsSQL, campaign)
	if err != nil {
		return nil, fmt.Errorf("runs of campaign %d: %w", campaign, err)
	}
	defer rows.Close()
	var all []Run
	for rows.Next() {
		var r Run
		var done sql.NullTime
		if err := rows.Scan(&r.ID, &r.DueAt, &r.Nth, &r.Audience, &done); err != nil {
			return nil, fmt.Errorf("runs of campaign %d: %w", campaign, err)
		}
		r.DoneAt = done.Time
		all = append(all, r)
	}
	return all, rows.Err()
}

// Schedule gives when a campaign falls due next and how often it has; the zero Schedule before it was started.
func (s *Store) Schedule(ctx context.Context, campaign int64) (schedules.Schedule, error) {
	sch, err := s.sch.Get(ctx, Subject(campaign))
	if errors.Is(err, schedules.ErrNotFound) {
		return schedules.Schedule{}, nil
	}
	return sch, err
}

const runIDsSQL = `select id from campaign_runs where campaign_id = $1`

const openRunsSQL = `select id from campaign_runs where campaign_id = $1 and done_at is null order by id`

func openRuns(ctx context.Context, tx *sql.Tx, campaign int64) ([]int64, error) {
	all, err := ids(ctx, tx, openRunsSQL, campaign)
	if err != nil {
		return nil, fmt.Errorf("open runs of campaign %d: %w", campaign, err)
	}
	return all, nil
}
