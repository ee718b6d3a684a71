package callers

import (
	"context"
	"fmt"
	"strings"
	"time"

	"canhgiac/ivr"
)

// session is one USSD session.
type session struct {
	*talk
	ctx   context.Context
	d     ivr.Dialogue
	sofar bool // the network repeats all that was typed; else it tells each step by a name

	all      []string // typed so far, where the network repeats it
	n        int      // names of steps
	last     string
	screen   ivr.Screen
	question string
}

// idle is after how long networks let go of a session.
const idle = 180 * time.Second

// dialCode is one session, to its end.
func (p *person) dialCode(ctx context.Context) error {
	s := &session{ctx: ctx, sofar: p.chance(.5)}
	s.d = ivr.Dialogue{Provider: provider, Session: fmt.Sprintf("U%d-%d", p.n, len(p.talks)), From: strings.TrimPrefix(p.from, "+"), Code: "*8088#"}
	s.open(p)
	s.tell("dials *8088# as %q (%s)", p.from, p.wants)
	screen, err := s.dial(s.node)
	if err != nil {
		return err
	}
	if p.chance(p.twice) {
		p.repeated++
		again, err := s.dial(s.beside)
		s.mustBeSame("the dialling told again", screen, again, err)
	}
	s.look(screen)
	for n := 0; !s.screen.End && len(s.complaints) == 0; n++ {
		if n > mostSteps {
			s.complain("no end after %d steps", n)
			break
		}
		s.longest = max(s.longest, n)
		if s.chance(s.leaving) || n > patience {
			return s.leave()
		}
		if s.chance(s.slow / 2) {
			s.pass(idle + time.Minute)
		} else {
			s.pass(s.between(2*time.Second, 40*time.Second))
		}
		text, stays := s.types()
		if !stays {
			return s.leave()
		}
		if err := s.take(text); err != nil {
			return err
		}
	}
	return nil
}

// open begins the notes of a session.
func (s *session) open(p *person) {
	s.talk = &talk{person: p, origin: "ussd", sid: s.d.Session, from: p.from, lived: *p.clock}
	p.talks = append(p.talks, s.talk)
	s.offer = s.unfinished()
	s.note("ussd_start", s.d.Code)
}

func (s *session) dial(node *ivr.Hotline) (ivr.Screen, error) {
	if s.sofar {
		return node.TypedSoFar(s.ctx, s.d, "")
	}
	return node.Dialled(s.ctx, s.d, "0")
}

// send tells the last input, as the network does.
func (s *session) send(node *ivr.Hotline) (ivr.Screen, error) {
	if s.sofar {
		return node.TypedSoFar(s.ctx, s.d, strings.Join(s.all, "*"))
	}
	return node.Typed(s.ctx, s.d, fmt.Sprint(s.n), s.last)
}

// take types text, now and then told twice.
func (s *session) take(text string) error {
	s.steps++
	s.tell("types %s", text)
	if !s.sofar && s.chance(.8) { // who answers has seen
		if err := s.node.Shown(s.ctx, s.d); err != nil {
			return err
		}
	}
	s.n, s.last, s.all = s.n+1, text, append(s.all, text)
	if s.clock.Sub(s.lived) > idle {
		s.open(s.person) // the network had let go; what was typed falls on a new beginning
	} else {
		s.lived = *s.clock
		s.note(text, text)
		s.typed(text)
	}
	screen, err := s.send(s.node)
	if err != nil {
		return err
	}
	if s.chance(s.twice) {
		s.repeated++
		again, err := s.send(s.beside)
		s.mustBeSame("a step told again", screen, again, err)
	}
	s.look(screen)
	return nil
}

// typed notes what an input means at a screen.
func (s *session) typed(text string) {
	switch s.question {
	case "nhap_so", "kt_nhap":
		number := strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, text)
		if number == "0" {
			number = ""
		} else if number == "" || len(number) > 20 {
			return
		}
		if s.question == "kt_nhap" {
			s.asked = number
			return
		}
		s.begin().number = number
	default:
		s.pressed(s.question, strings.TrimRight(text, ".")) // as the screen writes it
	}
}

// leave ends the session; not every network tells.
func (s *session) leave() error {
	why := []string{"user cancelled", "timeout", ""}[s.rand.IntN(3)]
	s.tell("leaves: %s", why)
	if why == "" || s.clock.Sub(s.lived) > idle {
		return nil
	}
	s.note("ussd_end", why)
	return s.node.Dropped(s.ctx, s.d, why)
}

func (s *session) mustBeSame(what string, first, again ivr.Screen, err error) {
	if err != nil || first != again {
		s.complain("%s: %q, %v; before %q", what, again.Text, err, first.Text)
	}
}

// asks are the words by which people know the screens.
var asks = []struct{ words, question string }{
	{"CONG AN PHUONG - PHONG LUA DAO", "menu_chinh"},
	{"dang bao tin thi bi ngat", "noi_tiep"},
	{"Goi ngan hang xin khoa", "mat_tien_khan"},
	{"KHONG CHUYEN TIEN.", "sap_chuyen_tien"},
	{"Ke gian lam gi?", "loai_lua_dao"},
	{"Nhap so dien thoai cua ke gian", "nhap_so"},
	{"khong giong so dien thoai", "hoi_lai_so"},
	{"Da chuyen tien cho ke gian chua?", "da_mat_tien"},
	{"chuyen tien luc nao?", "luc_nao"},
	{"So tien da chuyen?", "hoi_bao_nhieu"},
	{"Cho cong an goi lai", "dong_y_goi_lai"},
	{"Gui tin bao", "doc_lai_tin_bao"},
	{"Nhap so dien thoai can kiem tra", "kt_nhap"},
	{"1. Bao so nay", "kt_tiep"},
	{"Luu so may nay", "dang_ky"},
	{"Ngung nhan tin nhac?", "ngung_nhan"},
}

// look takes a screen in, and complains of what nobody may see.
func (s *session) look(screen ivr.Screen) {
	if s.screen = screen; !strings.HasPrefix(screen.Text, "Xin chon lai.") { // else there may be no room for the question
		s.question = ""
	}
	s.tell("  sees %q", screen.Text)
	for _, a := range asks {
		if strings.Contains(screen.Text, a.words) {
			s.question = a.question
			break
		}
	}
	switch {
	case strings.TrimSpace(screen.Text) == "":
		s.complain("an empty screen")
	case len(screen.Text) > 160:
		s.complain("a screen of %d characters", len(screen.Text))
	case s.question == "" && !screen.End:
		s.complain("a screen that asks nothing and does not end")
	case s.question == "noi_tiep" && s.offer == nil:
		s.complain("offered to go on with nothing")
	case s.question == "menu_chinh" && len(s.said) == 1 && s.offer != nil:
		s.complain("not offered to go on with what broke off")
	case s.question == "doc_lai_tin_bao":
		s.confirms()
	}
}

// confirms: what is about to be sent is what was told.
func (s *session) confirms() {
	if s.report == nil {
		s.complain("asked to send a report that was never begun")
		return
	}
	if !s.seen {
		s.report.callback = "no"
	}
	if n := s.report.number; n != "" && !strings.Contains(s.screen.Text, n) || n == "" && strings.Contains(s.screen.Text, "ve so") {
		s.complain("asked to send a report of %q", n)
	}
}

// types is the next input; false leaves.
func (s *session) types() (string, bool) {
	switch {
	case s.question == "nhap_so" || s.question == "kt_nhap":
		return s.writes(), true
	case s.chance(s.unsteady / 2):
		return []string{"7", "11", "x", "1.", "99"}[s.rand.IntN(5)], true
	}
	key, stays := s.answer(s.question)
	if key == "" { // nothing to press: looks at the screen, and puts the phone away
		return "", false
	}
	return key, stays
}

// writes is a number, well or badly written.
func (s *session) writes() string {
	n := s.story.number
	switch {
	case n == "" || s.chance(s.forgetful/4):
		return "0"
	case s.chance(s.unsteady/2) && len(n) > 1:
		return n[:len(n)-1]
	case s.chance(s.unsteady/3) && len(n) > 6:
		return n[:4] + " " + n[4:]
	case s.chance(s.unsteady / 4):
		return strings.Repeat("9", 25)
	}
	return n
}
