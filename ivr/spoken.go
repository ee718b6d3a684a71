package ivr

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
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
insert into spoken_messages (sid, provider, call_sid, at, seconds, sha256, wav) values ($1, $2, $3, $4, $5, $6, $7) on conflict (sid) do nothing`

// KeepSpoken keeps the sound of a message with its SHA-256. The same message again changes nothing. It belongs to a report
// once the call's step, or AttachSpoken, says so.
func (h *Hotline) KeepSpoken(ctx context.Context, provider string, m LeftMessage) error {
	sum := sha256.Sum256(m.WAV)
	_, err := h.db.ExecContext(ctx, keepSpokenSQL, m.SID, provider, m.CallSID, m.At.UTC(), m.Seconds, hex.EncodeToString(sum[:]), m.WAV)
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

const spokenSQL = `select wav from spoken_messages where sid = $1`

// SpokenWAV gives the sound of a message. Error: reports.ErrNotFound.
func (h *Hotline) SpokenWAV(ctx context.Context, sid string) ([]byte, error) {
	var wav []byte
	err := h.db.QueryRowContext(ctx, spokenSQL, sid).Scan(&wav)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, reports.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("message %s: %w", sid, err)
	}
	return wav, nil
}
