package console

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// filled puts something into a route's variables. A page may then answer 404 to who is admitted, never to who is not.
func filled(path string) string {
	for {
		from := strings.IndexByte(path, '{')
		if from < 0 {
			return path
		}
		to := strings.IndexByte(path, '}')
		value := "1"
		if _, pattern, _ := strings.Cut(path[from:to], ":"); strings.Contains(pattern, "|") { // one of a few words
			value, _, _ = strings.Cut(pattern, "|")
		}
		path = path[:from] + value + path[to+1:]
	}
}

func TestEachPageLetsInItsRolesAndNobodyElse(t *testing.T) {
	h := newHouse(t)
	for _, role := range append([]Role{""}, everyone...) {
		b, acted := h.as(role), false
		for _, route := range h.routes {
			if route.Path == "/live" {
				continue // its topics have roles of their own: TestLive...
			}
			if acted { // signed out, perhaps
				b = h.as(role)
			}
			before := h.audited("page.denied")
			var got answer
			if route.Method == "GET" {
				got = b.get(filled(route.Path))
			} else {
				got = b.post(filled(route.Path))
			}
			acted = role != "" && route.Method != "GET" && got.status != http.StatusForbidden
			denied := h.audited("page.denied") - before
			switch {
			case len(route.Roles) == 0 || has(route.Roles, role):
				if got.status == http.StatusForbidden || got.status == http.StatusUnauthorized || got.status >= 500 || denied != 0 {
					t.Errorf("%q at %s %s: %d, %d rows of denial", role, route.Method, route.Path, got.status, denied)
				}
			case role == "":
				toSignin := got.status == http.StatusSeeOther && strings.HasPrefix(got.header.Get("Location"), "/signin")
				if !toSignin && got.status != http.StatusUnauthorized {
					t.Errorf("nobody at %s %s: %d", route.Method, route.Path, got.status)
				}
			default:
				if got.status != http.StatusForbidden || denied != 1 || !strings.Contains(got.body, "không có quyền") {
					t.Errorf("%q at %s %s: %d, %d rows of denial", role, route.Method, route.Path, got.status, denied)
				}
			}
			if csp := got.header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
				t.Errorf("%s %s: policy %q", route.Method, route.Path, csp)
			}
		}
	}
}

func TestSignIn(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct {
		is, name, password string
		want               int
	}{
		{"right", "police", password, http.StatusSeeOther},
		{"capitals and spaces around the name do not matter", " Police ", password, http.StatusSeeOther},
		{"a wrong password", "police", "sai", http.StatusUnprocessableEntity},
		{"no such user", "nobody", password, http.StatusUnprocessableEntity},
		{"nothing", "", "", http.StatusUnprocessableEntity},
		{"a password in the name's field", "Mật khẩu của tôi", "", http.StatusUnprocessableEntity},
	} {
		if got := h.browser().post("/signin", "name", c.name, "password", c.password); got.status != c.want {
			t.Errorf("%s: %d, want %d", c.is, got.status, c.want)
		}
	}
	if n := h.audited("session.signin"); n != 2 {
		t.Errorf("%d rows of signing in, want 2", n)
	}
	var leaked int
	if err := h.db.QueryRow(`select count(*) from audit_log where who || object || detail ilike '%khẩu%'`).Scan(&leaked); err != nil || leaked != 0 {
		t.Errorf("what was typed is in the audit log: %d, %v", leaked, err)
	}
}

func TestASessionFromBeforeSignInIsWorthNothingAfter(t *testing.T) {
	h := newHouse(t)
	b := h.as(Ward)
	planted := b.cookie("canhgiac")
	if got := b.post("/signin", "name", "police", "password", password); got.status != http.StatusSeeOther {
		t.Fatal(got.status)
	}
	if b.cookie("canhgiac") == planted {
		t.Error("the token stayed the same")
	}
	thief := h.browser()
	u, err := url.Parse(h.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	thief.Jar.SetCookies(u, []*http.Cookie{{Name: "canhgiac", Value: planted}})
	if got := thief.get("/"); got.status != http.StatusSeeOther {
		t.Errorf("the planted token opens the console: %d", got.status)
	}
	var kept int
	if err := h.db.QueryRow(`select count(*) from console_sessions where token = $1`, b.cookie("canhgiac")).Scan(&kept); err != nil || kept != 0 {
		t.Errorf("the table holds the cookie's own token: %d, %v", kept, err)
	}
}

func TestManyWrongPasswordsMakeOneWait(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	var wg sync.WaitGroup
	for range 12 { // at once: a count that is read before it is written lets all of them through
		wg.Go(func() { b.post("/signin", "name", "police", "password", "sai mat khau") })
	}
	wg.Wait()
	if wrong, waits := h.audited("session.refused"), h.audited("session.throttled"); wrong != failuresByName || waits != 1 { // a row a minute for each address that must wait
		t.Errorf("%d refused and %d made to wait", wrong, waits)
	}
	if got := b.post("/signin", "name", "police", "password", password); got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") == "" {
		t.Errorf("the right password at once: %d", got.status)
	}
	if got := b.post("/signin", "name", "ward", "password", password); got.status != http.StatusSeeOther {
		t.Errorf("another user at the same address: %d", got.status)
	}
	h.clock.set(failureWindow)
	if got := b.post("/signin", "name", "police", "password", password); got.status != http.StatusSeeOther {
		t.Errorf("a quarter of an hour later: %d", got.status)
	}
}

func TestWhoIsDisabledIsOutAtOnce(t *testing.T) {
	h := newHouse(t)
	b := h.as(Police)
	h.disable("police")
	if got := b.get("/"); got.status != http.StatusSeeOther {
		t.Errorf("still in: %d", got.status)
	}
	if got := b.post("/signin", "name", "police", "password", password); got.status != http.StatusUnprocessableEntity {
		t.Errorf("signed in again: %d", got.status)
	}
}

func TestANewPasswordEndsOldSessionsAndLetsTheUserInAgain(t *testing.T) {
	h := newHouse(t)
	b := h.as(Police)
	ctx := context.Background()
	h.disable("police")
	if err := h.users.SetPassword(ctx, "Police", "ngan"); !errors.Is(err, ErrPassword) {
		t.Errorf("a short one: %v", err)
	}
	if err := h.users.SetPassword(ctx, "stranger", "vit xiem loi ao"); !errors.Is(err, ErrNoUser) {
		t.Errorf("a stranger's: %v", err)
	}
	if err := h.users.SetPassword(ctx, "Police", "vit xiem loi ao"); err != nil {
		t.Fatal(err)
	}
	if got := b.get("/"); got.status != http.StatusSeeOther {
		t.Errorf("the old session: %d", got.status)
	}
	if got := b.post("/signin", "name", "police", "password", "vit xiem loi ao"); got.status != http.StatusSeeOther {
		t.Errorf("the new password: %d", got.status)
	}
	if h.audited("user.password") != 1 {
		t.Error("no audit row")
	}
}

func TestSignOutEndsTheSession(t *testing.T) {
	h := newHouse(t)
	b := h.as(Ward)
	token := b.cookie("canhgiac")
	b.post("/signout")
	u, err := url.Parse(h.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	b.Jar.SetCookies(u, []*http.Cookie{{Name: "canhgiac", Value: token}})
	if got := b.get("/"); got.status != http.StatusSeeOther {
		t.Errorf("the old cookie still opens the console: %d", got.status)
	}
}

func TestAFormFromAnotherSiteIsRefused(t *testing.T) {
	h := newHouse(t)
	b := h.as(Police)
	r := httptest.NewRequest("POST", h.server.URL+"/signout", nil)
	r.RequestURI = ""
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if got := b.do(r); got.status != http.StatusForbidden || !strings.Contains(got.body, "trang khác") {
		t.Errorf("%d\n%s", got.status, got.body)
	}
	if got := b.get("/"); got.status != http.StatusOK {
		t.Errorf("and it did sign out: %d", got.status)
	}
}

func TestCookies(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.PublicURL = "https://canhgiac.example" })
	got := h.browser().post("/signin", "name", "ward", "password", password)
	cookie := got.header.Get("Set-Cookie")
	for _, want := range []string{"__Host-canhgiac=", "HttpOnly", "SameSite=Lax", "Secure", "Path=/"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("no %s in %q", want, cookie)
		}
	}
	if got.header.Get("Strict-Transport-Security") == "" {
		t.Error("no HSTS under https")
	}
}

func TestARedirectStaysOnThisSite(t *testing.T) {
	for in, want := range map[string]string{
		"": "/", "/": "/", "/reports?state=new": "/reports?state=new", "//evil.example": "/", "https://evil.example/": "/",
		`/\evil.example`: "/", "javascript:alert(1)": "/", "/\t/evil.example": "/", "reports": "/",
	} {
		if got := localPath(in); got != want {
			t.Errorf("localPath(%q) = %q, want %q", in, got, want)
		}
	}
}
