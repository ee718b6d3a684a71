package console

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"
)

func TestWhoHasAWholeNetworkOfAddressesGuessesNoMoreThanOne(t *testing.T) {
	h := newHouse(t)
	try := func(addr string) time.Duration {
		t.Helper()
		wait, err := h.mayTry(t.Context(), guessPassword, "ward", addr)
		if err != nil {
			t.Fatal(err)
		}
		return wait
	}
	for i := range failuresByName {
		if try(fmt.Sprintf("2001:db8:0:1::%x", i)) != 0 {
			t.Fatalf("try %d has to wait", i+1)
		}
	}
	if try("2001:db8:0:1:ffff::1") == 0 {
		t.Error("another address of the same network guesses on")
	}
	if try("2001:db8:0:2::1") != 0 || try("192.0.2.1") != 0 || try("::ffff:192.0.2.1") != 0 {
		t.Error("a neighbour has to wait")
	}
	if err := h.forgive(t.Context(), guessPassword, "ward", "2001:db8:0:1::ab"); err != nil || try("2001:db8:0:1::cd") != 0 {
		t.Errorf("after the right password: %v", err)
	}
}

func TestManyAddressesGuessAtOneAccountNoMoreThanItsDayAllowsAndItsOwnerWorksOn(t *testing.T) {
	h := newHouse(t)
	try := func(name, addr string) time.Duration {
		t.Helper()
		wait, err := h.mayTry(t.Context(), guessPassword, name, addr)
		if err != nil {
			t.Fatal(err)
		}
		return wait
	}
	if _, err := h.db.Exec(`insert into audit_log (at, who, role, act, object, detail, addr) values
		($1, 'ward', 'ward', 'session.signin', 'console', '', '10.20.1.31'), ($1, 'huy', 'ward', 'session.signin', 'console', '', '10.20.1.99'),
		($2, 'ward', 'ward', 'session.signin', 'console', '', '10.20.1.77'), ($1, 'ward', 'ward', 'session.refused', 'console', '', '10.20.1.88')`,
		h.Now().Add(-20*24*time.Hour).UTC(), h.Now().Add(-40*24*time.Hour).UTC()); err != nil {
		t.Fatal(err)
	}
	looked := 0
	for i := range 300 {
		if try("ward", fmt.Sprintf("198.51.%d.%d", i/250, i%250)) == 0 {
			looked++
		}
	}
	if looked != accountGuesses {
		t.Errorf("%d guesses from 300 addresses were looked at, %d may be", looked, accountGuesses)
	}
	for addr, free := range map[string]bool{"10.20.1.31": true, "10.20.1.99": false, "10.20.1.77": false, "10.20.1.88": false, "203.0.113.5": false} {
		if got := try("ward", addr) == 0; got != free {
			t.Errorf("the owner's try from %s: looked at is %v", addr, got)
		}
	}
	if try("huy", "203.0.113.5") != 0 {
		t.Error("another account has to wait")
	}
	h.clock.set(accountWindow + time.Minute)
	if try("ward", "203.0.113.5") != 0 {
		t.Error("a day later a new address still has to wait")
	}
}

func TestTheAuditLogIsNotFilledByWhoMustWait(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	for i := range failuresByAddr + 20 {
		b.post("/signin", "name", fmt.Sprintf("nguoi%d", i), "password", "sai mat khau")
	}
	if n := h.audited("session.throttled"); n != 1 {
		t.Errorf("%d rows for 20 tries that were not looked at", n)
	}
	h.clock.set(time.Minute)
	b.post("/signin", "name", "ward", "password", password)
	if n := h.audited("session.throttled"); n != 2 {
		t.Errorf("%d rows a minute later", n)
	}
	h.clock.set(failureWindow)
	if got := b.post("/signin", "name", "ward", "password", password); got.status != 303 {
		t.Errorf("having been told to wait lengthens the wait: %d", got.status)
	}
}

func TestAPasswordAloneOpensNothingOnceAFactorIsThere(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.TOTP = []Role{Police} })
	h.as(Police) // somebody else who knows the password, and stands where a factor is set up
	var thief int64
	if err := h.db.QueryRow(`select id from console_signins`).Scan(&thief); err != nil {
		t.Fatal(err)
	}
	user, err := h.users.check(t.Context(), "police", password)
	if err != nil {
		t.Fatal(err)
	}
	h.withFactor(Police)

	tx, err := h.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback() //nolint:errcheck // it is never committed
	if err := h.setFactor(t.Context(), tx, user.ID, newCodeSecret(), 1, thief, newRecoveryCodes()); !errors.Is(err, errNotSignedIn) {
		t.Errorf("a form that was on its way replaces the factor: %v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	for name, from := range map[string]signin{"a password that was looked at before": {}, "a sign-in that was ended": {ID: thief, User: user, Created: h.Now()}} {
		ctx, err := h.sessions.Load(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		h.sessions.Put(ctx, sessionSignin, thief)
		if err := h.enter(httptest.NewRequest("POST", "/", nil).WithContext(ctx), user, stageOpen, from); !errors.Is(err, errNotSignedIn) {
			t.Errorf("%s opens the console: %v", name, err)
		}
	}
}
