package console

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"canhgiac/internal/audit"
)

var (
	ErrFullName     = errors.New("a full name has 2 to 80 characters")
	ErrUserUnit     = errors.New("the unit is none that stands, or the user is an operator, who has none")
	ErrLastOperator = errors.New("this is the last operator who can sign in")
	ErrSelf         = errors.New("nobody changes this of themself")
	ErrDisabled     = errors.New("the user is disabled")
)

// Actor is who changes an account.
type Actor struct {
	ID   int64 // 0 from the shell
	Name string
	Role Role
	Addr string
}

// Shell is whoever has a shell on the server: all that an operator may, and their own account too.
var Shell = Actor{Name: "command"}

// lockUserSQL lets changes of accounts wait for each other, so that two operators cannot demote one another at once.
const lockUserSQL = `
with alone as (select pg_advisory_xact_lock(hashtext('console_users')))
select u.id, u.name, u.full_name, u.role, coalesce(u.unit_id, 0), u.disabled_at is not null, u.password <> ''
from alone, console_users u where u.id = $1 for update of u`

const otherOperatorSQL = `
select exists (select from console_users where role = 'operator' and disabled_at is null and password <> '' and id <> $1)`

// locked is an account inside a change of it.
type locked struct {
	User
	active bool // may sign in: has a password, is not disabled
	last   func() error
}

// change does something to one account with its audit row: detail says what was changed, from what to what.
func (u *Users) change(ctx context.Context, by Actor, id int64, act string, do func(tx *sql.Tx, old locked) (detail string, err error)) error {
	fail := func(err error) error { return fmt.Errorf("%s of user %d: %w", act, id, err) }
	tx, err := u.db.BeginTx(ctx, nil)
	if err != nil {
		return fail(err)
	}
	defer func() { _ = tx.Rollback() }()
	var old locked
	var hasPassword bool
	err = tx.QueryRowContext(ctx, lockUserSQL, id).Scan(&old.ID, &old.Name, &old.FullName, &old.Role, &old.UnitID, &old.Disabled, &hasPassword)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNoUser
	}
	if err != nil {
		return fail(err)
	}
	old.active = hasPassword && !old.Disabled
	old.last = func() error {
		if old.Role != Operator || !old.active {
			return nil
		}
		var other bool
		if err := tx.QueryRowContext(ctx, otherOperatorSQL, id).Scan(&other); err != nil || other {
			return err
		}
		return ErrLastOperator
	}
	detail, err := do(tx, old)
	if err != nil {
		return fail(err)
	}
	if err := audit.Write(ctx, tx, by.entry(u.now(), act, old.Name, detail)); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fail(err)
	}
	return nil
}

func (a Actor) entry(at time.Time, act, name, detail string) audit.Entry {
	return audit.Entry{At: at, Who: a.Name, Role: string(a.Role), Act: act, Object: "user:" + name, Detail: detail, Addr: a.Addr}
}

// Standing is what an operator may change of an account.
type Standing struct {
	FullName string
	Role     Role
	UnitID   int64
}

const changeUserSQL = `update console_users set full_name = $2, role = $3, unit_id = nullif($4::bigint, 0) where id = $1`

// Change gives an account another full name, role or unit; both take effect with the user's next page. Of oneself only the
// name: an operator who made themself a policeman would read reports that nobody gave them.
func (u *Users) Change(ctx context.Context, by Actor, id int64, to Standing) error {
	return u.change(ctx, by, id, "user.change", func(tx *sql.Tx, old locked) (string, error) {
		to, units, err := u.settle(ctx, tx, to, old.UnitID)
		if err == nil && to.FullName == "" {
			err = ErrFullName
		}
		if err != nil {
			return "", err
		}
		if by.ID == id && (to.Role != old.Role || to.UnitID != old.UnitID) {
			return "", ErrSelf
		}
		if to.Role != Operator {
			if err := old.last(); err != nil {
				return "", err
			}
		}
		_, err = tx.ExecContext(ctx, changeUserSQL, id, to.FullName, to.Role, to.UnitID)
		return changed(change{"full_name", old.FullName, to.FullName}, change{"role", string(old.Role), string(to.Role)},
			change{"unit", units[0], units[1]}), err
	})
}

// unitNamesSQL gives a standing ward as 0: who looks after all of it has no narrower unit.
const unitNamesSQL = `
select coalesce((select case when kind = 'ward' then 0 else id end from units where id = $1 and valid_to is null and kind in ('ward', 'group')), -1),
  coalesce((select name from units where id = $2), ''), coalesce((select name from units where id = $1 and kind <> 'ward'), '')`

// settle gives what is kept of to, and the names of the old unit and the new. Whether there must be a full name is the
// caller's to ask.
func (u *Users) settle(ctx context.Context, tx *sql.Tx, to Standing, oldUnit int64) (Standing, [2]string, error) {
	var names [2]string
	to.FullName = strings.Join(strings.Fields(norm.NFC.String(to.FullName)), " ")
	if to.FullName != "" && !goodFullName(to.FullName) {
		return to, names, ErrFullName
	}
	if !has(everyone, to.Role) {
		return to, names, ErrUserRole
	}
	var unit int64
	if err := tx.QueryRowContext(ctx, unitNamesSQL, to.UnitID, oldUnit).Scan(&unit, &names[0], &names[1]); err != nil {
		return to, names, err
	}
	if to.UnitID != 0 && (unit < 0 || to.Role == Operator) {
		return to, names, ErrUserUnit
	}
	to.UnitID = max(unit, 0)
	return to, names, nil
}

func goodFullName(s string) bool {
	n := utf8.RuneCountInString(s)
	return n >= 2 && n <= 80 && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == '<' || r == '>' })
}

type change struct{ field, from, to string }

// changed writes "role: ward → police; unit:  → Tổ 5", which the audit page puts into words.
func changed(all ...change) string {
	var said []string
	for _, c := range all {
		if c.from != c.to {
			said = append(said, c.field+": "+c.from+" → "+c.to)
		}
	}
	return strings.Join(said, "; ")
}

const (
	disableUserSQL = `update console_users set disabled_at = coalesce(disabled_at, $2) where id = $1`
	enableUserSQL  = `update console_users set disabled_at = null where id = $1`
)

// Disable shuts an account and ends its sessions: each page asks byID.
func (u *Users) Disable(ctx context.Context, by Actor, id int64, reason string) error {
	return u.change(ctx, by, id, "user.disable", func(tx *sql.Tx, old locked) (string, error) {
		if by.ID == id {
			return "", ErrSelf
		}
		if err := old.last(); err != nil {
			return "", err
		}
		_, err := tx.ExecContext(ctx, disableUserSQL, id, u.now().UTC())
		return reason, err
	})
}

// Enable opens an account again, with the password that it had.
func (u *Users) Enable(ctx context.Context, by Actor, id int64, reason string) error {
	return u.change(ctx, by, id, "user.enable", func(tx *sql.Tx, _ locked) (string, error) {
		_, err := tx.ExecContext(ctx, enableUserSQL, id)
		return reason, err
	})
}

// DropFactor takes a second factor away from who lost the phone and the recovery codes, and ends their sessions: at the next
// sign-in a role that must have one is led to set it up. One's own is changed where the password is asked for.
func (u *Users) DropFactor(ctx context.Context, by Actor, id int64, reason string) error {
	return u.change(ctx, by, id, "user.factor_reset", func(tx *sql.Tx, _ locked) (string, error) {
		if by.ID == id {
			return "", ErrSelf
		}
		return reason, dropFactor(ctx, tx, id, 0)
	})
}

// EndSessions puts a user out everywhere; they may sign in again.
func (u *Users) EndSessions(ctx context.Context, by Actor, id int64, reason string) error {
	return u.change(ctx, by, id, "user.end_sessions", func(tx *sql.Tx, _ locked) (string, error) {
		_, err := tx.ExecContext(ctx, dropSigninsSQL, id, 0)
		return reason, err
	})
}
