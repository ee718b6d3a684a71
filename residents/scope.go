package residents

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"

	"github.com/lib/pq"
)

// Scope is the units whose people somebody may see and act on. nil is all of them; a Scope that is not nil and empty is none.
// It goes into queries as a bigint[]: `($1::bigint[] is null or unit_id = any($1))`.
type Scope []int64

// ErrOutside: the thing is there, but not for the one who asks. Pages answer as if it were not, and leave an audit row.
var ErrOutside = errors.New("outside of the units of the one who asks")

// Value is for queries.
func (s Scope) Value() (driver.Value, error) { return pq.Int64Array(s).Value() }

// Has tells whether what belongs to unit may be seen.
func (s Scope) Has(unit int64) bool { return s == nil || slices.Contains(s, unit) }

// HasAll tells whether all of units may be acted on.
func (s Scope) HasAll(units []int64) bool {
	return !slices.ContainsFunc(units, func(u int64) bool { return !s.Has(u) })
}

// Narrow gives those of units that s has. whole is the ward, which stands for all its groups.
func (s Scope) Narrow(units []int64, whole int64) []int64 {
	if s == nil {
		return units
	}
	if slices.Contains(units, whole) {
		return slices.Clone(s)
	}
	return slices.DeleteFunc(slices.Clone(units), func(u int64) bool { return !s.Has(u) })
}

// scopeSQL takes a unit with all below it, and what was merged or renamed into any of them: a report keeps the unit of its day.
const scopeSQL = `
with recursive own (id) as (
  select $1::bigint
  union
  select x.id from own o cross join lateral (
    select c.id from units c where c.parent_id = o.id
    union all
    select h.from_unit from unit_changes h where h.to_unit = o.id and h.kind in ('merge', 'rename')
  ) x
) select array_agg(id order by id) from own`

// ScopeOf gives the scope of who looks after unit; 0 is the whole ward, and so everything.
func (s *Store) ScopeOf(ctx context.Context, unit int64) (Scope, error) {
	if unit == 0 {
		return nil, nil
	}
	var own pq.Int64Array
	if err := s.db.QueryRowContext(ctx, scopeSQL, unit).Scan(&own); err != nil {
		return nil, fmt.Errorf("scope of unit %d: %w", unit, err)
	}
	return Scope(own), nil
}
