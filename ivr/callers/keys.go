package callers

import (
	"fmt"
	"strings"
	"time"

	"canhgiac/ivr"
)

// next is what the person does; false: hangs up.
func (c *call) next() (ivr.Input, bool) {
	h := c.heard
	if len(c.in) > patience {
		c.silent = true
	}
	switch {
	case c.silent:
	case c.chance(c.leaving):
		return ivr.Input{}, false
	case c.chance(.01):
		c.silent = true
		c.tell("puts the telephone aside")
	}
	switch {
	case h.dial != "":
		return c.ringing()
	case h.record:
		return c.message(), true
	case c.silent || c.chance(c.slow):
		return c.nothing(), true
	case h.number:
		return c.number(), true
	}
	return c.key()
}

func (c *call) nothing() ivr.Input {
	c.pass(2 * time.Minute) // the words and the wait are shorter
	return ivr.Input{Kind: ivr.InputSilence}
}

// ringing is what the officer's telephone does.
func (c *call) ringing() (ivr.Input, bool) {
	c.pass(c.between(5*time.Second, 25*time.Second))
	status := []string{"completed", "busy", "no-answer", "no-answer", "failed"}[c.rand.IntN(5)]
	return ivr.Input{Kind: ivr.InputDialed, Status: status, Answered: status == "completed"}, c.silent || !c.chance(.15)
}

func (c *call) message() ivr.Input {
	if c.silent || c.chance(.3) {
		return c.nothing()
	}
	c.pass(c.between(3*time.Second, time.Minute))
	sid := fmt.Sprintf("%s-M%d", c.sid, len(c.in))
	return ivr.Input{Kind: ivr.InputRecorded, Recording: ivr.Recording{SID: sid, URL: "https://provider.example/" + sid, Seconds: 1 + c.rand.IntN(60)}}
}

// pressing is the input of keys.
func (c *call) pressing(keys string) ivr.Input {
	c.wait()
	return ivr.Input{Kind: ivr.InputKeys, Keys: keys}
}

const pad = "0123456789*#"

// key answers a question of one key.
func (c *call) key() (ivr.Input, bool) {
	question := c.heard.question
	switch {
	case c.chance(c.forgetful):
		return c.pressing("*"), true
	case c.chance(c.forgetful / 8):
		return c.pressing("0"), true
	case c.chance(c.unsteady / 2):
		return c.pressing(pad[c.rand.IntN(len(pad)):][:1]), true
	}
	key, stays := c.answer(question)
	switch {
	case !stays:
		return ivr.Input{}, false
	case key == "":
		return c.nothing(), true
	case c.whole && c.chance(c.unsteady/2):
		key += key // the double press of an unsteady hand
	case c.whole && c.chance(.04):
		key += strings.Repeat(pad[c.rand.IntN(len(pad)):][:1], 1+c.rand.IntN(3)) + pad[c.rand.IntN(len(pad)):][:1]
	}
	return c.pressing(key), true
}

// answer is the key that somebody with this wish and story presses; "" waits, false hangs up.
func (t *talk) answer(question string) (string, bool) {
	s := t.story
	switch question {
	case "chao", "loi_nhac-phai_to_giac", "nghe_lai_ma":
		return "", true
	case "menu_chinh":
		return t.choose()
	case "noi_tiep":
		return t.oneOr("2", .3), true
	case "mat_tien_khan", "sap_chuyen_tien":
		return "1", !t.chance(.1)
	case "loai_lua_dao":
		return s.kind, true
	case "kenh_lien_lac":
		return s.channel, true
	case "hoi_mat_tien", "da_mat_tien":
		return s.money, true
	case "hoi_luc_nao", "luc_nao":
		return s.when, true
	case "hoi_bao_nhieu":
		return s.band, true
	case "dong_y_goi_lai":
		return s.callback, true
	case "doc_lai_so", "hoi_lai_so":
		if t.draft().number != s.number && t.retried < 3 {
			t.retried++
			return "2", true
		}
		return "1", true
	case "doc_lai_tin_bao":
		if t.retried < 4 && t.chance(.12) {
			t.retried++
			return "2", true
		}
		return t.oneOr("3", .06), true
	case "dang_ky", "ngung_nhan":
		return t.oneOr("2", .2), true
	case "kt_tiep", "kt_het_luot":
		return t.oneOr("2", .4), !t.chance(.3)
	}
	return fmt.Sprint(1 + t.rand.IntN(9)), true // a question that is new here: people try
}

func (p *person) oneOr(other string, of float64) string {
	if p.chance(of) {
		return other
	}
	return "1"
}

// choose is the main menu: what the person wants, once; whoever has had it leaves or finds something else.
func (t *talk) choose() (string, bool) {
	want := t.wants
	if len(t.said) > 12 || t.chance(.05) {
		want = wishes[t.rand.IntN(len(wishes))]
	}
	switch want {
	case "lost":
		return "1", true
	case "report":
		return "2", true
	case "remind":
		t.wants = "nothing"
		return "3", true
	case "register":
		return "4", true
	case "check":
		return "5", true
	case "stop":
		return "9", true
	case "officer":
		return "0", true
	}
	return "", !t.chance(.4)
}

// number keys one in, well or badly.
func (c *call) number() ivr.Input {
	n := c.story.number
	end := ""
	if c.whole {
		end = "#"
	}
	switch {
	case c.chance(c.forgetful / 8):
		return c.pressing("0")
	case c.chance(c.forgetful / 2):
		return c.pressing("*")
	case c.chance(c.unsteady/2) && len(n) > 1:
		n = n[:len(n)-1]
	case c.chance(c.unsteady / 2):
		n += "7"
	case c.chance(c.unsteady / 3):
		n = "09*" + n
	case c.chance(c.unsteady / 4):
		n = strings.Repeat("9", 25)
	}
	if n == "" {
		end = "#"
	}
	if c.whole && c.chance(.08) {
		end = "#1" // confirmed before it was read back
	}
	return c.pressing(n + end)
}
