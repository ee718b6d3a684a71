package console

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"canhgiac/campaigns"
	"canhgiac/gateway"
)

// progressData is the part of the page that moves.
type progressData struct {
	ID       int64
	Revision string
	Progress gateway.Progress
	Bar      []barPart
	Groups   []groupProgress
	Reach    campaigns.Coverage // all groups together
}

// barPart is one state's share of a bar of a hundred.
type barPart struct {
	State string
	N     int
	X, W  string // for an SVG rectangle: a style attribute would break the page's content policy
}

type groupProgress struct {
	campaigns.Coverage
	Bar []barPart
}

func barOf(p gateway.Progress) []barPart {
	if p.Total == 0 {
		return nil
	}
	x := 0.0
	var bar []barPart
	for _, s := range []struct {
		state string
		n     int
	}{
		{"delivered", p.Delivered}, {"accepted", p.Accepted}, {"submitting", p.Submitting}, {"queued", p.Queued}, {"unknown", p.Unknown},
		{"failed", p.Failed}, {"expired", p.Expired}, {"suppressed", p.Suppressed}, {"cancelled", p.Cancelled},
	} {
		w := 100 * float64(s.n) / float64(p.Total)
		bar = append(bar, barPart{s.state, s.n, strconv.FormatFloat(x, 'f', 3, 64), strconv.FormatFloat(w, 'f', 3, 64)})
		x += w
	}
	return bar
}

func (c *Console) progressOf(ctx context.Context, id int64) (progressData, error) {
	d := progressData{ID: id}
	var err error
	// The revision first: what changes between the two is then fetched once more, not missed.
	if d.Revision, err = c.campaignRevision(ctx, strconv.FormatInt(id, 10)); err != nil {
		return d, err
	}
	scope := scopeOf(ctx)
	groups, err := c.Campaigns.Coverage(ctx, id, scope)
	if err != nil {
		return d, err
	}
	for _, g := range groups {
		d.Groups = append(d.Groups, groupProgress{g, barOf(g.Progress)})
		d.Reach.Reachable += g.Reachable
		d.Reach.Delivered += g.Delivered
		d.Progress.Plus(g.Progress)
	}
	if scope == nil {
		if d.Progress, err = c.Campaigns.Progress(ctx, id); err != nil { // counts who has left the ward's groups as well
			return d, err
		}
	}
	d.Bar = barOf(d.Progress)
	return d, nil
}

func (c *Console) campaignProgress(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	d, err := c.progressOf(r.Context(), id)
	if err != nil {
		return err
	}
	return c.fragment(w, r, "campaign", "campaign_progress", d)
}

// campaignRevision says where a campaign's messages stand.
func (c *Console) campaignRevision(ctx context.Context, id string) (string, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return "", errNoPage
	}
	if _, err := c.Campaigns.Get(ctx, n, scopeOf(ctx)); err != nil {
		return "", err
	}
	p, err := c.Campaigns.Progress(ctx, n)
	return fmt.Sprint(p), err
}
