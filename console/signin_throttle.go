package console

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"canhgiac/internal/audit"
)

// guess is what somebody may try to guess. Each is counted by itself, but an address's limit is one for all.
type guess string

const (
	guessPassword   guess = "password"   // at sign-in, at the lock, and where the old one is asked for
	guessFactor     guess = "factor"     // a code of six digits, or a recovery code
	guessInvitation guess = "invitation" // the code of an invitation
)

// Limits on what is guessed wrong. The account's first limit counts by address, so that a stranger who guesses at an
// officer's name does not lock the officer out. Who has many addresses is held by the account's limit of a day over all of
// them (NIST SP 800-63B-4 §3.2.2: at most a hundred), which does not count where the account signed in lately: the officer
// goes on working at the office. Who guesses a code knows the password already: there the account's limit counts everywhere,
// since three of a million codes are right at any time.
const (
	failureWindow  = 15 * time.Minute
	failuresByName = 5
	failuresByAddr = 30 // an office shares one address
	accountWindow  = 24 * time.Hour
	accountGuesses = 100 // of a password
	factorFailures = 30
	knownFor       = 30 * 24 * time.Hour // an address from which the account signed in
)

// tryingSQL books the try as a failure before the guess is looked at, so that a thousand tries at once are still a
// thousand; a right one takes it back. The lock makes tries from one address, or at one account's code, wait for each other.
const tryingSQL = `
with swept as (delete from console_failures where at <= $3)
insert into console_failures (name, addr, at) values ($1, $2, $4)`

// failuresSQL gives when the try that has to be forgotten first was made, for each limit that is reached.
const failuresSQL = `
select (select at from console_failures where name = $1 and addr = $2 and at > $3 order by at desc offset $4 limit 1),
       (select at from console_failures where addr = $2 and name <> '' and at > $3 order by at desc offset $5 limit 1),
       (select at from console_failures where name = $1 and at > $6 order by at desc offset $7 limit 1)`

// mayTry books a try at what name has; it gives how long to wait before one is allowed, 0 = now.
func (c *Console) mayTry(ctx context.Context, what guess, name, addr string) (time.Duration, error) {
	now := c.Now().UTC()
	key := string(what) + " " + name
	addr = guesser(addr)
	tx, err := c.DB.BeginTx(ctx, nil)
	if err != nil {
		return 0, fmt.Errorf("count failed sign-ins: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	locks := []string{"signin " + addr}
	anywhere := 1 << 30
	switch what {
	case guessPassword:
		locks, anywhere = append(locks, "signin "+key), accountGuesses-1
	case guessFactor:
		locks, anywhere = append(locks, "signin "+key), factorFailures-1
	}
	for _, l := range locks {
		if _, err := tx.ExecContext(ctx, `select pg_advisory_xact_lock(hashtext($1))`, l); err != nil {
			return 0, fmt.Errorf("count failed sign-ins: %w", err)
		}
	}
	var byName, byAddr, byAccount *time.Time
	err = tx.QueryRowContext(ctx, failuresSQL, key, addr, now.Add(-failureWindow), failuresByName-1, failuresByAddr-1, now.Add(-accountWindow), anywhere).
		Scan(&byName, &byAddr, &byAccount)
	if err != nil {
		return 0, fmt.Errorf("count failed sign-ins: %w", err)
	}
	if byAccount != nil && what == guessPassword {
		known, err := c.knownAddress(ctx, tx, name, addr, now)
		if err != nil {
			return 0, err
		}
		if known {
			byAccount = nil
		}
	}
	var wait time.Duration
	for _, limit := range []struct {
		oldest *time.Time
		window time.Duration
	}{{byName, failureWindow}, {byAddr, failureWindow}, {byAccount, accountWindow}} {
		if limit.oldest != nil {
			wait = max(wait, limit.oldest.Add(limit.window).Sub(now))
		}
	}
	if wait > 0 {
		return wait, nil
	}
	if _, err := tx.ExecContext(ctx, tryingSQL, key, addr, now.Add(-accountWindow), now); err != nil {
		return 0, fmt.Errorf("count failed sign-ins: %w", err)
	}
	if err := tx.Commit(); err != nil {
		return 0, fmt.Errorf("count failed sign-ins: %w", err)
	}
	return 0, nil
}

const knownSQL = `select distinct addr from audit_log where who = $1 and at > $2 and act = 'session.signin'`

// knownAddress tells whether name signed in from there lately.
func (c *Console) knownAddress(ctx context.Context, tx *sql.Tx, name, addr string, now time.Time) (bool, error) {
	rows, err := tx.QueryContext(ctx, knownSQL, name, now.Add(-knownFor))
	if err != nil {
		return false, fmt.Errorf("addresses of an account: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var from string
		if err := rows.Scan(&from); err != nil {
			return false, fmt.Errorf("addresses of an account: %w", err)
		}
		if guesser(from) == addr {
			return true, nil
		}
	}
	return false, rows.Err()
}

// guesser is who guesses from addr, as far as an address tells: whoever has one of IPv6 has the 2^64 beside it as well.
func guesser(addr string) string {
	a, err := netip.ParseAddr(addr)
	if err != nil {
		return addr
	}
	if a = a.Unmap(); a.Is6() {
		if p, err := a.WithZone("").Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}

// toldSQL marks that an address was told to wait, once a minute. The mark has no name, and counts as no failure.
const toldSQL = `
insert into console_failures (name, addr, at) select '', $1, $2
where not exists (select from console_failures where name = '' and addr = $1 and at > $3)`

// refused audits a wrong guess. Those that were not even looked at leave one row a minute for each address: the log is never
// cut, and a stranger must not be able to fill the disk with it.
func (c *Console) refused(ctx context.Context, e audit.Entry) error {
	if e.Act != "session.throttled" {
		return c.audited(ctx, c.DB, e)
	}
	now, addr := c.Now().UTC(), guesser(e.Addr)
	tx, err := c.DB.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("audit failed sign-ins: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, `select pg_advisory_xact_lock(hashtext($1))`, "signin "+addr); err != nil {
		return fmt.Errorf("audit failed sign-ins: %w", err)
	}
	res, err := tx.ExecContext(ctx, toldSQL, addr, now, now.Add(-time.Minute))
	if err != nil {
		return fmt.Errorf("audit failed sign-ins: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err
	}
	if err := c.audited(ctx, tx, e); err != nil {
		return err
	}
	return tx.Commit()
}

const forgiveSQL = `delete from console_failures where name = $1 and addr = $2`

// forgive takes back what mayTry booked, after a right answer.
func (c *Console) forgive(ctx context.Context, what guess, name, addr string) error {
	if _, err := c.DB.ExecContext(ctx, forgiveSQL, string(what)+" "+name, guesser(addr)); err != nil {
		return fmt.Errorf("forget failed sign-ins: %w", err)
	}
	return nil
}

// mustWait says in the page's words, and in the answer's head, when the next try is allowed.
func (c *Console) mustWait(w http.ResponseWriter, r *http.Request, wait time.Duration) (string, error) {
	seconds := int(wait.Seconds()) + 1
	w.Header().Set("Retry-After", fmt.Sprint(seconds))
	words := c.words(r)
	span, err := words.span((wait + time.Minute - 1).Truncate(time.Minute))
	if err != nil {
		return "", err
	}
	return words.text("signin.throttled", "Span", span)
}

func (c *Console) words(r *http.Request) *catalog { return c.catalogs[c.langOf(r)] }
