package campaigns

import (
	"context"
	"fmt"

	"github.com/lib/pq"
)

// sentBackSQL: the last of the acts that decide whether a draft was sent back; an edit since then changes nothing about it.
const sentBackSQL = `
select campaign_id, at, who, role, act, from_state, to_state, detail from (
	select distinct on (campaign_id) * from campaign_history
	where campaign_id = any($1) and act in ('create', 'submit', 'sendback') order by campaign_id, id desc) last
where act = 'sendback'`

// SentBack gives, of these drafts, who sent which one back last, and why. A draft that nobody sent back is not among them.
func (s *Store) SentBack(ctx context.Context, drafts ...int64) (map[int64]HistoryEntry, error) {
	rows, err := s.db.QueryContext(ctx, sentBackSQL, pq.Array(drafts))
	if err != nil {
		return nil, fmt.Errorf("campaigns sent back: %w", err)
	}
	defer rows.Close()
	by := map[int64]HistoryEntry{}
	for rows.Next() {
		var id int64
		var h HistoryEntry
		if err := rows.Scan(&id, &h.At, &h.Who, &h.Role, &h.Act, &h.From, &h.To, &h.Detail); err != nil {
			return nil, fmt.Errorf("campaigns sent back: %w", err)
		}
		by[id] = h
	}
	return by, rows.Err()
}
