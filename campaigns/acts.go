package campaigns

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"canhgiac/residents"
	"canhgiac/schedules"
)

const lockSQL = getSQL + ` for update`

const stateSQL = `update campaigns set state = $2, updated_at = $3 where id = $1`

// act makes one move: the table is asked, also does what belongs to the move, and history and audit are written, all in
// one transaction.
func (s *Store) act(ctx context.Context, id int64, act Act, by User, detail string, also func(tx *sql.Tx, c Campaign) error) error {
	return s.in(ctx, func(tx *sql.Tx) error { return s.actIn(ctx, tx, id, act, by, detail, also) })
}

func (s *Store) actIn(ctx context.Context, tx *sql.Tx, id int64, act Act, by User, detail string, also func(tx *sql.Tx, c Campaign) error) error {
	// The schedule before the campaign: a firing takes them in this order too.
	if err := s.sch.Lock(ctx, tx, Subject(id)); err != nil {
		return err
	}
	c, err := get(tx.QueryRowContext(ctx, lockSQL, id), id)
	if err != nil {
		return err
	}
	if !by.Scope.HasAll(c.Units) {
		return fmt.Errorf("%s campaign %d: %w", act, id, residents.ErrOutside)
	}
	to, err := next(c.State, act)
	if err != nil {
		return fmt.Errorf("campaign %d: %w", id, err)
	}
	if also != nil {
		if err := also(tx, c); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, stateSQL, id, to, s.now().UTC()); err != nil {
		return fmt.Errorf("%s campaign %d: %w", act, id, err)
	}
	return s.record(ctx, tx, id, act, c.State, to, by, detail)
}

const clearApprovalsSQL = `update campaigns set approver = '', second_approver = '' where id = $1`

// Submit hands a draft to whoever approves (trình duyệt). It is checked again: the rules may have changed since it was saved.
func (s *Store) Submit(ctx context.Context, id int64, by User) error {
	return s.act(ctx, id, ActSubmit, by, "", func(tx *sql.Tx, c Campaign) error {
		if err := s.valid(ctx, c, by.Scope); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, clearApprovalsSQL, id)
		return err
	})
}

// SendBack gives a submitted campaign back to its author, with the reason.
func (s *Store) SendBack(ctx context.Context, id int64, by User, reason string) error {
	return s.act(ctx, id, ActSendBack, by, reason, func(tx *sql.Tx, _ Campaign) error {
		_, err := tx.ExecContext(ctx, clearApprovalsSQL, id)
		return err
	})
}

const approveSQL = `update campaigns set approver = $2 where id = $1`

const approveSecondSQL = `update campaigns set second_approver = $2 where id = $1`

// Approve gives by's approval (phê duyệt). ErrSelfApproval for who wrote the campaign. An urgent campaign stays submitted
// until a second person approves it too.
func (s *Store) Approve(ctx context.Context, id int64, by User) error {
	return s.in(ctx, func(tx *sql.Tx) error { return s.approve(ctx, tx, id, by) })
}

func (s *Store) approve(ctx context.Context, tx *sql.Tx, id int64, by User) error {
	// Which of the two acts this is depends on the row, so it is read under its lock first.
	if err := s.sch.Lock(ctx, tx, Subject(id)); err != nil {
		return err
	}
	c, err := get(tx.QueryRowContext(ctx, lockSQL, id), id)
	if err != nil {
		return err
	}
	act, query, detail := ActApprove, approveSQL, ""
	if c.Urgent {
		detail = c.UrgentReason
		if c.Approver == "" {
			act = ActApproveFirst
		} else {
			query = approveSecondSQL
		}
	}
	return s.actIn(ctx, tx, id, act, by, detail, func(tx *sql.Tx, c Campaign) error {
		if !c.MayApprove(by.Name) {
			return fmt.Errorf("approve campaign %d: %w", id, ErrSelfApproval)
		}
		_, err := tx.ExecContext(ctx, query, id, by.Name)
		return err
	})
}

// Start puts an approved campaign's schedule in place: one firing for each of its contents.
func (s *Store) Start(ctx context.Context, id int64, by User) error {
	return s.in(ctx, func(tx *sql.Tx) error { return s.start(ctx, tx, id, by) })
}

func (s *Store) start(ctx context.Context, tx *sql.Tx, id int64, by User) error {
	return s.actIn(ctx, tx, id, ActStart, by, "", func(tx *sql.Tx, c Campaign) error {
		_, err := s.sch.Add(ctx, tx, schedules.Schedule{Subject: Subject(id), Cron: c.Cron, Series: len(c.Contents)})
		return err
	})
}

// Pause holds the schedule and what is still queued; an audience that is being written out at the moment is not sent; what is on the air already cannot be called back.
func (s *Store) Pause(ctx context.Context, id int64, by User) error {
	return s.interrupting(ctx, id, func() error {
		return s.act(ctx, id, ActPause, by, "", func(tx *sql.Tx, c Campaign) error {
			if err := s.sch.Pause(ctx, tx, Subject(id)); err != nil {
				return err
			}
			return s.toRuns(ctx, tx, id, s.gw.PauseRuns)
		})
	})
}

// Resume lets both go on. Due times that passed meanwhile are not made up for; the series goes on where it stood.
func (s *Store) Resume(ctx context.Context, id int64, by User) error {
	return s.act(ctx, id, ActResume, by, "", func(tx *sql.Tx, c Campaign) error {
		if err := s.sch.Resume(ctx, tx, Subject(id)); err != nil {
			return err
		}
		return s.toRuns(ctx, tx, id, s.gw.ResumeRuns)
	})
}

// Cancel ends a campaign for good; what is still queued is not sent.
func (s *Store) Cancel(ctx context.Context, id int64, by User, reason string) error {
	return s.interrupting(ctx, id, func() error {
		return s.act(ctx, id, ActCancel, by, reason, func(tx *sql.Tx, c Campaign) error {
			if err := s.sch.Stop(ctx, tx, Subject(id)); err != nil {
				return err
			}
			if err := s.toRuns(ctx, tx, id, s.withdrawCalls); err != nil {
				return err
			}
			return s.toRuns(ctx, tx, id, s.gw.CancelRuns)
		})
	})
}

// toRuns reaches the queue of every run that may still have something in it.
func (s *Store) toRuns(ctx context.Context, tx *sql.Tx, id int64, do func(context.Context, *sql.Tx, []int64) error) error {
	open, err := openRuns(ctx, tx, id)
	if err != nil || len(open) == 0 {
		return err
	}
	return do(ctx, tx, open)
}

// IsRefusal tells whether err is about the campaign and the person, and not about the machine.
func IsRefusal(err error) bool {
	var invalid *InvalidError
	return errors.Is(err, ErrMove) || errors.Is(err, ErrSelfApproval) || errors.Is(err, ErrChanged) || errors.As(err, &invalid)
}
