package console

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"canhgiac/campaigns"
	"canhgiac/internal/jobs"
)

// expansionView is how far the messages of a run are written, while they are.
type expansionView struct {
	ID       int64
	Is       bool
	Revision string
	Remains  time.Duration
	Known    bool // Remains is no guess
	campaigns.Expansion
}

func (c *Console) expansionOf(ctx context.Context, id int64) (expansionView, error) {
	v := expansionView{ID: id}
	var err error
	if v.Expansion, v.Is, err = c.Campaigns.Expanding(ctx, id); err != nil {
		return v, err
	}
	v.Revision = hashed(v.Is, v.Done, v.Total)
	v.Remains, v.Known = jobs.Left(v.Done, v.Total, c.Now().Sub(v.StartedAt))
	return v, nil
}

func (c *Console) campaignExpansion(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	if _, err := c.Campaigns.Get(r.Context(), id, scopeOf(r.Context())); err != nil {
		return err
	}
	v, err := c.expansionOf(r.Context(), id)
	if err != nil {
		return err
	}
	return c.fragment(w, r, "campaign", "campaign_expansion", v)
}

func (c *Console) expansionRevision(ctx context.Context, id string) (string, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return "", errNoPage
	}
	v, err := c.expansionOf(ctx, n)
	return v.Revision, err
}
