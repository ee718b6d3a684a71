package reports

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"canhgiac/internal/audit"
	"canhgiac/residents"
)

// inTx runs do on the locked report of code and writes the audit row beside it.
func (s *Store) inTx(ctx context.Context, code string, by By, act, detail string, do func(*sql.Tx, Report) error) error {
	code, err := ParseCode(code)
	if err != nil {
		return err
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("%s %s: %w", act, code, err)
	}
	defer func() { _ = tx.Rollback() }()
	r, err := scanReport(tx.QueryRowContext(ctx, reportSQL+` where r.code = $1 for update of r`, code))
	if err != nil {
		return fmt.Errorf("%s %s: %w", act, code, err)
	}
	if !by.sees(r) {
		return fmt.Errorf("%s %s: %w", act, code, residents.ErrOutside)
	}
	if err := do(tx, r); err != nil {
		return fmt.Errorf("%s %s: %w", act, code, err)
	}
	if err := audit.Write(ctx, tx, by.entry(s.now(), act, code, detail)); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("%s %s: %w", act, code, err)
	}
	return nil
}

// receiveSQL keeps who received it first, also after the file was closed and opened again.
const receiveSQL = `
update reports set state = 'received', received_at = $2, received_by = $3, updated_at = $2, revision = nextval('report_revisions') where id = $1`

// Receive is the officer's act that the law asks for; from it the deadlines run. ErrMove when somebody was quicker.
func (s *Store) Receive(ctx context.Context, code string, by By) error {
	return s.inTx(ctx, code, by, "report.receive", "", func(tx *sql.Tx, r Report) error {
		if !r.State.MayBecome(Received) {
			return fmt.Errorf("%w: it is %s", ErrMove, r.State)
		}
		if _, err := tx.ExecContext(ctx, receiveSQL, r.ID, s.now().UTC(), by.Name); err != nil {
			return err
		}
		if err := s.append(ctx, tx, r.ID, event{At: s.now(), Act: "moved", Key: string(Received), Who: by.Name}); err != nil {
			return err
		}
		return notify(ctx, tx)
	})
}

const moveSQL = `update reports set state = $2, updated_at = $3, revision = nextval('report_revisions') where id = $1`

// Move takes a received report one step on: verified, handed on, answered, closed, opened again. ErrMove where its state
// does not allow the step; the first one is Receive's. ErrReason where the step needs a reason and has none: it stays in
// the report's record, and out of the audit, which others read.
func (s *Store) Move(ctx context.Context, code string, by By, to State, reason string) error {
	reason = strings.TrimSpace(norm.NFC.String(reason))
	if reason == "" && to.NeedsReason() || utf8.RuneCountInString(reason) > 2000 || !utf8.ValidString(reason) {
		return ErrReason
	}
	return s.inTx(ctx, code, by, "report.move", string(to), func(tx *sql.Tx, r Report) error {
		if to == Received || !r.State.MayBecome(to) {
			return fmt.Errorf("%w: from %s to %s", ErrMove, r.State, to)
		}
		if _, err := tx.ExecContext(ctx, moveSQL, r.ID, to, s.now().UTC()); err != nil {
			return err
		}
		if err := s.append(ctx, tx, r.ID, event{At: s.now(), Act: "moved", Key: string(to), Raw: reason, Who: by.Name}); err != nil {
			return err
		}
		return notify(ctx, tx)
	})
}

const touchSQL = `update reports set updated_at = $2, revision = nextval('report_revisions') where id = $1`

// Note adds what an officer learnt; like the rest of the record it cannot be changed later.
func (s *Store) Note(ctx context.Context, code string, by By, text string) error {
	text = strings.TrimSpace(norm.NFC.String(text))
	if n := utf8.RuneCountInString(text); n == 0 || n > 2000 || !utf8.ValidString(text) {
		return ErrNote
	}
	return s.inTx(ctx, code, by, "report.note", "", func(tx *sql.Tx, r Report) error {
		if _, err := tx.ExecContext(ctx, touchSQL, r.ID, s.now().UTC()); err != nil {
			return err
		}
		if err := s.append(ctx, tx, r.ID, event{At: s.now(), Act: "note", Raw: text, Who: by.Name}); err != nil {
			return err
		}
		return notify(ctx, tx)
	})
}

// Reveal gives the reporter's whole number, for a reason that the audit keeps. "" when it was withheld.
func (s *Store) Reveal(ctx context.Context, code string, by By, reason string) (residents.Phone, error) {
	reason = strings.TrimSpace(reason)
	if reason == "" {
		return "", ErrReason
	}
	var phone residents.Phone
	err := s.inTx(ctx, code, by, "report.reveal", reason, func(_ *sql.Tx, r Report) error {
		phone = r.Reporter
		return nil
	})
	return phone, err
}
