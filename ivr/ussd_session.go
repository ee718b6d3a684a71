package ivr

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// session is one row of ussd_sessions, with the last step's name, input and screen.
type session struct {
	telling
	node   string
	step   int // that comes next
	heard  string
	shown  bool
	last   time.Time
	ended  bool
	name   string
	input  string
	screen Screen
}

const findSessionSQL = `
select s.id, s.from_phone, s.from_kind, s.node, s.step, s.heard, s.shown, s.fields, s.attempt, coalesce(s.report_id, 0), s.last_at,
  s.ended_at is not null, s.menu_version, l.name, l.input, l.screen, l.ends
from ussd_sessions s join ussd_steps l on l.session_id = s.id and l.step = s.step - 1
where s.provider = $1 and s.sid = $2 order by s.id desc limit 1 for update of s`

// find fills v.s from the latest session of that name; its id is 0 where there is none.
func (v *visit) find() error {
	s := &v.s
	s.Origin = "ussd"
	var fields []byte
	var version int64
	err := v.tx.QueryRowContext(v.ctx, findSessionSQL, v.d.Provider, v.d.Session).Scan(&s.ID, &s.From, &s.FromKind, &s.node, &s.step, &s.heard,
		&s.shown, &fields, &s.Attempt, &s.ReportID, &s.last, &s.ended, &version, &s.name, &s.input, &s.screen.Text, &s.screen.End)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("find the session: %w", err)
	}
	if from, _ := caller(v.d.From); from != s.From {
		return ErrOtherNumber
	}
	if err := json.Unmarshal(fields, &s.Fields); err != nil {
		return fmt.Errorf("fields of session %d: %w", s.ID, err)
	}
	v.m, err = v.h.menus.version(v.ctx, v.tx, version)
	return err
}

// live says whether the session found still goes on.
func (v *visit) live() bool { return v.s.ID != 0 && !v.s.ended && v.at.Sub(v.s.last) <= ussdIdle }

const openSessionSQL = `
insert into ussd_sessions (provider, sid, from_phone, from_kind, code, node, heard, started_at, last_at, menu_version)
values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9) returning id`

func (v *visit) openSession(heard string) error {
	var err error
	if v.m = v.with; v.m == nil {
		v.m, err = v.h.menus.answering(v.ctx, v.tx)
	}
	if err != nil {
		return err
	}
	from, kind := caller(v.d.From)
	v.s = session{telling: telling{Origin: "ussd", From: from, FromKind: kind, Fields: map[string]string{}}, node: v.m.USSD.Start, heard: heard}
	err = v.tx.QueryRowContext(v.ctx, openSessionSQL, v.d.Provider, v.d.Session, string(from), string(kind), v.d.Code, v.s.node, heard, v.at.UTC(), v.m.Version).Scan(&v.s.ID)
	if err != nil {
		return fmt.Errorf("open a session: %w", err)
	}
	return nil
}

const leftAtSQL = `select node from ussd_sessions where id = $1`

// resume takes over what a conversation that broke off had told; v.back is the screen that it stood at, where it was a session.
func (v *visit) resume() error {
	origin, id, _ := strings.Cut(v.told.Fields["resume"], ":")
	if err := v.step.resume(); err != nil {
		return err
	}
	if v.told.ReportID == 0 || origin != "ussd" {
		return nil
	}
	if err := v.tx.QueryRowContext(v.ctx, leftAtSQL, id).Scan(&v.back); err != nil {
		return fmt.Errorf("go on with session %s: %w", id, err)
	}
	return nil
}

const addStepSQL = `
insert into ussd_steps (session_id, step, at, node, name, input, screen, ends) values ($1, $2, $3, $4, $5, $6, $7, $8)`

const saveSessionSQL = `
update ussd_sessions set node = $2, step = $3, heard = $4, shown = false, fields = $5, attempt = $6, report_id = nullif($7, 0), last_at = $8::timestamptz,
  ended_at = case when $9::boolean then $8::timestamptz end, end_status = case when $9::boolean then 'done' else '' end
where id = $1`

// close keeps the step with its screen and moves the session on.
func (v *visit) close(name string) error {
	s := &v.s
	_, err := v.tx.ExecContext(v.ctx, addStepSQL, s.ID, s.step, v.at.UTC(), v.node, storable(name), storable(v.typed), s.screen.Text, s.screen.End)
	if err != nil {
		return fmt.Errorf("keep step %d of session %d: %w", s.step, s.ID, err)
	}
	s.step, s.ended, s.shown, s.last = s.step+1, s.screen.End, false, v.at
	fields, err := json.Marshal(s.Fields)
	if err != nil {
		return err
	}
	_, err = v.tx.ExecContext(v.ctx, saveSessionSQL, s.ID, s.node, s.step, storable(s.heard), fields, s.Attempt, s.ReportID, v.at.UTC(), s.ended)
	if err != nil {
		return fmt.Errorf("move session %d on: %w", s.ID, err)
	}
	return nil
}

const earlierStepSQL = `select screen, ends from ussd_steps where session_id = $1 and name = $2 order by step desc limit 1`

// earlier finds the screen that a step got; the last one for a step that nobody has taken.
func (v *visit) earlier(name string) error {
	err := v.tx.QueryRowContext(v.ctx, earlierStepSQL, v.s.ID, storable(name)).Scan(&v.s.screen.Text, &v.s.screen.End)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("screen of an earlier step: %w", err)
	}
	return nil
}

const endSessionSQL = `update ussd_sessions set ended_at = $2, end_status = $3 where id = $1`

// end closes the session where no screen did; the report stays as far as it was told.
func (v *visit) end(why string) error {
	v.kind, v.node, v.typed = inputLetGo, v.s.node, why
	if err := v.logIfOpen(); err != nil {
		return err
	}
	if _, err := v.tx.ExecContext(v.ctx, endSessionSQL, v.s.ID, v.at.UTC(), why); err != nil {
		return fmt.Errorf("end session %d: %w", v.s.ID, err)
	}
	v.s.ended = true
	return nil
}

const shownSQL = `update ussd_sessions set shown = true where id = $1`

func (v *visit) show() error {
	_, err := v.tx.ExecContext(v.ctx, shownSQL, v.s.ID)
	return err
}

const stepsBeforeSQL = `select at, node, input, step from ussd_steps where session_id = $1 order by step`

func (v *visit) before() ([]pastEvent, error) {
	rows, err := v.tx.QueryContext(v.ctx, stepsBeforeSQL, v.s.ID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []pastEvent
	for rows.Next() {
		e := pastEvent{input: InputKeys}
		var n int
		if err := rows.Scan(&e.at, &e.node, &e.raw, &n); err != nil {
			return nil, err
		}
		if n == 0 {
			e.input = inputDialled
		}
		all = append(all, e)
	}
	return all, rows.Err()
}

// storable takes out what the database refuses: nobody must be turned away for a character that somebody garbled.
func storable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "\ufffd")
}
