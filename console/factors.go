package console

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

var errCode = errors.New("the code is not right, or it was used")

// factor is a person's second factor.
type factor struct {
	On     bool
	Since  time.Time
	Codes  int // recovery codes that are left
	secret []byte
	salt   []byte
	step   int64
}

const factorSQL = `
select secret, step, salt, made_at, (select count(*) from console_recovery_codes c where c.user_id = f.user_id and used_at is null)
from console_factors f where user_id = $1`

// factorOf gives a person's second factor, On or not. Its secret is opened only where a code is looked at.
func (c *Console) factorOf(ctx context.Context, user int64) (factor, error) {
	f := factor{On: true}
	err := c.DB.QueryRowContext(ctx, factorSQL, user).Scan(&f.secret, &f.step, &f.salt, &f.Since, &f.Codes)
	if errors.Is(err, sql.ErrNoRows) {
		return factor{}, nil
	}
	if err != nil {
		return factor{}, fmt.Errorf("second factor of user %d: %w", user, err)
	}
	return f, nil
}

// useStepSQL is what makes a code good once, on whichever nodes it is tried at the same moment.
const useStepSQL = `update console_factors set step = $2, secret = $3 where user_id = $1 and step < $2`

// spending uses a code up that was right when it was looked at, in the transaction of what it opens: both happen, with the
// audit row, or neither. It gives the row's detail, or errCode where somebody was quicker with the same code.
type spending func(ctx context.Context, tx *sql.Tx) (detail string, err error)

// appCode looks at a code of user's app: errCode, or how it is spent.
func (c *Console) appCode(ctx context.Context, user int64, typed string) (spending, error) {
	code, ok := codeForm(typed)
	f, err := c.factorOf(ctx, user)
	if err != nil {
		return nil, err
	}
	if !ok || !f.On {
		return nil, errCode
	}
	secret, current, err := c.seals.open(f.secret, user)
	if err != nil {
		return nil, fmt.Errorf("second factor of user %d: %w", user, err)
	}
	step, ok, err := stepOf(secret, code, c.Now(), f.step)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, errCode
	}
	if !current {
		f.secret = c.seals.seal(secret, user)
	}
	return func(ctx context.Context, tx *sql.Tx) (string, error) {
		err := one(tx.ExecContext(ctx, useStepSQL, user, step, f.secret))
		if errors.Is(err, ErrNoUser) {
			return "", errCode
		}
		if err != nil {
			return "", fmt.Errorf("second factor of user %d: %w", user, err)
		}
		return "factor", nil
	}, nil
}

const (
	setFactorSQL = `
insert into console_factors (user_id, secret, step, salt, made_at) values ($1, $2, $3, $4, $5)
on conflict (user_id) do update set secret = excluded.secret, step = excluded.step, salt = excluded.salt, made_at = excluded.made_at`
	lockFactorSQL  = `select exists (select from console_factors where user_id = $1) from console_users where id = $1 for update`
	standsSQL      = `select exists (select from console_signins where id = $1)`
	dropCodesSQL   = `delete from console_recovery_codes where user_id = $1`
	addCodeSQL     = `insert into console_recovery_codes (user_id, hash) values ($1, $2)`
	dropFactorSQL  = `delete from console_factors where user_id = $1`
	dropSigninsSQL = `delete from console_signins where user_id = $1 and id <> $2`
)

// lockFactor tells whether user has a second factor; until tx ends, none is set up and no password alone is let in.
func lockFactor(ctx context.Context, tx *sql.Tx, user int64, on *bool) error {
	if _, err := tx.ExecContext(ctx, lockFactorSQL, user); err != nil { // a snapshot from before the lock would show what stood before
		return fmt.Errorf("second factor of user %d: %w", user, err)
	}
	if err := tx.QueryRowContext(ctx, lockFactorSQL, user).Scan(on); err != nil {
		return fmt.Errorf("second factor of user %d: %w", user, err)
	}
	return nil
}

// setFactor gives user a second factor, which replaces one that is there, and new recovery codes. step is that of the code
// by which the person showed that their app has the secret. Sign-ins other than keep end: they came in by the password
// alone, or by the factor that is gone.
//
// keep must still stand: another one at which the password alone was given may have set up a factor while this request's
// form was on its way, and that factor is not to be replaced.
func (c *Console) setFactor(ctx context.Context, tx *sql.Tx, user int64, secret []byte, step, keep int64, codes []string) error {
	if err := lockFactor(ctx, tx, user, new(bool)); err != nil {
		return err
	}
	var stands bool
	if err := tx.QueryRowContext(ctx, standsSQL, keep).Scan(&stands); err != nil {
		return fmt.Errorf("second factor of user %d: %w", user, err)
	} else if !stands {
		return errNotSignedIn
	}
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails
	if _, err := tx.ExecContext(ctx, setFactorSQL, user, c.seals.seal(secret, user), step, salt, c.Now().UTC()); err != nil {
		return fmt.Errorf("second factor of user %d: %w", user, err)
	}
	if _, err := tx.ExecContext(ctx, dropSigninsSQL, user, keep); err != nil {
		return fmt.Errorf("second factor of user %d: %w", user, err)
	}
	return c.setCodes(ctx, tx, user, salt, codes)
}

func (c *Console) setCodes(ctx context.Context, tx *sql.Tx, user int64, salt []byte, codes []string) error {
	if _, err := tx.ExecContext(ctx, dropCodesSQL, user); err != nil {
		return fmt.Errorf("recovery codes of user %d: %w", user, err)
	}
	for _, code := range codes {
		hash, err := c.users.codeHash(ctx, code, salt)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, addCodeSQL, user, hash); err != nil {
			return fmt.Errorf("recovery codes of user %d: %w", user, err)
		}
	}
	return nil
}

// dropFactor takes user's second factor away, with the recovery codes, and ends their sign-ins but keep.
func dropFactor(ctx context.Context, tx *sql.Tx, user, keep int64) error {
	if err := one(tx.ExecContext(ctx, dropFactorSQL, user)); err != nil {
		if errors.Is(err, ErrNoUser) {
			return ErrNoFactor
		}
		return fmt.Errorf("second factor of user %d: %w", user, err)
	}
	if _, err := tx.ExecContext(ctx, dropSigninsSQL, user, keep); err != nil {
		return fmt.Errorf("second factor of user %d: %w", user, err)
	}
	return nil
}

// ErrNoFactor: there is none to reset.
var ErrNoFactor = errors.New("the user has no second factor")

// ResetFactor is the shell's, for whoever lost phone and recovery codes: at the next sign-in a role that must have a
// factor is led to set one up.
func (u *Users) ResetFactor(ctx context.Context, name string) error {
	who, err := u.byName(ctx, name)
	if err != nil {
		return err
	}
	return u.audited(ctx, "user.factor_reset", who.Name, func(tx *sql.Tx) (string, error) {
		return "", dropFactor(ctx, tx, who.ID, 0)
	})
}
