// Package ivr is the hotline's keypad menu, spoken on calls and printed on USSD; SMS words do the same acts.
//
// Where a call stands is a row of the database, not of a process: each webhook locks it, takes one step and commits the
// step, the report so far and the answer together.
//
//	chao -> menu_chinh -+-> mat_tien_khan -> loai_lua_dao -> ... -> doc_lai_tin_bao -> da_gui -> tam_biet
//	                    +-> loi_nhac · dang_ky · ngung_nhan
//	any node -- 0, or three failures in a row --> an officer -- nobody answers --> a report, and a recorded message
package ivr

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"canhgiac/ivr/prompts"
	"canhgiac/reports"
	"canhgiac/residents"
)

// Errors of a webhook that belongs to no step of ours.
var (
	ErrUnknownCall = errors.New("unknown call")
	ErrStep        = errors.New("this call has not come to this step")
)

// Texter queues an SMS in the caller's transaction; the same key again adds nothing.
type Texter interface {
	SendText(ctx context.Context, tx *sql.Tx, to residents.Phone, text, key string) error
}

// Options are the ward's own values.
type Options struct {
	Brand     string   // sender name, as it stands in texts
	Hotline   string   // the number to call, as people dial it
	Shortcode string   // "" where no two-way number is leased: then help says to call
	Officer   []string // whom key 0 rings, in turn; with none the caller leaves a message
	Form      prompts.Form
	Official  []Official                                // numbers whose owner the ward knows, beside those of official.yaml
	Length    func(prompts.Voice, string) time.Duration // how long a voice takes to say a line (prompts.Sound.Length)
	Sounding  func(prompts.Line) bool                   // whether a sound says the line's words (prompts.Sound.Says); nil: not asked
	Voice     VoiceOf                                   // nil: the central one speaks to all
	Tape      bool                                      // record calls as a whole, after saying so
	Outgoing  *Outgoing                                 // nil: no calls are placed
	Log       *slog.Logger                              // nil: slog.Default
}

// Hotline answers calls, USSD and SMS words.
type Hotline struct {
	db        *sql.DB
	now       func() time.Time
	residents *residents.Store
	reports   *reports.Store
	texter    Texter
	o         Options
	outgoing  *Outgoing
	menus     *Menus
	officials map[string]Official // by the form in which reports of a number meet
}

// NewHotline checks the menus against the words; an error means that some caller would be stranded.
func NewHotline(db *sql.DB, now func() time.Time, w *prompts.Words, rs *residents.Store, rp *reports.Store, t Texter, o Options) (*Hotline, error) {
	if o.Brand == "" || o.Hotline == "" {
		return nil, errors.New("hotline: brand and hotline number are needed for its texts")
	}
	if o.Length == nil {
		return nil, errors.New("hotline: the lengths of its sounds are needed to tell # from silence")
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Outgoing == nil {
		o.Outgoing = NewOutgoing(db, now, rs, OutgoingOptions{Log: o.Log})
	}
	known, err := officials(o.Hotline, o.Official)
	if err != nil {
		return nil, fmt.Errorf("hotline: %w", err)
	}
	menus, err := NewMenus(db, now, w, o.Sounding, o.Log)
	if err != nil {
		return nil, err
	}
	return &Hotline{db: db, now: now, residents: rs, reports: rp, texter: t, o: o, outgoing: o.Outgoing, menus: menus, officials: known}, nil
}

// Menus are the versions that the hotline answers by.
func (h *Hotline) Menus() *Menus { return h.menus }

// Failure is what to do when a step could not be taken: say so, and ring every officer at once, since the line cannot
// ask us for the next one.
func (h *Hotline) Failure() []Action {
	out := []Action{}
	m := h.menus.last.Load()                                                    // what broke may be the database
	if said, err := m.words.Said(m.Call.Failure); err == nil && len(said) > 0 { // its check has seen that there is something
		out = append(out, Action{Play: said[0].Name})
	}
	for _, number := range h.o.Officer {
		out = append(out, Action{Dial: &Dial{Number: number, Ring: 30 * time.Second}})
	}
	return append(out, Action{Hangup: true})
}

// Incoming is a call as the provider announces it. From is empty or a word ("anonymous") where it is withheld. Ref is of a
// call that we placed: then From is ours, and To the person's who took it. Holder is the node without which the call is
// over, "" where any may go on with it.
type Incoming struct{ Provider, SID, From, To, Ref, Holder string }

// Start answers a call. The same call announced again gets the same answer.
func (h *Hotline) Start(ctx context.Context, in Incoming) (Reply, error) {
	if h.outgoing.missable(in.To) {
		fate, err := h.missed(ctx, in)
		if err != nil {
			return Reply{}, err
		}
		if fate != fateLimit && fate != fateOften {
			return Reply{Actions: []Action{{Reject: &Reject{Ring: h.outgoing.o.Missed.Ring}}}}, nil
		}
	}
	var reply Reply
	err := h.inTx(ctx, func(tx *sql.Tx) error {
		m, err := h.menus.answering(ctx, tx)
		if err != nil {
			return err
		}
		c := call{telling: telling{Origin: "call", Fields: map[string]string{}}, Provider: in.Provider, SID: in.SID, To: in.To, Holder: in.Holder, menu: m, Node: m.Call.Start}
		raw := ""
		if p, err := residents.ParsePhone(in.From); err == nil {
			c.From, c.FromKind = p.Phone, p.Kind
		} else {
			raw = in.From // a short or foreign form that we cannot call back is still evidence
		}
		opened, err := h.open(ctx, tx, &c)
		if err != nil {
			return err
		}
		if !opened {
			reply, _, err = answered(ctx, tx, c.ID, 0)
			return err
		}
		t := newTurn(ctx, h, tx, &c, Input{Kind: inputStart, Keys: raw})
		if err := t.announceTape(); err != nil {
			return err
		}
		if err := t.recall(); err != nil {
			return err
		}
		if err := t.enter(t.m.Call.Start); err != nil {
			return err
		}
		reply, err = t.close()
		return err
	})
	if err != nil {
		return Reply{}, fmt.Errorf("answer call %s of %s: %w", in.SID, in.Provider, err)
	}
	return reply, nil
}

// Step takes what happened on the line and gives what to do next. A step taken already changes nothing and gets the
// answer that it got then. Errors: ErrUnknownCall, ErrStep.
func (h *Hotline) Step(ctx context.Context, provider, sid string, in Input) (Reply, error) {
	var reply Reply
	err := h.inTx(ctx, func(tx *sql.Tx) error {
		c, err := h.lockCall(ctx, tx, provider, sid)
		if err != nil {
			return err
		}
		switch {
		case in.Step < 1 || in.Step > c.Step:
			return ErrStep
		case in.Step < c.Step:
			if reply, _, err = answered(ctx, tx, c.ID, in.Step); err != nil || in.Kind != InputRecorded {
				return err
			}
			return newTurn(ctx, h, tx, &c, in).keepLate()
		}
		t := newTurn(ctx, h, tx, &c, in)
		if t.cutShort() {
			reply = Reply{Step: c.Step, Voice: c.Voice, Actions: []Action{{Hangup: true}}}
			return t.keepPressed()
		}
		if err := t.take(); err != nil {
			return err
		}
		reply, err = t.close()
		return err
	})
	if err != nil {
		return Reply{}, fmt.Errorf("step %d of call %s of %s: %w", in.Step, sid, provider, err)
	}
	return reply, nil
}

// Ended notes that a call is over; its report stays as far as it was told. Who hung up while an officer's telephone rang
// has missed the officer: an answer would have moved the call on. status is the provider's word.
// Error: ErrUnknownCall.
func (h *Hotline) Ended(ctx context.Context, provider, sid, status string) error {
	var now settled
	err := h.inTx(ctx, func(tx *sql.Tx) error {
		c, err := h.lockCall(ctx, tx, provider, sid)
		if err != nil {
			return err
		}
		t := newTurn(ctx, h, tx, &c, Input{Kind: inputEnded, Keys: status})
		if c.over {
			return nil
		}
		if err := t.recordPressed(); err != nil {
			return err
		}
		if err := endCall(ctx, tx, c, status, t.at); err != nil {
			return err
		}
		if err := t.logIfOpen(); err != nil {
			return err
		}
		if now, err = h.outgoing.talked(ctx, tx, c, t.at); err != nil {
			return err
		}
		if n := t.m.Call.Nodes[c.Node]; n == nil || n.Dial == nil {
			return nil
		}
		if err := t.missed(); err != nil {
			return err
		}
		return saveCall(ctx, tx, &c)
	})
	if err != nil {
		return fmt.Errorf("end of call %s of %s: %w", sid, provider, err)
	}
	h.outgoing.count(now)
	return nil
}

func (h *Hotline) inTx(ctx context.Context, do func(*sql.Tx) error) error { return inTx(ctx, h.db, do) }

func inTx(ctx context.Context, db *sql.DB, do func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}
