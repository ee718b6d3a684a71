package campaigns

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lib/pq"

	"canhgiac/gateway"
	"canhgiac/residents"
	"canhgiac/schedules"
)

// Caller makes a campaign's calls; joined in cmd. Both run in the campaign's transaction.
type Caller interface {
	// Call wants one call for each number; the same run and number again change nothing.
	Call(ctx context.Context, tx *sql.Tx, run int64, voice string, to []residents.Phone) error
	// Withdraw takes back what a run wants called and is not ringing yet.
	Withdraw(ctx context.Context, tx *sql.Tx, run int64) error
}

// Voice is something that can be said on a call.
type Voice struct {
	Name  string // as the hotline knows it
	Words string
}

// CallAnswer says whether a campaign's call may be dialled.
type CallAnswer struct {
	Until  time.Time // not before; zero: now
	Gone   bool      // it is not wanted any more
	Urgent bool
}

// CallHeard is the one result of a call that counts as reached: what it said began, after a key of the person's.
const CallHeard = "heard"

// callsAtOnce bounds how many calls are wanted in one statement.
const callsAtOnce = 5_000

// wantCallsSQL: of the call audience of $1 those whom %s leaves.
const wantCallsSQL = `
insert into campaign_calls (run_id, phone, unit_id, wanted_at)
select $2, a.phone, a.unit_id, $3 from (` + residents.CallAudienceSQL + `) a %s
on conflict (run_id, phone) do nothing returning phone`

// Whom a run calls: everybody; those to whom it sends no message; those to whom its message did not come. A message is not
// there if it failed, or if it left before $4 and no receipt came.
var (
	callAllSQL    = fmt.Sprintf(wantCallsSQL, "")
	callOthersSQL = fmt.Sprintf(wantCallsSQL, `where not exists (select from (`+residents.AudienceSQL+`) m where m.phone = a.phone)`)
	callLateSQL   = fmt.Sprintf(wantCallsSQL, `where exists (
  select from messages m join chunks c on c.id = m.chunk_id left join sent s on s.message_id = m.id
  where m.phone = a.phone and c.run_id = $2
    and (s.state in ('failed', 'expired', 'unknown') or s.state = 'accepted' and s.submitted_at < $4
      or s.message_id is null and c.state = 'expired' and m.pos >= c.watermark))`)
)

// wantCalls has a run call whom query finds, and says how many.
func (s *Store) wantCalls(ctx context.Context, tx *sql.Tx, c Campaign, run int64, nth int, query string, args ...any) (int, error) {
	if s.o.Caller == nil {
		return 0, nil
	}
	rows, err := tx.QueryContext(ctx, query, append([]any{pq.Array(c.Units), run, s.now().UTC()}, args...)...)
	if err != nil {
		return 0, fmt.Errorf("whom run %d calls: %w", run, err)
	}
	defer rows.Close()
	var all []residents.Phone
	for rows.Next() {
		var p residents.Phone
		if err := rows.Scan(&p); err != nil {
			return 0, fmt.Errorf("whom run %d calls: %w", run, err)
		}
		all = append(all, p)
	}
	if err := rows.Err(); err != nil {
		return 0, fmt.Errorf("whom run %d calls: %w", run, err)
	}
	for some := all; len(some) > 0; some = some[min(callsAtOnce, len(some)):] {
		if err := s.o.Caller.Call(ctx, tx, run, c.Contents[nth-1].Voice, some[:min(callsAtOnce, len(some))]); err != nil {
			return 0, fmt.Errorf("calls of run %d: %w", run, err)
		}
	}
	return len(all), nil
}

// climbEvery is how often a run by SMS and call looks for messages that did not come.
const climbEvery = 10 * time.Minute

const nextClimbSQL = `
select r.id, r.nth, r.campaign_id from campaign_runs r join campaigns c on c.id = r.campaign_id
where c.channel = 'sms_call' and c.state = 'running' and r.done_at is null and coalesce(r.climbed_at, '-infinity') <= $1
order by r.id limit 1 for update of r skip locked`

const climbedSQL = `update campaign_runs set climbed_at = $2, audience = audience + $3 where id = $1`

// Climb calls whom the messages of the next run by SMS and call did not reach. It says whether there was a run to look at.
func (s *Store) Climb(ctx context.Context) (looked bool, err error) {
	err = s.in(ctx, func(tx *sql.Tx) error {
		now := s.now().UTC()
		var run, campaign int64
		var nth int
		err := tx.QueryRowContext(ctx, nextClimbSQL, now.Add(-climbEvery)).Scan(&run, &nth, &campaign)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		looked = true
		c, err := get(tx.QueryRowContext(ctx, getSQL, campaign), campaign)
		if err != nil {
			return err
		}
		n, err := s.wantCalls(ctx, tx, c, run, nth, callLateSQL, now.Add(-s.o.CallAfter))
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, climbedSQL, run, now, n)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("call whom no message reached: %w", err)
	}
	return looked, nil
}

const callStandingSQL = `
select c.state, c.hours, c.urgent from campaign_runs r join campaigns c on c.id = r.campaign_id where r.id = $1`

// pausedCall is how soon a call of a paused campaign is asked for again.
const pausedCall = time.Minute

// MayDial says whether a call of a run may be dialled now: within the campaign's hours and those of calls, while it runs.
func (s *Store) MayDial(ctx context.Context, tx *sql.Tx, run int64, now time.Time) (a CallAnswer, err error) {
	var state State
	var hours schedules.Hours
	err = tx.QueryRowContext(ctx, callStandingSQL, run).Scan(&state, &hours, &a.Urgent)
	if err != nil {
		return a, fmt.Errorf("standing of run %d: %w", run, err)
	}
	switch {
	case state == Paused:
		a.Until = now.Add(pausedCall)
	case state != Running:
		a.Gone = true
	case !a.Urgent:
		a.Until = bothAllow(now, hours, s.o.CallHours)
	}
	return a, nil
}

// bothAllow is the first time from t on that both hours hold; three days on where they have no minute in common.
func bothAllow(t time.Time, a, b schedules.Hours) time.Time {
	if b.IsZero() {
		b = anyHour
	}
	end := t.Add(3 * 24 * time.Hour)
	for t.Before(end) && (!a.Allows(t) || !b.Allows(t)) {
		if !a.Allows(t) {
			t = a.Next(t)
		} else {
			t = b.Next(t)
		}
	}
	return t
}

const callCapsSQL = `select c.cap_day, c.cap_week from campaign_runs r join campaigns c on c.id = r.campaign_id where r.id = $1`

// CountCall counts a run's call towards its number's caps; held is not "" where they are full.
func (s *Store) CountCall(ctx context.Context, tx *sql.Tx, run int64, to residents.Phone) (held string, err error) {
	var caps gateway.Caps
	if err := tx.QueryRowContext(ctx, callCapsSQL, run).Scan(&caps.PerDay, &caps.PerWeek); err != nil {
		return "", fmt.Errorf("caps of run %d: %w", run, err)
	}
	return s.gw.CountContact(ctx, tx, callKey(run, to), to, caps)
}

// UncountCall takes back what reached nobody.
func (s *Store) UncountCall(ctx context.Context, tx *sql.Tx, run int64, to residents.Phone) error {
	return s.gw.UncountContact(ctx, tx, callKey(run, to))
}

func callKey(run int64, to residents.Phone) string {
	return "run:" + strconv.FormatInt(run, 10) + ":" + string(to)
}

// RunSource names a run to the hotline; ParseRunSource reads it.
func RunSource(run int64) string { return "run:" + strconv.FormatInt(run, 10) }

func ParseRunSource(s string) (run int64, ok bool) {
	digits, ok := strings.CutPrefix(s, "run:")
	run, err := strconv.ParseInt(digits, 10, 64)
	return run, ok && err == nil
}

const callEndedSQL = `
update campaign_calls set result = $3, ended_at = $4 where run_id = $1 and phone = $2 and result <> '` + CallHeard + `'`

// CallEnded keeps what became of a run's call. That it was heard is never taken back.
func (s *Store) CallEnded(ctx context.Context, tx *sql.Tx, run int64, to residents.Phone, result string, at time.Time) error {
	if _, err := tx.ExecContext(ctx, callEndedSQL, run, string(to), result, at.UTC()); err != nil {
		return fmt.Errorf("end of a call of run %d: %w", run, err)
	}
	return nil
}

const withdrawCallsSQL = `update campaign_calls set result = 'withdrawn', ended_at = $2 where run_id = any($1) and ended_at is null`

// withdrawCalls takes back the calls of runs that are cancelled.
func (s *Store) withdrawCalls(ctx context.Context, tx *sql.Tx, runs []int64) error {
	if s.o.Caller == nil {
		return nil
	}
	for _, run := range runs {
		if err := s.o.Caller.Withdraw(ctx, tx, run); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, withdrawCallsSQL, pq.Array(runs), s.now().UTC())
	return err
}

const openCallsSQL = `select exists (select from campaign_calls where run_id = $1 and ended_at is null)`

// freshCallsSQL makes the counts due of campaigns whose calls ended since.
const freshCallsSQL = `
update campaign_counts n set due_at = $1, pause_us = 0
where (n.due_at is null or n.due_at > $1) and exists (
  select from campaign_runs r join campaign_calls k on k.run_id = r.id where r.campaign_id = n.campaign_id and k.ended_at > n.counted_at)`

// CallCount is how many of a campaign's calls came to a result; "" is yet to be made.
type CallCount struct {
	Result string
	N      int
}

const callCountsSQL = `
select k.result, count(*) from campaign_runs r join campaign_calls k on k.run_id = r.id
where r.campaign_id = $1 and ($2::bigint[] is null or k.unit_id = any($2)) group by 1
order by array_position(array['heard', 'unheard', 'declined', 'unreached', 'not_callable', 'not_allowed', 'withdrawn', ''], k.result)`

// CallCounts tells what became of a campaign's calls, as far as scope goes.
func (s *Store) CallCounts(ctx context.Context, campaign int64, scope residents.Scope) ([]CallCount, error) {
	rows, err := s.db.QueryContext(ctx, callCountsSQL, campaign, scope)
	if err != nil {
		return nil, fmt.Errorf("calls of campaign %d: %w", campaign, err)
	}
	defer rows.Close()
	var all []CallCount
	for rows.Next() {
		var n CallCount
		if err := rows.Scan(&n.Result, &n.N); err != nil {
			return nil, fmt.Errorf("calls of campaign %d: %w", campaign, err)
		}
		all = append(all, n)
	}
	return all, rows.Err()
}
