package gateway

import (
	"context"
	"fmt"
	"time"
)

// LinkNow is how the link to a configured carrier stands, over all nodes that live.
type LinkNow struct {
	Carrier string
	Up      bool
	Since   time.Time // zero: no node that runs has the carrier
}

// LinksNow gives how the link to each configured carrier stands; it asks less than Carriers.
func (s *Store) LinksNow(ctx context.Context) ([]LinkNow, error) {
	known, err := s.conditions(ctx, 0)
	if err != nil {
		return nil, fmt.Errorf("how the links stand: %w", err)
	}
	all := make([]LinkNow, 0, len(s.routes.names))
	for _, name := range s.routes.names {
		all = append(all, LinkNow{Carrier: name, Up: known[name].up, Since: known[name].since})
	}
	return all, nil
}
