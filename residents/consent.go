package residents

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Act is how a resident agreed or withdrew, kept as the proof of it.
type Act struct {
	Channel     string // sms, call, ussd, console, import, api
	Key         string // the key pressed or the word sent
	TextVersion string // of the words that were read out or shown
	Ref         string // call id or message id
}

const addConsentSQL = `insert into consents (phone, act, channel, text_version, key, ref, at) values ($1, $2, $3, $4, $5, $6, $7)`

const optOutSQL = `insert into opt_outs (phone, at, channel, ref) values ($1, $2, $3, $4) on conflict (phone) do nothing returning at`

const optedOutSQL = `select at from opt_outs where phone = $1`

const withdrawSQL = `update residents set consent_at = null, updated_at = $2 where phone = $1 and consent_at is not null`

// OptOut stops everything to a number from this moment, and gives the time that the confirmation must state. Asked again
// it keeps the first time: that one is the resident's right. The number need not be a resident's.
func (s *Store) OptOut(ctx context.Context, tx *sql.Tx, p Phone, a Act) (time.Time, error) {
	at := s.now().UTC().Truncate(time.Microsecond) // what the database keeps
	err := tx.QueryRowContext(ctx, optOutSQL, string(p), at, a.Channel, a.Ref).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) { // already out
		if err := tx.QueryRowContext(ctx, optedOutSQL, string(p)).Scan(&at); err != nil {
			return time.Time{}, fmt.Errorf("opt out: %w", err)
		}
		return at.UTC(), nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("opt out: %w", err)
	}
	if _, err := tx.ExecContext(ctx, withdrawSQL, string(p), at); err != nil {
		return time.Time{}, fmt.Errorf("opt out: %w", err)
	}
	if _, err := tx.ExecContext(ctx, addConsentSQL, string(p), "withdrawn", a.Channel, a.TextVersion, a.Key, a.Ref, at); err != nil {
		return time.Time{}, fmt.Errorf("opt out: %w", err)
	}
	return at.UTC(), nil
}

// Registration tells what a request to receive messages found.
type Registration string

const (
	Registered        Registration = "registered"
	AlreadyRegistered Registration = "already"
)

// lockPhoneSQL keeps two acts of one number (a second key, a webhook sent twice) from both finding nobody.
const lockPhoneSQL = `select pg_advisory_xact_lock(hashtextextended('residents:' || $1, 0))`

const standingSQL = `select count(*), count(*) filter (where r.consent_at is not null and (r.wants_sms or r.phone_kind <> 'mobile')),
  exists (select from opt_outs where phone = $1)
from residents r where r.phone = $1`

const rejoinSQL = `delete from opt_outs where phone = $1`

const agreeSQL = `update residents set consent_at = coalesce(consent_at, $2), wants_sms = wants_sms or phone_kind = 'mobile', updated_at = $2
where phone = $1`

const addNamelessSQL = `insert into residents (phone, phone_kind, name, name_fold, unit_id, wants_sms, wants_call, consent_at, created_at, updated_at)
values ($1, $2, '', '', $3, $4, not $4, $5, $5, $5)`

// Register records that the holder of a number agreed to be messaged, and lifts an opt-out of it: this is the resident's own
// act, unlike an import. Everybody at the number is covered, for it is the number that receives. A number nobody knows
// becomes a nameless resident of the ward.
func (s *Store) Register(ctx context.Context, tx *sql.Tx, p Phone, a Act) (Registration, error) {
	if _, err := tx.ExecContext(ctx, lockPhoneSQL, string(p)); err != nil {
		return "", fmt.Errorf("register: %w", err)
	}
	var people, agreed int
	var out bool
	if err := tx.QueryRowContext(ctx, standingSQL, string(p)).Scan(&people, &agreed, &out); err != nil {
		return "", fmt.Errorf("register: %w", err)
	}
	if agreed > 0 && !out {
		return AlreadyRegistered, nil
	}
	at := s.now().UTC()
	if _, err := tx.ExecContext(ctx, rejoinSQL, string(p)); err != nil {
		return "", fmt.Errorf("register: %w", err)
	}
	if people > 0 {
		if _, err := tx.ExecContext(ctx, agreeSQL, string(p), at); err != nil {
			return "", fmt.Errorf("register: %w", err)
		}
	} else if err := s.addNameless(ctx, tx, p, at); err != nil {
		return "", fmt.Errorf("register: %w", err)
	}
	if _, err := tx.ExecContext(ctx, addConsentSQL, string(p), "given", a.Channel, a.TextVersion, a.Key, a.Ref, at); err != nil {
		return "", fmt.Errorf("register: %w", err)
	}
	return Registered, nil
}

func (s *Store) addNameless(ctx context.Context, tx *sql.Tx, p Phone, at time.Time) error {
	parsed, err := ParsePhone(string(p))
	if err != nil {
		return err
	}
	ward, err := scanUnit(tx.QueryRowContext(ctx, wardSQL))
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNoWard
	}
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, addNamelessSQL, string(p), string(parsed.Kind), ward.ID, parsed.Kind == Mobile, at)
	return err
}
