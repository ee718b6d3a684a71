package ivr

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"time"

	"canhgiac/residents"
)

// telling is what a resident tells in one conversation, a call or a USSD session: the answers so far and the report that
// keeps them.
type telling struct {
	Origin   string          // of its report: "call" or "ussd"
	ID       int64           // of the call's or the session's row
	From     residents.Phone // "" when withheld
	FromKind residents.Kind
	Fields   map[string]string
	Attempt  int
	ReportID int64 // 0: none open
}

// ref names the conversation's report. One that was cancelled keeps its place; the next of the same conversation gets
// another. One that an earlier conversation began keeps its name.
func (c *telling) ref() string {
	if begun := c.Fields["ref"]; begun != "" {
		return begun
	}
	if c.Attempt == 0 {
		return fmt.Sprint(c.ID)
	}
	return fmt.Sprintf("%d-%d", c.ID, c.Attempt+1)
}

// step is what calls and USSD do alike in one step, inside its transaction.
type step struct {
	h       *Hotline
	ctx     context.Context
	tx      *sql.Tx
	told    *telling
	at      time.Time
	m       *Menu // the one that the conversation began with
	talk    conversation
	stopped time.Time // when the number's opt-out took effect, once this step has asked for it
}

// conversation is what a call and a USSD session do each in its own way.
type conversation interface {
	taken() pastEvent // the steps as the report's record keeps them: this one, and those before
	before() ([]pastEvent, error)
	resume() error // goes on with the report that broke off
}

// pastEvent is one step: where it was taken, and what came.
type pastEvent struct {
	at    time.Time
	node  string
	input InputKind
	raw   string
}

// diverted is where the first condition that holds sends the conversation, "" where none does.
func (t *step) diverted(all []divert) string {
	for _, d := range all {
		if t.holds(d.If) {
			maps.Copy(t.told.Fields, d.Set)
			return d.Goto
		}
	}
	return ""
}

// goOn takes over the answers and the report of the conversation that broke off. begunSQL gives its answers, reports before
// and report, locked; handOverSQL parts it from its report, so that a third conversation finds the report in one place.
func (t *step) goOn(begunSQL, handOverSQL string) error {
	id, err := strconv.ParseInt(t.told.Fields["resume"], 10, 64)
	if err != nil {
		return fmt.Errorf("go on with %s %q: %w", t.told.Origin, t.told.Fields["resume"], err)
	}
	begun := telling{Origin: t.told.Origin, ID: id}
	var fields []byte
	if err := t.tx.QueryRowContext(t.ctx, begunSQL, id).Scan(&fields, &begun.Attempt, &begun.ReportID); err != nil {
		return fmt.Errorf("go on with %s %d: %w", t.told.Origin, id, err)
	}
	if err := json.Unmarshal(fields, &begun.Fields); err != nil {
		return fmt.Errorf("go on with %s %d: %w", t.told.Origin, id, err)
	}
	if begun.ReportID == 0 || begun.Fields["code"] != "" { // gone on with, or sent, in the meantime
		t.told.Fields = map[string]string{}
		return nil
	}
	if _, err := t.tx.ExecContext(t.ctx, handOverSQL, id); err != nil {
		return fmt.Errorf("go on with %s %d: %w", t.told.Origin, id, err)
	}
	return t.takeOver(begun)
}

// takeOver goes on with what an earlier conversation of the same person began.
func (t *step) takeOver(begun telling) error {
	ref := begun.ref()
	t.told.Fields, t.told.ReportID = begun.Fields, begun.ReportID
	delete(t.told.Fields, "resume")
	delete(t.told.Fields, "unfinished")
	t.told.Fields["ref"] = ref
	return t.logAllSoFar()
}
