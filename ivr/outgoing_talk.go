package ivr

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"canhgiac/residents"
)

// talkLimit: a call whose end nobody told is over by then.
const talkLimit = time.Hour

const outgoingSQL = `select ` + outgoingColumns + ` from outgoing_calls q where q.id = $1`

// Answered answers a person who took a call of ours, at the place where the menu has calls of its kind begin. The same call
// again gets the same answer. Error: ErrUnknownCall.
func (h *Hotline) Answered(ctx context.Context, in Incoming) (Reply, error) {
	reply, err := h.answeredCall(ctx, in)
	if err != nil {
		return Reply{}, fmt.Errorf("begin call %s (%s) of %s: %w", in.Ref, in.SID, in.Provider, err)
	}
	return reply, nil
}

func (h *Hotline) answeredCall(ctx context.Context, in Incoming) (reply Reply, err error) {
	id, nth, err := parseRef(in.Ref)
	if err != nil {
		return reply, err
	}
	err = h.inTx(ctx, func(tx *sql.Tx) error {
		w, err := scanOutgoing(tx.QueryRowContext(ctx, outgoingSQL, id))
		if errors.Is(err, sql.ErrNoRows) {
			return ErrUnknownCall
		}
		if err != nil {
			return err
		}
		m, err := h.menus.answering(ctx, tx)
		if err != nil {
			return err
		}
		start := m.Call.Outgoing[w.Why]
		// Whom we called is who talks, whatever the provider says of it.
		c := call{telling: telling{Origin: "call", From: w.To, Fields: map[string]string{}}, Provider: in.Provider, SID: in.SID, To: in.From, Holder: in.Holder,
			menu: m, Node: start, Outgoing: w.Why, Ref: in.Ref}
		if p, err := residents.ParsePhone(string(w.To)); err == nil {
			c.FromKind = p.Kind
		}
		opened, err := h.open(ctx, tx, &c)
		if err != nil {
			return err
		}
		if !opened {
			reply, _, err = answered(ctx, tx, c.ID, 0)
			return err
		}
		t := newTurn(ctx, h, tx, &c, Input{Kind: inputStart})
		if err := h.outgoing.taken(ctx, tx, id, nth, in.SID, t.at); err != nil {
			return err
		}
		if err := t.announceTape(); err != nil {
			return err
		}
		if err := t.brief(w.Wanted); err != nil {
			return err
		}
		if err := t.enter(start); err != nil {
			return err
		}
		reply, err = t.close()
		return err
	})
	return reply, err
}

// brief gives the call what it has to say, and to who rang us the report that they may go on with.
func (t *turn) brief(w Wanted) error {
	word, err := residents.CodeWordOf(t.ctx, t.tx, w.To)
	if err != nil {
		return err
	}
	if word != (residents.CodeWord{}) {
		t.c.Fields["code_word"] = word.First + " " + word.Second
	}
	t.c.Fields["says"] = strings.Join(w.Says, " ")
	if w.Why == Callback {
		return t.recall()
	}
	return nil
}

const takenNowSQL = `
update outgoing_attempts set answered_at = coalesce(answered_at, $3), doubt_at = $4, sid = $5, ended_at = null, outcome = null
where call_id = $1 and nth = $2 and heard_at is null returning provider`

const talkingSQL = `
update outgoing_calls set state = 'answered', reason = '', ended_at = null
where id = $1 and not exists (select from outgoing_calls o where o.phone = outgoing_calls.phone and o.id <> $1 and o.state in ('dialing', 'answered'))`

// taken notes that the person took the nth attempt; also where it had been given up already, for they are there now.
func (s *Outgoing) taken(ctx context.Context, tx *sql.Tx, id int64, nth int, sid string, at time.Time) error {
	c, err := lockOutgoing(ctx, tx, id)
	if err != nil {
		return err
	}
	var provider string
	err = tx.QueryRowContext(ctx, takenNowSQL, id, nth, at.UTC(), at.Add(talkLimit).UTC(), sid).Scan(&provider)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrUnknownCall
	}
	if err != nil || nth != c.attempts {
		return err
	}
	switch c.state {
	case "dialing", "queued", "gave_up":
		_, err = tx.ExecContext(ctx, talkingSQL, id)
	}
	return err
}

const heardSQL = `update outgoing_attempts set heard_at = coalesce(heard_at, $3) where call_id = $1 and nth = $2`

// hear notes that what the call was made for begins, after the person's key: that is what counts as reached.
func (t *turn) hear() error {
	id, nth, err := parseRef(t.c.Ref)
	if err != nil {
		return fmt.Errorf("hear: %w", err)
	}
	c, err := lockOutgoing(t.ctx, t.tx, id)
	if err != nil {
		return err
	}
	if _, err := t.tx.ExecContext(t.ctx, heardSQL, id, nth, t.at.UTC()); err != nil {
		return err
	}
	if c.state == "queued" || c.state == "gave_up" { // taken for a machine, or for lost
		return t.h.outgoing.end(t.ctx, t.tx, c, "done", "", Heard, t.at)
	}
	return nil
}

const pressedSQL = `select exists (select from call_events where call_id = $1 and input = 'keys')`

// talked settles the attempt behind a call that is over. Nobody pressed a key: nobody was there, or a machine.
func (s *Outgoing) talked(ctx context.Context, tx *sql.Tx, c call, at time.Time) (settled, error) {
	if c.Outgoing == "" {
		return settled{}, nil
	}
	id, nth, err := parseRef(c.Ref)
	if err != nil {
		return settled{}, err
	}
	var pressed bool
	if err := tx.QueryRowContext(ctx, pressedSQL, c.ID).Scan(&pressed); err != nil {
		return settled{}, err
	}
	q, err := lockOutgoing(ctx, tx, id)
	if err != nil {
		return settled{}, err
	}
	return s.settle(ctx, tx, q, nth, takenAs(q.Why, pressed), at)
}

func takenAs(why Why, pressed bool) Outcome {
	if why == Reminder && !pressed {
		return Machine
	}
	return Answered
}
