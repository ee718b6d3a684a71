package api

import (
	"context"
	"net/http"
	"strconv"

	"github.com/lib/pq"

	"canhgiac/residents"
)

type coverageAnswer struct {
	Unit      int64  `json:"unit"`
	Name      string `json:"name"`
	Residents int    `json:"residents"`
	Agreed    int    `json:"agreed"`    // residents who agreed to be messaged
	Reachable int    `json:"reachable"` // numbers that an SMS may go to now
	Delivered int    `json:"delivered"` // of them, those with at least one reminder on the handset
}

// coverageSQL reads the queue's ledger: a message of a run is run<<32 | resident. A number counts in the unit of the
// resident who stands for it, as it does in campaigns.
const coverageSQL = `
with reachable as (` + residents.AudienceSQL + `), delivered as (
  select distinct message_id & 4294967295 as resident_id from sent where state = 'delivered' and message_id > 4294967295
)
select u.id, u.name, (select count(*) from residents r where r.unit_id = u.id),
  (select count(*) from residents r where r.unit_id = u.id and r.consent_at is not null and not exists (select from opt_outs o where o.phone = r.phone)),
  count(a.resident_id), count(d.resident_id)
from units u
left join reachable a on a.unit_id = u.id
left join delivered d on d.resident_id = a.resident_id
where u.id = any ($1::bigint[])
group by u.id, u.name order by array_position($1::bigint[], u.id)`

// getCoverage tells how far reminders have come in a unit: ?unit= an id or a ward's name, by default the ward served.
func (a *api) getCoverage(ctx context.Context, c *call) (answer, error) {
	if _, _, err := c.query("unit"); err != nil {
		return answer{}, err
	}
	units, err := a.units(ctx, c.URL.Query().Get("unit"))
	if err != nil {
		return answer{}, err
	}
	rows, err := a.DB.QueryContext(ctx, coverageSQL, pq.Array(units))
	if err != nil {
		return answer{}, err
	}
	defer rows.Close()
	var total coverageAnswer
	each := []coverageAnswer{}
	for rows.Next() {
		var u coverageAnswer
		if err := rows.Scan(&u.Unit, &u.Name, &u.Residents, &u.Agreed, &u.Reachable, &u.Delivered); err != nil {
			return answer{}, err
		}
		if total.Unit == 0 {
			total.Unit, total.Name = u.Unit, u.Name
		}
		total.Residents, total.Agreed = total.Residents+u.Residents, total.Agreed+u.Agreed
		total.Reachable, total.Delivered = total.Reachable+u.Reachable, total.Delivered+u.Delivered
		each = append(each, u)
	}
	return answer{Status: http.StatusOK, Body: struct {
		coverageAnswer
		Units []coverageAnswer `json:"units"` // the asked one, then its groups
	}{total, each}}, rows.Err()
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
