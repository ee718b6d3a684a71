package ivr

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
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

// report names the conversation's report. One that was cancelled keeps its place; the next of the same conversation gets
// another. One that an earlier conversation began keeps its name.
func (c *telling) report() (origin, ref string) {
	if begun := c.Fields["report_ref"]; begun != "" {
		return c.Fields["report_origin"], begun
	}
	if c.Attempt == 0 {
		return c.Origin, fmt.Sprint(c.ID)
	}
	return c.Origin, fmt.Sprintf("%d-%d", c.ID, c.Attempt+1)
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
