package ivr

import (
	"fmt"
	"maps"
	"strconv"
	"strings"

	"canhgiac/ivr/prompts"
	"canhgiac/residents"
)

// What the report's record calls the steps that nobody typed.
const (
	inputDialled InputKind = "ussd_start"
	inputLetGo   InputKind = "ussd_end"
)

// visit is one step of one USSD session, inside its transaction.
type visit struct {
	step
	d     Dialogue
	s     session
	kind  InputKind
	node  string // where the input was taken; s.node moves on
	typed string
	with  *Menu  // that a rehearsal begins with; nil: the one that answers
	back  string // the node that a report gone on with was left at
}

func (v *visit) taken() pastEvent { return pastEvent{v.at, v.node, v.kind, v.typed} }

// begin opens a session with the menu or, after one that broke off, with the offer to go on.
func (v *visit) begin(name, heard string) error {
	if v.live() {
		if err := v.end("dialled again"); err != nil {
			return err
		}
	}
	if err := v.openSession(heard); err != nil {
		return err
	}
	if err := v.recall(); err != nil {
		return err
	}
	return v.greet(name)
}

// beginAtMenu opens a session at the menu itself.
func (v *visit) beginAtMenu(name, heard string) error {
	if err := v.openSession(heard); err != nil {
		return err
	}
	return v.greet(name)
}

func (v *visit) greet(name string) error {
	v.kind, v.node, v.typed = inputDialled, v.m.USSD.Start, v.d.Code
	if err := v.enter(v.m.USSD.Start); err != nil {
		return err
	}
	return v.close(name)
}

// takeAll takes what was typed behind done, one input after the other. A star may be the network's, between two inputs, or
// typed: where a number is asked, whatever is longer than a key belongs to the number.
func (v *visit) takeAll(done, all string) error {
	inputs := strings.Split(all[len(done):], "*")
	for len(inputs) > 0 && !v.s.ended {
		n := 1
		if node := v.m.USSD.Nodes[v.s.node]; node != nil && node.Number != nil {
			for n < len(inputs) && len(inputs[n]) > 1 {
				n++
			}
		}
		typed := strings.Join(inputs[:n], "*")
		inputs = inputs[n:]
		done += typed
		v.s.heard = done
		if len(inputs) == 0 || v.s.ended {
			v.s.heard = all
		}
		if err := v.take(done, typed); err != nil {
			return err
		}
		done += "*"
	}
	return nil
}

// take follows the menu from where the session stands.
func (v *visit) take(name, text string) error {
	v.kind, v.node, v.typed = InputKeys, v.s.node, text
	if err := v.logIfOpen(); err != nil {
		return err
	}
	node := v.m.USSD.Nodes[v.s.node]
	var err error
	switch {
	case node == nil || node.Keys == nil && node.Number == nil: // a row written by another menu
		err = v.enter(v.m.USSD.Start)
	case node.Number != nil:
		err = v.number(node)
	default:
		err = v.key(node)
	}
	if err != nil {
		return err
	}
	if err := v.saveIfOpen(); err != nil {
		return err
	}
	return v.close(name)
}

// key follows one key, with what people put behind it as the screen does: "1."
func (v *visit) key(n *screenNode) error {
	key := strings.TrimRight(strings.TrimSpace(v.typed), ".)# ")
	mv, taken := n.Keys[key]
	if !taken {
		return v.again(n)
	}
	maps.Copy(v.told.Fields, mv.Set)
	v.back = ""
	if err := v.do(mv.Do, key); err != nil {
		return err
	}
	if v.m.USSD.Nodes[v.back] != nil { // a report gone on with
		return v.enter(v.back)
	}
	return v.enter(mv.Goto)
}

// number reads a telephone number as people write it.
func (v *visit) number(n *screenNode) error {
	d := n.Number
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" +.-()/*#", r) {
			return -1
		}
		return r
	}, v.typed)
	if digits == "0" {
		digits = ""
	} else if !keepable(digits) {
		return v.again(n)
	}
	v.told.Fields[d.Set], v.told.Fields["dem_chu_so"] = digits, strconv.Itoa(len(digits))
	if digits == "" && d.Skip != "" {
		return v.enter(d.Skip)
	}
	if err := v.do(d.Do, ""); err != nil {
		return err
	}
	if digits != "" && !whole(digits) && !wholeAsWritten(v.typed) {
		return v.enter(d.Odd)
	}
	return v.enter(d.Goto)
}

// enter goes to a node and shows it.
func (v *visit) enter(name string) error {
	for {
		n, ok := v.m.USSD.Nodes[name]
		if !ok {
			return fmt.Errorf("no node %q in the USSD menu", name)
		}
		if to := v.diverted(n.Divert); to != "" {
			name = to
			continue
		}
		text, err := v.page(name)
		if err != nil {
			return err
		}
		v.s.node, v.s.screen = name, Screen{Text: text, End: v.m.page(name).Ends()}
		return nil
	}
}

// again shows the node once more, behind the words that say why.
func (v *visit) again(n *screenNode) error {
	page, err := v.page(v.s.node)
	if err != nil {
		return err
	}
	text, _ := repeated(v.m.wordsBefore(n), page) // the menu's check has seen that something fits
	v.s.screen = Screen{Text: text}
	return nil
}

func (v *visit) page(name string) (string, error) {
	at := v.at
	if !v.stopped.IsZero() {
		at = v.stopped // the law asks for the time from which nothing is sent
	}
	f := v.told.Fields
	text, err := prompts.Fill(v.m.page(name).Text, v.h.vars(v.h.stamped(at, map[string]string{"so": f["number"], "dem_chu_so": f["dem_chu_so"], "so_hoi": f["so_hoi"], "nguoi_bao": peopleIn(f["people"], prompts.Plain), "ten": f["ten"], "ma": f["code"]})))
	if err != nil {
		return "", fmt.Errorf("screen of %s: %w", name, err)
	}
	return text, nil
}

// caller is the number as the network writes it: 84901234567 or +84901234567; a foreign one needs its plus. "" is none
// that anybody could be called back at.
func caller(from string) (residents.Phone, residents.Kind) {
	for _, written := range []string{from, "+" + from} {
		if p, err := residents.ParsePhone(written); err == nil {
			return p.Phone, p.Kind
		}
	}
	return "", ""
}
