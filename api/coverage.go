package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/lib/pq"
)

type coverageAnswer struct {
	Unit      int64  `json:"unit"`
	Name      string `json:"name"`
	Residents int    `json:"residents"`
	Agreed    int    `json:"agreed"`    // residents who agreed to reminders
	Reachable int    `json:"reachable"` // numbers that an SMS or a call may go to now
	Reached   int    `json:"reached"`   // of them, those to which a message was delivered or a call heard
}

const unitNamesSQL = `select u.id, u.name from unnest($1::bigint[]) with ordinality as asked (id, nth) join units u using (id) order by nth`

// getCoverage tells how far reminders have come in a unit: ?unit= an id or a ward's name, by default the ward served.
func (a *api) getCoverage(ctx context.Context, c *call) (answer, error) {
	if _, _, err := c.query("unit"); err != nil {
		return answer{}, err
	}
	units, err := a.units(ctx, c.URL.Query().Get("unit"))
	if err != nil {
		return answer{}, err
	}
	reach, at, err := a.Campaigns.WardReach(ctx)
	if err != nil {
		return answer{}, err
	}
	rows, err := a.DB.QueryContext(ctx, unitNamesSQL, pq.Array(units))
	if err != nil {
		return answer{}, err
	}
	defer rows.Close()
	var body struct {
		coverageAnswer
		CountedAt *time.Time       `json:"counted_at"` // null: not yet
		Units     []coverageAnswer `json:"units"`      // the asked one, then its groups
	}
	for rows.Next() {
		var u coverageAnswer
		if err := rows.Scan(&u.Unit, &u.Name); err != nil {
			return answer{}, err
		}
		if body.Unit == 0 {
			body.Unit, body.Name = u.Unit, u.Name
		}
		n := reach[u.Unit]
		u.Residents, u.Agreed, u.Reachable, u.Reached = n.Residents, n.Agreed, n.Reachable, n.Reached
		body.Residents, body.Agreed = body.Residents+u.Residents, body.Agreed+u.Agreed
		body.Reachable, body.Reached = body.Reachable+u.Reachable, body.Reached+u.Reached
		body.Units = append(body.Units, u)
	}
	if !at.IsZero() {
		body.CountedAt = &at
	}
	return answer{Status: http.StatusOK, Body: body}, rows.Err()
}

// units gives the asked unit and, for a ward, its groups after it.
func (a *api) units(ctx context.Context, asked string) ([]int64, error) {
	ward, err := a.Residents.Ward(ctx)
	if err != nil {
		return nil, err
	}
	id, convErr := strconv.ParseInt(asked, 10, 64)
	if asked != "" && convErr != nil {
		if ward, err = a.Residents.WardByName(ctx, asked); err != nil {
			return nil, err
		}
	}
	groups, err := a.Residents.Groups(ctx, ward.ID)
	if err != nil {
		return nil, err
	}
	ids := []int64{ward.ID}
	for _, g := range groups {
		if convErr == nil && g.ID == id {
			return []int64{id}, nil
		}
		ids = append(ids, g.ID)
	}
	if convErr == nil && id != ward.ID {
		return nil, problemf(http.StatusNotFound, "not_found", "no such unit in the ward")
	}
	return ids, nil
}
