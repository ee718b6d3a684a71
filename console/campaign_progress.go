package console

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"canhgiac/campaigns"
	"canhgiac/gateway"
)

// progressData is the part of the page that moves.
type progressData struct {
	ID       int64
	Revision string
	At       time.Time // of the count; zero: none yet
	Progress gateway.Progress
	Bar      []barPart
	Groups   []groupProgress
	Reach    campaigns.Coverage // all groups together
	Calls    []campaigns.CallCount
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
	counted, err := c.Campaigns.Counted(ctx, id, scopeOf(ctx))
	if err != nil {
		return progressData{}, err
	}
	d := progressData{ID: id, Revision: strconv.FormatInt(counted.Revision, 10), At: counted.At, Progress: counted.Progress, Bar: barOf(counted.Progress)}
	for _, g := range counted.Groups {
		d.Groups = append(d.Groups, groupProgress{g, barOf(g.Progress)})
		d.Reach.Reachable += g.Reachable
		d.Reach.Reached += g.Reached
	}
	d.Calls, err = c.Campaigns.CallCounts(ctx, id, scopeOf(ctx))
	return d, err
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
	revision, err := c.Campaigns.Revision(ctx, n)
	return strconv.FormatInt(revision, 10), err
}
