package reports

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"canhgiac/residents"
)

// Cluster is a number that several reports name: one caller at work among many people.
type Cluster struct {
	Number  string // as most lately keyed
	Reports int
	Kinds   []int64 // of the menu, ascending; those who said none are left out
	Band    int     // the highest that was named, 0 for none; 5 (not remembered) counts only where there is no other
	Lost    int     // reports that say money was lost
	Newest  time.Time
}

// clustersSQL: what a reporter cancelled does not count as naming a number.
var clustersSQL = `
select (array_agg(r.scam_number order by r.created_at desc))[1], count(*), coalesce(array_agg(distinct r.kind::bigint) filter (where r.kind > 0), '{}'),
       coalesce(max(r.band) filter (where r.band between 1 and 4), max(r.band)), count(*) filter (where r.money = 'lost'), max(r.created_at)
from reports r
where r.created_at > $1 and r.scam_key <> '' and not r.cancelled and ($2::bigint[] is null or r.unit_id is null or r.unit_id = any($2::bigint[]))
group by r.scam_key having count(*) > 1
order by max(r.created_at) desc, count(*) desc limit $3`

// Clusters gives the numbers that two reports or more since then name, the most lately named first. It leaves the audit
// row to its caller.
func (s *Store) Clusters(ctx context.Context, in residents.Scope, since time.Time, n int) ([]Cluster, error) {
	rows, err := s.db.QueryContext(ctx, clustersSQL, since.UTC(), in, n)
	if err != nil {
		return nil, fmt.Errorf("numbers that several reports name: %w", err)
	}
	defer rows.Close()
	var all []Cluster
	for rows.Next() {
		var c Cluster
		if err := rows.Scan(&c.Number, &c.Reports, pq.Array(&c.Kinds), &c.Band, &c.Lost, &c.Newest); err != nil {
			return nil, fmt.Errorf("numbers that several reports name: %w", err)
		}
		all = append(all, c)
	}
	return all, rows.Err()
}
