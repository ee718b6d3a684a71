package ivr

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"canhgiac/ivr/prompts"
	"canhgiac/residents"
)

// rehearsed is who rings in a rehearsal: a mobile number that is nobody's, since no operator has the prefix.
const rehearsed = "+84900000000"

// Rehearsal is a call or a USSD session of nobody, with what was done in it so far: a key, digits and #, "" for silence, and
// where an officer's telephone rings or a message is taken, one of the words below.
type Rehearsal struct {
	USSD bool
	At   time.Time // when it begins
	Did  []string
}

// What happens besides keys in a rehearsed call.
const (
	DidWait   = "wait"   // nobody pressed a key, or nobody spoke
	DidAnswer = "answer" // the officer did
	DidNobody = "nobody" // no officer did
	DidSpeak  = "speak"  // a message was left
)

// Scene is what one step of a rehearsal had the person hear or see.
type Scene struct {
	Did    string      // that led to it; "" at the beginning
	Lines  []SceneLine // with words
	Play   []string    // all lines, silences among them
	Screen string
	Texts  []string // SMS that the step sends
	Asks   string   // "key", "number", "officer", "record", "end"
}

// SceneLine is one line of a call.
type SceneLine struct {
	prompts.Line
	Sounds bool // there is a sound that says it
}

// Rehearse takes a menu through a call or a session with the engine itself, in a transaction that is undone: nothing of it
// stays, and nothing is sent.
func (h *Hotline) Rehearse(ctx context.Context, m *Menu, r Rehearsal) (heard []Scene, err error) {
	tx, err := h.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("rehearse menu %d: %w", m.Version, err)
	}
	defer func() { _ = tx.Rollback() }() // also at the end: that is what a rehearsal is
	s := &rehearsal{Rehearsal: r, ctx: ctx, tx: tx, menu: m, menus: h.menus}
	if s.lines, err = m.lineTexts(); err != nil {
		return nil, fmt.Errorf("rehearse menu %d: %w", m.Version, err)
	}
	dry := *h
	dry.now, dry.texter = func() time.Time { return s.At }, s
	s.h = &dry
	if r.USSD {
		heard, err = s.session()
	} else {
		heard, err = s.call()
	}
	if err != nil {
		return heard, fmt.Errorf("rehearse menu %d: %w", m.Version, err)
	}
	return heard, nil
}

type rehearsal struct {
	Rehearsal
	ctx   context.Context
	tx    *sql.Tx
	h     *Hotline
	menu  *Menu
	menus *Menus
	lines map[string]string // the words of each
	texts []string
}

// SendText keeps what would be sent (Texter).
func (s *rehearsal) SendText(_ context.Context, _ *sql.Tx, _ residents.Phone, text, _ string) error {
	s.texts = append(s.texts, text)
	return nil
}

func (s *rehearsal) call() ([]Scene, error) {
	c := call{telling: telling{Origin: "call", From: rehearsed, FromKind: residents.Mobile, Fields: map[string]string{}},
		Provider: "rehearsal", SID: rand.Text(), menu: s.menu, Node: s.menu.Call.Start}
	if _, err := s.h.openCall(s.ctx, s.tx, &c, s.At); err != nil {
		return nil, err
	}
	t := newTurn(s.ctx, s.h, s.tx, &c, Input{Kind: inputStart})
	if err := t.enter(c.Node); err != nil {
		return nil, err
	}
	reply, err := t.close()
	if err != nil {
		return nil, err
	}
	heard := []Scene{s.heard("", reply)}
	for _, did := range s.Did {
		last := heard[len(heard)-1]
		if last.Asks == "end" {
			break
		}
		s.At = s.At.Add(2 * time.Second)
		t := newTurn(s.ctx, s.h, s.tx, &c, s.input(did, last, reply))
		if err := t.take(); err != nil {
			return heard, err
		}
		if reply, err = t.close(); err != nil {
			return heard, err
		}
		heard = append(heard, s.heard(did, reply))
	}
	return heard, nil
}

// input is what was done, as a provider would tell it. What does not go with what was asked is silence.
func (s *rehearsal) input(did string, last Scene, reply Reply) Input {
	in := Input{Step: reply.Step, Kind: InputSilence}
	switch {
	case last.Asks == "officer":
		in.Kind, in.Answered, in.Status = InputDialed, did == DidAnswer, did
	case last.Asks == "record" && did == DidSpeak:
		in.Kind, in.Recording = InputRecorded, Recording{SID: "rehearsal", Seconds: 5}
	case did != DidWait && strings.Trim(did, "0123456789*#") == "" && did != "":
		in.Kind, in.Keys = InputKeys, did
	default:
		s.At = s.At.Add(2 * time.Minute) // long enough to be no # that was pressed alone
	}
	return in
}

func (s *rehearsal) heard(did string, r Reply) Scene {
	out := Scene{Did: did, Texts: s.texts}
	s.texts = nil
	add := func(names ...string) {
		for _, name := range names {
			out.Play = append(out.Play, name)
			l := prompts.Line{Name: name, Text: s.lines[name]}
			if l.Text != "" {
				out.Lines = append(out.Lines, SceneLine{l, s.menus.sounding(l)})
			}
		}
	}
	for _, a := range r.Actions {
		switch {
		case a.Gather != nil && a.Gather.One:
			add(a.Gather.Play...)
			out.Asks = "key"
		case a.Gather != nil:
			add(a.Gather.Play...)
			out.Asks = "number"
		case a.Dial != nil:
			out.Asks = "officer"
		case a.Record != nil:
			out.Asks = "record"
		case a.Hangup:
			out.Asks = "end"
		case a.Play != "":
			add(a.Play)
		}
	}
	return out
}

// lineTexts are the words of each line, those of the version's own among them.
func (m *Menu) lineTexts() (map[string]string, error) {
	changed, err := m.words.Changed()
	if err != nil {
		return nil, err
	}
	texts := map[string]string{}
	for _, l := range append(m.words.Original().Lines(), changed...) {
		texts[l.Name] = l.Text
	}
	return texts, nil
}

func (s *rehearsal) session() ([]Scene, error) {
	v := &visit{step: step{h: s.h, ctx: s.ctx, tx: s.tx, at: s.At}, d: Dialogue{Provider: "rehearsal", Session: rand.Text(), From: rehearsed}, with: s.menu}
	v.talk, v.told = v, &v.s.telling
	if err := v.beginAtMenu("", ""); err != nil {
		return nil, err
	}
	heard := []Scene{s.seen("", v)}
	for i, did := range s.Did {
		if v.s.ended {
			break
		}
		if err := v.take(fmt.Sprint(i), did); err != nil {
			return heard, err
		}
		heard = append(heard, s.seen(did, v))
	}
	return heard, nil
}

func (s *rehearsal) seen(did string, v *visit) Scene {
	out := Scene{Did: did, Screen: v.s.screen.Text, Texts: s.texts, Asks: "key"}
	s.texts = nil
	if v.s.screen.End {
		out.Asks = "end"
	} else if n := s.menu.USSD.Nodes[v.s.node]; n != nil && n.Number != nil {
		out.Asks = "number"
	}
	return out
}
