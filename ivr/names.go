package ivr

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

const alsoNamedSQL = `update calls set also = $3 where provider = $1 and sid = $2 and also = ''`

// AlsoNamed notes another name that the provider has for a call: some bring a call under one name and tell of its end
// under another. The first one stays.
func (h *Hotline) AlsoNamed(ctx context.Context, provider, sid, also string) error {
	if _, err := h.db.ExecContext(ctx, alsoNamedSQL, provider, sid, also); err != nil {
		return fmt.Errorf("another name of call %s of %s: %w", sid, provider, err)
	}
	return nil
}

// longestCall bounds the look for a call whose second name was never told: by then no line is still open.
const longestCall = 4 * time.Hour

// namedSQL: under either name; else the newest call of one of the parties that goes on and has no second name yet, since a
// telephone is in one call with us at a time.
const namedSQL = `
select sid from calls
where provider = $1 and (sid = $2 or also = $2
  or from_phone = any($3) and also = '' and ended_at is null and started_at > $4)
order by (sid = $2 or also = $2) desc, id desc limit 1`

// Named finds the name under which a call came in. parties are who talks in it, as the provider tells it; one of them is
// ours. Error: ErrUnknownCall.
func (h *Hotline) Named(ctx context.Context, provider, name string, parties ...string) (string, error) {
	phones := []string{}
	for _, p := range parties {
		if phone, _ := caller(p); phone != "" {
			phones = append(phones, string(phone))
		}
	}
	var sid string
	err := h.db.QueryRowContext(ctx, namedSQL, provider, name, phones, h.now().Add(-longestCall).UTC()).Scan(&sid)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("call %s of %s: %w", name, provider, ErrUnknownCall)
	}
	if err != nil {
		return "", fmt.Errorf("find call %s of %s: %w", name, provider, err)
	}
	return sid, nil
}

// refOfSQL: by the provider's name for it; else the newest to that number whose name has not come yet, since the provider may
// tell of its end before it has answered our request.
const refOfSQL = `
select call_id, nth from outgoing_attempts
where provider = $1 and (sid = $2 or sid = '' and phone = $3 and ended_at is null)
order by (sid = $2) desc, dialed_at desc limit 1`

// RefOf finds the reference of a call that we placed, for providers that do not bring it back. Error: ErrUnknownCall.
func (h *Hotline) RefOf(ctx context.Context, provider, sid, to string) (string, error) {
	phone, _ := caller(to)
	var id int64
	var nth int
	err := h.db.QueryRowContext(ctx, refOfSQL, provider, sid, string(phone)).Scan(&id, &nth)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("our call %s of %s: %w", sid, provider, ErrUnknownCall)
	}
	if err != nil {
		return "", fmt.Errorf("find our call %s of %s: %w", sid, provider, err)
	}
	return ref(id, nth), nil
}

const standsSQL = `select step from calls where provider = $1 and sid = $2`

// Stands gives the step that a call waits for. Error: ErrUnknownCall.
func (h *Hotline) Stands(ctx context.Context, provider, sid string) (int, error) {
	var step int
	err := h.db.QueryRowContext(ctx, standsSQL, provider, sid).Scan(&step)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("call %s of %s: %w", sid, provider, ErrUnknownCall)
	}
	if err != nil {
		return 0, fmt.Errorf("where call %s of %s stands: %w", sid, provider, err)
	}
	return step, nil
}

// Met notes that an officer spoke with the caller, where the provider tells so only as the call ends. Without it the caller
// would seem to have hung up while the telephone rang. Errors: ErrUnknownCall.
func (h *Hotline) Met(ctx context.Context, provider, sid string) error {
	err := h.inTx(ctx, func(tx *sql.Tx) error {
		c, err := h.lockCall(ctx, tx, provider, sid)
		if err != nil {
			return err
		}
		if n := c.menu.Call.Nodes[c.Node]; n == nil || n.Dial == nil {
			return nil
		}
		t := newTurn(ctx, h, tx, &c, Input{Step: c.Step, Kind: InputDialed, Status: "connected", Answered: true})
		if err := t.take(); err != nil {
			return err
		}
		_, err = t.close()
		return err
	})
	if err != nil {
		return fmt.Errorf("officer met in call %s of %s: %w", sid, provider, err)
	}
	return nil
}
