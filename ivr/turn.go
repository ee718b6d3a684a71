package ivr

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
)

// failuresAllowed in a row before the caller is given to an officer without asking (VOICE, rule 3).
const failuresAllowed = 3

// turn is one step of one call, inside its transaction.
type turn struct {
	step
	c  *call
	in Input

	node  string // where the input was taken; c.Node moves on
	ahead string // keys typed ahead, for the nodes after it

	said []string // lines to say before the next question
	out  []Action
}

func newTurn(ctx context.Context, h *Hotline, tx *sql.Tx, c *call, in Input) *turn {
	t := &turn{step: step{h: h, ctx: ctx, tx: tx, m: c.menu, told: &c.telling, at: h.now()}, c: c, in: in, node: c.Node}
	t.talk = t
	return t
}

func (t *turn) taken() pastEvent { return pastEvent{t.at, t.node, t.in.Kind, t.in.raw()} }

// take follows the menu from where the call stands.
func (t *turn) take() error {
	node := t.m.Call.Nodes[t.c.Node]
	if node.Number != nil && t.in.Kind == InputSilence {
		if err := t.endKeyAlone(node.Number); err != nil {
			return err
		}
	}
	if err := t.logIfOpen(); err != nil {
		return err
	}
	delete(t.c.Fields, "pressed")
	asks := node.asks() || node.Number != nil
	var err error
	switch {
	case t.in.Kind == InputRecorded:
		err = t.recorded(node)
	case t.in.Kind == InputAhead && asks && node.Careful:
		err = t.ask(node)
	case node.Dial != nil:
		err = t.dialed(node.Dial)
	case node.Record != nil:
		err = t.nothingSaid(node)
	case !asks:
		err = t.enter(t.c.Node) // the call was told to end, yet asks: say goodbye again
	case !t.in.pressed() && node.Silence != "":
		err = t.enter(node.Silence)
	case !t.in.pressed():
		err = t.fail(t.m.Call.Silent)
	case node.Number != nil:
		err = t.digits(node, t.in.Keys)
	default:
		err = t.key(node, t.in.Keys)
	}
	if err != nil {
		return err
	}
	return t.saveIfOpen()
}

// key follows one key. What came behind it in the same step was typed ahead, for the nodes after this one.
func (t *turn) key(n *node, keys string) error {
	key := keys[:min(1, len(keys))]
	t.ahead = keys[len(key):]
	mv, taken := n.Keys[key]
	switch everywhere := t.m.Call.Everywhere[key]; {
	case taken:
		t.c.Fails = 0
		maps.Copy(t.c.Fields, mv.Set)
		if err := t.do(mv.Do, key); err != nil {
			return err
		}
		return t.enter(mv.Goto)
	case everywhere == again:
		t.c.Fails, t.ahead = 0, ""
		return t.ask(n)
	case everywhere != "":
		t.c.Fails = 0
		return t.enter(everywhere)
	case n.Other != "":
		return t.enter(n.Other)
	}
	return t.fail(t.m.Call.WrongKey)
}

// fail repeats the node after saying why; the third time in a row an officer takes over.
func (t *turn) fail(why string) error {
	t.ahead = "" // they were meant for words that did not come
	t.c.Fails++
	if t.c.Fails >= failuresAllowed {
		t.c.Fails = 0
		return t.enter(t.m.Call.Lost)
	}
	t.said = append(t.said, why)
	return t.ask(t.m.Call.Nodes[t.c.Node])
}

// dialed: an officer spoke with the caller, or the next one's telephone rings, or nobody is left.
func (t *turn) dialed(d *dial) error {
	if t.in.Kind == InputDialed && t.in.Answered {
		if err := t.met(); err != nil {
			return err
		}
		return t.enter(d.Answered)
	}
	if t.c.Officer++; t.c.Officer < len(t.h.o.Officer) {
		t.ring(d)
		return nil
	}
	if err := t.missed(); err != nil {
		return err
	}
	return t.enter(d.Nobody)
}

func (t *turn) ring(d *dial) {
	t.out = append(t.out, Action{Dial: &Dial{Number: t.h.o.Officer[t.c.Officer], Ring: seconds(d.Ring)}})
}

// nothingSaid: the tone was followed by silence.
func (t *turn) nothingSaid(n *node) error {
	if t.c.Fails++; t.c.Fails < 2 {
		return t.enter(t.c.Node)
	}
	t.c.Fails = 0
	return t.enter(n.Record.Goto)
}

// enter goes to a node, and on from it while it asks nothing.
func (t *turn) enter(name string) error {
	for {
		n, ok := t.m.Call.Nodes[name]
		if !ok { // only a row written by another menu can name it
			return fmt.Errorf("no node %q in the menu", name)
		}
		if to := t.diverted(n.Divert); to != "" {
			name = to
			continue
		}
		if name != t.c.Node {
			t.c.Officer = 0
		}
		t.c.Node = name
		to, err := t.straightOn(n)
		if err != nil {
			return err
		}
		if to == "" && t.ahead != "" && !n.Careful && (n.asks() || n.Number != nil) {
			return t.goOnAhead(n)
		}
		if to == "" {
			return t.ask(n)
		}
		if said := t.m.Hours.Open(t.at) || n.Dial == nil; said { // nobody is told that a telephone rings which does not
			if err := t.say(n); err != nil {
				return err
			}
		}
		name = to
	}
}

// straightOn is where a node leads without asking: its next, or the message of a caller for whom no telephone is rung.
func (t *turn) straightOn(n *node) (string, error) {
	switch {
	case n.Dial == nil:
		return n.Next, nil
	case !t.m.Hours.Open(t.at):
		return n.Dial.Closed, t.missed()
	case len(t.h.o.Officer) == 0:
		return n.Dial.Nobody, t.missed()
	}
	return "", nil
}

// goOnAhead takes keys typed ahead at a node that the call has just come to; its words are not said. Where a number is
// asked they are the whole number, as before a silence: its read-back shows whether they were.
func (t *turn) goOnAhead(n *node) error {
	keys := t.ahead
	t.ahead = ""
	switch {
	case n.Number != nil && t.in.Gone && !wholeInput(keys):
		if n.Number.Set == "number" {
			if err := t.begun(keys); err != nil {
				return err
			}
		}
		return t.ask(n)
	case n.Number != nil:
		return t.digits(n, keys)
	}
	return t.key(n, keys)
}

// ask says the node's words and does what it is there for.
func (t *turn) ask(n *node) error {
	if err := t.say(n); err != nil {
		return err
	}
	switch {
	case n.asks():
		t.gather(Gather{One: true, First: t.m.Call.wait(n)})
		return nil
	case n.Number != nil:
		t.gather(Gather{First: seconds(n.Number.First), Between: seconds(n.Number.Between)})
		return nil
	}
	for _, line := range t.said {
		t.out = append(t.out, Action{Play: line})
	}
	t.said = nil
	switch {
	case n.Dial != nil:
		t.ring(n.Dial)
	case n.Record != nil:
		t.out = append(t.out, Action{Record: &Record{Max: seconds(n.Record.Max), Silence: seconds(n.Record.Silence)}})
	case n.Hangup:
		t.out = append(t.out, Action{Hangup: true})
	}
	return nil
}

func (t *turn) gather(g Gather) {
	g.Play, t.said = t.said, nil
	t.out = append(t.out, Action{Gather: &g})
}

// close keeps the step with its answer and moves the call on.
func (t *turn) close() (Reply, error) {
	reply := Reply{Step: t.c.Step + 1, Voice: t.c.Voice, Actions: t.out}
	kept, err := json.Marshal(reply)
	if err != nil {
		return Reply{}, err
	}
	taken := t.c.Step
	t.c.Step++
	return reply, execOnCall(t.ctx, t.tx, closeStepSQL, t.c, taken, t.at.UTC(), t.node, t.in.Kind, t.in.raw(), kept)
}

// raw is the input as it came, for the record.
func (in Input) raw() string {
	switch in.Kind {
	case InputDialed:
		return in.Status
	case InputRecorded:
		return fmt.Sprintf("%s %d s %s", in.Recording.SID, in.Recording.Seconds, in.Recording.URL)
	}
	return in.Keys
}
