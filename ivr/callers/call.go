package callers

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"canhgiac/ivr"
)

// call is one call to the hotline.
type call struct {
	*talk
	ctx   context.Context
	whole bool // the line delivers every key, also those typed ahead; else one at a time, and no # behind a number

	in    []ivr.Input // the steps taken,
	out   []ivr.Reply // and what each was answered; the first is the answer to the ringing
	reply ivr.Reply
	heard heard

	offered bool // to go on, where there was something to go on with
	looked  bool // the main menu was heard
	cared   bool // the call has come to something: only then may the line hang up
	failed  int  // times in a row that a question was repeated for a wrong key or silence
	silent  bool // the person has put the telephone down beside the cradle
	over    bool
}

const (
	provider = "callers"
	// mostSteps is far more than anybody needs: who comes so far goes in a circle that only patience ends.
	mostSteps = 150
	// letGoWithin is how many silences the hotline may wait through before it lets go of a line on which nobody is.
	letGoWithin = 12
	patience    = 45 // steps, after which people stop pressing keys
)

// ring makes one call, to its end.
func (p *person) ring(ctx context.Context) error {
	c := &call{ctx: ctx, whole: p.chance(.4), talk: &talk{person: p, origin: "call", sid: fmt.Sprintf("C%d-%d", p.n, len(p.talks)), from: p.from, lived: *p.clock}}
	p.talks = append(p.talks, c.talk)
	c.offer = c.unfinished()
	p.tell("rings as %q (%s)", p.from, p.wants)
	in := ivr.Incoming{Provider: provider, SID: c.sid, From: p.from, To: "02363111222"}
	raw := ""
	if !p.seen {
		raw = p.from
	}
	c.note("start", raw)
	reply, err := c.node.Start(ctx, in)
	if err != nil {
		return err
	}
	if p.chance(p.twice) {
		p.repeated++
		again, err := c.beside.Start(ctx, in)
		c.mustBeSame("the ringing told again", reply, again, err)
	}
	c.out = []ivr.Reply{reply}
	c.listen(reply)
	quiet := 0
	for !c.over && len(c.complaints) == 0 {
		if len(c.in) > mostSteps {
			c.complain("no end after %d steps", len(c.in))
			break
		}
		next, stays := c.next()
		if !stays {
			break
		}
		if err := c.take(next); err != nil {
			return err
		}
		if quiet++; !c.silent {
			quiet = 0
		}
		if quiet > letGoWithin {
			c.complain("nobody is on the line, and it is not let go of")
		}
	}
	c.longest = max(c.longest, len(c.in))
	return c.hangUp()
}

// hangUp ends the call; some providers never tell of it, some twice.
func (c *call) hangUp() error {
	if c.chance(.1) {
		c.tell("the line is gone, and nobody tells")
		return nil
	}
	c.tell("hangs up")
	c.lived = *c.clock
	c.note("ended", "completed")
	if c.heard.dial != "" {
		c.missed() // the officer's telephone rang still
	}
	for range 1 + c.rand.IntN(2) {
		if err := c.node.Ended(c.ctx, provider, c.sid, "completed"); err != nil {
			return err
		}
	}
	if n := len(c.in); n > 0 && c.chance(c.twice) { // a webhook that was under way
		c.repeated++
		k := c.rand.IntN(n)
		again, err := c.node.Step(c.ctx, provider, c.sid, c.in[k])
		c.mustBeSame("a step told after the end", c.out[k+1], again, err)
	}
	return nil
}

// take tells one step, now and then also late, twice, or on two nodes at once.
func (c *call) take(in ivr.Input) error {
	in.Step = c.reply.Step
	c.steps++
	was := c.heard
	ahead := c.noteStep(in)
	var reply ivr.Reply
	var err error
	if c.chance(c.twice / 3) {
		reply, err = c.raced(in)
	} else {
		reply, err = c.node.Step(c.ctx, provider, c.sid, in)
	}
	if err != nil {
		return err
	}
	c.in, c.out = append(c.in, in), append(c.out, reply)
	if c.chance(c.twice) {
		c.repeated++
		k := c.rand.IntN(len(c.in))
		old := c.in[k]
		if c.chance(.5) {
			old.Keys = fmt.Sprint(c.rand.IntN(10)) // a mangled repeat must not count either
		}
		if old.Kind != ivr.InputRecorded {
			again, err := c.beside.Step(c.ctx, provider, c.sid, old)
			c.mustBeSame(fmt.Sprintf("step %d told again", old.Step), c.out[k+1], again, err)
		}
	}
	if ahead {
		if err := c.relearn(was); err != nil {
			return err
		}
	}
	c.listen(reply)
	c.judgeStep(was, in)
	return nil
}

// raced tells a step on two nodes at once.
func (c *call) raced(in ivr.Input) (ivr.Reply, error) {
	c.repeated++
	var both [2]ivr.Reply
	var errs [2]error
	var lines sync.WaitGroup
	for i, node := range []*ivr.Hotline{c.node, c.beside} {
		lines.Go(func() { both[i], errs[i] = node.Step(c.ctx, provider, c.sid, in) })
	}
	lines.Wait()
	if errs[0] == nil {
		c.mustBeSame("a step told twice at once", both[0], both[1], errs[1])
	}
	return both[0], errs[0]
}

func (c *call) mustBeSame(what string, first, again ivr.Reply, err error) {
	if err != nil || !reflect.DeepEqual(first, again) {
		c.complain("%s: %s, %v; before %s", what, listenTo(again), err, listenTo(first))
	}
}

// noteStep writes down what the person did, and what it means. ahead says that keys were typed ahead, of which the person
// cannot tell where they went.
func (c *call) noteStep(in ivr.Input) (ahead bool) {
	h := c.heard
	switch in.Kind {
	case ivr.InputKeys:
		c.tell("presses %s", in.Keys)
		c.note(in.Keys, in.Keys)
		switch {
		case h.number:
			number, ended := typed(in.Keys)
			if len(number) <= 20 && number != "0" && (number != "" || ended) {
				c.tellNumber(number)
			}
			_, behind, _ := strings.Cut(in.Keys, "#")
			return behind != ""
		case h.one:
			c.pressed(h.question, in.Keys[:1])
			return len(in.Keys) > 1
		}
	case ivr.InputRecorded:
		c.tell("speaks a message")
		c.note("recorded", fmt.Sprintf("%s %d s %s", in.Recording.SID, in.Recording.Seconds, in.Recording.URL))
		c.begin().messages++
		c.messages++
	case ivr.InputDialed:
		c.tell("officer: %s", in.Status)
		c.note("dialed", in.Status)
		if in.Answered {
			c.met()
		}
	default:
		c.tell("does nothing")
		c.note("silence", "")
	}
	return false
}

func (c *call) tellNumber(number string) {
	if c.heard.question == "hoi_so_kiem_tra" {
		c.asked = number
		return
	}
	c.begin().number = number
}

// judgeStep holds an answer to what the person did.
func (c *call) judgeStep(was heard, in ivr.Input) {
	now := c.heard
	toPerson := now.dial != "" || now.record
	switch {
	case was.one && in.Kind == ivr.InputKeys && in.Keys == "0" && !toPerson:
		c.complain("key 0 leads to no person, but to %s", listenTo(c.reply))
	case was.one && in.Kind == ivr.InputKeys && in.Keys == "*" && now.question != was.question:
		c.complain("* does not say %s again, but %s", was.question, listenTo(c.reply))
	}
	switch {
	case !now.repeats || !now.one:
		c.failed = 0
	case now.question != was.question: // the key was right; the one typed ahead behind it was not
		c.failed = 1
	default:
		c.failed++
	}
	if c.failed >= 3 {
		c.complain("three failures in a row, and no person")
	}
}

// done are the words after which a call may end: what it was for has been done.
var done = []string{"dang_ky_xong", "ngung_nhan_xong", "nghe_lai_ma"}

// listen takes an answer in, and complains of what nobody may hear.
func (c *call) listen(r ivr.Reply) {
	c.reply = r
	c.heard = hear(r)
	h := c.heard
	c.tell("  hears %s", listenTo(r))
	if h.record {
		c.missed()
	}
	if h.record || h.dial != "" || slices.ContainsFunc(h.lines, func(l string) bool { return slices.Contains(done, l) }) {
		c.cared = true
	}
	switch {
	case h.none:
		c.complain("a line without an end: %s", listenTo(r))
	case h.hangup && !h.words:
		c.complain("hung up on without a word")
	case h.hangup && !c.cared:
		c.complain("hung up on before anything was done")
	case r.Step != len(c.in)+1:
		c.complain("after %d steps the answer names step %d", len(c.in), r.Step)
	}
	switch h.question {
	case "noi_tiep":
		if c.offered = true; c.offer == nil {
			c.complain("offered to go on with nothing")
		}
	case "menu_chinh":
		if !c.looked && !c.offered && c.offer != nil {
			c.complain("not offered to go on with what broke off")
		}
		c.looked = true
	case "doc_lai_so", "hoi_lai_so":
		c.mustReadBack("the number", h.between(h.question+"-1", h.question+"-2"), spell(c.draft().number))
	case "doc_lai_tin_bao":
		c.readBack()
	}
	c.over = h.hangup
}

// draft is the report as far as it is told.
func (t *talk) draft() report {
	if t.report == nil {
		return report{}
	}
	return *t.report
}

// readBack holds the read-back to what was told: what is heard here is what is sent.
func (c *call) readBack() {
	if c.report == nil {
		c.complain("a report is read back that was never begun")
		return
	}
	if !c.seen {
		c.report.callback = "no" // nobody can be called back, and nobody is asked
	}
	r, h := c.draft(), c.heard
	c.mustReadBack("the kind", h.between("doc_lai_tin_bao-1", "doc_lai_tin_bao-2"), fmt.Sprint("loai-", r.kind))
	c.mustReadBack("the number", h.between("doc_lai_tin_bao-2", "doc_lai_tin_bao-3"), spell(r.number))
	money := map[string]string{"lost": fmt.Sprint("muc-", r.band), "about": "tien-sap", "none": "tien-chua"}[r.money]
	c.mustReadBack("the money", h.between("doc_lai_tin_bao-3", "doc_lai_tin_bao-4"), money)
	c.mustReadBack("the call-back", h.between("doc_lai_tin_bao-4", "doc_lai_tin_bao-5"), map[string]string{"yes": "dong_y", "no": "khong_dong_y"}[r.callback])
}

func (c *call) mustReadBack(what, got, want string) {
	if got != want {
		c.complain("%s is read back as %q, told was %q", what, got, want)
	}
}

// wait is how long somebody takes to press a key.
func (c *call) wait() { c.pass(c.between(time.Second, 15*time.Second)) }
