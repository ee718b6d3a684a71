package ivr

import (
	"context"
	"database/sql"

	"canhgiac/ivr/prompts"
)

// VoiceOf chooses the voice that speaks to a number, "" where it is withheld (sounds.Store.VoiceOf).
type VoiceOf func(ctx context.Context, tx *sql.Tx, phone string) (prompts.Voice, error)

// open begins a call in the voice of whom it is with; the call keeps it to its end. false: it has begun already.
func (h *Hotline) open(ctx context.Context, tx *sql.Tx, c *call) (bool, error) {
	if h.o.Voice != nil {
		v, err := h.o.Voice(ctx, tx, string(c.From))
		if err != nil {
			return false, err
		}
		c.Voice = v
	}
	return h.openCall(ctx, tx, c, h.now())
}
