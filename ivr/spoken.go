package ivr

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"canhgiac/reports"
)

// LeftMessage is a message that a caller spoke to this program itself.
type LeftMessage struct {
	SID     string // Recording.SID
	CallSID string
	At      time.Time
	Seconds int
	WAV     []byte
}

// Recording is how the menu and the report name m.
func (m LeftMessage) Recording() Recording {
	return Recording{SID: m.SID, URL: reports.OwnMessage + m.SID, Seconds: m.Seconds}
}

const keepSpokenSQL = `
insert into spoken_messages (sid, provider, call_sid, at, seconds, sha256, sound) values ($1, $2, $3, $4, $5, $6, $7) on conflict (sid) do nothing`

// KeepSpoken keeps the sound of a message with its SHA-256. The same message again changes nothing. It belongs to a report
// once the call's step, or AttachSpoken, says so.
func (h *Hotline) KeepSpoken(ctx context.Context, provider string, m LeftMessage) error {
	_, err := h.db.ExecContext(ctx, keepSpokenSQL, m.SID, provider, m.CallSID, m.At.UTC(), m.Seconds, Sound{Data: m.WAV}.SHA256(), m.WAV)
	if err != nil {
		return fmt.Errorf("keep message %s of call %s: %w", m.SID, m.CallSID, err)
	}
	return nil
}

// AttachSpoken puts a message on its call's report where no step did: the node died while the caller spoke. The call itself
// stays where it is. Error: ErrUnknownCall.
func (h *Hotline) AttachSpoken(ctx context.Context, provider string, m LeftMessage) error {
	err := h.inTx(ctx, func(tx *sql.Tx) error {
		c, err := h.lockCall(ctx, tx, provider, m.CallSID)
		if err != nil {
			return err
		}
		if err := newTurn(ctx, h, tx, &c, Input{Kind: InputRecorded, Recording: m.Recording()}).keepMessage(); err != nil {
			return err
		}
		return saveCall(ctx, tx, &c)
	})
	if err != nil {
		return fmt.Errorf("attach message %s to call %s of %s: %w", m.SID, m.CallSID, provider, err)
	}
	return nil
}

const spokenSQL = `select type, sound from spoken_messages where sid = $1`

// Spoken gives the sound of a message by its reports.Message.Sound. Error: reports.ErrNotFound.
func (h *Hotline) Spoken(ctx context.Context, key string) (Sound, error) {
	return h.sound(ctx, spokenSQL, key)
}

func (h *Hotline) sound(ctx context.Context, query, key string) (Sound, error) {
	var s Sound
	err := h.db.QueryRowContext(ctx, query, key).Scan(&s.Type, &s.Data)
	if errors.Is(err, sql.ErrNoRows) {
		return s, reports.ErrNotFound
	}
	if err != nil {
		return s, fmt.Errorf("sound %s: %w", key, err)
	}
	return s, nil
}
