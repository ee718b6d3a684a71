package console

import (
	"context"
	"net/http"
	"slices"

	"canhgiac/residents"
)

// scopeOf gives the units whose people the one who asks may see and act on, for the rooms to hold their queries to; nil is
// all. ctx is the request's. The machine, which asks on nobody's behalf, is held to nothing.
func scopeOf(ctx context.Context) residents.Scope {
	user, _ := ctx.Value(userKey{}).(User)
	return user.scope
}

// outside leaves the audit row of somebody who asked for what is not in their units.
func (c *Console) outside(r *http.Request) error {
	return c.audit(r.Context(), c.DB, r, "page.outside", r.Method+" "+r.URL.Path, "")
}

// groupsIn are the ward's groups that the one who asks may choose from.
func (c *Console) groupsIn(ctx context.Context) ([]residents.Unit, error) {
	ward, err := c.Residents.Ward(ctx)
	if err != nil {
		return nil, err
	}
	all, err := c.Residents.Groups(ctx, ward.ID)
	scope := scopeOf(ctx)
	return slices.DeleteFunc(all, func(g residents.Unit) bool { return !scope.Has(g.ID) }), err
}

// unitsOf are the units of a campaign that chooses none: the ward, which means whoever lives in it then, or all of the
// author's own groups.
func (c *Console) unitsOf(ctx context.Context) ([]int64, error) {
	if scopeOf(ctx) == nil {
		ward, err := c.Residents.Ward(ctx)
		return []int64{ward.ID}, err
	}
	groups, err := c.groupsIn(ctx)
	var ids []int64
	for _, g := range groups {
		ids = append(ids, g.ID)
	}
	return ids, err
}
