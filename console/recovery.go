package console

import (
	"context"
	"crypto/rand"
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

// useRecovery takes one of user's recovery codes and tells how many are left, or gives errCode.
func (c *Console) useRecovery(ctx context.Context, user int64, typed string) (left int, err error) {
	code, ok := recoveryForm(typed)
	f, err := c.factorOf(ctx, user)
	if err != nil {
		return 0, err
	}
	if !ok || !f.On {
		return 0, errCode
	}
	hash, err := c.users.codeHash(ctx, code, f.salt)
	if err != nil {
		return 0, err
	}
	if err := one(c.DB.ExecContext(ctx, useRecoverySQL, user, hash, c.Now().UTC())); errors.Is(err, ErrNoUser) {
		return 0, errCode
	} else if err != nil {
		return 0, fmt.Errorf("recovery codes of user %d: %w", user, err)
	}
	f, err = c.factorOf(ctx, user)
	return f.Codes, err
}
