package residents_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"canhgiac/internal/postgres/pgtest"
	"canhgiac/residents"
)

func TestScopeOf(t *testing.T) {
	ctx, db := context.Background(), pgtest.New(t)
	store := residents.NewStore(db, time.Now)
	ward, err := store.LoadWard(ctx, "Thanh Khê", 3)
	if err != nil {
		t.Fatal(err)
	}
	groups, err := store.Groups(ctx, ward.ID)
	if err != nil {
		t.Fatal(err)
	}
	one, two, three := groups[0].ID, groups[1].ID, groups[2].ID
	var old int64
	if err := db.QueryRow(`insert into units (kind, parent_id, name, fold, valid_from, valid_to) values ('group', $1, 'Tổ cũ', 'to cu', '2025-07-01', '2026-01-01') returning id`, ward.ID).Scan(&old); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`insert into unit_changes (from_unit, to_unit, kind, at) values ($1, $2, 'merge', '2026-01-01'), ($3, $2, 'partial', '2026-01-01')`, old, one, three); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		is       string
		unit     int64
		has, not []int64
	}{
		{"no unit is the whole ward", 0, []int64{ward.ID, one, two, old}, nil},
		{"a group is itself and what was merged into it, not what only gave a part", one, []int64{one, old}, []int64{ward.ID, two, three}},
		{"a ward is all its groups", ward.ID, []int64{ward.ID, one, two, three, old}, []int64{999}},
	} {
		scope, err := store.ScopeOf(ctx, c.unit)
		if err != nil {
			t.Fatal(err)
		}
		if !scope.HasAll(c.has) || slices.ContainsFunc(c.not, scope.Has) {
			t.Errorf("%s: %v", c.is, scope)
		}
	}
}

func TestNarrow(t *testing.T) {
	for _, c := range []struct {
		is    string
		scope residents.Scope
		units []int64
		want  []int64
	}{
		{"without a scope nothing changes", nil, []int64{1, 5}, []int64{1, 5}},
		{"the whole ward becomes one's own units", residents.Scope{5, 6}, []int64{1}, []int64{5, 6}},
		{"foreign groups fall away", residents.Scope{5, 6}, []int64{4, 5}, []int64{5}},
		{"a scope of nothing leaves nothing", residents.Scope{}, []int64{1, 5}, nil},
	} {
		if got := c.scope.Narrow(c.units, 1); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v", c.is, got)
		}
	}
}
