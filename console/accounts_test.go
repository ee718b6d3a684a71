package console

import (
	"context"
	"errors"
	"html"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// groupsOfWard makes the sample ward of three groups and gives their ids.
func (h *house) groupsOfWard() []int64 {
	h.t.Helper()
	ctx := context.Background()
	ward, err := h.Residents.LoadWard(ctx, "Thanh Khê", 3)
	if err != nil {
		h.t.Fatal(err)
	}
	groups, err := h.Residents.Groups(ctx, ward.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	var ids []int64
	for _, g := range groups {
		ids = append(ids, g.ID)
	}
	return ids
}

var codeOnPage = regexp.MustCompile(`[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}`)

func TestAnInvitationIsAcceptedOnceAndLeadsToTheSignIn(t *testing.T) {
	h := newHouse(t)
	group := h.groupsOfWard()[0]
	operator := h.as(Operator)
	page := operator.post("/users/new", "name", "Lan.Nguyen", "full_name", "  Nguyễn Thị   Lan ", "role", "ward", "unit", id(group))
	code := codeOnPage.FindString(page.body)
	if page.status != 200 || code == "" {
		t.Fatalf("%d, no code\n%s", page.status, page.body)
	}
	var kept int
	if err := h.db.QueryRow(`select count(*) from console_invitations i, audit_log a where i.code_hash = $1 or a.detail like '%' || $1 || '%' or a.object like '%' || $1 || '%'`, code).Scan(&kept); err != nil || kept != 0 {
		t.Errorf("the code itself is kept: %v", err)
	}

	guest := h.browser()
	if got := guest.post("/signin", "name", "lan.nguyen", "password", ""); got.status == 303 {
		t.Error("an invited user signed in without a password")
	}
	if got := guest.get("/invitation/password"); got.header.Get("Location") != "/invitation" {
		t.Error("a password can be chosen without a code")
	}
	for is, c := range map[string]string{"another code": "0000-0000-0000-0000", "no code": "", "half of it": code[:9]} {
		if got := guest.post("/invitation", "name", "lan.nguyen", "code", c); got.status != 422 {
			t.Errorf("%s: %d", is, got.status)
		}
	}
	typed := strings.ToLower(strings.ReplaceAll(strings.ReplaceAll(code, "-", " "), "0", "o"))
	if got := guest.post("/invitation", "name", " LAN.nguyen ", "code", typed); got.header.Get("Location") != "/invitation/password" {
		t.Fatalf("the code as somebody types it: %d %s", got.status, got.body)
	}
	const chosen = "con mèo ngủ trên mái tôn"
	for is, pair := range map[string][2]string{"two that differ": {chosen, chosen + "x"}, "a short one": {"ngan", "ngan"}, "the name": {"lan.nguyenlan.nguyen", "lan.nguyenlan.nguyen"}} {
		if got := guest.post("/invitation/password", "password", pair[0], "again", pair[1]); got.status != 422 {
			t.Errorf("%s: %d", is, got.status)
		}
	}
	second := h.browser()
	second.post("/invitation", "name", "lan.nguyen", "code", code)
	if got := guest.post("/invitation/password", "password", chosen, "again", chosen); got.header.Get("Location") != "/signin" {
		t.Fatalf("%d %s", got.status, got.body)
	}
	if got := second.post("/invitation/password", "password", "mật khẩu của kẻ khác đây", "again", "mật khẩu của kẻ khác đây"); got.header.Get("Location") != "/invitation" {
		t.Errorf("the code worked twice: %d", got.status)
	}
	if got := guest.post("/signin", "name", "lan.nguyen", "password", chosen); got.status != 303 {
		t.Fatalf("sign in: %d", got.status)
	}
	user, err := h.users.check(context.Background(), "lan.nguyen", chosen)
	if err != nil || user.FullName != "Nguyễn Thị Lan" || user.Role != Ward || user.UnitID != group {
		t.Errorf("%+v, %v", user, err)
	}
	if h.audited("user.invite") != 1 || h.audited("user.accept") != 1 || h.audited("session.invitation_refused") != 3 {
		t.Error("an act left no audit row")
	}
}

func TestACodeEnds(t *testing.T) {
	ctx := context.Background()
	as := Standing{FullName: "Lê Văn Huy", Role: Ward}
	for is, end := range map[string]func(h *house, who User){
		"after 72 hours":          func(h *house, _ User) { h.clock.move(invitationLasts + time.Second) },
		"when another is made":    func(h *house, who User) { must(t)(h.users.Reset(ctx, Shell, who.ID, "lost")) },
		"when it is taken back":   func(h *house, who User) { must(t)("", h.users.Uninvite(ctx, Shell, who.ID)) },
		"when the user is locked": func(h *house, who User) { must(t)("", h.users.Disable(ctx, Shell, who.ID, "")) },
	} {
		t.Run(is, func(t *testing.T) {
			h := newHouse(t)
			who, code, err := h.users.Invite(ctx, Shell, "huy", as)
			if err != nil {
				t.Fatal(err)
			}
			early := h.browser()
			if got := early.post("/invitation", "name", "huy", "code", code); got.status != 303 {
				t.Fatalf("before: %d", got.status)
			}
			end(h, who)
			if got := h.browser().post("/invitation", "name", "huy", "code", code); got.status != 422 {
				t.Errorf("the code: %d", got.status)
			}
			if got := early.post("/invitation/password", "password", "con mèo ngủ trên mái tôn", "again", "con mèo ngủ trên mái tôn"); got.header.Get("Location") != "/invitation" {
				t.Errorf("who had typed it before: %d", got.status)
			}
		})
	}
}

func must(t *testing.T) func(string, error) {
	return func(_ string, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestCodesAreTriedAsSlowlyAsPasswords(t *testing.T) {
	h := newHouse(t)
	if _, _, err := h.users.Invite(context.Background(), Shell, "huy", Standing{FullName: "Lê Văn Huy", Role: Ward}); err != nil {
		t.Fatal(err)
	}
	b := h.browser()
	for i := range 12 {
		if got := b.post("/invitation", "name", "huy", "code", "0000-0000-0000-0000"); got.status == 429 {
			return
		} else if got.status != 422 {
			t.Fatalf("try %d: %d", i, got.status)
		}
	}
	t.Error("a stranger may go on for ever")
}

func TestAResetEndsPasswordAndSessionsAtOnce(t *testing.T) {
	h := newHouse(t)
	police := h.as(Police)
	who, err := h.users.IDOf(context.Background(), "police")
	if err != nil {
		t.Fatal(err)
	}
	operator := h.as(Operator)
	if got := operator.post("/users/"+id(who)+"/reset", "reason", " "); got.status != 422 {
		t.Errorf("without a reason: %d", got.status)
	}
	got := operator.post("/users/"+id(who)+"/reset", "reason", "quên mật khẩu")
	if got.status != 200 || codeOnPage.FindString(got.body) == "" {
		t.Fatalf("%d", got.status)
	}
	if got := police.get("/reports"); got.status != 303 {
		t.Errorf("the open session: %d", got.status)
	}
	if got := h.browser().post("/signin", "name", "police", "password", password); got.status != 422 {
		t.Errorf("the old password: %d", got.status)
	}
}

func TestWhatMayBeChangedOfAnAccount(t *testing.T) {
	h := newHouse(t)
	ctx, groups := context.Background(), h.groupsOfWard()
	ids := map[Role]int64{}
	for _, role := range everyone {
		var err error
		if ids[role], err = h.users.IDOf(ctx, string(role)); err != nil {
			t.Fatal(err)
		}
	}
	self := Actor{ID: ids[Operator], Name: "operator", Role: Operator}
	named := func(s Standing) Standing { s.FullName = "Trần Văn Ba"; return s }
	for _, c := range []struct {
		is   string
		by   Actor
		who  Role
		to   Standing
		want error
	}{
		{"a ward officer gets a group", self, Ward, named(Standing{Role: Ward, UnitID: groups[1]}), nil},
		{"a policeman gets a group", self, Police, named(Standing{Role: Police, UnitID: groups[1]}), nil},
		{"an operator gets a group", Shell, Operator, named(Standing{Role: Operator, UnitID: groups[1]}), ErrUserUnit},
		{"a group that is none", self, Ward, named(Standing{Role: Ward, UnitID: 9999}), ErrUserUnit},
		{"a negative group", self, Ward, named(Standing{Role: Ward, UnitID: -1}), ErrUserUnit},
		{"a role that is none", self, Ward, named(Standing{Role: "chief"}), ErrUserRole},
		{"no name", self, Ward, Standing{FullName: "  ", Role: Ward}, ErrFullName},
		{"a name that is a page", self, Ward, Standing{FullName: "<b>Ba</b>", Role: Ward}, ErrFullName},
		{"a name of 81 letters", self, Ward, Standing{FullName: strings.Repeat("ă", 81), Role: Ward}, ErrFullName},
		{"an operator makes themself a policeman", self, Operator, named(Standing{Role: Police}), ErrSelf},
		{"an operator gives themself a name", self, Operator, named(Standing{Role: Operator}), nil},
		{"the last operator is demoted from the shell", Shell, Operator, named(Standing{Role: Ward}), ErrLastOperator},
	} {
		if err := h.users.Change(ctx, c.by, ids[c.who], c.to); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.is, err, c.want)
		}
	}
	if err := h.users.Disable(ctx, Shell, ids[Operator], ""); !errors.Is(err, ErrLastOperator) {
		t.Errorf("the last operator is disabled: %v", err)
	}
	if err := h.users.Disable(ctx, self, ids[Operator], ""); !errors.Is(err, ErrSelf) {
		t.Errorf("an operator disables themself: %v", err)
	}
	if _, err := h.users.Reset(ctx, self, ids[Operator], ""); !errors.Is(err, ErrSelf) {
		t.Errorf("an operator resets themself: %v", err)
	}
	// An operator who was invited and has not come yet cannot take the last one's place.
	if _, _, err := h.users.Invite(ctx, self, "moi", named(Standing{Role: Operator})); err != nil {
		t.Fatal(err)
	}
	if err := h.users.Disable(ctx, Shell, ids[Operator], ""); !errors.Is(err, ErrLastOperator) {
		t.Errorf("the last operator is disabled while another is only invited: %v", err)
	}
	var detail string
	if err := h.db.QueryRow(`select detail from audit_log where act = 'user.change' and object = 'user:ward' order by id limit 1`).Scan(&detail); err != nil {
		t.Fatal(err)
	}
	if detail != "full_name:  → Trần Văn Ba; unit:  → Tổ 2" {
		t.Errorf("the audit row says %q", detail)
	}
	// A page that was made for the role before is gone with the next request.
	police := h.as(Police)
	if got := police.get("/reports"); got.status != 200 {
		t.Fatal(got.status)
	}
	if err := h.users.Change(ctx, self, ids[Police], named(Standing{Role: Ward})); err != nil {
		t.Fatal(err)
	}
	if got := police.get("/reports"); got.status != 403 {
		t.Errorf("a policeman who is one no more: %d", got.status)
	}
}

func TestTheAccountsPageShowsWhereEachStands(t *testing.T) {
	h := newHouse(t)
	operator := h.as(Operator)
	if _, _, err := h.users.Invite(context.Background(), Shell, "huy", Standing{FullName: "Lê Văn Huy", Role: Ward}); err != nil {
		t.Fatal(err)
	}
	h.disable("police")
	list := operator.get("/users").body
	for _, want := range []string{"Lê Văn Huy", "Đã mời", "Đã khóa", "Đang dùng", "Toàn phường"} {
		if !strings.Contains(list, want) {
			t.Errorf("the list has no %q", want)
		}
	}
	if got := operator.post("/users/new", "name", "Lê Huy", "full_name", "Lê Huy", "role", "ward"); got.status != 422 || !strings.Contains(got.body, "Lê Huy") {
		t.Errorf("a bad name: %d", got.status)
	}
	if got := operator.get("/users/999"); got.status != 404 {
		t.Errorf("nobody: %d", got.status)
	}
}

func TestManyAccountsComeInPagesAndAreFoundByAPartOfTheirName(t *testing.T) {
	h := newHouse(t)
	operator := h.as(Operator)
	if strings.Contains(operator.get("/users").body, `role="search"`) {
		t.Error("a handful of accounts is offered a search")
	}
	if _, err := h.db.Exec(`insert into console_users (name, full_name, role, password, created_at)
		select 'nguoi' || lpad(i::text, 3, '0'), case i when 77 then 'Đỗ Thị Hạnh' else '' end, 'ward', 'none', now() from generate_series(1, 120) i`); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	names := regexp.MustCompile(`<span class="nowrap">(nguoi\d+)</span>`)
	next := regexp.MustCompile(`<a href="([^"]+)" rel="next"`)
	pages := 0
	for address := "/users"; address != ""; pages++ {
		body := operator.get(address).body
		for _, m := range names.FindAllStringSubmatch(body, -1) {
			seen[m[1]] = true
		}
		address = ""
		if m := next.FindStringSubmatch(body); m != nil {
			address = html.UnescapeString(m[1])
		}
	}
	if pages != 3 || len(seen) != 120 {
		t.Errorf("%d pages show %d of 120", pages, len(seen))
	}
	for _, part := range []string{"hanh", "Hạnh", "NGUOI077"} {
		if got := names.FindAllStringSubmatch(operator.get("/users?q="+url.QueryEscape(part)).body, -1); len(got) != 1 || got[0][1] != "nguoi077" {
			t.Errorf("%q finds %v", part, got)
		}
	}
	if got := operator.get("/users?q=khong+ai"); !strings.Contains(got.body, "Không có tài khoản nào khớp") || !strings.Contains(got.body, `role="search"`) {
		t.Error("a search that finds nobody does not say so, or takes the search away")
	}
}

func id(n int64) string { return strconv.FormatInt(n, 10) }

func TestAnOperatorEndsSessionsAndResetsASecondFactor(t *testing.T) {
	h := newHouse(t)
	police, operator := h.as(Police), h.as(Operator)
	who, err := h.users.IDOf(context.Background(), "police")
	if err != nil {
		t.Fatal(err)
	}
	if page := operator.get("/users/" + id(who)).body; !strings.Contains(page, "/end") || strings.Contains(page, "/factor") {
		t.Error("the page offers other acts than there is something to do")
	}
	if got := operator.post("/users/"+id(who)+"/factor", "reason", "mất điện thoại"); got.status != 422 {
		t.Errorf("a factor that is none: %d", got.status)
	}
	if got := operator.post("/users/"+id(who)+"/end", "reason", "mất máy"); got.status != 303 {
		t.Fatalf("%d", got.status)
	}
	if got := police.get("/reports"); got.status != 303 {
		t.Errorf("the open session: %d", got.status)
	}
	h.as(Police) // may come back
}
