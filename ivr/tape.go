package ivr

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"canhgiac/internal/audit"
)

// tapeLine is what a caller hears first of all where calls are recorded.
const tapeLine = "ghi_am"

// announceTape says that the call is recorded, and has the line record from the end of those words on: who hangs up within
// them is not recorded.
func (t *turn) announceTape() error {
	if !t.h.o.Tape {
		return nil
	}
	said, err := t.m.words.Said(tapeLine)
	if err != nil {
		return err
	}
	for _, piece := range said {
		t.out = append(t.out, Action{Play: piece.Name})
	}
	t.out = append(t.out, Action{Tape: true})
	return nil
}

// Tape is a call recorded as a whole.
type Tape struct {
	SID     string // ours
	CallSID string
	At      time.Time // when it began
	Seconds int
	Sound
}

const tapedCallSQL = `select id, coalesce(report_id, 0) from calls where provider = $1 and sid = $2`

// KeepTape keeps a recording of ours with its SHA-256. The same one again changes nothing. Error: ErrUnknownCall.
func (h *Hotline) KeepTape(ctx context.Context, provider string, tape Tape) error {
	err := h.inTx(ctx, func(tx *sql.Tx) error {
		var id, report int64
		err := tx.QueryRowContext(ctx, tapedCallSQL, provider, tape.CallSID).Scan(&id, &report)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrUnknownCall
		}
		if err != nil {
			return err
		}
		return h.addTape(ctx, tx, id, report, tape, "", nil)
	})
	if err != nil {
		return fmt.Errorf("keep recording %s of call %s of %s: %w", tape.SID, tape.CallSID, provider, err)
	}
	return nil
}

const addTapeSQL = `
insert into call_recordings (sid, call_id, at, seconds, sha256, type, source, fetched_at, sound)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (sid) do nothing`

// addTape: pages that show the call's report hear of it.
func (h *Hotline) addTape(ctx context.Context, tx *sql.Tx, call, report int64, tape Tape, source string, fetched *time.Time) error {
	done, err := tx.ExecContext(ctx, addTapeSQL, tape.SID, call, tape.At.UTC(), tape.Seconds, tape.SHA256(), tape.Type, source, fetched, tape.Data)
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 || report == 0 {
		return err
	}
	return h.reports.SoundKept(ctx, tx, report)
}

const tapeSQL = `select type, sound from call_recordings where sid = $1 and purged_at is null`

// Taped gives the sound of a recording by its reports.Tape.SID. Whoever asks has left the audit row (reports.Store.ListenTape).
// Error: reports.ErrNotFound.
func (h *Hotline) Taped(ctx context.Context, sid string) (Sound, error) {
	return h.sound(ctx, tapeSQL, sid)
}

// purgeTapesSQL: what belongs to a report is evidence, and stays as long as the report does, which is for good. A call that
// is not over may still make one.
const purgeTapesSQL = `
update call_recordings t set sound = null, purged_at = $2 from (
  select r.sid from call_recordings r join calls c on c.id = r.call_id
  where r.purged_at is null and r.at < $1 and c.report_id is null and (c.ended_at is not null or c.started_at < $3)
  order by r.at limit 100 for update of r, c skip locked) due
where t.sid = due.sid returning t.sid, t.call_id, t.sha256`

// purger is who stands in the audit log for what the program does by itself.
const purger = "canhgiac"

// PurgeTapes removes the sound of recordings that are older than keep and of no report, up to 100 at a time, and says how
// many. Each leaves an audit row with the sum of what was removed.
func (h *Hotline) PurgeTapes(ctx context.Context, keep time.Duration) (n int, err error) {
	now := h.now().UTC()
	err = h.inTx(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, purgeTapesSQL, now.Add(-keep), now, now.Add(-longestCall))
		if err != nil {
			return err
		}
		defer rows.Close()
		var gone []audit.Entry
		for rows.Next() {
			var sid, sum string
			var call int64
			if err := rows.Scan(&sid, &call, &sum); err != nil {
				return err
			}
			gone = append(gone, audit.Entry{At: now, Who: purger, Role: "program", Act: "recording.purge",
				Object: fmt.Sprintf("call:%d", call), Detail: sid + " sha256:" + sum})
		}
		if err := rows.Err(); err != nil {
			return err
		}
		n = len(gone)
		for _, e := range gone {
			if err := audit.Write(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("purge recordings of calls: %w", err)
	}
	return n, nil
}

// purgeEvery is how often recordings are looked through for those whose time is over.
const purgeEvery = 10 * time.Minute

// KeepTapes purges what is older than keep, now and again until ctx ends. Any number of nodes may.
func (h *Hotline) KeepTapes(ctx context.Context, keep time.Duration) error {
	tick := time.NewTicker(purgeEvery)
	defer tick.Stop()
	for {
		for n := 100; n == 100 && ctx.Err() == nil; {
			var err error
			if n, err = h.PurgeTapes(ctx, keep); err != nil && ctx.Err() == nil {
				h.o.Log.Error("purge recordings", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
