// Package residents keeps who lives in the ward's groups, at which number, and whether they agreed to be messaged.
//
// It owns units, unit_changes, residents, consents, opt_outs, do_not_call with its lists, and imports. A number is the thing that is messaged and that
// opts out; a resident is one person at it, so a household that shares a phone is several rows.
package residents

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Resident is one person at one number.
type Resident struct {
	ID                   int64
	Phone                Phone
	Kind                 Kind
	Name                 string // empty for who registered by key and gave none
	BirthYear            int    // 0 when not known
	Gender               string // "", "male" or "female"
	UnitID               int64
	UnitName             string
	Address              string
	WantsSMS, WantsCall  bool
	Note                 string
	ConsentAt            time.Time // zero: never messaged
	OptedOutAt           time.Time // zero: not opted out
	CreatedAt, UpdatedAt time.Time
}

// Store reads and writes residents.
type Store struct {
	db  *sql.DB
	now func() time.Time
}

// NewStore keeps db's residents; now stamps what it writes.
func NewStore(db *sql.DB, now func() time.Time) *Store { return &Store{db, now} }

var ErrNotFound = errors.New("no such resident")

const residentColumns = `r.id, r.phone, r.phone_kind, r.name, coalesce(r.birth_year, 0), r.gender, r.unit_id, u.name, r.address,
  r.wants_sms, r.wants_call, r.note, r.consent_at, o.at, r.created_at, r.updated_at`

const residentTables = ` from residents r join units u on u.id = r.unit_id left join opt_outs o on o.phone = r.phone `

func scanResident(row interface{ Scan(...any) error }) (Resident, error) {
	var r Resident
	var consent, out sql.NullTime
	err := row.Scan(&r.ID, &r.Phone, &r.Kind, &r.Name, &r.BirthYear, &r.Gender, &r.UnitID, &r.UnitName, &r.Address,
		&r.WantsSMS, &r.WantsCall, &r.Note, &consent, &out, &r.CreatedAt, &r.UpdatedAt)
	r.ConsentAt, r.OptedOutAt = consent.Time.UTC(), out.Time.UTC()
	r.CreatedAt, r.UpdatedAt = r.CreatedAt.UTC(), r.UpdatedAt.UTC()
	return r, err
}

const byPhoneSQL = `select ` + residentColumns + residentTables + ` where r.phone = $1 order by r.id`

// ByPhone gives everybody at a number, the first registered first; nobody there is an empty list.
func (s *Store) ByPhone(ctx context.Context, p Phone) ([]Resident, error) {
	list, err := s.list(ctx, byPhoneSQL, string(p))
	if err != nil {
		return nil, fmt.Errorf("residents by phone: %w", err)
	}
	return list, nil
}

const getSQL = `select ` + residentColumns + residentTables + ` where r.id = $1`

// Get gives one resident, or ErrNotFound, or ErrOutside of scope.
func (s *Store) Get(ctx context.Context, id int64, scope Scope) (Resident, error) {
	r, err := scanResident(s.db.QueryRowContext(ctx, getSQL, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err == nil && !scope.Has(r.UnitID) {
		err = ErrOutside
	}
	if err != nil {
		return Resident{}, fmt.Errorf("resident %d: %w", id, err)
	}
	return r, nil
}

func (s *Store) list(ctx context.Context, query string, args ...any) ([]Resident, error) {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Resident
	for rows.Next() {
		r, err := scanResident(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

const knownSQL = `select exists (select from residents where phone = $1)`

// Knows says whether the ward knows a number.
func Knows(ctx context.Context, q rowQuerier, p Phone) (known bool, err error) {
	if err := q.QueryRowContext(ctx, knownSQL, string(p)).Scan(&known); err != nil {
		return false, fmt.Errorf("whether the ward knows a number: %w", err)
	}
	return known, nil
}
