package residents

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Unit is one administrative unit while it held: a merged or renamed one keeps its row, with ValidTo set.
type Unit struct {
	ID        int64
	Kind      string // city, district, ward, group
	Parent    int64  // 0 for a city
	Name      string
	ValidFrom time.Time
	ValidTo   time.Time // zero while it stands
}

var (
	ErrNoWard   = errors.New("no ward is loaded")
	ErrNotEmpty = errors.New("other units are loaded already")
)

const unitColumns = `select id, kind, coalesce(parent_id, 0), name, valid_from, valid_to from units `

func scanUnit(row interface{ Scan(...any) error }) (Unit, error) {
	var u Unit
	var to sql.NullTime
	err := row.Scan(&u.ID, &u.Kind, &u.Parent, &u.Name, &u.ValidFrom, &to)
	u.ValidTo = to.Time
	return u, err
}

const wardSQL = unitColumns + `where kind = 'ward' and valid_to is null order by id limit 1`

// Ward is the ward this installation serves: the first loaded that stands. ErrNoWard before any is.
func (s *Store) Ward(ctx context.Context) (Unit, error) { return s.oneWard(ctx, wardSQL) }

const wardByNameSQL = unitColumns + `where kind = 'ward' and valid_to is null and fold = $1 order by id limit 1`

// WardByName finds a standing ward by its name, with or without diacritics and the word "phường". ErrNoWard when none has it.
func (s *Store) WardByName(ctx context.Context, name string) (Unit, error) {
	return s.oneWard(ctx, wardByNameSQL, wardPrefix.ReplaceAllString(Fold(name), ""))
}

var wardPrefix = regexp.MustCompile(`^(phuong|p\.) ?`)

func (s *Store) oneWard(ctx context.Context, query string, args ...any) (Unit, error) {
	u, err := scanUnit(s.db.QueryRowContext(ctx, query, args...))
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNoWard
	}
	if err != nil {
		return Unit{}, fmt.Errorf("ward: %w", err)
	}
	return u, nil
}

// groupsSQL sorts Tổ 2 before Tổ 10.
const groupsSQL = unitColumns + `where kind = 'group' and parent_id = $1 and valid_to is null
order by nullif(regexp_replace(name, '\D', '', 'g'), '')::numeric nulls last, name`

// Groups gives the ward's standing residential groups in the order people count them.
func (s *Store) Groups(ctx context.Context, ward int64) ([]Unit, error) {
	rows, err := s.db.QueryContext(ctx, groupsSQL, ward)
	if err != nil {
		return nil, fmt.Errorf("groups of ward %d: %w", ward, err)
	}
	defer rows.Close()
	var groups []Unit
	for rows.Next() {
		u, err := scanUnit(rows)
		if err != nil {
			return nil, fmt.Errorf("groups of ward %d: %w", ward, err)
		}
		groups = append(groups, u)
	}
	return groups, rows.Err()
}

// ErrNoGroup and ErrManyGroups: a group's name names none that stands, or several.
var (
	ErrNoGroup    = errors.New("no group has this name")
	ErrManyGroups = errors.New("several groups have this name")
)

const groupByNameSQL = `
select g.id, g.name || ' (' || w.name || ')' from units g join units w on w.id = g.parent_id
where g.kind = 'group' and g.valid_to is null and w.valid_to is null and g.fold = $1 and ($2 = '' or w.fold = $2) order by w.name, g.id`

var groupOfWard = regexp.MustCompile(`^(.+?) *\((.+)\)$`)

// GroupByName finds a standing group as people name it: "Tổ 5", "tdp 05", or with its ward "Tổ 5 (Thanh Khê)". Where several
// are meant, ErrManyGroups names them in that form.
func (s *Store) GroupByName(ctx context.Context, name string) (int64, error) {
	group, ward := name, ""
	if m := groupOfWard.FindStringSubmatch(name); m != nil {
		group, ward = m[1], wardPrefix.ReplaceAllString(Fold(m[2]), "")
	}
	rows, err := s.db.QueryContext(ctx, groupByNameSQL, foldGroup(group), ward)
	if err != nil {
		return 0, fmt.Errorf("group %s: %w", name, err)
	}
	defer rows.Close()
	var id int64
	var found []string
	for rows.Next() {
		var full string
		if err := rows.Scan(&id, &full); err != nil {
			return 0, fmt.Errorf("group %s: %w", name, err)
		}
		found = append(found, full)
	}
	switch {
	case rows.Err() != nil:
		return 0, fmt.Errorf("group %s: %w", name, rows.Err())
	case len(found) == 0:
		return 0, fmt.Errorf("group %s: %w", name, ErrNoGroup)
	case len(found) > 1:
		return 0, fmt.Errorf("group %s: %w: %s", name, ErrManyGroups, strings.Join(found, "; "))
	}
	return id, nil
}

const groupNamesSQL = `select id, name from units where kind = 'group'`

// GroupNames gives the name of each group by its id, also of those that stand no more.
func (s *Store) GroupNames(ctx context.Context) (map[int64]string, error) {
	rows, err := s.db.QueryContext(ctx, groupNamesSQL)
	if err != nil {
		return nil, fmt.Errorf("names of groups: %w", err)
	}
	defer rows.Close()
	names := map[int64]string{}
	for rows.Next() {
		var id int64
		var name string
		if err := rows.Scan(&id, &name); err != nil {
			return nil, fmt.Errorf("names of groups: %w", err)
		}
		names[id] = name
	}
	return names, rows.Err()
}

// numberedGroup: Tổ 5, tổ dân phố 05, TDP 5, T.5 and plain 5 are one group.
var numberedGroup = regexp.MustCompile(`^(?:to dan pho|tdp|to|t)? ?(?:so)?[ .:-]*0*([1-9][0-9]{0,3})([a-z]?)$`)

// foldGroup gives a group's name as units.fold holds it.
func foldGroup(name string) string {
	f := Fold(name)
	if m := numberedGroup.FindStringSubmatch(f); m != nil {
		return "to " + m[1] + m[2]
	}
	return f
}
