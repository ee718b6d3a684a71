package ivr

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"canhgiac/ivr/prompts"
)

// call is one row of calls.
type call struct {
	telling
	Provider string
	SID      string
	To       string
	Holder   string // the node whose death is its end; "" where any may go on
	menu     *Menu  // the one that it began with
	Node     string
	Step     int // that the next webhook must carry
	Fails    int
	Officer  int
	Outgoing Why    // "" for a call that came in
	Ref      string // of the attempt, where we placed it
	Voice    prompts.Voice
	over     bool // its end was told
}

const openCallSQL = `
insert into calls (provider, sid, from_phone, from_kind, to_number, node, step, started_at, outgoing, outgoing_ref, menu_version, voice, held_by)
values ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9, $10, $11, $12)
on conflict (provider, sid) do nothing returning id`

// openCall makes c's row, or finds that it is there already (false) and fills c from it. Either way it is locked.
func (h *Hotline) openCall(ctx context.Context, tx *sql.Tx, c *call, at time.Time) (bool, error) {
	c.Voice = cmp.Or(c.Voice, prompts.Central)
	err := tx.QueryRowContext(ctx, openCallSQL, c.Provider, c.SID, string(c.From), string(c.FromKind), c.To, c.Node, at.UTC(),
		c.Outgoing, c.Ref, c.menu.Version, c.Voice, c.Holder).Scan(&c.ID)
	if errors.Is(err, sql.ErrNoRows) {
		*c, err = h.lockCall(ctx, tx, c.Provider, c.SID)
		return false, err
	}
	return err == nil, err
}

const lockCallSQL = `
select id, from_phone, from_kind, to_number, node, step, fails, officer, fields, attempt, coalesce(report_id, 0), outgoing, outgoing_ref, menu_version, voice, ended_at is not null
from calls where provider = $1 and sid = $2 for update`

// lockCall gives the call, locked until the transaction ends. Error: ErrUnknownCall.
func (h *Hotline) lockCall(ctx context.Context, tx *sql.Tx, provider, sid string) (call, error) {
	c := call{telling: telling{Origin: "call"}, Provider: provider, SID: sid}
	var fields []byte
	var version int64
	err := tx.QueryRowContext(ctx, lockCallSQL, provider, sid).Scan(&c.ID, &c.From, &c.FromKind, &c.To, &c.Node, &c.Step,
		&c.Fails, &c.Officer, &fields, &c.Attempt, &c.ReportID, &c.Outgoing, &c.Ref, &version, &c.Voice, &c.over)
	if errors.Is(err, sql.ErrNoRows) {
		return c, ErrUnknownCall
	}
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(fields, &c.Fields); err != nil {
		return c, fmt.Errorf("fields of call %d: %w", c.ID, err)
	}
	c.menu, err = h.menus.version(ctx, tx, version)
	return c, err
}

const saveCallSQL = `
update calls set node = $2, step = $3, fails = $4, officer = $5, fields = $6, attempt = $7, report_id = nullif($8, 0) where id = $1`

// closeStepSQL moves the call on and keeps its step, in one trip to the database: a caller waits for each.
const closeStepSQL = `
with kept as (insert into call_events (call_id, step, at, node, input, raw, reply) values ($1, $9, $10, $11, $12, $13, $14))` + saveCallSQL

func saveCall(ctx context.Context, tx *sql.Tx, c *call) error {
	return execOnCall(ctx, tx, saveCallSQL, c)
}

// execOnCall runs one of the statements that save c, with more parameters behind c's own.
func execOnCall(ctx context.Context, tx *sql.Tx, statement string, c *call, more ...any) error {
	fields, err := json.Marshal(c.Fields)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, statement, append([]any{c.ID, c.Node, c.Step, c.Fails, c.Officer, fields, c.Attempt, c.ReportID}, more...)...)
	return err
}

const addEventSQL = `insert into call_events (call_id, step, at, node, input, raw, reply) values ($1, $2, $3, $4, $5, $6, $7)`

const answeredSQL = `select reply, at from call_events where call_id = $1 and step = $2`

// answered gives the answer that a step got when it was taken, and when that was.
func answered(ctx context.Context, tx *sql.Tx, id int64, step int) (Reply, time.Time, error) {
	var raw []byte
	var at time.Time
	if err := tx.QueryRowContext(ctx, answeredSQL, id, step).Scan(&raw, &at); err != nil {
		return Reply{}, at, fmt.Errorf("answer of step %d: %w", step, err)
	}
	var r Reply
	if err := json.Unmarshal(raw, &r); err != nil {
		return Reply{}, at, fmt.Errorf("answer of step %d: %w", step, err)
	}
	return r, at, nil
}

const pastSQL = `select at, node, input, raw from call_events where call_id = $1 and step is not null order by step`

// before gives the call's steps before this one.
func (t *turn) before() ([]pastEvent, error) {
	rows, err := t.tx.QueryContext(t.ctx, pastSQL, t.c.ID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []pastEvent
	for rows.Next() {
		var e pastEvent
		if err := rows.Scan(&e.at, &e.node, &e.input, &e.raw); err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, rows.Err()
}

const endCallSQL = `update calls set ended_at = $2, end_status = $3 where id = $1`

func endCall(ctx context.Context, tx *sql.Tx, c call, status string, at time.Time) error {
	if _, err := tx.ExecContext(ctx, endCallSQL, c.ID, at.UTC(), status); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, addEventSQL, c.ID, nil, at.UTC(), c.Node, inputEnded, status, nil)
	return err
}
