package residents

import (
	"context"
	"fmt"

	"github.com/lib/pq"
)

// Audience is whom a run addresses. A ward means all its groups and those registered with the ward itself.
type Audience struct {
	Units   []int64
	Channel string // "sms", "call" or "sms_call": either
}

// audienceSQL opens both audiences: units with all below them, agreed, not opted out, one row a number.
const (
	audienceSQL = `
select distinct on (r.phone) r.id as resident_id, r.phone, r.unit_id
from residents r
where r.unit_id in (
    with recursive below (id) as (
      select unnest($1::bigint[]) union select c.id from units c join below b on c.parent_id = b.id
    ) select id from below)
  and ` + agreedSQL
	agreedSQL = `r.consent_at is not null
  and not exists (select from opt_outs o where o.phone = r.phone)`
	bySMS       = ` and r.phone_kind = 'mobile' and r.wants_sms`
	onePerPhone = `
order by r.phone, r.id`
)

// AudienceSQL selects (resident_id, phone, unit_id) for SMS, for an INSERT..SELECT: $1 is a bigint[] of units. A household
// that shares a phone gets one row, its lowest resident's, so that nobody's phone rings twice.
const AudienceSQL = audienceSQL + bySMS + onePerPhone

// EligibleSQL selects (resident_id, phone, unit_id) of everybody whom an SMS may go to, in all units and without AudienceSQL's
// choice of one person a number.
const EligibleSQL = `select r.id as resident_id, r.phone, r.unit_id from residents r where ` + agreedSQL + bySMS

// CallAudienceSQL is the same for calls: landlines too, whoever asked to be called.
const CallAudienceSQL = audienceSQL + ` and r.phone_kind <> 'foreign' and r.wants_call` + onePerPhone

// AnyAudienceSQL is everybody whom one of the two reaches.
const AnyAudienceSQL = audienceSQL + ` and (r.phone_kind = 'mobile' and r.wants_sms or r.phone_kind <> 'foreign' and r.wants_call)` + onePerPhone

// CountAudience tells how many numbers a would reach now.
func (s *Store) CountAudience(ctx context.Context, a Audience) (int, error) {
	query := AudienceSQL
	switch a.Channel {
	case "call":
		query = CallAudienceSQL
	case "sms_call":
		query = AnyAudienceSQL
	}
	var n int
	if err := s.db.QueryRowContext(ctx, `select count(*) from (`+query+`) a`, pq.Array(a.Units)).Scan(&n); err != nil {
		return 0, fmt.Errorf("count audience: %w", err)
	}
	return n, nil
}

// SmallWardSQL tells whether the ward has so few residents that what is asked of all of them is counted in no time.
const SmallWardSQL = `select count(*) <= 5000 from (select from residents limit 5001) r`
