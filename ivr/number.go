package ivr

import (
	"strings"
	"time"
)

// earliness by which a silence may seem to come too soon: the clocks of two nodes differ, and so do the provider's.
const earliness = time.Second

// endKeyAlone turns a silence into # where it came too soon to be one.
//
// A line that ends a number at # goes on with the next verb when # comes before any digit, as it does after a silence,
// and tells neither (Twilio, <Gather> action). To have every key delivered instead (finishOnKey="") would let a caller
// who has pressed # hear nothing for the silence after a key, and join what is pressed meanwhile to the number. So the
// time tells: silence is not over before the words and the wait for the first digit are.
func (t *turn) endKeyAlone(d *number) error {
	asked, at, err := answered(t.ctx, t.tx, t.c.ID, t.c.Step-1)
	if err != nil {
		return err
	}
	silence := seconds(d.First)
	for _, a := range asked.Actions {
		if a.Gather != nil {
			for _, line := range a.Gather.Play {
				silence += t.h.o.Length(t.c.Voice, line)
			}
		}
	}
	if t.at.Sub(at) < silence-earliness {
		t.in.Kind, t.in.Keys = InputKeys, "#"
	}
	return nil
}

// digits reads a number: * erases what came before, # ends it, # alone says that there is none. Nothing left but * is
// the wish to hear the question again, and 0 alone is the officer's key, pressed by someone who is lost. Keys behind #
// were typed ahead.
func (t *turn) digits(n *node, typed string) error {
	d := n.Number
	keys, ahead, ended := strings.Cut(typed, "#")
	t.ahead = ahead
	number := keys[strings.LastIndexByte(keys, '*')+1:]
	switch {
	case number == "" && ended:
		t.c.Fails = 0
		t.c.Fields[d.Set] = ""
		return t.enter(d.Skip)
	case number == "":
		t.c.Fails = 0
		return t.ask(n)
	case number == "0":
		t.c.Fails = 0
		return t.enter(t.m.Call.Officer)
	case len(number) < d.Min || len(number) > d.Max || strings.Trim(number, "0123456789") != "":
		return t.fail(t.m.Call.WrongKey)
	}
	t.c.Fails = 0
	t.c.Fields[d.Set] = number
	return t.enter(d.Goto)
}
