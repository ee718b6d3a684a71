package console

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// stage is how far a person has come in. One who is disabled, revoked or late is at none, whatever the cookie says.
//
//	            right password                      right code
//	outside ──────────────────────▶ factor ──────────────────────▶ open ◀────▶ locked
//	   │                                                            ▲  nobody acts / password or code
//	   └──────────── right password, no second factor ──────────────┘
//
// setup is open for a role that must have a second factor and a person who has none: nothing else is reached until then.
// It follows from the two and is never stored.
type stage string

const (
	stageNone   stage = ""
	stageFactor stage = "factor"
	stageSetup  stage = "setup"
	stageOpen   stage = "open"
	stageLocked stage = "locked"
)

// factorTime is how long a right password waits for its code.
const factorTime = 10 * time.Minute

// signin is one person on one browser.
type signin struct {
	ID      int64
	User    User
	Stage   stage
	Factor  bool // the person has a second factor
	Created time.Time
	Used    time.Time
	Acted   time.Time
	Addr    string
	Browser string
}

const signinSQL = `
select s.user_id, s.stage, s.proof, s.created_at, s.used_at, s.acted_at, s.addr, s.browser, f.user_id is not null
from console_signins s left join console_factors f using (user_id) where s.id = $1`

// signinByID gives the sign-in as it stands now; its Stage is stageNone where there is none any more. One at which nobody
// has acted for too long is locked here, so that it makes no difference who looks: a page, or the stream of one.
func (c *Console) signinByID(ctx context.Context, id int64) (signin, error) {
	s := signin{ID: id}
	var proof string
	err := c.DB.QueryRowContext(ctx, signinSQL, id).Scan(&s.User.ID, &s.Stage, &proof, &s.Created, &s.Used, &s.Acted, &s.Addr, &s.Browser, &s.Factor)
	if errors.Is(err, sql.ErrNoRows) {
		return signin{}, nil
	}
	if err != nil {
		return signin{}, fmt.Errorf("sign-in %d: %w", id, err)
	}
	s.User, err = c.users.byID(ctx, s.User.ID)
	if errors.Is(err, ErrNoUser) {
		return signin{}, nil
	}
	if err != nil {
		return signin{}, err
	}
	now := c.Now()
	switch {
	case s.User.proof != proof, now.Sub(s.Created) >= c.Session, s.Stage == stageFactor && now.Sub(s.Created) >= factorTime:
		return signin{}, nil
	case s.Stage == stageOpen && c.IdleLock > 0 && now.Sub(s.Acted) >= c.IdleLock:
		if err := c.lock(ctx, s, "idle"); err != nil {
			return signin{}, err
		}
		s.Stage = stageLocked
	}
	if s.Stage == stageOpen && !s.Factor && has(c.TOTP, s.User.Role) {
		s.Stage = stageSetup
	}
	return s, nil
}

type signinKey struct{}

// signinOf gives the sign-in that r comes from, at whatever stage; userOf gives somebody only where it is open.
func signinOf(r *http.Request) signin {
	s, _ := r.Context().Value(signinKey{}).(signin)
	return s
}

// sessionSignin is where a session's data names its sign-in.
const sessionSignin = "signin"

// withUser looks the sign-in and its user up on each request, so that whoever is disabled, revoked or has a new password
// is out at once.
func (c *Console) withUser(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := c.sessions.GetInt64(r.Context(), sessionSignin)
		if id == 0 {
			next.ServeHTTP(w, r)
			return
		}
		s, err := c.signinByID(r.Context(), id)
		if err == nil && s.Stage != stageNone {
			s.User.scope, err = c.Residents.ScopeOf(r.Context(), s.User.UnitID)
		}
		if err == nil && s.Stage != stageNone {
			err = c.touch(r, s)
		}
		if err != nil {
			c.fail(w, r, err)
			return
		}
		ctx := context.WithValue(r.Context(), signinKey{}, s)
		if s.Stage == stageOpen {
			ctx = context.WithValue(ctx, userKey{}, s.User)
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

const touchSQL = `
update console_signins set used_at = greatest(used_at, $2), acted_at = case when $3 and stage = 'open' then greatest(acted_at, $2) else acted_at end
where id = $1`

// touch keeps when a sign-in was last used, at most once a minute, and when a person last acted, at most twenty times in
// the time after which it locks.
func (c *Console) touch(r *http.Request, s signin) error {
	now := c.Now()
	step := time.Minute
	if c.IdleLock > 0 {
		step = min(step, c.IdleLock/20)
	}
	acted := byPerson(r) && now.Sub(s.Acted) >= step
	if !acted && now.Sub(s.Used) < time.Minute {
		return nil
	}
	if _, err := c.DB.ExecContext(r.Context(), touchSQL, s.ID, now.UTC(), acted); err != nil {
		return fmt.Errorf("sign-in %d is used: %w", s.ID, err)
	}
	return nil
}

// byPerson tells an act of a person from what an open page does by itself: its event stream, what that makes it fetch
// (idle.js marks what no trusted event caused), pictures and sounds. Somebody who is away must not look busy.
func byPerson(r *http.Request) bool {
	if strings.HasSuffix(r.URL.Path, "/live") || r.Header.Get("X-Background") != "" {
		return false
	}
	mode := r.Header.Get("Sec-Fetch-Mode")
	return r.Method != http.MethodGet || mode == "" || mode == "navigate" || r.Header.Get("X-Part") != ""
}

const (
	enterSQL = `
with swept as (delete from console_signins where created_at <= $8 or (stage = 'factor' and created_at <= $9))
insert into console_signins (user_id, stage, proof, created_at, used_at, acted_at, addr, browser) values ($1, $2, $3, $4, $5, $5, $6, $7) returning id`
	leaveSQL = `delete from console_signins where id = $1`
)

// enter begins a sign-in at st for user, and ends the one that this session had. Both the session's token and the
// sign-in's id are new: a token that was planted in the browser before, or that another request still writes back, names
// a sign-in that is gone (session fixation). from is the sign-in that goes on, whose absolute life counts on: one that was
// ended while its code was looked at stays ended. The zero one is a password that was just given: it opens nothing by itself
// where a second factor was set up meanwhile. also happens with it or not at all.
func (c *Console) enter(r *http.Request, user User, st stage, from signin, also ...func(context.Context, *sql.Tx) error) error {
	ctx, now := r.Context(), c.Now()
	since := now
	if from.ID != 0 {
		since = from.Created
	}
	if err := c.sessions.RenewToken(ctx); err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	browser := r.UserAgent()
	browser = strings.ReplaceAll(strings.ToValidUTF8(browser[:min(len(browser), 300)], "?"), "\x00", "?")
	tx, err := c.DB.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if before := c.sessions.GetInt64(ctx, sessionSignin); before != 0 {
		err := one(tx.ExecContext(ctx, leaveSQL, before))
		if errors.Is(err, ErrNoUser) && from.ID != 0 {
			return errNotSignedIn
		}
		if err != nil && !errors.Is(err, ErrNoUser) {
			return fmt.Errorf("sign in: %w", err)
		}
	}
	if st == stageOpen && from.ID == 0 {
		var factor bool
		if err := lockFactor(ctx, tx, user.ID, &factor); err != nil {
			return err
		}
		if factor {
			return errNotSignedIn
		}
	}
	var id int64
	err = tx.QueryRowContext(ctx, enterSQL, user.ID, st, user.proof, since.UTC(), now.UTC(), addrOf(r), browser, now.Add(-c.Session).UTC(), now.Add(-factorTime).UTC()).Scan(&id)
	if err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	for _, do := range also {
		if err := do(ctx, tx); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	if err := c.sessions.Clear(ctx); err != nil { // what an earlier person left in this browser is not the next one's: a held form, a code typed in
		return fmt.Errorf("sign in: %w", err)
	}
	c.sessions.Put(ctx, sessionSignin, id)
	return nil
}
