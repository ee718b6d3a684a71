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

	node string // where the input was taken; c.Node moves on

	said []string // lines to say before the next question
	out  []Action
}

func newTurn(ctx context.Context, h *Hotline, tx *sql.Tx, c *call, in Input) *turn {
	t := &turn{step: step{h: h, ctx: ctx, tx: tx, told: &c.telling, at: h.now()}, c: c, in: in, node: c.Node}
	t.record = t
	return t
}

func (t *turn) taken() pastEvent { return pastEvent{t.at, t.node, t.in.Kind, t.in.raw()} }

// take follows the menu from where the call stands.
func (t *turn) take() error {
	node := t.h.menu.Nodes[t.c.Node]
	if node.Number != nil && t.in.Kind == InputSilence {
		if err := t.endKeyAlone(node.Number); err != nil {
			return err
		}
	}
	if err := t.logIfOpen(); err != nil {
		return err
	}
	var err error
	switch {
	case t.in.Kind == InputRecorded:
		err = t.recorded(node)
	case node.Dial != nil:
		err = t.dialed(node.Dial)
	case node.Record != nil:
		err = t.nothingSaid(node)
	case !node.asks() && node.Number == nil:
		err = t.enter(t.c.Node) // the call was told to end, yet asks: say goodbye again
	case t.in.Kind != InputKeys && node.Silence != "":
		err = t.enter(node.Silence)
	case t.in.Kind != InputKeys:
		err = t.fail(t.h.menu.Silent)
	case node.Number != nil:
		err = t.digits(node)
	default:
		err = t.key(node)
	}
	if err != nil {
		return err
	}
	return t.saveIfOpen()
}

// key follows one key. Should more have come in one webhook, the first counts: the words after it were not heard.
func (t *turn) key(n *node) error {
	key := t.in.Keys[:min(1, len(t.in.Keys))]
	mv, taken := n.Keys[key]
	switch everywhere := t.h.menu.Everywhere[key]; {
	case taken:
		t.c.Fails = 0
		maps.Copy(t.c.Fields, mv.Set)
		if err := t.act(mv.Do, key); err != nil {
			return err
		}
		return t.enter(mv.Goto)
	case everywhere == again:
		t.c.Fails = 0
		return t.ask(n)
	case everywhere != "":
		t.c.Fails = 0
		return t.enter(everywhere)
	case n.Other != "":
		return t.enter(n.Other)
	}
	return t.fail(t.h.menu.WrongKey)
}

func (t *turn) act(do, key string) error {
	switch do {
	case "resume":
		return t.resume()
	case "hear":
		return t.hear()
	}
	return t.do(do, key)
}

// fail repeats the node after saying why; the third time in a row an officer takes over.
func (t *turn) fail(why string) error {
	t.c.Fails++
	if t.c.Fails >= failuresAllowed {
		t.c.Fails = 0
		return t.enter(t.h.menu.Lost)
	}
	t.said = append(t.said, why)
	return t.ask(t.h.menu.Nodes[t.c.Node])
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
		n, ok := t.h.menu.Nodes[name]
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
		to := n.Next
		if n.Dial != nil && len(t.h.o.Officer) == 0 {
			to = n.Dial.Nobody
			if err := t.missed(); err != nil {
				return err
			}
		}
		if to == "" {
			return t.ask(n)
		}
		if err := t.say(n); err != nil {
			return err
		}
		name = to
	}
}

// ask says the node's words and does what it is there for.
func (t *turn) ask(n *node) error {
	if err := t.say(n); err != nil {
		return err
	}
	switch {
	case n.asks():
		t.gather(Gather{One: true, First: t.h.menu.wait(n)})
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
	reply := Reply{Step: t.c.Step + 1, Actions: t.out}
	kept, err := json.Marshal(reply)
	if err != nil {
		return Reply{}, err
	}
	if _, err := t.tx.ExecContext(t.ctx, addEventSQL, t.c.ID, t.c.Step, t.at.UTC(), t.node, t.in.Kind, t.in.raw(), kept); err != nil {
		return Reply{}, err
	}
	t.c.Step++
	return reply, saveCall(t.ctx, t.tx, t.c)
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
