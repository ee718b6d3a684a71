package console

import (
	"context"
	"database/sql"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"canhgiac/campaigns"
	"canhgiac/gateway"
	"canhgiac/internal/jobs"
	"canhgiac/internal/postgres/pgtest"
	"canhgiac/ivr"
	"canhgiac/ivr/prompts"
	"canhgiac/ivr/sounds"
	"canhgiac/reports"
	"canhgiac/residents"
	"canhgiac/schedules"
)

func TestMain(m *testing.M) {
	code := pgtest.Main(m)
	if chromium.stop != nil {
		chromium.stop()
	}
	os.Exit(code)
}

const password = "ghe xanh mua da"

// house is a console that listens, over a database of its own, with one user for each role. newHouse has the test run beside
// others; the second house of one test is houseOf's.
type house struct {
	*Console
	t      *testing.T
	db     *sql.DB
	server *httptest.Server
	clock  *houseClock
}

// houseClock goes on from the machine's, moved by the test. Whatever the house does meanwhile reads it: each open page has a
// stream that does.
type houseClock struct{ ahead atomic.Int64 }

func (c *houseClock) now() time.Time          { return time.Now().Add(c.moved()) }
func (c *houseClock) moved() time.Duration    { return time.Duration(c.ahead.Load()) }
func (c *houseClock) move(by time.Duration)   { c.ahead.Add(int64(by)) }
func (c *houseClock) set(ahead time.Duration) { c.ahead.Store(int64(ahead)) }

func newHouse(t *testing.T, change ...func(*Options)) *house {
	t.Helper()
	t.Parallel() // each has its own database, and its own tabs of the one browser
	return houseOf(t, change...)
}

func houseOf(t *testing.T, change ...func(*Options)) *house {
	t.Helper()
	h := &house{t: t, db: pgtest.New(t), clock: new(houseClock)}
	now := h.clock.now
	words, err := prompts.Load()
	if err != nil {
		t.Fatal(err)
	}
	rs := residents.NewStore(h.db, now)
	calls, err := ivr.NewHotline(h.db, now, words, rs, reports.NewStore(h.db, now), nil, ivr.Options{Brand: "CATHANHKHEX", Hotline: "02363111222", Officer: []string{"101"},
		Length: func(prompts.Voice, string) time.Duration { return time.Second }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	playing, err := prompts.OpenSound(words, "")
	if err != nil {
		t.Fatal(err)
	}
	gw := gateway.NewStore(h.db, now, gateway.StoreOptions{Routes: []gateway.Route{{Carrier: "viettel"}}})
	o := Options{DB: h.db, Now: now, Log: slog.New(slog.DiscardHandler), PublicURL: "http://127.0.0.1", Words: words, Calls: calls, Sounds: sounds.New(h.db, now, playing, nil, prompts.Central, slog.New(slog.DiscardHandler)), Reports: reports.NewStore(h.db, now),
		Residents: rs, Gateway: gw, Jobs: jobs.NewStore(h.db, now, reports.Channel), Carriers: []gateway.Carrier{{Name: "viettel", Rate: 30}}, Schedules: schedules.NewStore(h.db, now), Campaigns: campaigns.NewStore(h.db, now, gw, rs, schedules.NewStore(h.db, now), campaigns.Options{})}
	for _, f := range change {
		f(&o)
	}
	if h.Console, err = New(o); err != nil {
		t.Fatal(err)
	}
	h.users.params = &argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}
	for _, role := range everyone {
		if _, err := h.users.Add(context.Background(), string(role), Standing{Role: role}, password); err != nil {
			t.Fatal(err)
		}
	}
	h.server = httptest.NewServer(h.Handler())
	t.Cleanup(h.server.Close)
	return h
}

// disable shuts the account of name, as somebody with a shell does.
func (h *house) disable(name string) {
	h.t.Helper()
	id, err := h.users.IDOf(context.Background(), name)
	if err == nil {
		err = h.users.Disable(context.Background(), Shell, id, "")
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

// browser keeps cookies and follows no redirect.
type browser struct {
	t    *testing.T
	home string
	http.Client
}

func (h *house) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	b := &browser{t: h.t, home: h.server.URL}
	b.Jar = jar
	b.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return b
}

// as gives a browser signed in with role; "" is nobody.
func (h *house) as(role Role) *browser {
	h.t.Helper()
	b := h.browser()
	if role != "" {
		if r := b.post("/signin", "name", string(role), "password", password); r.status != http.StatusSeeOther {
			h.t.Fatalf("sign in as %s: %d\n%s", role, r.status, r.body)
		}
	}
	return b
}

type answer struct {
	status int
	header http.Header
	body   string
}

func (b *browser) do(r *http.Request) answer {
	b.t.Helper()
	resp, err := b.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	return read(b.t, resp)
}

func read(t *testing.T, resp *http.Response) answer {
	t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(body)}
}

func (b *browser) get(path string) answer {
	b.t.Helper()
	r, err := http.NewRequest("GET", b.home+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do(r)
}

func (b *browser) post(path string, pairs ...string) answer {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	r, err := http.NewRequest("POST", b.home+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(r)
}

func (b *browser) cookie(name string) string {
	u, err := url.Parse(b.home)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

func (h *house) audited(act string) (n int) {
	h.t.Helper()
	if err := h.db.QueryRow(`select count(*) from audit_log where act = $1`, act).Scan(&n); err != nil {
		h.t.Fatal(err)
	}
	return n
}

func TestTheColoursThatAPersonChoseAreNamedByTheServer(t *testing.T) {
	h := newHouse(t)
	b := h.as(Ward)
	for _, c := range []struct{ name, theme, has, lacks string }{
		{"dark", "dark", `/console-dark.css`, `content="light`},
		{"light", "light", `/console-light.css`, "console-dark.css"},
		{"as the screen", "", `/console.css`, `content="dark"`},
	} {
		if got := b.post("/theme", "theme", c.theme, "back", "/campaigns"); got.status != http.StatusSeeOther || got.header.Get("Location") != "/campaigns" {
			t.Fatalf("%s: %d to %q", c.name, got.status, got.header.Get("Location"))
		}
		if got := b.get("/"); !strings.Contains(got.body, c.has) || strings.Contains(got.body, c.lacks) {
			t.Errorf("%s: the page has no %s, or has %s", c.name, c.has, c.lacks)
		}
	}
	if got := b.post("/theme", "theme", "pink"); got.status != http.StatusBadRequest {
		t.Errorf("a colour that is none: %d", got.status)
	}
}
