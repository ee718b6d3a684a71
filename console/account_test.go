package console

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

var endInPage = regexp.MustCompile(`action="(/account/sessions/[0-9]+/end)"`)

func TestSessionsAreListedAndEnded(t *testing.T) {
	h := newHouse(t)
	here, there, third := h.as(Police), h.as(Police), h.as(Police)
	page := here.get("/account")
	ends := endInPage.FindAllStringSubmatch(page.body, -1)
	if len(ends) != 2 || strings.Count(page.body, "Máy này") != 1 {
		t.Fatalf("%d others are listed", len(ends))
	}
	if got := h.as(Ward).post(ends[0][1]); got.status != http.StatusSeeOther {
		t.Fatal(got.status)
	}
	if there.get("/").status != http.StatusOK || third.get("/").status != http.StatusOK {
		t.Error("somebody else ended it")
	}
	if got := here.post(ends[0][1]); got.header.Get("Location") != "/account" {
		t.Errorf("%d", got.status)
	}
	if a, b := there.get("/").status, third.get("/").status; a+b != http.StatusOK+http.StatusSeeOther {
		t.Errorf("one of two should be out: %d, %d", a, b)
	}
	if got := here.post("/account/sessions/end"); got.status != http.StatusSeeOther {
		t.Errorf("%d", got.status)
	}
	if there.get("/").status != http.StatusSeeOther || third.get("/").status != http.StatusSeeOther || here.get("/").status != http.StatusOK {
		t.Error("all others should be out, and this one in")
	}
	if n := h.audited("session.revoke"); n != 2 {
		t.Errorf("%d audit rows", n)
	}
}

func TestAnEndedSessionsStreamSaysSoAndEnds(t *testing.T) {
	h := newHouse(t)
	tick := make(chan time.Time)
	h.live.tick = tick
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.live.run(ctx, "") }()
	lines := h.as(Police).listen(ctx, "t=reports")
	next(t, lines)
	if _, err := h.db.Exec(`delete from console_signins`); err != nil {
		t.Fatal(err)
	}
	go func() {
		for { // the first look may have come before
			select {
			case tick <- time.Now():
			case <-ctx.Done():
				return
			}
		}
	}()
	for got := range lines {
		if strings.HasPrefix(got, "signin") {
			stop()
			if err := <-ended; err != nil {
				t.Error(err)
			}
			return
		}
	}
	t.Error("the stream ended without a word")
	stop()
}

func TestASessionEndsAfterItsLifeHoweverBusy(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Session = time.Hour })
	b := h.as(Ward)
	for h.clock.moved() < 55*time.Minute {
		h.clock.move(5 * time.Minute)
		if got := b.get("/"); h.clock.moved() < time.Hour && got.status != http.StatusOK {
			t.Fatalf("after %s: %d", h.clock.moved(), got.status)
		}
	}
	h.clock.set(time.Hour)
	if got := b.get("/"); got.status != http.StatusSeeOther {
		t.Errorf("after an hour: %d", got.status)
	}
}

func TestChangingOnesPassword(t *testing.T) {
	h := newHouse(t)
	b, other := h.as(Ward), h.as(Ward)
	fresh := "vịt xiêm lội ao làng"
	for is, c := range map[string]struct{ old, new, again, want string }{
		"a wrong old one":  {"sai", fresh, fresh, "Mật khẩu chưa đúng"},
		"a short new one":  {password, "ngắn", "ngắn", "ít nhất 15 ký tự"},
		"two that differ":  {password, fresh, fresh + "x", "chưa giống nhau"},
		"one of the list":  {password, "Iloveyou.2345678", "Iloveyou.2345678", "dò đầu tiên"},
		"a row of figures": {password, "123456789012345", "123456789012345", "một dãy"},
	} {
		if got := b.post("/account/password", "old", c.old, "new", c.new, "again", c.again); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, c.want) {
			t.Errorf("%s: %d, without %q", is, got.status, c.want)
		}
	}
	token := b.cookie("canhgiac")
	decomposed := strings.ReplaceAll(fresh, "ê", "e\u0302") // as another keyboard writes it
	if got := b.post("/account/password", "old", password, "new", decomposed, "again", decomposed); got.header.Get("Location") != "/account" {
		t.Fatalf("%d\n%s", got.status, got.body)
	}
	if b.cookie("canhgiac") == token || b.get("/account").status != http.StatusOK {
		t.Error("this session goes on, with another token")
	}
	if got := other.get("/"); got.status != http.StatusSeeOther {
		t.Errorf("the other session: %d", got.status)
	}
	for p, want := range map[string]int{password: http.StatusUnprocessableEntity, fresh: http.StatusSeeOther} {
		if got := h.browser().post("/signin", "name", "ward", "password", p); got.status != want {
			t.Errorf("signing in with %q: %d", p, got.status)
		}
	}
	if h.audited("user.password_change") != 1 {
		t.Error("no audit row")
	}
}
