package residents

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/lib/pq"
)

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

const anyUnitSQL = `select exists (select from units)`

const addUnitSQL = `insert into units (kind, parent_id, name, fold, valid_from, valid_to)
values ($1, nullif($2::bigint, 0), $3, $4, $5, $6) returning id`

const addGroupsSQL = `insert into units (kind, parent_id, name, fold, valid_from)
select 'group', $1, g.name, g.fold, $4 from unnest($2::text[], $3::text[]) as g (name, fold)`

const addChangeSQL = `insert into unit_changes (from_unit, to_unit, kind, at) values ($1, $2, $3, $4)`

// LoadWard makes the sample ward under thành phố Đà Nẵng, with groups "Tổ 1" to "Tổ n". Where the ward stands already it
// changes nothing and gives that one; where other units stand it refuses with ErrNotEmpty.
//
// Its history is told as far as it is known: quận Thanh Khê ended on 2025-06-30, and its area went to this ward and others.
func (s *Store) LoadWard(ctx context.Context, name string, groups int) (Unit, error) {
	if ward, err := s.WardByName(ctx, name); err == nil {
		return ward, nil
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return Unit{}, fmt.Errorf("load ward: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
	var names []string
	for n := 1; n <= groups; n++ {
		names = append(names, fmt.Sprintf("Tổ %d", n))
	}
	if err := s.loadWard(ctx, tx, name, names); err != nil {
		return Unit{}, fmt.Errorf("load ward: %w", err)
	}
	if err := tx.Commit(); err != nil {
		return Unit{}, fmt.Errorf("load ward: %w", err)
	}
	return s.WardByName(ctx, name)
}

func (s *Store) loadWard(ctx context.Context, tx *sql.Tx, name string, names []string) error {
	var loaded bool
	if err := tx.QueryRowContext(ctx, anyUnitSQL).Scan(&loaded); err != nil {
		return err
	}
	if loaded {
		return ErrNotEmpty
	}
	add := func(kind string, parent int64, name string, from time.Time, to any) (id int64, err error) {
		err = tx.QueryRowContext(ctx, addUnitSQL, kind, parent, name, Fold(name), from, to).Scan(&id)
		return id, err
	}
	city, err := add("city", 0, "Đà Nẵng", day(1997, 1, 1), nil)
	if err != nil {
		return err
	}
	began := day(2025, 7, 1) // wards stand directly under the city since then
	ward, err := add("ward", city, name, began, nil)
	if err != nil {
		return err
	}
	if Fold(name) == "thanh khe" {
		district, err := add("district", city, name, day(1997, 1, 23), day(2025, 6, 30))
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, addChangeSQL, district, ward, "split", began); err != nil {
			return err
		}
	}
	var folds []string
	for _, group := range names {
		folds = append(folds, foldGroup(group))
	}
	_, err = tx.ExecContext(ctx, addGroupsSQL, ward, pq.Array(names), pq.Array(folds), began)
	return err
}
