package console

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/pquerna/otp/totp"
)

// invite has the operator's window invite somebody; it gives the code that the page shows once.
func (s *screen) invite(name, fullName string, role Role, unit string) string {
	s.t.Helper()
	s.open("/users")
	s.press(`a[href="/users/new"]`)
	s.write("#name", name)
	s.write("#full_name", fullName)
	s.pick(`input[name="role"][value="` + string(role) + `"]`)
	if unit != "" {
		s.pick(`#unit option[value="` + unit + `"]`)
	}
	s.press(`form[action="/users/new"] .btn`)
	s.show(`main [translate="no"]`)
	code := s.text(`main [translate="no"]`)
	s.press("main p > a.btn")
	s.show(`main .status.warn`) // invited, not yet here
	return code
}

// accept chooses a password by an invitation's code.
func (s *screen) accept(name, code, chosen string) {
	s.t.Helper()
	s.open("/invitation")
	s.write("#name", name)
	s.write("#code", code)
	s.press(`form[action="/invitation"] .btn`)
	s.write("#password", chosen)
	s.write("#again", chosen+"x")
	s.press(`form[action="/invitation/password"] .btn:not(.secondary)`)
	s.show(".problem")
	s.write("#password", chosen)
	s.write("#again", chosen)
	s.press(`form[action="/invitation/password"] .btn:not(.secondary)`)
	s.show(`form[action="/signin"]`)
}

func TestWhoIsInvitedChoosesAPasswordAndSeesTheirOwnGroup(t *testing.T) {
	h := newHouse(t)
	h.withWard()
	group := id(h.groupsOfWard()[0])
	h.byEveryHand(t, func(t *testing.T, tab func() *screen, nth int) {
		operator, lan := tab(), tab()
		operator.enter("operator", password)
		operator.show("[data-home]")
		name := fmt.Sprint("lan.", nth)
		lan.accept(name, operator.invite(name, "Nguyễn Thị Lan", Ward, group), "con mèo ngủ trên mái tôn")
		lan.enter(name, "con mèo ngủ trên mái tôn")
		lan.show(`[data-home="ward"]`)
		lan.open("/residents")
		lan.says("Trần Thị 0")
		if shown := lan.text("main"); strings.Contains(shown, "Trần Thị 1") {
			t.Errorf("who looks after one group sees another's people: %s", shown)
		}
		operator.open("/users")
		operator.press(`main .row a[href^="/users/"]`)
		operator.show("main .facts")
	})
}

func TestAPolicemanSetsUpASecondFactorAndComesInByIt(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.TOTP = []Role{Police} })
	h.byEveryHand(t, func(t *testing.T, tab func() *screen, nth int) {
		name, chosen := fmt.Sprint("an.", nth), "vịt xiêm lội ao làng"
		if _, err := h.users.Add(t.Context(), name, Standing{Role: Police}, password); err != nil {
			t.Fatal(err)
		}
		s := tab()
		s.enter(name, password)
		s.press(".steps details summary")
		s.show("#secret")
		secret := strings.ReplaceAll(s.text("#secret"), " ", "")
		code := func() string { // of the app on the phone; each is good once
			h.clock.move(time.Minute)
			code, err := totp.GenerateCode(secret, h.Now())
			if err != nil {
				t.Fatal(err)
			}
			return code
		}
		s.write("#code", "000000")
		s.press(`form[action^="/account/factor"] .btn`)
		s.show(".problem")
		s.write("#code", code())
		s.press(`form[action^="/account/factor"] .btn`)
		s.show(".codes li")
		recovery := s.text(".codes li")
		s.press("main p > a.btn")
		s.show(`[data-home="police"]`)

		s.leave()
		s.enter(name, password)
		s.write("#code", code())
		s.press(`form[action="/signin/factor"] .btn`)
		s.show(`[data-home="police"]`)

		s.leave()
		s.enter(name, password)
		s.press(`a[href*="how=recovery"]`)
		s.show(`input[name="how"][value="recovery"] + .field`)
		s.write("#code", strings.ToUpper(recovery))
		s.press(`form[action="/signin/factor"] .btn`)
		s.says("Còn 9 mã dự phòng")

		s.menu(`a[href="/account"]`)
		s.press(`a[href="/account/password"]`)
		s.write("#old", password)
		s.write("#new", chosen)
		s.write("#again", chosen)
		s.press(`form[action="/account/password"] .btn:not([type="button"])`)
		s.show(".toast")

		other := tab()
		other.enter(name, chosen)
		other.write("#code", code())
		other.press(`form[action="/signin/factor"] .btn`)
		other.show(`[data-home="police"]`)
		s.open("/account")
		s.press(`form[action^="/account/sessions/"] .btn.small`)
		s.show(".toast")
		if n := evaluate[int](s, `document.querySelectorAll('#sessions ~ .rows .row').length`); n != 1 {
			t.Errorf("%d sessions are left", n)
		}
		other.expectFailures() // its stream is shut
		other.open("/reports")
		other.show(`form[action="/signin"]`)

		s.menu("[data-lock]")
		s.write("#password", chosen)
		s.press(`form[action="/locked"] .btn`)
		s.show("#sessions")
	})
}

func TestTheOperatorLooksAfterAnAccountAndReadsWhatWasDone(t *testing.T) {
	h := newHouse(t)
	h.withWard()
	h.runLive()
	h.works()
	group := id(h.groupsOfWard()[1])
	h.byEveryHand(t, func(t *testing.T, tab func() *screen, nth int) {
		name := fmt.Sprint("canbo.", nth)
		who, err := h.users.Add(t.Context(), name, Standing{Role: Ward}, password)
		if err != nil {
			t.Fatal(err)
		}
		theirs, s := tab(), tab()
		theirs.enter(name, password)
		theirs.show(`[data-home="ward"]`)
		s.enter("operator", password)
		s.show("[data-home]")
		user := "/users/" + id(who.ID)
		s.open("/users")
		s.press(`.row a[href="` + user + `"]`)
		s.show(`form[action="` + user + `"]`)
		s.write("#full_name", "Trần Văn Cán")
		s.pick(`#unit option[value="` + group + `"]`)
		s.press(`form[action="` + user + `"] .btn`)
		s.show(".toast")
		s.says("Trần Văn Cán")

		reason := func(act string) {
			s.press(`details:has(form[action="` + user + `/` + act + `"]) > summary`)
			s.write("#reason-"+act, "báo mất máy")
			s.press(`form[action="` + user + `/` + act + `"] .btn`)
		}
		theirs.open("/campaigns") // a page that asks for nothing by itself: it would leave for the sign-in on its own
		reason("end")
		s.do(chromedp.WaitNotPresent(chromedp.CSS("#reason-end"))) // there is nothing left to end
		theirs.open("/residents")
		theirs.show(`form[action="/signin"]`)
		reason("disable")
		s.show("main .status.bad")
		s.write("#reason-enable", "đã tìm thấy") // the way back stands open
		s.press(`form[action="` + user + `/enable"] .btn`)
		s.show("main .status.ok")
		reason("reset")
		s.show(`main [translate="no"]`)
		s.press("main p > a.btn")

		s.press(`a[href="/audit?kind=user&ref=` + name + `"]`)
		s.show(`tr[data-act="user.disable"]`)
		s.pick(`#act option[value="user.enable"]`)
		s.press(`form[action="/audit"] .btn`)
		s.do(chromedp.WaitNotPresent(chromedp.CSS(`tr[data-act="user.disable"]`)), chromedp.WaitVisible(chromedp.CSS(`tr[data-act="user.enable"]`)))
		if n := evaluate[int](s, `document.querySelectorAll('tbody tr').length`); n != 1 {
			t.Errorf("the filter leaves %d lines", n)
		}
		s.press("details.more > summary")
		s.write("#reason-export", "kiểm tra cuối tháng")
		s.press(`form[action="/audit/export"] .btn`)
		if got := s.file("a[download]"); !strings.Contains(got, name) || strings.Contains(got, "user.disable") {
			t.Errorf("the file holds %q", got)
		}
		s.open("/system")
		s.says("Mất đường nối tới viettel")
	})
}
