package reports

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"canhgiac/residents"
)

// Save keeps d, made new at its first key and written over at each later one. The code is given at the first Save.
// What was sent stays as sent: after Complete a Save changes nothing. tx is the caller's, so that the step of the call
// and the report stand or fall together.
func (s *Store) Save(ctx context.Context, tx *sql.Tx, d Draft) (Report, error) {
	if err := d.valid(); err != nil {
		return Report{}, fmt.Errorf("save the report of %s %s: %w", d.Origin, d.Ref, err)
	}
	r, err := s.save(ctx, tx, d)
	if err != nil {
		return Report{}, fmt.Errorf("save the report of %s %s: %w", d.Origin, d.Ref, err)
	}
	return r, nil
}

func (s *Store) save(ctx context.Context, tx *sql.Tx, d Draft) (Report, error) {
	old, err := s.openOrLock(ctx, tx, d)
	if err != nil {
		return Report{}, err
	}
	if d.Reporter == "" {
		d.Reporter = old.Reporter // once known, it stays known
	}
	if !old.Partial || old.Draft == d {
		return old, nil
	}
	if err := s.update(ctx, tx, old, d); err != nil {
		return Report{}, err
	}
	if d.Complete {
		facts, err := json.Marshal(d)
		if err != nil {
			return Report{}, err
		}
		if err := s.append(ctx, tx, old.ID, event{At: s.now(), Act: "sent", Raw: string(facts)}); err != nil {
			return Report{}, err
		}
	}
	if d.Cancelled && !old.Cancelled {
		if err := s.append(ctx, tx, old.ID, event{At: s.now(), Act: "cancelled"}); err != nil {
			return Report{}, err
		}
	}
	if d.Complete || urgency(d, old.Officer) != old.Urgency {
		if err := notify(ctx, tx); err != nil { // other keys wait for the page's own poll: NOTIFY is dear
			return Report{}, err
		}
	}
	return scanReport(tx.QueryRowContext(ctx, reportSQL+` where r.id = $1`, old.ID))
}

const lockSQL = ` where r.origin = $1 and r.ref = $2 for update of r`

// insertSQL: on a code already in use, or a twin of this first key, nothing is inserted and the caller looks again.
const insertSQL = `
insert into reports (code, origin, ref, urgency, reporter, kind, channel, money, money_when, band, callback, created_at, updated_at)
values ($1, $2, $3, 5, '', 0, 0, '', '', 0, '', $4, $4)
on conflict do nothing
returning id`

// openOrLock gives the report of this call or message, made empty if there is none, locked until the transaction ends.
func (s *Store) openOrLock(ctx context.Context, tx *sql.Tx, d Draft) (Report, error) {
	for range 20 { // 20 codes in use in a row cannot be chance; the turn after an insert reads it back
		r, err := scanReport(tx.QueryRowContext(ctx, reportSQL+lockSQL, d.Origin, d.Ref))
		if !errors.Is(err, ErrNotFound) {
			return r, err
		}
		code, err := NewCode(s.random)
		if err != nil {
			return Report{}, err
		}
		var id int64
		err = tx.QueryRowContext(ctx, insertSQL, code, d.Origin, d.Ref, s.now().UTC()).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return Report{}, err
		}
		if err := s.append(ctx, tx, id, event{At: s.now(), Act: "opened", Raw: d.Origin + " " + d.Ref}); err != nil {
			return Report{}, err
		}
		if err := notify(ctx, tx); err != nil {
			return Report{}, err
		}
	}
	return Report{}, errors.New("no free code")
}

// updateSQL: the unit is looked up once, with the number, and stays that of the day.
const updateSQL = `
update reports set urgency = $2, reporter = $3::text, kind = $4, scam_number = $5, scam_key = $6, channel = $7, money = $8,
       money_when = $9, band = $10, callback = $11, cancelled = $12, updated_at = $13::timestamptz,
       completed_at = case when $14::boolean then $13::timestamptz end, revision = nextval('report_revisions'),
       unit_id = coalesce(unit_id, (select unit_id from residents where phone = $3::text order by id limit 1))
where id = $1`

func (s *Store) update(ctx context.Context, tx *sql.Tx, old Report, d Draft) error {
	_, err := tx.ExecContext(ctx, updateSQL, old.ID, urgency(d, old.Officer), string(d.Reporter), d.Kind, d.ScamNumber, NumberKey(d.ScamNumber),
		d.Channel, d.Money, d.When, d.Band, d.Callback, d.Cancelled, s.now().UTC(), d.Complete)
	return err
}

// Channel is where changes are announced; the payload is the topic. Pages that miss an announcement find out by Latest.
const Channel = "canhgiac_live"

const notifySQL = `select pg_notify($1, 'reports')`

func notify(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, notifySQL, Channel)
	return err
}

func (d Draft) valid() error {
	in := func(field, v string, allowed ...string) error {
		for _, a := range allowed {
			if v == a {
				return nil
			}
		}
		return fmt.Errorf("%w: %s %q", ErrDraft, field, v)
	}
	upTo := func(field string, v, most int) error {
		if v < 0 || v > most {
			return fmt.Errorf("%w: %s %d", ErrDraft, field, v)
		}
		return nil
	}
	var number, ref error
	if len(d.ScamNumber) > 32 || strings.Trim(d.ScamNumber, "0123456789") != "" {
		number = fmt.Errorf("%w: scam number", ErrDraft)
	}
	if d.Ref == "" {
		ref = fmt.Errorf("%w: no ref", ErrDraft)
	}
	return errors.Join(in("origin", d.Origin, "call", "sms", "ussd", "api"), ref, upTo("kind", d.Kind, 8), number,
		upTo("channel", d.Channel, 5), in("money", d.Money, "", "none", "lost", "about"),
		in("when", d.When, "", "today", "yesterday", "earlier", "before"), upTo("band", d.Band, 5), in("callback", d.Callback, "", "yes", "no"))
}

// NumberKey gives every way of writing one number the same form; what is no subscriber's number is kept as keyed.
func NumberKey(digits string) string {
	if p, err := residents.ParsePhone(digits); err == nil {
		return string(p.Phone)
	}
	return digits
}
