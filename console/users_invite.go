package console

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lib/pq"

	"canhgiac/internal/audit"
)

// ErrInvitation: name and code do not go together, or the code has ended or was used.
var ErrInvitation = errors.New("no such invitation")

// invitationLasts is long enough for a Friday's code to be used on Monday.
const invitationLasts = 72 * time.Hour

// crockford leaves out I, L, O and U, so that a code on paper is read in one way only.
var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// newInvitationCode gives 80 random bits as four groups of four: 7K3M-9XQ2-0FHT-C5WB.
func newInvitationCode() string {
	var bits [10]byte
	_, _ = rand.Read(bits[:]) // never fails: crypto/rand ends the program instead
	s := crockford.EncodeToString(bits[:])
	return s[:4] + "-" + s[4:8] + "-" + s[8:12] + "-" + s[12:]
}

// invitationHash takes a code as people write it: small letters, any spaces and hyphens, O for 0, I and L for 1. A slow hash
// would add nothing to 80 random bits.
func invitationHash(code string) string {
	code = strings.Map(func(r rune) rune {
		switch r {
		case 'O':
			return '0'
		case 'I', 'L':
			return '1'
		case ' ', '-', '.', '\u2013', '\u00a0':
			return -1
		}
		return r
	}, strings.ToUpper(code))
	sum := sha256.Sum256([]byte(code))
	return hex.EncodeToString(sum[:])
}

const inviteUserSQL = `
insert into console_users (name, full_name, role, unit_id, password, created_at) values ($1, $2, $3, nullif($4::bigint, 0), '', $5) returning id`

const addInvitationSQL = `
insert into console_invitations (user_id, code_hash, made_by, made_at, expires_at) values ($1, $2, $3, $4, $5)
on conflict (user_id) do update set code_hash = excluded.code_hash, made_by = excluded.made_by, made_at = excluded.made_at, expires_at = excluded.expires_at`

// Invite makes an account without a password, and the code by which its owner chooses one. The code is told here and never again.
func (u *Users) Invite(ctx context.Context, by Actor, name string, as Standing) (user User, code string, err error) {
	name = strings.ToLower(strings.TrimSpace(name))
	if !userName.MatchString(name) {
		return User{}, "", ErrUserName
	}
	tx, err := u.db.BeginTx(ctx, nil)
	if err != nil {
		return User{}, "", fmt.Errorf("invite %s: %w", name, err)
	}
	defer func() { _ = tx.Rollback() }()
	as, units, err := u.settle(ctx, tx, as, 0)
	if err == nil && as.FullName == "" {
		err = ErrFullName
	}
	if err != nil {
		return User{}, "", fmt.Errorf("invite %s: %w", name, err)
	}
	user = User{Name: name, FullName: as.FullName, Role: as.Role, UnitID: as.UnitID}
	err = tx.QueryRowContext(ctx, inviteUserSQL, name, as.FullName, as.Role, as.UnitID, u.now().UTC()).Scan(&user.ID)
	if e := (*pq.Error)(nil); errors.As(err, &e) && e.Code.Name() == "unique_violation" {
		return User{}, "", ErrTaken
	}
	if err == nil {
		code, err = u.handOut(ctx, tx, by, user.ID)
	}
	if err != nil {
		return User{}, "", fmt.Errorf("invite %s: %w", name, err)
	}
	detail := changed(change{"full_name", "", as.FullName}, change{"role", "", string(as.Role)}, change{"unit", "", units[1]})
	if err := audit.Write(ctx, tx, by.entry(u.now(), "user.invite", name, detail)); err != nil {
		return User{}, "", err
	}
	if err := tx.Commit(); err != nil {
		return User{}, "", fmt.Errorf("invite %s: %w", name, err)
	}
	return user, code, nil
}

func (u *Users) handOut(ctx context.Context, tx *sql.Tx, by Actor, id int64) (string, error) {
	code, now := newInvitationCode(), u.now().UTC()
	_, err := tx.ExecContext(ctx, addInvitationSQL, id, invitationHash(code), by.Name, now, now.Add(invitationLasts))
	return code, err
}

const forgetPasswordSQL = `update console_users set password = '' where id = $1`

// Reset gives an account a new code in place of its password or of the code before: for a lost code and for a forgotten
// password. Where there was a password it ends at once, and with it every session.
func (u *Users) Reset(ctx context.Context, by Actor, id int64, reason string) (code string, err error) {
	err = u.change(ctx, by, id, "user.reset", func(tx *sql.Tx, old locked) (string, error) {
		if by.ID == id {
			return "", ErrSelf // one's own password is changed where the old one is asked for
		}
		if old.Disabled {
			return "", ErrDisabled
		}
		if _, err := tx.ExecContext(ctx, forgetPasswordSQL, id); err != nil {
			return "", err
		}
		code, err = u.handOut(ctx, tx, by, id)
		return reason, err
	})
	return code, err
}

const dropInvitationSQL = `delete from console_invitations where user_id = $1`

// Uninvite takes a code back that was not used yet. The account stays, disabled: its name stands in the audit log.
func (u *Users) Uninvite(ctx context.Context, by Actor, id int64) error {
	return u.change(ctx, by, id, "user.uninvite", func(tx *sql.Tx, _ locked) (string, error) {
		if err := one(tx.ExecContext(ctx, dropInvitationSQL, id)); err != nil {
			return "", errors.Join(ErrInvitation, err)
		}
		_, err := tx.ExecContext(ctx, disableUserSQL, id, u.now().UTC())
		return "", err
	})
}

const invitedSQL = `
select u.id, u.name, u.full_name, u.role, coalesce(u.unit_id, 0), i.code_hash
from console_users u join console_invitations i on i.user_id = u.id
where u.name = $1 and u.disabled_at is null and u.password = '' and i.expires_at > $2`

// invited gives whose invitation name and code hash are, or ErrInvitation.
func (u *Users) invited(ctx context.Context, name, hash string) (User, error) {
	var user User
	var want string
	err := u.db.QueryRowContext(ctx, invitedSQL, name, u.now().UTC()).Scan(&user.ID, &user.Name, &user.FullName, &user.Role, &user.UnitID, &want)
	if errors.Is(err, sql.ErrNoRows) || err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(hash)) != 1 {
		return User{}, ErrInvitation
	}
	if err != nil {
		return User{}, fmt.Errorf("invitation: %w", err)
	}
	return user, nil
}

const useInvitationSQL = `delete from console_invitations where user_id = $1 and code_hash = $2 and expires_at > $3`

const choosePasswordSQL = `update console_users set password = $2 where id = $1 and password = '' and disabled_at is null`

// accept gives the account of an invitation its first password. The code is used up, whoever sent it a second time.
func (u *Users) accept(ctx context.Context, addr string, user User, codeHash, password string) error {
	hash, err := u.hash(ctx, user, password)
	if err != nil {
		return err
	}
	by := Actor{ID: user.ID, Name: user.Name, Role: user.Role, Addr: addr}
	return u.change(ctx, by, user.ID, "user.accept", func(tx *sql.Tx, _ locked) (string, error) {
		for _, step := range []struct {
			query string
			args  []any
		}{{useInvitationSQL, []any{user.ID, codeHash, u.now().UTC()}}, {choosePasswordSQL, []any{user.ID, hash}}} {
			err := one(tx.ExecContext(ctx, step.query, step.args...))
			if errors.Is(err, ErrNoUser) {
				return "", ErrInvitation
			}
			if err != nil {
				return "", err
			}
		}
		return "", nil
	})
}
