package console

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Recovery codes let somebody in who has lost their phone: ten, each good once. They are read from paper, so they have no
// letter that looks like a digit.
const (
	recoveryCodes   = 10
	recoveryLetters = "0123456789abcdefghjkmnpqrstvwxyz" // Crockford's base 32
	recoveryLength  = 12                                 // 60 bits, hashed as slowly as a password (NIST SP 800-63B-4 §3.1.2.2)
)

func newRecoveryCodes() []string {
	codes := make([]string, recoveryCodes)
	for i := range codes {
		random := make([]byte, recoveryLength)
		_, _ = rand.Read(random) // never fails
		for j, b := range random {
			random[j] = recoveryLetters[b%32]
		}
		codes[i] = fmt.Sprintf("%s-%s-%s", random[:4], random[4:8], random[8:])
	}
	return codes
}

// recoveryForm takes a code as people copy it from paper.
func recoveryForm(s string) (string, bool) {
	s = strings.NewReplacer(" ", "", "-", "", "–", "", "\u00a0", "", "o", "0", "i", "1", "l", "1").Replace(strings.ToLower(s))
	return s, len(s) == recoveryLength && strings.Trim(s, recoveryLetters) == ""
}

// codeHash is the hash of a recovery code. All of one person's share their salt, so that a typed one is hashed once.
func (u *Users) codeHash(ctx context.Context, code string, salt []byte) ([]byte, error) {
	if err := u.room.Acquire(ctx, 1); err != nil {
		return nil, fmt.Errorf("recovery code: %w", err)
	}
	defer u.room.Release(1)
	plain, _ := recoveryForm(code)
	return argon2.IDKey([]byte(plain), salt, u.params.Iterations, u.params.Memory, u.params.Parallelism, 32), nil
}

const useRecoverySQL = `update console_recovery_codes set used_at = $3 where user_id = $1 and hash = $2 and used_at is null`

const codesLeftSQL = `select count(*) from console_recovery_codes where user_id = $1 and used_at is null`

// recoveryCode looks at one of user's recovery codes: errCode, or how it is spent. Only spending tells whether it is one.
func (c *Console) recoveryCode(ctx context.Context, user int64, typed string) (spending, error) {
	code, ok := recoveryForm(typed)
	f, err := c.factorOf(ctx, user)
	if err != nil {
		return nil, err
	}
	if !ok || !f.On {
		return nil, errCode
	}
	hash, err := c.users.codeHash(ctx, code, f.salt)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx *sql.Tx) (string, error) {
		err := one(tx.ExecContext(ctx, useRecoverySQL, user, hash, c.Now().UTC()))
		if errors.Is(err, ErrNoUser) {
			return "", errCode
		}
		left := 0
		if err == nil {
			err = tx.QueryRowContext(ctx, codesLeftSQL, user).Scan(&left)
		}
		if err != nil {
			return "", fmt.Errorf("recovery codes of user %d: %w", user, err)
		}
		return fmt.Sprintf("left %d", left), nil
	}, nil
}
