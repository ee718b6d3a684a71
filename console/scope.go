package console

import (
	"context"

	"canhgiac/residents"
)

// scopeOf gives the units whose people the one who asks may see and act on, for the rooms to hold their queries to; nil is
// all. ctx is the request's. The machine, which asks on nobody's behalf, is held to nothing.
func scopeOf(ctx context.Context) residents.Scope {
	user, _ := ctx.Value(userKey{}).(User)
	return user.scope
}
