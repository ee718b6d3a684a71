package ivr

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// Pressed keeps keys of a number that is still being typed, all of it so far: a caller whose line breaks, or whose node dies,
// has told them. The call stays where it is. The same keys again change nothing, nor do keys of a step that was taken.
// Error: ErrUnknownCall.
func (h *Hotline) Pressed(ctx context.Context, provider, sid string, in Input) error {
	err := h.inTx(ctx, func(tx *sql.Tx) error {
		c, err := h.lockCall(ctx, tx, provider, sid)
		if err != nil || in.Step != c.Step {
			return err
		}
		return newTurn(ctx, h, tx, &c, in).keepPressed()
	})
	if err != nil {
		return fmt.Errorf("keys pressed at step %d of call %s of %s: %w", in.Step, sid, provider, err)
	}
	return nil
}

const standsAndTookSQL = `
select step, coalesce((select raw from call_events e where e.call_id = c.id and input = 'keys' order by step desc nulls last limit 1), '')
from calls c where provider = $1 and sid = $2`

// PressedLast keeps keys that a provider tells together with the end of a call, without the step that they belong to. The last
// ones that were handed in may come so once more: they are no news. Error: ErrUnknownCall.
func (h *Hotline) PressedLast(ctx context.Context, provider, sid, keys string) error {
	var step int
	var took string
	if err := h.db.QueryRowContext(ctx, standsAndTookSQL, provider, sid).Scan(&step, &took); errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("last keys of call %s of %s: %w", sid, provider, ErrUnknownCall)
	} else if err != nil {
		return fmt.Errorf("last keys of call %s of %s: %w", sid, provider, err)
	}
	if keys == took {
		return nil
	}
	return h.Pressed(ctx, provider, sid, Input{Step: step, Kind: InputKeys, Keys: keys})
}

// cutShort says whether what came was cut short by the end of the call: of a number perhaps not all, and a silence that says
// nothing. # says that a number is whole.
func (t *turn) cutShort() bool {
	if !t.in.Gone && !t.c.over {
		return false
	}
	n := t.m.Call.Nodes[t.c.Node]
	return t.in.Kind == InputSilence || t.in.pressed() && n != nil && n.Number != nil && !wholeInput(t.in.Keys)
}

func (in Input) pressed() bool { return in.Kind == InputKeys || in.Kind == InputAhead }

// wholeInput says whether digits came and # behind them: # alone may be a provider's way to tell that nothing was pressed.
func wholeInput(typed string) bool {
	number, ended := lastNumber(typed)
	return ended && number != ""
}

// keepPressed keeps keys that are no answer yet, in the call and in its report.
func (t *turn) keepPressed() error {
	f := t.c.Fields
	if !t.in.pressed() || t.in.Keys == "" || strings.HasPrefix(f["pressed"], t.in.Keys) { // told already
		return nil
	}
	f["pressed"] = t.in.Keys
	if n := t.m.Call.Nodes[t.c.Node]; n != nil && n.Number != nil && n.Number.Set == "number" {
		if err := t.begun(t.in.Keys); err != nil {
			return err
		}
	}
	if t.c.over {
		if err := t.recordPressed(); err != nil {
			return err
		}
	}
	return saveCall(t.ctx, t.tx, t.c)
}

// begun keeps the part of a number that was typed. It stays apart from the answer: who rings again is asked for the number.
func (t *turn) begun(typed string) error {
	number, _ := lastNumber(typed)
	if number == "" || number == "0" || !keepable(number) { // erased, or the officer's key
		delete(t.c.Fields, "number_begun")
		return t.saveIfOpen()
	}
	t.c.Fields["number_begun"] = number
	if err := t.open(); err != nil {
		return err
	}
	return t.saveIfOpen()
}

// recordPressed writes keys that were never handed in into the records of the call and of its report: nothing that a caller
// did is missing there.
func (t *turn) recordPressed() error {
	keys := t.c.Fields["pressed"]
	if keys == "" {
		return nil
	}
	if _, err := t.tx.ExecContext(t.ctx, addEventSQL, t.c.ID, nil, t.at.UTC(), t.c.Node, inputPressed, keys, nil); err != nil {
		return fmt.Errorf("record what was pressed: %w", err)
	}
	if t.c.ReportID == 0 {
		return nil
	}
	return t.log(pastEvent{t.at, t.c.Node, inputPressed, keys})
}

// scamNumber is the number that was told; a part of one where it is all there is, or more than was told before.
func (c *telling) scamNumber() string {
	told, begun := c.Fields["number"], c.Fields["number_begun"]
	if len(begun) >= len(told) {
		return begun
	}
	return told
}
