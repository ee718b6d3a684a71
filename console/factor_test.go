package console

import (
	"encoding/base32"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// codeNow is what the app of who set up secret shows now.
func (h *house) codeNow(secret []byte) string {
	h.t.Helper()
	code, err := codeAt(secret, h.Now().Unix()/codeStep)
	if err != nil {
		h.t.Fatal(err)
	}
	return code
}

// anotherNode is a second console over the same database, and browser's address of it.
func (h *house) anotherNode() *house {
	h.t.Helper()
	c, err := New(h.Options)
	if err != nil {
		h.t.Fatal(err)
	}
	c.users.params = h.users.params
	other := &house{Console: c, t: h.t, db: h.db, server: httptest.NewServer(c.Handler())}
	h.t.Cleanup(other.server.Close)
	return other
}

var secretInPage = regexp.MustCompile(`id="secret">([A-Z2-7 ]+)<`)

// withFactor sets a factor up for role by its pages; it gives the secret and the recovery codes.
func (h *house) withFactor(role Role) (*browser, []byte, []string) {
	h.t.Helper()
	b := h.as(role)
	page := b.get("/account/factor")
	m := secretInPage.FindStringSubmatch(page.body)
	if m == nil {
		h.t.Fatalf("no secret in the page: %d\n%s", page.status, page.body)
	}
	secret := decodeSecret(h.t, m[1])
	got := b.post("/account/factor", "code", h.codeNow(secret), "password", password)
	codes := regexp.MustCompile(`<li>([0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4})</li>`).FindAllStringSubmatch(got.body, -1)
	if got.status != http.StatusOK || len(codes) != recoveryCodes {
		h.t.Fatalf("%d, %d codes\n%s", got.status, len(codes), got.body)
	}
	var plain []string
	for _, c := range codes {
		plain = append(plain, c[1])
	}
	return b, secret, plain
}

func TestARoleThatMustHaveAFactorReachesNothingWithoutOne(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.TOTP = []Role{Police} })
	b := h.as(Police)
	for _, path := range []string{"/", "/reports", "/account", "/account/password", "/live?t=reports", "/locked/held"} {
		if got := b.get(path); got.status != http.StatusSeeOther || !strings.HasPrefix(got.header.Get("Location"), "/account/factor") {
			t.Errorf("%s: %d %s", path, got.status, got.header.Get("Location"))
		}
	}
	if got := b.post("/reports/0000-0000/receive"); got.status != http.StatusSeeOther || !strings.HasPrefix(got.header.Get("Location"), "/account/factor") {
		t.Errorf("a form: %d %s", got.status, got.header.Get("Location"))
	}
	page := b.get("/account/factor?next=/reports")
	secret := decodeSecret(t, secretInPage.FindStringSubmatch(page.body)[1])
	if got := b.get("/account/factor/picture"); got.header.Get("Content-Type") != "image/png" || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("the picture: %v", got.header)
	}
	if got := b.post("/account/factor", "code", "000000", "next", "/reports"); got.status != http.StatusUnprocessableEntity {
		t.Errorf("a wrong first code: %d", got.status)
	}
	before := b.cookie("canhgiac")
	if got := b.post("/account/factor", "code", h.codeNow(secret), "next", "/reports"); got.status != http.StatusOK || !strings.Contains(got.body, `href="/reports"`) {
		t.Fatalf("the right one: %d", got.status)
	}
	if b.cookie("canhgiac") == before {
		t.Error("the token stayed the same")
	}
	if got := b.get("/reports"); got.status != http.StatusOK {
		t.Errorf("then: %d", got.status)
	}
	if got := h.as(Ward).get("/"); got.status != http.StatusOK {
		t.Errorf("a role that need not: %d", got.status)
	}
	if h.audited("user.factor_on") != 1 {
		t.Error("no audit row")
	}
}

func TestACodeIsGoodOnceOnWhicheverNode(t *testing.T) {
	h := newHouse(t)
	_, secret, _ := h.withFactor(Police)
	h.clock.set(2 * codeStep * time.Second)
	other := h.anotherNode()
	var browsers []*browser
	for i := range 6 {
		at := h
		if i%2 == 1 {
			at = other
		}
		b := at.browser()
		if got := b.post("/signin", "name", "police", "password", password, "next", "/reports"); got.header.Get("Location") != "/signin/factor?next=%2Freports" {
			t.Fatalf("%d %s", got.status, got.header.Get("Location"))
		}
		if got := b.get("/reports"); got.status != http.StatusSeeOther {
			t.Fatalf("the password alone opens: %d", got.status)
		}
		browsers = append(browsers, b)
	}
	code := h.codeNow(secret)
	in := make([]bool, len(browsers))
	var wg sync.WaitGroup
	for i, b := range browsers[:5] { // as many as the limit lets try
		wg.Go(func() { in[i] = b.post("/signin/factor", "code", code).status == http.StatusSeeOther })
	}
	wg.Wait()
	n := 0
	for i, ok := range in {
		if ok {
			n++
			if got := browsers[i].get("/"); got.status != http.StatusOK {
				t.Errorf("signed in and not in: %d", got.status)
			}
		}
	}
	if n != 1 {
		t.Errorf("one code let %d in", n)
	}
}

func TestGuessingCodesMakesOneWait(t *testing.T) {
	h := newHouse(t)
	_, secret, codes := h.withFactor(Police)
	b := h.browser()
	b.post("/signin", "name", "police", "password", password)
	for range failuresByName {
		if got := b.post("/signin/factor", "code", "000000"); got.status != http.StatusUnprocessableEntity {
			t.Fatal(got.status)
		}
	}
	h.clock.set(time.Minute)
	got := b.post("/signin/factor", "code", h.codeNow(secret))
	if got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") == "" || !strings.Contains(got.body, "14 phút") {
		t.Errorf("the right code at once: %d, %s", got.status, got.header.Get("Retry-After"))
	}
	if got := b.post("/signin/factor", "how", "recovery", "code", codes[0]); got.status != http.StatusTooManyRequests {
		t.Errorf("a recovery code instead: %d", got.status)
	}
	h.clock.set(factorTime)
	if got := b.post("/signin/factor", "code", h.codeNow(secret)); got.header.Get("Location") != "/signin" {
		t.Errorf("a password of ten minutes ago still waits: %d", got.status)
	}
	// From elsewhere each address has its own five, and the account has thirty a day.
	for i := range factorFailures - failuresByName {
		if wait, err := h.mayTry(t.Context(), guessFactor, "police", fmt.Sprint("192.0.2.", i)); err != nil || wait != 0 {
			t.Fatalf("try %d: %v %v", i, wait, err)
		}
	}
	if wait, err := h.mayTry(t.Context(), guessFactor, "police", "192.0.2.200"); err != nil || wait < 23*time.Hour {
		t.Errorf("a botnet's next: %v %v", wait, err)
	}
}

func TestARecoveryCodeIsGoodOnceAndToldHowManyAreLeft(t *testing.T) {
	h := newHouse(t)
	_, _, codes := h.withFactor(Police)
	var wg sync.WaitGroup
	in := make(chan *browser, 4)
	for range 4 {
		b := h.browser()
		b.post("/signin", "name", "police", "password", password)
		wg.Go(func() {
			if got := b.post("/signin/factor", "how", "recovery", "code", strings.ToUpper(codes[3])); got.status == http.StatusSeeOther {
				in <- b
			}
		})
	}
	wg.Wait()
	close(in)
	if len(in) != 1 {
		t.Fatalf("%d came in by one code", len(in))
	}
	b := <-in
	if got := b.get("/account/codes"); !strings.Contains(got.body, "Còn 9 mã dự phòng") {
		t.Error("the page does not tell that nine are left")
	}
	if h.audited("session.recovery") != 1 {
		t.Error("no audit row")
	}
	if got := b.post("/account/codes", "password", "sai"); got.status != http.StatusUnprocessableEntity {
		t.Errorf("renewed without the password: %d", got.status)
	}
	if got := b.post("/account/codes", "password", password); got.status != http.StatusOK || strings.Contains(got.body, codes[5]) {
		t.Errorf("renewing: %d", got.status)
	}
	again := h.browser()
	again.post("/signin", "name", "police", "password", password)
	if got := again.post("/signin/factor", "how", "recovery", "code", codes[5]); got.status != http.StatusUnprocessableEntity {
		t.Errorf("an old code after renewal: %d", got.status)
	}
	var n int
	if err := h.db.QueryRow(`select count(*) from console_recovery_codes where used_at is null and length(hash) = 32`).Scan(&n); err != nil || n != 10 {
		t.Errorf("%d codes are kept: %v", n, err)
	}
}

func TestResettingAFactorEndsSessionsAndLetsThePasswordIn(t *testing.T) {
	h := newHouse(t)
	b, _, _ := h.withFactor(Police)
	if err := h.users.ResetFactor(t.Context(), "police"); err != nil {
		t.Fatal(err)
	}
	if got := b.get("/"); got.status != http.StatusSeeOther {
		t.Errorf("the old session: %d", got.status)
	}
	if got := h.as(Police).get("/"); got.status != http.StatusOK {
		t.Errorf("signing in: %d", got.status)
	}
	if err := h.users.ResetFactor(t.Context(), "police"); err == nil {
		t.Error("reset twice")
	}
	if h.audited("user.factor_reset") != 1 {
		t.Error("no audit row")
	}
}

func decodeSecret(t *testing.T, grouped string) []byte {
	t.Helper()
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(grouped, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return secret
}
