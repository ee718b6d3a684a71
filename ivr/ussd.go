package ivr

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"canhgiac/ivr/prompts"
)

// ussdIdle: networks let go of a session that is silent for longer.
const ussdIdle = 180 * time.Second

// ErrOtherNumber means that a step names another number's session.
var ErrOtherNumber = errors.New("the session is another number's")

// Dialogue is whose USSD session a step belongs to.
type Dialogue struct {
	Provider string // the carrier, or the provider over HTTP
	Session  string // the network's name for it; the number itself where the network has none
	From     string // as the network writes it
	Code     string // as dialled
}

// Screen is what the phone shows, at most prompts.ScreenLimit characters; End closes the session.
type Screen struct {
	Text string
	End  bool
}

// A session is over when a screen ended it, the network let go of it, or it was silent for ussdIdle. What it had told
// stays. Each of the following takes one step in one transaction, from any node. With an error comes the screen that says
// so to the person, who must not be left with the network's own.

// Dialled begins a session: with the menu, or with the offer to go on where the last one broke off. name is the network's
// name for the step, "" where it has none: the same dialling again, before its screen was taken, gets the same screen.
func (h *Hotline) Dialled(ctx context.Context, d Dialogue, name string) (Screen, error) {
	return h.ussd(ctx, d, func(v *visit) error {
		if err := v.find(); err != nil {
			return err
		}
		if v.live() && v.s.step == 1 && v.s.name == name && !v.s.shown {
			return nil
		}
		return v.begin(name, "")
	})
}

// Typed takes an answer. To a session that is over it is a dialling: the person shall find something at the other end.
func (h *Hotline) Typed(ctx context.Context, d Dialogue, name, text string) (Screen, error) {
	return h.ussd(ctx, d, func(v *visit) error {
		if err := v.find(); err != nil {
			return err
		}
		switch {
		case v.s.step > 1 && v.s.name == name && v.s.input == text && !v.s.shown && (v.live() || v.s.screen.End):
			return nil // nobody has answered a screen that never came: the network tells again what it told
		case v.s.step == 1 && v.s.name == name && v.s.heard == text && text != "" && !v.s.shown && v.live():
			return nil // nor the one that a late answer began with
		case !v.live():
			return v.begin(name, text)
		}
		return v.take(name, text)
	})
}

// TypedSoFar takes a step from a network that repeats all that was typed since the code, joined by "*"; "" is the
// dialling itself. The same again gets the same screen. Steps that were lost in between are taken one by one.
func (h *Hotline) TypedSoFar(ctx context.Context, d Dialogue, all string) (Screen, error) {
	return h.ussd(ctx, d, func(v *visit) error {
		if err := v.find(); err != nil {
			return err
		}
		switch {
		case v.s.ID == 0 && all == "":
			return v.begin("", all)
		case v.s.ID == 0: // a longer code was dialled, *8088*2#: its owner knows the way
			if err := v.beginAtMenu("", ""); err != nil {
				return err
			}
			return v.takeAll("", all)
		case v.s.ended:
			return nil
		case !v.live():
			return v.begin(all, all)
		case v.s.heard == "" && all != "":
			return v.takeAll("", all)
		case strings.HasPrefix(all, v.s.heard+"*") && v.s.heard != "":
			return v.takeAll(v.s.heard+"*", all)
		}
		return v.earlier(all) // a step told twice
	})
}

// Dropped notes that the network let go of the session, or that a screen did not reach it. why is a word for the record.
func (h *Hotline) Dropped(ctx context.Context, d Dialogue, why string) error {
	_, err := h.ussd(ctx, d, func(v *visit) error {
		if err := v.find(); err != nil || !v.live() {
			return err
		}
		return v.end(why)
	})
	return err
}

// Shown notes that the network has taken the session's last screen.
func (h *Hotline) Shown(ctx context.Context, d Dialogue) error {
	_, err := h.ussd(ctx, d, func(v *visit) error {
		if err := v.find(); err != nil || v.s.ID == 0 {
			return err
		}
		return v.show()
	})
	return err
}

// lockNumberSQL: one number's steps one after the other, on all nodes.
const lockNumberSQL = `select pg_advisory_xact_lock(hashtextextended('ussd:' || $1, 0))`

func (h *Hotline) ussd(ctx context.Context, d Dialogue, do func(*visit) error) (Screen, error) {
	var screen Screen
	d = Dialogue{Provider: d.Provider, Session: storable(d.Session), From: storable(d.From), Code: storable(d.Code)}
	err := h.inTx(ctx, func(tx *sql.Tx) error {
		v := &visit{step: step{h: h, ctx: ctx, tx: tx, at: h.now()}, d: d}
		v.talk, v.told = v, &v.s.telling
		if _, err := tx.ExecContext(ctx, lockNumberSQL, d.From); err != nil {
			return err
		}
		if err := do(v); err != nil {
			return err
		}
		screen = v.s.screen
		return nil
	})
	if err != nil {
		return h.trouble(), fmt.Errorf("USSD step of %s: %w", d.Provider, err)
	}
	return screen, nil
}

// trouble is the screen of a step that could not be taken.
func (h *Hotline) trouble() Screen {
	m := h.menus.last.Load() // what broke may be the database
	s, err := m.words.USSD(m.USSD.Failure)
	if err == nil {
		s.Text, err = prompts.Fill(s.Text, h.vars(nil))
	}
	if err != nil { // the menu's check has seen it
		return Screen{Text: h.o.Hotline, End: true}
	}
	return Screen{Text: s.Text, End: true}
}
